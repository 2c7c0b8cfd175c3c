// A program run in a running container: POST /containers/{id}/exec, /exec/{id}/start, GET /exec/{id}/json. An
// engine cannot end one: exec_end.h does, from inside.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/frames.h"

namespace cairn::docker {

struct ExecSpec {
  std::vector<std::string> command;
  std::map<std::string, Text> env = {};
  std::string user = {}, working_dir = {};
  bool privileged = false;
  std::optional<Text> input = {};  // what it reads; none: its input is empty
};

// One that was started. Ending it leaves the program running.
class RunningExec {
 public:
  // Never repeated: when an answer is lost after the start was sent, that is the Failure. An input needs a
  // connection of its own, and cannot be handed over TLS: there the program would wait for its end.
  static Result<std::unique_ptr<RunningExec>> start(Engine& engine, const std::string& container,
                                                    const ExecSpec& spec, std::stop_token stop);

  // Its exit code, read after the end of its output; that comes at most some two seconds after the program's
  // own end, also when what it has left running holds it open. `on_output` is called by the calling thread.
  // `stop` and `deadline` end the wait with a Failure of their class; it may be called again then. A program,
  // folder or user that the container does not have is a Failure with nothing_done.
  Result<int> finish(const std::function<void(const OutputPiece&)>& on_output, std::stop_token stop,
                     std::optional<Instant> deadline = {});

 private:
  RunningExec(Engine& engine, std::string id, std::string what)
      : engine_(engine), id_(std::move(id)), what_(std::move(what)), frames_(false) {}
  Result<std::string> read(std::stop_token stop, std::optional<Instant> deadline);  // empty: the end
  Result<std::string> read_and_write(std::stop_token stop, std::optional<Instant> deadline);

  Engine& engine_;
  const std::string id_, what_;
  std::unique_ptr<http::Stream> stream_;  // without an input
  std::unique_ptr<http::Duplex> connection_;
  std::string input_;  // what is left of it
  bool input_open_ = false;
  FrameSplitter frames_;
  std::string first_words_;  // enough of them to tell the runtime's from the program's
};

// Start and finish in one. Its exit code, read after the end of its output. Never repeated: when an answer is
// lost after the start was sent, that is the Failure. `on_output` is called by the calling thread. Stopped or
// late, the program goes on running.
Result<int> run_exec(Engine& engine, const std::string& container, const ExecSpec& spec,
                     const std::function<void(const OutputPiece&)>& on_output, std::stop_token stop,
                     std::optional<Instant> deadline = {});

// The body of POST /containers/{id}/exec.
nlohmann::json exec_body(const ExecSpec& spec);
// Of an exec whose output has ended; `what` begins a Failure.
Result<int> exec_exit_code(Engine& engine, const std::string& id, const std::string& what,
                           std::stop_token stop);

}  // namespace cairn::docker
