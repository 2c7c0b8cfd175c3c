// What is to be known about each code: the source of `cairn explain CODE` and of docs/errors.md. Every room
// that reports has such a table; this one holds S01xx.
#pragma once

#include <string_view>
#include <vector>

namespace cairn {

struct CodePage {
  std::string_view code;
  std::string_view title;        // what is wrong, as a heading: no full stop
  std::string_view explanation;  // sentences: why it is so, and what to write instead
  std::string_view example;      // a file that gives exactly this code, or empty when text cannot show it
};

// In the order of the codes.
const std::vector<CodePage>& syntax_codes();

}  // namespace cairn
