// The docker client as a process of the run, for what an engine's API cannot do.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/kinds/world.h"
#include "runtime/platform/docker/endpoint.h"

namespace cairn::kinds {

struct ClientCall {
  std::string step;  // who asks
  docker::Endpoint endpoint;
  std::vector<std::string> arguments;  // behind `docker` and what names the engine
  // In its environment, besides cairn's own, by which it is configured. What is secret is masked in its
  // output.
  std::vector<std::pair<std::string, Text>> variables;
  std::vector<Text> masked;  // there, too
  std::string working_dir;
  std::string log_file;  // absolute, its own: its output, line by line
};

// Returns when it has ended, with the end of its output; asked to stop, when it has been ended. `on_line` is
// told each line of both streams, `paused` that for now there are no more; neither may be empty.
Result<keeper::Exit> call_docker_client(World& world, const ClientCall& call,
                                        const std::function<void(const std::string&)>& on_line,
                                        const std::function<void()>& paused, execute::StepContext& context);

}  // namespace cairn::kinds
