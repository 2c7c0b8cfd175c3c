// What a container reads from its standard input: handed over beside it, from before its start on.
#pragma once

#include <string>

#include "interpreter/text.h"
#include "runtime/execute/companion.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

class ContainerInput {
 public:
  // Both must outlive it.
  ContainerInput(execute::Threads& threads, Clock& clock) : writer_(threads, clock) {}

  // The container is made with `stdin_open` and `stdin_once`, and not started yet. It reads the end when it
  // has read all of the input.
  Result<Done> hand_over(docker::Engine& engine, const std::string& container, const Text& input,
                         std::stop_token stop);
  // Nobody reads what has not been taken by now.
  void end() { writer_.end(); }

 private:
  execute::Companion writer_;
};

}  // namespace cairn::kinds
