// What commands that carry something out can be told about the way.
#pragma once

#include <CLI/App.hpp>

#include "cli/session.h"

namespace cairn::cli {

void add_output_option(CLI::App& command, SessionOptions& session);
// Of those that run stages: --jobs, --output, --junit, --html.
void add_session_options(CLI::App& command, SessionOptions& session);

}  // namespace cairn::cli
