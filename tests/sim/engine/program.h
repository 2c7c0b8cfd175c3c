// A program in a simulated container: its process, and the container as the process sees it.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

struct Program final : Surroundings {
  Program(State& its_state, Container& its_container, Exec* its_exec);

  void say(bool to_stderr, std::string_view bytes) override;
  std::optional<FileNode> find(const std::string& path) override;
  std::string put(const std::string& path, FileNode node) override;
  std::string remove(const std::string& path) override;
  void listen(int port) override;
  std::string ask(std::string_view what) override;

  State& state;
  Container& container;
  Exec* exec;  // null: it is the container's own
  std::optional<Process> process;
};

// Frames as an engine sends them: {1 or 2, 0, 0, 0, size} and the bytes.
std::string frame(bool is_stderr, std::string_view bytes);

// The files of a container: its own over the image's, and what is mounted. `from_outside`: as the archive
// calls see them, without what lies in memory.
std::optional<FileNode> find_file(State& state, Container& container, const std::string& path,
                                  bool from_outside = false);
std::string put_file(State& state, Container& container, const std::string& path, FileNode node);
// All below a folder, relative to it.
std::vector<std::string> files_below(State& state, Container& container, const std::string& path);

// Lets it go on until it waits or ends, and comes back when its wait is over.
void go_on(State& state, Program& program);

}  // namespace cairn::sim
