#include "cli/session_options.h"

namespace cairn::cli {

void add_output_option(CLI::App& command, SessionOptions& session) {
  command.add_option("--output", session.output, "what standard output shows")
      ->check(CLI::IsMember({"auto", "tty", "plain", "json", "quiet"}))
      ->capture_default_str();
}

void add_session_options(CLI::App& command, SessionOptions& session) {
  command.add_option("-j,--jobs", session.jobs, "how many `run` steps at once")->check(CLI::PositiveNumber);
  add_output_option(command, session);
  command.add_option("--junit", session.junit, "a copy of the merged JUnit report");
  command.add_option("--html", session.html, "a copy of the HTML report");
}

}  // namespace cairn::cli
