// What commands that carry something out can be told about the way.
#pragma once

#include <CLI/App.hpp>

#include "cli/planned.h"
#include "cli/session.h"

namespace cairn::cli {

void add_output_option(CLI::App& command, SessionOptions& session);
// Of those that run stages: --jobs, --output, --junit, --html.
void add_session_options(CLI::App& command, SessionOptions& session);

// Carries out what is wanted, or only shows what would be done.
void act_or_show(Invocation& invocation, Planned planned, SessionOptions session, bool dry_run);

}  // namespace cairn::cli
