#include "interpreter/lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/code_pages.h"
#include "cli/program_file.h"
#include "cli/version.h"
#include "grammar/render.h"
#include "interpreter/lint/allow.h"

namespace cairn::cli {
namespace {

struct LintOptions {
  std::string format = "text";
};

void lint(const LintOptions& options, Invocation& invocation) {
  const std::unique_ptr<ProgramFile> program = load_program(invocation, true);
  if (program == nullptr) return;
  if (program->compiled.graph) {
    Diagnostics findings;
    lint::find_all({program->graph(), *program->inputs}, findings);
    lint::find_names(*program->compiled.program, findings);
    for (Diagnostic& finding : lint::without_allowed(*program->compiled.program, findings))
      program->diagnostics.add(std::move(finding));
    for (const Span& span : program->compiled.left_out)
      if (options.format == "text")
        fmt::print(stderr, "note: {} depends on a param without a value: the graph is looked at without it\n",
                   program->sources.show(span));
  }
  if (options.format == "json")
    fmt::print("{}\n", render_json(program->sources, program->diagnostics));
  else if (options.format == "sarif")
    fmt::print("{}\n",
               render_sarif(program->sources, program->diagnostics, all_code_pages(), version_text()));
  else
    fmt::print(stderr, "{}", render(program->sources, program->diagnostics, use_colour(invocation, 2)));
  if (program->diagnostics.has_errors())
    invocation.exit_code = wrong_input;
  else if (!program->diagnostics.empty())
    invocation.exit_code = step_failed;
}

}  // namespace

void add_lint(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("lint", "look for mistakes, races and bad habits; runs nothing");
  const auto options = std::make_shared<LintOptions>();
  add_file_options(*command, invocation);
  add_file_argument(*command, invocation);
  command->add_option("--format", options->format, "how findings are printed")
      ->check(CLI::IsMember({"text", "json", "sarif"}))
      ->capture_default_str();
  command->callback([options, &invocation] { lint(*options, invocation); });
}

}  // namespace cairn::cli
