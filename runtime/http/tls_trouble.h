// What OpenSSL means, in words that say whose certificate is wrong and what to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn::http {

struct TlsTrouble {
  std::string what;  // "the certificate of https://build1:2376 has expired"
  std::string help;
};

// `place`: "https://build1:2376". `said`: libcurl's error text. Nothing: it is not about certificates.
std::optional<TlsTrouble> tls_trouble(const std::string& place, std::string_view said);

}  // namespace cairn::http
