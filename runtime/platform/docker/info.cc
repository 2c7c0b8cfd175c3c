#include "runtime/platform/docker/info.h"

#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {

Result<EngineInfo> read_info(Engine& engine, std::stop_token stop) {
  const std::string what = "could not ask the engine about itself";
  const Result<http::Response> answer = engine.call({.path = "/info"}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status != 200) return refusal(what, *answer);
  const Result<nlohmann::json> body = parsed(what, *answer);
  if (!body) return body.failure();
  EngineInfo info;
  info.id = at<std::string>(*body, "/ID");
  info.name = at<std::string>(*body, "/Name");
  info.version = at<std::string>(*body, "/ServerVersion");
  info.storage_driver = at<std::string>(*body, "/Driver");
  info.os = at<std::string>(*body, "/OperatingSystem");
  info.architecture = at<std::string>(*body, "/Architecture");
  info.root = at<std::string>(*body, "/DockerRootDir");
  info.cpus = at<int>(*body, "/NCPU");
  info.memory = at<std::int64_t>(*body, "/MemTotal");
  for (const nlohmann::json& pair : part(*body, "/DriverStatus")) {
    if (at<std::string>(pair, "/1").find("io.containerd.snapshotter") != std::string::npos) {
      info.containerd_store = true;
    }
  }
  info.swarm_active = at<std::string>(*body, "/Swarm/LocalNodeState") == "active";
  info.swarm_manager = at<bool>(*body, "/Swarm/ControlAvailable");
  return info;
}

}  // namespace cairn::docker
