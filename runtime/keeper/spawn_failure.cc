#include "runtime/keeper/spawn_failure.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace cairn::keeper {
namespace {

std::string path_of(const SpawnSpec& spec) {
  for (const EnvironmentVariable& variable : spec.environment) {
    if (variable.name == "PATH") return variable.value.shown();
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

void explain_program(const SpawnSpec& spec, int error, Failure& failure) {
  const std::string program = spec.command.empty() ? std::string() : spec.command.front();
  const bool is_path = program.find('/') != std::string::npos;
  if (error == ENOENT && !is_path) {
    failure.causes.push_back(fmt::format("no program `{}` in PATH ({})", program, path_of(spec)));
    failure.help = "install it, or give its path";
  } else if (error == ENOENT) {
    failure.causes.push_back(
        fmt::format("`{}` is not there, or the interpreter in its first line is not", program));
    if (!program.starts_with('/'))
      failure.help = fmt::format("a relative path is looked up from `{}`", spec.working_dir);
  } else if (error == EACCES) {
    failure.causes.push_back(fmt::format("`{}` may not be executed", program));
    failure.help = fmt::format("chmod +x {}", program);
  } else if (error == ENOEXEC) {
    failure.causes.push_back(fmt::format("`{}` is no program of this machine", program));
    failure.help = "a script needs a first line such as `#!/bin/sh`";
  } else if (error == E2BIG) {
    failure.causes.push_back(
        "its arguments and environment are larger than the system allows (execve(2): E2BIG)");
    failure.help = "one argument may have 128 KiB: give large text as `stdin` or in `files`";
  } else {
    failure.causes.push_back(fmt::format("`{}`: {}", program, std::strerror(error)));
  }
}

}  // namespace

std::string Exit::says() const {
  if (signal == 0) return fmt::format("exited {}", code);
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? fmt::format("was killed by SIG{}", name)
                         : fmt::format("was killed by signal {}", signal);
}

Failure spawn_failure(const SpawnSpec& spec, const Answer& answer) {
  Failure failure{fmt::format("could not start `{}`", spec.step)};
  failure.nothing_done = true;
  const char* reason = std::strerror(answer.error);
  switch (answer.failed_at) {
    case SpawnStage::none:
    case SpawnStage::process:
      failure.causes.push_back(fmt::format("the system gave no process: {}", reason));
      break;
    case SpawnStage::log_file:
      failure.causes.push_back(fmt::format("its log `{}`: {}", spec.log_file, reason));
      break;
    case SpawnStage::input:
      failure.causes.push_back(fmt::format("its input could not be put into memory: {}", reason));
      break;
    case SpawnStage::limits:
      failure.causes.push_back(
          answer.why.empty() ? fmt::format("its limits cannot be enforced here: {}", reason) : answer.why);
      failure.help =
          "start cairn with `systemd-run --user --scope -p Delegate=yes cairn …`, or leave the limits out";
      break;
    case SpawnStage::working_dir:
      failure.causes.push_back(fmt::format("its working folder `{}`: {}", spec.working_dir, reason));
      break;
    case SpawnStage::program:
      explain_program(spec, answer.error, failure);
      break;
    case SpawnStage::ending:
      failure.causes.push_back("the run is ending");
      failure.is = FailureClass::cancelled;
      break;
  }
  return failure;
}

}  // namespace cairn::keeper
