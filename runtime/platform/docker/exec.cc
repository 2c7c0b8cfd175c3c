#include "runtime/platform/docker/exec.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "runtime/effects/file_descriptor.h"
#include "runtime/http/broken_pipe.h"
#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {

using nlohmann::json;

namespace {

constexpr std::size_t kRuntimesWords = 1000;

// An engine says in the program's place, as its output, why there is none. "OCI runtime exec failed: exec
// failed: unable to start container process: exec: "x": executable file not found in $PATH: unknown". Older
// ones say so of a user that is not known, which newer ones answer as an error.
std::optional<std::string> why_never_started(std::string_view said) {
  constexpr std::string_view runtime = "OCI runtime exec failed: ";
  if (!said.starts_with(runtime) && !said.starts_with("unable to find ")) return std::nullopt;
  for (const std::string_view outer :
       {runtime, std::string_view("exec failed: "), std::string_view("unable to start container process: ")})
    if (said.starts_with(outer)) said.remove_prefix(outer.size());
  while (said.ends_with('\n') || said.ends_with('\r')) said.remove_suffix(1);
  if (constexpr std::string_view nothing = ": unknown"; said.ends_with(nothing))
    said.remove_suffix(nothing.size());
  return std::string(said);
}

}  // namespace

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

Result<std::unique_ptr<RunningExec>> RunningExec::start(Engine& engine, const std::string& container,
                                                        const ExecSpec& spec, std::stop_token stop) {
  const std::string program = spec.command.empty() ? std::string() : spec.command.front();
  std::string what = fmt::format("could not run `{}` in the container `{}`", program, container);
  if (spec.input && engine.endpoint().base_url.starts_with("https:"))
    return Failure{.message = what,
                   .causes = {"its input cannot be handed over TLS: no end of it can be told there"},
                   .help = "hand it over as a file, with `files`",
                   .nothing_done = true};
  json body = exec_body(spec);
  if (spec.input) body["AttachStdin"] = true;
  const Call make{.method = "POST",
                  .path = "/containers/" + percent_encoded(container) + "/exec",
                  .json = body.dump(-1, ' ', false, json::error_handler_t::replace)};
  Result<http::Response> made = engine.call(make, stop);
  // Making one runs nothing yet.
  if (!made && !stop.stop_requested()) made = engine.call(make, stop);
  if (!made) return Failure(made.failure()).within(what);
  if (made->status != 201) return refusal(what, *made);
  const Result<json> answer = parsed(what, *made);
  if (!answer) return answer.failure();
  const std::string id = at<std::string>(*answer, "/Id");

  std::unique_ptr<RunningExec> exec(new RunningExec(engine, id, what));
  const Call start{.method = "POST",
                   .path = "/exec/" + id + "/start",
                   .json = R"({"Detach":false,"Tty":false})",
                   .timeout = std::nullopt};
  if (spec.input) {
    Result<http::Upgraded> upgraded = engine.upgrade(start, stop);
    if (!upgraded) return Failure(upgraded.failure()).within(what);
    if (upgraded->connection == nullptr) return refusal(what, upgraded->answer);
    exec->connection_ = std::move(upgraded->connection);
    exec->input_ = spec.input->exposed();
    exec->input_open_ = true;
    return exec;
  }
  Result<std::unique_ptr<http::Stream>> stream = engine.open(start, stop);
  if (!stream) return Failure(stream.failure()).within(what);
  if ((*stream)->status() != 200) {
    const Result<std::string> words = (*stream)->read(stop);
    return refusal(what, (*stream)->status(), words ? *words : std::string());
  }
  exec->stream_ = std::move(*stream);
  return exec;
}

Result<std::string> RunningExec::read(std::stop_token stop, std::optional<Instant> deadline) {
  return stream_ != nullptr ? stream_->read(stop, deadline) : read_and_write(stop, deadline);
}

Result<std::string> RunningExec::read_and_write(std::stop_token stop, std::optional<Instant> deadline) {
  const http::NoBrokenPipe no_signal;
  const FileDescriptor asked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const std::stop_callback ask(stop, [&] { (void)eventfd_write(asked.number(), 1); });
  for (;;) {
    Result<std::optional<std::string>> bytes = connection_->read_some();
    if (!bytes) return bytes.failure();
    if (*bytes) return std::move(**bytes);
    if (input_open_ && !input_.empty()) {
      const Result<std::size_t> taken = connection_->write_some(input_);
      // It may have closed its input; its output still tells what it did.
      input_.erase(0, taken ? *taken : input_.size());
    }
    if (input_open_ && input_.empty()) {
      (void)connection_->end_writing();
      input_open_ = false;
    }
    if (stop.stop_requested()) return Failure{.message = "stopped waiting", .is = FailureClass::cancelled};
    int patience = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<Milliseconds>(*deadline - engine_.clock().now()).count();
      if (left <= 0) return Failure{.message = "it took too long", .is = FailureClass::timeout};
      patience = static_cast<int>(std::min<std::int64_t>(left, std::numeric_limits<int>::max()));
    }
    std::array<pollfd, 2> waits = {
        pollfd{connection_->descriptor(), static_cast<short>(input_open_ ? POLLIN | POLLOUT : POLLIN), 0},
        pollfd{asked.number(), POLLIN, 0}};
    (void)poll(waits.data(), waits.size(), patience);
  }
}

Result<int> RunningExec::finish(const std::function<void(const OutputPiece&)>& on_output,
                                std::stop_token stop, std::optional<Instant> deadline) {
  for (;;) {
    const Result<std::string> bytes = read(stop, deadline);
    if (!bytes) return Failure(bytes.failure()).within(what_);
    if (bytes->empty()) break;
    frames_.feed(*bytes);
    while (const std::optional<OutputPiece> piece = frames_.next()) {
      first_words_.append(piece->bytes, 0, kRuntimesWords - std::min(kRuntimesWords, first_words_.size()));
      if (on_output) on_output(*piece);
    }
  }
  const Result<int> code = exec_exit_code(engine_, id_, what_, stop);
  if (code && *code >= 126 && *code <= 128)
    if (std::optional<std::string> why = why_never_started(first_words_))
      return Failure{.message = what_, .causes = {std::move(*why)}, .nothing_done = true};
  return code;
}

Result<int> run_exec(Engine& engine, const std::string& container, const ExecSpec& spec,
                     const std::function<void(const OutputPiece&)>& on_output, std::stop_token stop,
                     std::optional<Instant> deadline) {
  Result<std::unique_ptr<RunningExec>> exec = RunningExec::start(engine, container, spec, stop);
  if (!exec) return exec.failure();
  return (*exec)->finish(on_output, stop, deadline);
}

}  // namespace cairn::docker
