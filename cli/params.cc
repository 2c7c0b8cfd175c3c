#include <fmt/format.h>

#include "cli/program_file.h"
#include "interpreter/draw/drawings.h"
#include "interpreter/show.h"

namespace cairn::cli {

void add_params(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("params", "list the file's params, their values and where each comes from");
  const auto json = std::make_shared<bool>(false);
  add_file_options(*command, invocation);
  add_file_argument(*command, invocation);
  command->add_flag("--json", *json, "as JSON");
  command->callback([json, &invocation] {
    const std::unique_ptr<ProgramFile> program = load_program(invocation, true);
    if (program == nullptr) return;
    if (program->diagnostics.has_errors()) {
      program->print_diagnostics(invocation);
      invocation.exit_code = wrong_input;
      return;
    }
    if (!*json) {
      fmt::print("{}", show_params(program->compiled.params));
      return;
    }
    std::string rows;
    for (const ParamListing& param : program->compiled.params)
      rows += fmt::format(
          "{}\n  {{\"name\": \"{}\", \"type\": \"{}\", \"value\": \"{}\", \"from\": \"{}\", \"doc\": "
          "\"{}\"}}",
          rows.empty() ? "" : ",", draw::json_escaped(param.name), draw::json_escaped(param.type),
          draw::json_escaped(show(param.value)), draw::json_escaped(show(param.origin)),
          draw::json_escaped(param.doc));
    fmt::print("[{}\n]\n", rows);
  });
}

}  // namespace cairn::cli
