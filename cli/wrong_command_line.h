// What is said when the command line itself cannot be read: CLI11's complaints in our words, with what was
// meant.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace cairn::cli {

struct WrongCommandLine {
  std::string message;
  std::string help;
};

// `app` has just failed to parse with this error.
WrongCommandLine explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace cairn::cli
