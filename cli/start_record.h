// What a run was begun with, as its journal keeps it: the inputs of its file, its params, its goal. Lowered
// again it is the same graph, whatever has become of the files since. The value of a secret param is never in
// it.
#pragma once

#include <string>
#include <vector>

#include "cli/program_file.h"
#include "runtime/effects/result.h"

namespace cairn::cli {

struct StartRecord {
  std::string file;          // the .stack file as people call it
  std::string main;          // its name in the project's folder
  std::string shown_folder;  // CompileRequest's
  std::string goal;          // as typed: "run publish"
  // By path: RunGoal's nodes.
  std::vector<std::string> stages, only, from, skip;
  std::vector<std::string> profiles;
  bool keep = false, fail_fast = false;
  int jobs = 0;
  std::vector<GivenParam> params;
  std::vector<std::string> secret_params;  // were given, and are not kept
  std::string capsule;
};

// Of a program that was loaded from files, before anything of it runs: its file, params and inputs. The goal
// is the caller's.
StartRecord start_record_of(const ProgramFile& program);

std::string text_of(const StartRecord& record);
// A Failure names what is wrong with it.
Result<StartRecord> start_record_in(const std::string& text);

// The program as it was, in the project's folder of today. `invocation` gives values of secret params anew
// (`-p`); null after complaining.
std::unique_ptr<ProgramFile> load_recorded(const StartRecord& record, const std::string& project_folder,
                                           const std::string& run_id, Invocation& invocation);

}  // namespace cairn::cli
