// RFC 4648, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn::docker {

std::string to_base64(std::string_view bytes);
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // either alphabet, padding or not

}  // namespace cairn::docker
