// Diagnostics for people and for tools. The only place that turns spans into lines and columns.
#pragma once

#include <string>
#include <vector>

#include "grammar/codes.h"
#include "grammar/diagnostic.h"
#include "grammar/source.h"

namespace cairn {

// One diagnostic, with the lines it is about, in the shape of rustc's:
//
//   error[S0201]: no service named `dbb`
//    --> shop.stack:6:7
//     |
//   6 |   after = [dbb]
//     |            ^^^ not found
//     = help: did you mean `db`?
//
// Ends with a newline. Text from the file reaches a terminal without control characters.
std::string render(const Sources& sources, const Diagnostic& diagnostic, bool colour = false);

// All of them in the order of the text, an empty line between, and a last line that counts them. Empty for
// none.
std::string render(const Sources& sources, const Diagnostics& diagnostics, bool colour = false);

// "shop.stack:6:7: error[S0201]: no service named `dbb`", without a newline.
std::string render_line(const Sources& sources, const Diagnostic& diagnostic);

// {"errors": 1, "warnings": 0, "diagnostics": [{…}]}, one diagnostic a line. Lines and columns count from 1
// and columns count characters; ends are exclusive; `begin` and `end` are byte offsets.
std::string render_json(const Sources& sources, const Diagnostics& diagnostics);

// SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), one run. `pages` gives the titles of the
// codes; a code without a page is listed by its name alone.
std::string render_sarif(const Sources& sources, const Diagnostics& diagnostics,
                         const std::vector<CodePage>& pages, const std::string& version);

}  // namespace cairn
