#include <fmt/format.h>

#include "cli/session.h"

namespace cairn::cli {

void add_up(CLI::App& app, Invocation& invocation) {
  struct UpCommand {
    std::vector<std::string> services, profiles;
    SessionOptions session;
  };
  CLI::App* command = app.add_subcommand("up", "bring services up and leave them running");
  const auto options = std::make_shared<UpCommand>();
  add_file_options(*command, invocation);
  command->add_option("services", options->services, "the services; default: all");
  command->add_option("--profile", options->profiles, "take part, too: blocks of this profile");
  command->add_option("--output", options->session.output, "what standard output shows")
      ->check(CLI::IsMember({"auto", "tty", "plain", "json", "quiet"}))
      ->capture_default_str();
  command->callback([options, &invocation] {
    std::unique_ptr<ProgramFile> program = load_graph(invocation);
    if (program == nullptr) return;
    plan::UpGoal goal;
    if (!nodes_named(*program, options->services, goal.services, invocation)) return;
    goal.profiles = options->profiles;
    options->session.goal = goal;
    options->session.goal_text = fmt::format("up {}", fmt::join(options->services, " "));
    options->session.up = true;
    act(invocation, std::move(program), options->session);
  });
}

}  // namespace cairn::cli
