// Hashes that tell a changed setting or file from an unchanged one. FNV-1a, 64 bits: against accidents, not
// against somebody who wants two to be the same; and never of a secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "grammar/source.h"
#include "interpreter/graph.h"

namespace cairn::kinds {

class Hash {
 public:
  void add(std::string_view text);
  std::string text() const;  // 12 hexadecimal digits

 private:
  void step(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

// A late value counts as its expression, a secret as no more than that there is one, a node as its path.
// `files_in`: a path, or a text that names a file as file_source.h has it, counts as what is in that file,
// too; relative to this folder. Null: as it is written only.
void add_value(Hash& hash, const Graph& graph, const Sources& sources, const Value& value,
               const std::string* files_in);

// Where a path of the file is on this machine.
std::string absolute_path(const Path& path);
// Nothing written, as far as a hash goes: an empty list or map.
bool is_empty(const Value& value);

// Of a file, or of all that is below a folder: by size and time of the last change, as make looks at
// files; a link by what it says.
std::string stamp_of(const std::string& path);

}  // namespace cairn::kinds
