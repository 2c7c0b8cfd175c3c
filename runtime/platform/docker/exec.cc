#include "runtime/platform/docker/exec.h"

#include <fmt/format.h>

#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {

using nlohmann::json;

json exec_body(const ExecSpec& spec) {
  json body = {{"AttachStdout", true}, {"AttachStderr", true}, {"Cmd", spec.command}};
  for (const auto& [name, value] : spec.env) body["Env"].push_back(name + "=" + value.exposed());
  if (!spec.user.empty()) body["User"] = spec.user;
  if (!spec.working_dir.empty()) body["WorkingDir"] = spec.working_dir;
  if (spec.privileged) body["Privileged"] = true;
  return body;
}

// After the output's end some engines take a moment until they know the code.
Result<int> exec_exit_code(Engine& engine, const std::string& id, const std::string& what,
                           std::stop_token stop) {
  const Instant end = engine.clock().now() + std::chrono::seconds(10);
  for (;;) {
    const Result<http::Response> answer = engine.call({.path = "/exec/" + id + "/json"}, stop);
    if (!answer) return Failure(answer.failure()).within(what);
    if (answer->status != 200) return refusal(what, *answer);
    const Result<json> body = parsed(what, *answer);
    if (!body) return body.failure();
    const json& code = part(*body, "/ExitCode");
    if (code.is_number() && !at<bool>(*body, "/Running")) return code.get<int>();
    if (engine.clock().now() >= end) {
      return Failure{.message = what,
                     .causes = {"its output ended, but the engine does not say how it ended"}};
    }
    if (!engine.clock().sleep_for(std::chrono::milliseconds(10), stop)) {
      return Failure{.message = what, .causes = {"stopped waiting"}, .is = FailureClass::cancelled};
    }
  }
}

Result<int> run_exec(Engine& engine, const std::string& container, const ExecSpec& spec,
                     const std::function<void(const OutputPiece&)>& on_output, std::stop_token stop,
                     std::optional<Instant> deadline) {
  const std::string program = spec.command.empty() ? std::string() : spec.command.front();
  const std::string what = fmt::format("could not run `{}` in the container `{}`", program, container);
  const Call make{.method = "POST",
                  .path = "/containers/" + percent_encoded(container) + "/exec",
                  .json = exec_body(spec).dump(-1, ' ', false, json::error_handler_t::replace)};
  Result<http::Response> made = engine.call(make, stop);
  // Making one runs nothing yet.
  if (!made && !stop.stop_requested()) made = engine.call(make, stop);
  if (!made) return Failure(made.failure()).within(what);
  if (made->status != 201) return refusal(what, *made);
  const Result<json> body = parsed(what, *made);
  if (!body) return body.failure();
  const std::string id = at<std::string>(*body, "/Id");

  Result<std::unique_ptr<http::Stream>> stream = engine.open({.method = "POST",
                                                              .path = "/exec/" + id + "/start",
                                                              .json = R"({"Detach":false,"Tty":false})",
                                                              .timeout = std::nullopt},
                                                             stop);
  if (!stream) return Failure(stream.failure()).within(what);
  if ((*stream)->status() != 200) {
    const Result<std::string> words = (*stream)->read(stop);
    return refusal(what, (*stream)->status(), words ? *words : std::string());
  }
  FrameSplitter frames(false);
  for (;;) {
    const Result<std::string> bytes = (*stream)->read(stop, deadline);
    if (!bytes) return Failure(bytes.failure()).within(what);
    if (bytes->empty()) break;
    frames.feed(*bytes);
    while (const std::optional<OutputPiece> piece = frames.next()) {
      if (on_output) on_output(*piece);
    }
  }
  return exec_exit_code(engine, id, what, stop);
}

}  // namespace cairn::docker
