#include "runtime/platform/docker/buildx.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>

namespace cairn::docker {

namespace {

// One record of comma-separated values, as the docker client reads `--secret` and its like.
std::string record(const std::vector<std::string>& fields) {
  std::string all;
  for (const std::string& field : fields) {
    if (!all.empty()) all += ',';
    if (field.find_first_of(",\"\n") == field.npos) {
      all += field;
      continue;
    }
    all += '"';
    for (const char c : field) all += c == '"' ? std::string("\"\"") : std::string(1, c);
    all += '"';
  }
  return all;
}

}  // namespace

std::vector<std::string> docker_client(const Endpoint& endpoint) {
  std::vector<std::string> command = {"docker"};
  if (!endpoint.context.empty() || !endpoint.base_url.starts_with("https://")) return command;
  command.emplace_back(endpoint.tls.verify ? "--tlsverify" : "--tls");
  const auto file = [&](const char* flag, const std::string& path) {
    if (!path.empty()) command.insert(command.end(), {flag, path});
  };
  file("--tlscacert", endpoint.tls.ca_file);
  file("--tlscert", endpoint.tls.cert_file);
  file("--tlskey", endpoint.tls.key_file);
  return command;
}

Variables client_environment(const Endpoint& endpoint, const Variables& ours) {
  static const std::set<std::string_view> of_endpoint = {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS",
                                                         "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"};
  Variables all;
  bool attests = false;
  for (const auto& [name, value] : ours) {
    if (of_endpoint.contains(name)) continue;
    attests = attests || name == "BUILDX_NO_DEFAULT_ATTESTATIONS";
    all.emplace_back(name, value);
  }
  if (!endpoint.context.empty()) {
    all.emplace_back("DOCKER_CONTEXT", endpoint.context);
  } else if (!endpoint.unix_socket.empty()) {
    all.emplace_back("DOCKER_HOST", "unix://" + endpoint.unix_socket);
  } else {
    const std::size_t scheme = endpoint.base_url.find("://");
    all.emplace_back("DOCKER_HOST", "tcp://" + endpoint.base_url.substr(scheme + 3));
  }
  // They hold times: the same files would give another image each time.
  if (!attests) all.emplace_back("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
  all.emplace_back("BUILDX_METADATA_PROVENANCE", "disabled");
  return all;
}

std::vector<std::string> buildx_build(const BuildxSpec& spec) {
  std::vector<std::string> all = {"buildx", "build", "--progress", "plain", "--load"};
  const auto put = [&](const char* flag, const std::string& value) {
    if (!value.empty()) all.insert(all.end(), {flag, value});
  };
  put("--metadata-file", spec.metadata_file);
  put("--file", spec.build.dockerfile);
  put("--target", spec.build.target);
  put("--platform", fmt::format("{}", fmt::join(spec.platforms, ",")));
  put("--network", spec.build.network_mode);
  for (const auto& [name, value] : spec.build.args)
    put("--build-arg", fmt::format("{}={}", name, value.exposed()));
  for (const auto& [name, value] : spec.build.labels) put("--label", fmt::format("{}={}", name, value));
  for (const auto& [name, folder] : spec.contexts) put("--build-context", fmt::format("{}={}", name, folder));
  for (const BuildxSpec::Secret& secret : spec.secrets)
    put("--secret",
        record({"id=" + secret.id, secret.file.empty() ? "env=" + secret.variable : "src=" + secret.file}));
  for (const std::string& one : spec.ssh) put("--ssh", one);
  for (const std::string& one : spec.build.cache_from) put("--cache-from", one);
  for (const std::string& one : spec.cache_to) put("--cache-to", one);
  if (spec.build.no_cache) all.emplace_back("--no-cache");
  if (spec.build.pull) all.emplace_back("--pull");
  all.insert(all.end(), {"--", spec.build.context});
  return all;
}

}  // namespace cairn::docker
