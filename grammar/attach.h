// What comments mean: `##` lines above a declaration document it, `# cairn: allow CODE because why` belongs
// to the statement it stands above or beside. Private to the parser.
#pragma once

#include <string_view>

#include "grammar/syntax.h"

namespace cairn {

// Fills the doc and allows of the file and its statements from file.comments.
void attach_comments(syntax::File& file, std::string_view text);

}  // namespace cairn
