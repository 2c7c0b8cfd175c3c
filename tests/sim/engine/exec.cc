#include "tests/sim/engine/exec.h"

#include <fmt/format.h>

#include "tests/sim/engine/containers.h"
#include "tests/sim/engine/program.h"

namespace cairn::sim {

Reply make_exec(State& state, Container& container, const Asked& asked) {
  const Json body = Json::parse(asked.body, nullptr, false);
  if (!container.running()) return refused(409, fmt::format("Container {} is not running", container.id));
  if (!body.is_object() || body.value("Cmd", Json::array()).empty())
    return refused(400, "No exec command specified");
  Exec exec;
  exec.id = state.new_id();
  exec.container = container.id;
  exec.body = body;
  exec.generation = container.generation;
  const std::string id = exec.id;
  state.execs[id] = std::move(exec);
  return answered(201, {{"Id", id}});
}

Reply start_exec(State& state, const std::string& id) {
  const auto found = state.execs.find(id);
  if (found == state.execs.end()) return refused(404, "No such exec instance: " + id);
  Exec& exec = found->second;
  const auto owner = state.containers.find(exec.container);
  if (owner == state.containers.end() || !owner->second->running() ||
      owner->second->generation != exec.generation)
    return refused(409, fmt::format("Container {} is not running", exec.container));
  if (exec.started) return refused(409, fmt::format("Error: Exec command {} is already running", id));
  Container& container = *owner->second;
  exec.started = true;
  exec.output = std::make_shared<Pipe>();
  exec.program = std::make_shared<Program>(state, container, &exec);
  Process::Start start{strings_in(exec.body, "Cmd"), environment_of(container), {}, false};
  for (const std::string& text : strings_in(exec.body, "Env"))
    start.environment[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  start.folder = exec.body.value("WorkingDir", container.config.value("WorkingDir", std::string("/")));
  if (start.folder.empty()) start.folder = "/";
  Reply reply;
  reply.stream = exec.output;
  if (const std::string why = Process::cannot_start(start.command, *exec.program); !why.empty()) {
    exec.output->write(frame(false, "OCI runtime exec failed: exec failed: " + why + "\r\n"));
    exec_ended(state, exec, 126);
    return reply;
  }
  if (state.options.on_deed)
    state.options.on_deed(
        fmt::format("exec {}#{} {}", container.id, container.generation, fmt::join(start.command, " ")));
  exec.program->process.emplace(std::move(start), *exec.program);
  go_on(state, *exec.program);
  return reply;
}

Reply inspect_exec(State& state, const std::string& id) {
  const auto found = state.execs.find(id);
  if (found == state.execs.end()) return refused(404, "No such exec instance: " + id);
  const Exec& exec = found->second;
  const Json code = exec.exit_code ? Json(*exec.exit_code) : Json();
  return answered(200, {{"ID", exec.id},
                        {"Running", exec.started && !exec.exit_code},
                        {"ExitCode", code},
                        {"ContainerID", exec.container}});
}

void exec_ended(State& state, Exec& exec, int code) {
  exec.exit_code = code;
  exec.output->end();
  // Not from under its own feet.
  const std::string id = exec.id;
  state.at(state.now, [&state, id] {
    if (const auto found = state.execs.find(id); found != state.execs.end()) found->second.program = nullptr;
  });
}

void end_execs(State& state, const Container& container) {
  for (auto& [id, exec] : state.execs) {
    if (exec.container != container.id || !exec.started || exec.exit_code) continue;
    exec.exit_code = 137;
    exec.output->end();
    exec.program = nullptr;
  }
}

}  // namespace cairn::sim
