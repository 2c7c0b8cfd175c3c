// Texts of a file that name files of this machine.
#pragma once

#include <string>

#include "grammar/source.h"
#include "interpreter/graph.h"

namespace cairn::kinds {

// Of a setting that takes a text as well as a file: a text of one line that begins with `./`, `../`, `/` or
// `~/` is a file, below `folder` if it is relative. Everything else as it is.
Value file_source(const Value& value, const std::string& folder);

// The folder that a node's host paths are relative to: that of the file it is written in; the project's for
// std/.
std::string folder_of(const Graph& graph, const Sources& sources, NodeId node,
                      const std::string& project_folder);

}  // namespace cairn::kinds
