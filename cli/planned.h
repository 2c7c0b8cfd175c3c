// A goal of the command line, and what would be done for it: what `run`, `up`, `plan` and `why` have in
// common. Everything in here only reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/program_file.h"
#include "runtime/http/client.h"
#include "runtime/plan/plan.h"

namespace cairn::cli {

// What the words of a command say that is wanted.
struct Wanted {
  bool up = false;
  std::vector<std::string> names;  // stages of `run`, services of `up`
  std::vector<std::string> only, from, skip, profiles;
  bool keep = false;
};
// --only, --from, --skip and --profile; the last of what it adds, for CLI11.
CLI::Option* add_selection(CLI::App& command, Wanted& wanted);
// The same in words, "run test --only unit".
std::string words_of(const Wanted& wanted);

// False after complaining about a name that is none, or of the wrong kind.
bool goal_of(const ProgramFile& program, const Wanted& wanted, plan::Goal& goal, Invocation& invocation);

// What is there of it. An engine is asked only for what it could have.
plan::Facts facts_for(const ProgramFile& program, bool up, http::HttpClient& http);

struct Planned {
  std::unique_ptr<ProgramFile> program;
  Wanted wanted;
  plan::Goal goal;
  plan::Facts facts;
  plan::Plan plan;
};
// False after complaining.
bool make_plan(Planned& planned, Invocation& invocation);

// Prints it, and complains about what it refuses.
void show_plan(const Planned& planned, bool as_json, Invocation& invocation);

// "shop.stack:3:7"; empty for an unknown place.
std::string place_of(const ProgramFile& program, Span span);

}  // namespace cairn::cli
