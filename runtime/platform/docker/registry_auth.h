// Who we are to a registry: found where the docker client keeps it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/effects/result.h"

namespace cairn::docker {

struct Credentials {
  std::string user;
  Text password;
  Text identity_token;  // instead of both
  std::string server;   // "https://index.docker.io/v1/", "localhost:5000"
};

struct CredentialSearch {
  std::string config_text;  // of config.json; empty: there is none
  // Runs a helper program with `input` on its stdin: its stdout (as a Text: it is a secret), or why not. Only
  // the keeper may start programs, so this comes from outside.
  std::function<Result<Text>(const std::vector<std::string>& command, const std::string& input)> run_helper;
};

// For a registry as ImageReference::registry() names it. In this order: `credHelpers`, `credsStore`, `auths`.
// Nothing: none are kept for it.
Result<std::optional<Credentials>> find_credentials(const std::string& registry,
                                                    const CredentialSearch& search);

// The value of X-Registry-Auth (base64url of JSON, with its padding).
Text auth_header(const Credentials& credentials);

// The value of X-Registry-Config, for the classic builder; {registry, credentials} each.
Text config_header(const std::vector<Credentials>& credentials);

}  // namespace cairn::docker
