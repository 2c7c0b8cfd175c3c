// The command line: constructs every real thing and nothing else decides what is real.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/invocation.h"
#include "cli/version.h"
#include "cli/wrong_command_line.h"
#include "grammar/suggest.h"
#include "runtime/database/query.h"
#include "runtime/keeper/keeper.h"
#include "runtime/scribe/masker.h"

namespace {

cairn::keeper::Mask mask_for_keeper(const std::vector<cairn::Text>& secrets) {
  struct Masked {
    cairn::scribe::Masker masker;
    cairn::scribe::MaskedStream stream{masker};
  };
  const auto masked = std::make_shared<Masked>();
  for (const cairn::Text& secret : secrets) masked->masker.add("a secret", secret.exposed());
  return [masked](std::string_view piece, bool last) {
    std::string text = masked->stream.feed(piece);
    return last ? text + masked->stream.finish() : text;
  };
}

}  // namespace

int main(int argc, char** argv) {
  using namespace cairn::cli;
  // The keeper is this same program, started before any thread exists.
  if (argc > 1 && argv[1] == cairn::keeper::kKeeperCommand)
    return cairn::keeper::keeper_main(mask_for_keeper);
  if (argc > 1 && argv[1] == cairn::database::database_command) return cairn::database::database_main();

  CLI::App app("cairn: environments and tests as one graph of services, clones, probes and steps", "cairn");
  Invocation invocation;
  app.require_subcommand(1);
  app.set_version_flag("--version", "cairn " + version_text());
  app.set_help_all_flag("--help-all", "the options of all commands");
  app.add_option("--color", invocation.colour, "colours: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.fallthrough();

  add_run(app, invocation);
  add_up(app, invocation);
  add_down(app, invocation);
  add_resume(app, invocation);
  add_clean(app, invocation);
  add_restart(app, invocation);
  add_ps(app, invocation);
  add_logs(app, invocation);
  add_exec(app, invocation);
  add_shell(app, invocation);
  add_runs(app, invocation);
  add_show(app, invocation);
  add_slow(app, invocation);
  add_plan(app, invocation);
  add_why(app, invocation);
  add_graph(app, invocation);
  add_lint(app, invocation);
  add_fmt(app, invocation);
  add_params(app, invocation);
  add_pool(app, invocation);
  add_simulate(app, invocation);
  add_explain(app, invocation);
  add_completion(app, invocation);
  add_doctor(app, invocation);
  add_version(app, invocation);

  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (argc > 1 && argv[1][0] != '-' && std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    const std::optional<std::string> near = cairn::suggest(argv[1], names);
    complain(invocation, wrong_input, "there is no command `" + std::string(argv[1]) + "`",
             near ? "did you mean `" + *near + "`?" : "`cairn --help` lists the commands");
    return invocation.exit_code;
  }
  try {
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    invocation.exec_command = cut_exec_command(arguments);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const WrongCommandLine wrong = explain(app, error);
    complain(invocation, wrong_input, wrong.message, wrong.help);
  }
  std::fflush(stdout);
  return invocation.exit_code;
}
