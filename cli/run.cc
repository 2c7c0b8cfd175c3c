#include <fmt/format.h>

#include "cli/session.h"
#include "grammar/suggest.h"

namespace cairn::cli {
namespace {

struct RunCommand {
  std::vector<std::string> stages, only, skip, profiles;
  SessionOptions session;
  std::string from;
};

// The stages by their names; complains about the first that is none.
bool stages_named(const ProgramFile& program, const std::vector<std::string>& names,
                  std::vector<NodeId>& found, Invocation& invocation) {
  std::vector<std::string> known;
  for (NodeId stage : program.compiled.stages) known.push_back(program.graph().node(stage).path);
  for (const std::string& name : names) {
    const auto place = std::find(known.begin(), known.end(), name);
    if (place != known.end()) {
      found.push_back(program.compiled.stages[static_cast<std::size_t>(place - known.begin())]);
      continue;
    }
    const std::optional<std::string> near = suggest(name, known);
    if (name.ends_with(".stack")) {
      complain(invocation, wrong_input, fmt::format("`{}` is a file, and `run` takes stages", name),
               fmt::format("`cairn run -f {} {}`", name, known.empty() ? "STAGE" : known.front()));
      return false;
    }
    complain(invocation, wrong_input, fmt::format("{} has no stage `{}`", program.path, name),
             near            ? fmt::format("did you mean `{}`?", *near)
             : known.empty() ? "write `stage test { … }` around what is to be run"
                             : fmt::format("its stages are {}", fmt::join(known, ", ")));
    return false;
  }
  return true;
}

void run(RunCommand command, Invocation& invocation) {
  std::unique_ptr<ProgramFile> program = load_graph(invocation);
  if (program == nullptr) return;
  plan::RunGoal goal;
  if (!stages_named(*program, command.stages, goal.stages, invocation)) return;
  if (!nodes_named(*program, command.only, goal.only, invocation)) return;
  if (!nodes_named(*program, command.skip, goal.skip, invocation)) return;
  goal.profiles = command.profiles;
  command.session.goal = goal;
  command.session.goal_text = fmt::format("run {}", fmt::join(command.stages, " "));
  act(invocation, std::move(program), command.session);
}

}  // namespace

void add_run(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("run", "run stages and all that they need");
  const auto options = std::make_shared<RunCommand>();
  add_file_options(*command, invocation);
  command->add_option("stages", options->stages, "the stages")->required();
  command->add_option("--only", options->only,
                      "only these blocks, and the services and things that they need");
  command->add_option("--skip", options->skip, "all but these blocks");
  command->add_option("--profile", options->profiles, "take part, too: blocks of this profile");
  command->add_flag("--fail-fast", options->session.fail_fast, "the first failure cancels the rest");
  command->add_option("-j,--jobs", options->session.jobs, "how many `run` steps at once")
      ->check(CLI::PositiveNumber);
  command->add_option("--output", options->session.output, "what standard output shows")
      ->check(CLI::IsMember({"auto", "tty", "plain", "json", "quiet"}))
      ->capture_default_str();
  command->add_option("--junit", options->session.junit, "a copy of the merged JUnit report");
  command->add_option("--html", options->session.html, "a copy of the HTML report");
  command->callback([options, &invocation] { run(*options, invocation); });
}

}  // namespace cairn::cli
