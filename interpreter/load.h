// From a path to modules: reads and parses the file and everything it uses, and declares their names. A file
// that cannot be read, a cycle of `use` and a name given twice are reported; what could be read is loaded all
// the same.
#pragma once

#include <memory>
#include <string>

#include "interpreter/inputs.h"
#include "interpreter/program.h"

namespace cairn {

// Null only when the main file cannot be read (reported without a span). `shown_folder` stands before the
// names of the project's files in messages.
std::shared_ptr<Program> load(const std::string& path, const std::string& shown_folder, Inputs& inputs,
                              Sources& sources, Diagnostics& diagnostics);

}  // namespace cairn
