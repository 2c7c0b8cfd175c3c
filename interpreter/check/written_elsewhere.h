// Values in the shape that other tools want them in, and as they are written here: for what a message
// suggests.
#pragma once

#include <optional>
#include <string>

#include "grammar/source.h"
#include "grammar/syntax.h"
#include "interpreter/type.h"

namespace cairn {

// `["A=1"]` as `{ A = "1" }`, `["./src:/app:ro"]` as `{ "/app" = readonly("./src") }` where mounts are
// wanted,
// `["db:10.0.0.1"]` as `{ db = "10.0.0.1" }`; also of one such text. Nothing when it is no such list.
std::optional<std::string> as_map_of_settings(const syntax::Expr& written, const Type& wanted_map);

// `{ db = { … } }` as `[db]` where blocks are wanted, `{ "8080" = 80 }` as `["8080:80"]` where ports are,
// `{ paths = ["dist"] }` as `["dist"]`. Nothing when it is no such map.
std::optional<std::string> as_list_of_elements(const syntax::Expr& written, const Type& element,
                                               const Sources& sources);

}  // namespace cairn
