// The one thing that writing JSON needs and string formatting has not.
#pragma once

#include <string>
#include <string_view>

namespace cairn {

// `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

}  // namespace cairn
