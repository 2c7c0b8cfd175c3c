// One HTML file that needs nothing else: no network, and a policy that forbids it even to what a test's name
// smuggles in. Styles and scripts are allowed by their SHA-256; there are no inline handlers and no style
// attributes.
#pragma once

#include <string>
#include <string_view>

namespace cairn::progress {

struct Page {
  std::string title;   // not escaped yet
  std::string style;   // CSS after the common part: colours for light and dark, type
  std::string script;  // may be empty; must not contain "</script"
  std::string body;    // HTML, everything from outside escaped
};

std::string shown_page(const Page& page);

// Text for an element or a quoted attribute: valid UTF-8, `& < > " '` escaped, terminal escapes removed,
// other control characters (NUL included) removed but tab and line feed.
std::string html(std::string_view text);

}  // namespace cairn::progress
