// The identity token of an OAuth 2.0 token exchange: a JWT (RFC 7519) signed with RS256.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/array/access.h"
#include "runtime/effects/result.h"

namespace cairn::array {

// `now` in seconds since 1970. Fails when the key is not an RSA key in PEM.
Result<std::string> signed_token(const SigningKey& key, std::int64_t now,
                                 std::int64_t lifetime_seconds = 3600);

std::string base64url(std::string_view bytes);
std::string from_base64url(std::string_view text);  // empty when it is none

}  // namespace cairn::array
