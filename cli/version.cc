#include "cli/version.h"

#include <fmt/format.h>

#include "cli/invocation.h"

namespace cairn::cli {

std::string version_text() {
  return CAIRN_VERSION;
}

void add_version(CLI::App& app, Invocation& invocation) {
  (void)invocation;
  CLI::App* command = app.add_subcommand("version", "print the version");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as JSON");
  command->callback([json] {
    *json ? fmt::print("{{\"cairn\": \"{}\", \"journal\": 1, \"events\": 1}}\n", version_text())
          : fmt::print("cairn {}\n", version_text());
  });
}

}  // namespace cairn::cli
