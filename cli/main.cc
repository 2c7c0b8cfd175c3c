// The command line: constructs every real thing and nothing else decides what is real.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>

#include "cli/invocation.h"
#include "runtime/keeper/keeper.h"

int main(int argc, char** argv) {
  using namespace cairn::cli;
  // The keeper is this same program, started before any thread exists.
  if (argc > 1 && std::strcmp(argv[1], "__keeper") == 0) return cairn::keeper::keeper_main();

  CLI::App app("cairn: environments and tests as one graph of services, clones, probes and steps", "cairn");
  Invocation invocation;
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "the options of all commands");
  app.add_option("--color", invocation.colour, "colours: auto, always, never")->check(CLI::IsMember({"auto", "always", "never"}))->capture_default_str();
  app.fallthrough();

  add_run(app, invocation);
  add_up(app, invocation);
  add_down(app, invocation);
  add_plan(app, invocation);
  add_graph(app, invocation);
  add_lint(app, invocation);
  add_fmt(app, invocation);
  add_params(app, invocation);
  add_runs(app, invocation);
  add_clean(app, invocation);
  add_explain(app, invocation);
  add_doctor(app, invocation);
  add_completion(app, invocation);
  add_version(app, invocation);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    complain(invocation, wrong_input, error.what(), "`cairn --help` lists the commands, `cairn COMMAND --help` its options");
  }
  std::fflush(stdout);
  return invocation.exit_code;
}
