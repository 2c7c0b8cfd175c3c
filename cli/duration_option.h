// Durations on the command line, written as in the language: `90s`, `1h30m`, `250ms`.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/effects/clock.h"

namespace cairn::cli {

// Nothing for what is no duration, and for one of no length.
std::optional<Milliseconds> read_duration(std::string_view text);

// Adds an option that takes one; anything else is refused when the command line is read.
CLI::Option* add_duration(CLI::App& command, const std::string& name, std::optional<Milliseconds>& value,
                          const std::string& description);

}  // namespace cairn::cli
