// Inputs of the real world: the project's files, the environment, `.env`, git's own files, the clock.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "interpreter/inputs.h"

namespace cairn {

struct RealInputsOptions {
  std::string root = ".";                  // the project's folder: nothing outside of it is read
  std::string run_id;                      // given by the caller, who has names to keep apart
  std::int64_t now_ms = 0;                 // since 1970, UTC: when the run began
  std::size_t largest_file = 64u << 20;  // bytes
  std::size_t most_files = 100'000;        // that one glob may give or git_changed may look at
};

// Paths are relative to the root, or absolute below it. A symbolic link that leads out of it is not followed
// (openat2 with RESOLVE_BENEATH); pipes, devices and sockets are not opened for reading.
//
// git: HEAD, refs and packed-refs, of a repository that holds the root or is the root, worktrees and
// submodules included. `git_changed` compares the files with git's index by size and content: what is staged
// already counts as unchanged.
std::unique_ptr<Inputs> real_inputs(RealInputsOptions options);

}  // namespace cairn
