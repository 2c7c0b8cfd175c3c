#include "runtime/platform/docker/exec_session.h"

#include <fmt/format.h>
#include <poll.h>

#include "runtime/http/broken_pipe.h"
#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {
namespace {

using nlohmann::json;

// The engine takes these keys for itself, to detach: the default would swallow Ctrl-P. Nobody types these.
constexpr const char* no_detach_keys = "ctrl-@,ctrl-],ctrl-@";

Query size_query(TerminalSize size) {
  return {{"h", std::to_string(size.rows)}, {"w", std::to_string(size.columns)}};
}

}  // namespace

Result<ExecSession> ExecSession::start(Engine& engine, const std::string& container, const ExecSpec& spec,
                                       std::optional<TerminalSize> terminal, std::stop_token stop) {
  const std::string program = spec.command.empty() ? std::string() : spec.command.front();
  std::string what = fmt::format("could not run `{}`", program);
  json body = exec_body(spec);
  body["AttachStdin"] = true;
  body["Tty"] = terminal.has_value();
  body["DetachKeys"] = no_detach_keys;
  const Result<http::Response> made =
      engine.call({.method = "POST",
                   .path = "/containers/" + percent_encoded(container) + "/exec",
                   .json = body.dump(-1, ' ', false, json::error_handler_t::replace)},
                  stop);
  if (!made) return Failure(made.failure()).within(what);
  if (made->status != 201) return refusal(what, *made);
  const Result<json> answer = parsed(what, *made);
  if (!answer) return answer.failure();
  const std::string id = at<std::string>(*answer, "/Id");
  Result<http::Upgraded> upgraded =
      engine.upgrade({.method = "POST",
                      .path = "/exec/" + id + "/start",
                      .json = json{{"Detach", false}, {"Tty", terminal.has_value()}}.dump()},
                     stop);
  if (!upgraded) return Failure(upgraded.failure()).within(what);
  if (upgraded->connection == nullptr) return refusal(what, upgraded->answer);
  ExecSession session(engine, id, std::move(what), std::move(upgraded->connection), terminal.has_value());
  // It begins with no size at all; a program that has ended already cannot be given one.
  if (terminal) (void)session.resize(*terminal, stop);
  return session;
}

Result<std::optional<OutputPiece>> ExecSession::read() {
  for (;;) {
    if (std::optional<OutputPiece> piece = frames_.next()) return piece;
    if (ended_) return std::optional<OutputPiece>();
    Result<std::optional<std::string>> bytes = connection_->read_some();
    if (!bytes) return Failure(bytes.failure()).within(what_);
    if (!*bytes) return std::optional<OutputPiece>();
    if ((*bytes)->empty())
      ended_ = true;
    else
      frames_.feed(**bytes);
  }
}

Result<Done> ExecSession::write(std::string_view input) {
  const http::NoBrokenPipe no_signal;
  while (!input.empty()) {
    const Result<std::size_t> taken = connection_->write_some(input);
    if (!taken) return Failure(taken.failure()).within(what_);
    input.remove_prefix(*taken);
    if (*taken > 0) continue;
    pollfd room{connection_->descriptor(), POLLOUT, 0};
    (void)poll(&room, 1, -1);
  }
  return Done{};
}

Result<Done> ExecSession::resize(TerminalSize size, std::stop_token stop) {
  const Result<http::Response> answer =
      engine_->call({.method = "POST", .path = "/exec/" + id_ + "/resize", .query = size_query(size)}, stop);
  if (!answer) return answer.failure();
  return answer->status < 300 ? Result<Done>(Done{}) : refusal("could not resize the terminal", *answer);
}

Result<int> ExecSession::exit_code(std::stop_token stop) {
  return exec_exit_code(*engine_, id_, what_, stop);
}

}  // namespace cairn::docker
