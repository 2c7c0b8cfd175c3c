// A program run in a running container: POST /containers/{id}/exec, /exec/{id}/start, GET /exec/{id}/json. An
// engine cannot end one: what may be cancelled should be a container of its own, or know how to end by
// itself.
#pragma once

#include <functional>
#include <map>
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
};

// Its exit code, read after the end of its output. Never repeated: when an answer is lost after the start was
// sent, that is the Failure. `on_output` is called by the calling thread. Stopped or late, the program goes
// on running.
Result<int> run_exec(Engine& engine, const std::string& container, const ExecSpec& spec,
                     const std::function<void(const OutputPiece&)>& on_output, std::stop_token stop,
                     std::optional<Instant> deadline = {});

// The body of POST /containers/{id}/exec.
nlohmann::json exec_body(const ExecSpec& spec);
// Of an exec whose output has ended; `what` begins a Failure.
Result<int> exec_exit_code(Engine& engine, const std::string& id, const std::string& what,
                           std::stop_token stop);

}  // namespace cairn::docker
