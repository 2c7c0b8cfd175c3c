// What runs now of a project, for commands that reach into it: services and steps of `up` and of runs that
// live.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/past_runs.h"

namespace cairn::cli {

struct LiveService {
  std::string node;  // its path in the file that it was started from
  std::string run;   // the run's id; "up" for what `up` left
  // A process of this machine …
  pid_t pid = 0;  // of its main process; 0: it is a container
  std::string working_dir, log_file;
  // … or a container.
  std::string container;             // its id
  docker::Engine* engine = nullptr;  // in LiveServices::looks
  bool running = true;
};

struct LiveServices {
  std::vector<LiveService> all;
  std::vector<kinds::EngineLook> looks;
  std::vector<std::string> unreachable;  // engines, and why: what runs there is not in `all`
};
// Only reads, so that a ReadOnlyClient does; `tunnels` live as long as what is returned. Containers that have
// ended are in it, with `running` false.
LiveServices live_services(const ProjectPlace& project, http::HttpClient& http, reach::Tunnels& tunnels);

// Those that `name` means: a path, what a path ends in ("db" of "test.db"), or the one within a block ("db"
// for "db.main"). `run`: of this run only ("up", an id or the last part of one); empty: any.
std::vector<const LiveService*> meant_by(const LiveServices& live, const std::string& name,
                                         const std::string& run);

// The only one that runs. Complains when there is none or are several: says what it is that has that name, by
// the file if there is one, and what to do.
const LiveService* only_one(const LiveServices& live, const std::string& name, const std::string& run,
                            Invocation& invocation);

}  // namespace cairn::cli
