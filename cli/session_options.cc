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

void act_or_show(Invocation& invocation, Planned planned, SessionOptions session, bool dry_run) {
  if (dry_run) {
    if (make_plan(planned, invocation)) show_plan(planned, session.output == "json", invocation);
    return;
  }
  session.goal = planned.goal;
  session.goal_text = words_of(planned.wanted);
  act(invocation, std::move(planned.program), session);
}

}  // namespace cairn::cli
