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

// The same for a server that hung up. With TLS 1.3 it judges our certificate, or misses one (`shown` says
// which), when the client believes that all is well: what it said about that may be lost. Nothing: it did not
// hang up.
std::optional<TlsTrouble> hung_up(const std::string& place, std::string_view said, bool shown);

}  // namespace cairn::http
