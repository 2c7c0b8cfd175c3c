// A self-signed certificate that lives in memory, for a server on loopback.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "runtime/effects/result.h"

namespace cairn::array::simulator {

struct KeyEnd {
  void operator()(EVP_PKEY* key) const;
  void operator()(X509* certificate) const;
};

struct Certificate {
  std::unique_ptr<EVP_PKEY, KeyEnd> key;
  std::unique_ptr<X509, KeyEnd> certificate;
  std::string fingerprint;  // SHA-256 in lower-case hex, as http::Tls::fingerprint wants it
  std::string pem;          // the public half
};

// For 127.0.0.1, ::1 and localhost; valid from `now` (seconds since 1970) for ten years.
Result<Certificate> make_certificate(std::int64_t now);

}  // namespace cairn::array::simulator
