// A program in a running container that somebody talks to: POST /containers/{id}/exec, /exec/{id}/start with
// a connection that is handed over, /exec/{id}/resize, GET /exec/{id}/json (Docker Engine API 1.41).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/http/duplex.h"
#include "runtime/platform/docker/exec.h"

namespace cairn::docker {

struct TerminalSize {
  unsigned columns = 0, rows = 0;
};

// Used by one thread. Ending it leaves the program running, as the engine cannot end one; it reads the end of
// its input.
class ExecSession {
 public:
  // With a terminal of that size, or without one.
  static Result<ExecSession> start(Engine& engine, const std::string& container, const ExecSpec& spec,
                                   std::optional<TerminalSize> terminal, std::stop_token stop);

  int descriptor() const { return connection_->descriptor(); }  // for poll(), as of http::Duplex
  // What it has written; nothing: not yet, or its output has ended.
  Result<std::optional<OutputPiece>> read();
  bool ended() const { return ended_; }
  // All of it; waits while the program takes nothing.
  Result<Done> write(std::string_view input);
  // Over TLS the program is not told.
  void end_input() { (void)connection_->end_writing(); }
  Result<Done> resize(TerminalSize size, std::stop_token stop);
  // After its output has ended.
  Result<int> exit_code(std::stop_token stop);

 private:
  ExecSession(Engine& engine, std::string id, std::string what, std::unique_ptr<http::Duplex> connection,
              bool terminal)
      : engine_(&engine),
        id_(std::move(id)),
        what_(std::move(what)),
        connection_(std::move(connection)),
        frames_(terminal) {}

  Engine* engine_;
  std::string id_, what_;
  std::unique_ptr<http::Duplex> connection_;
  FrameSplitter frames_;
  bool ended_ = false;
};

}  // namespace cairn::docker
