#include "cli/invocation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace cairn::cli {

bool use_colour(const Invocation& invocation, int descriptor) {
  if (invocation.colour == "always") return true;
  if (invocation.colour == "never") return false;
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (refused == nullptr || *refused == 0) &&
         (terminal == nullptr || std::string_view(terminal) != "dumb") && isatty(descriptor) == 1;
}

void add_file_options(CLI::App& command, Invocation& invocation) {
  command.add_option("-f,--file", invocation.file, "the .stack file; default: the only one in this folder");
  command.add_option("-p,--param", invocation.params, "a param's value, as name=value; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--params", invocation.params_file, "a JSON file with values of params");
}

void add_file_argument(CLI::App& command, Invocation& invocation) {
  command.add_option("path", invocation.file, "the .stack file, as with -f");
}

void complain(Invocation& invocation, int exit_code, const std::string& message, const std::string& help) {
  const bool colour = use_colour(invocation, STDERR_FILENO);
  fmt::print(stderr, "{}error{}: {}\n", colour ? "\x1b[1;31m" : "", colour ? "\x1b[0m" : "", message);
  if (!help.empty()) fmt::print(stderr, "  = help: {}\n", help);
  invocation.exit_code = exit_code;
}

}  // namespace cairn::cli
