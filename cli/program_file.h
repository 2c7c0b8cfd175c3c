// The .stack file of a command, loaded and compiled.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "cli/invocation.h"
#include "interpreter/compile.h"
#include "interpreter/inputs_capsule.h"

namespace cairn::cli {

// Everything that a compiled program needs to stay alive.
struct ProgramFile {
  std::string path;            // as given or found
  std::string project_folder;  // absolute: where the file is
  std::string main;            // its name there
  std::string shown_folder;    // CompileRequest's
  std::string run_id;          // of the run that this may become: what `run_id()` gives
  Sources sources;
  Diagnostics diagnostics;
  std::unique_ptr<Inputs> outside;  // the world of today: what secrets are read from
  std::unique_ptr<Inputs> inputs;   // what the file was told of it
  std::vector<GivenParam> given;
  const RecordingInputs* recorded = nullptr;  // `inputs`, unless it answers from a record itself
  Compiled compiled;

  const Graph& graph() const { return *compiled.graph; }
  // What was found, to standard error.
  void print_diagnostics(const Invocation& invocation) const;
};

// A value as JSON has it.
Value value_of_json(const nlohmann::ordered_json& json);
// Those of `-p` and `--params`; false after complaining.
bool read_given_params(Invocation& invocation, std::vector<GivenParam>& given);

// The file that `-f` names, or the only one of the folder; nothing when there is no such (complained about).
std::optional<std::string> find_stack_file(Invocation& invocation);

// Null when the file cannot be found. `allow_unknown`: params without a value are unknown instead of an
// error. Diagnostics are collected, not printed.
std::unique_ptr<ProgramFile> load_program(Invocation& invocation, bool allow_unknown);

// As load_program, for commands that go on only with a graph: prints what is wrong and gives null then.
std::unique_ptr<ProgramFile> load_graph(Invocation& invocation);

// The nodes by unique suffixes of their paths; false after complaining about the first that is none, or
// several.
bool nodes_named(const ProgramFile& program, const std::vector<std::string>& names,
                 std::vector<NodeId>& found, Invocation& invocation);

}  // namespace cairn::cli
