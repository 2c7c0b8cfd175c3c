// JSON written straight into a text: events are many, and a tree of values for each costs ten times as much.
#pragma once

#include <string>
#include <string_view>

namespace cairn::progress {

// With its quotes; invalid UTF-8 becomes U+FFFD, so that the result is always valid.
void append_json(std::string& to, std::string_view text);
// The shortest form that reads back as the same number, `2.0` for a whole one; `null` for what JSON has no
// number for.
void append_json(std::string& to, double number);

}  // namespace cairn::progress
