// Where an array is and who we are there.
#pragma once

#include <string>
#include <variant>

#include "runtime/http/client.h"

namespace cairn::array {

struct ApiToken {
  std::string token;  // secret
};
struct Password {              // REST 1.x only: exchanged for the user's API token
  std::string user, password;  // `password` secret
};
// OAuth 2.0 token exchange (RFC 8693) with a key that the array knows as an API client. REST 2.x only.
struct SigningKey {
  std::string client_id, key_id, issuer, user;
  std::string private_key_pem;  // secret, RSA
};
using Credentials = std::variant<ApiToken, Password, SigningKey>;

struct Access {
  std::string address;  // "10.0.0.5", "array.example:8443" or with "https://" in front
  Credentials credentials;
  http::Tls tls = {};
  std::string api =
      {};  // "", "1", "2", "2.26": the newest that both sides know, of that generation, exactly that
  // Of one exchange; copies are metadata on an array, so this is patience for a busy one.
  Nanoseconds timeout = std::chrono::seconds(60);
};

}  // namespace cairn::array
