#include "runtime/platform/docker/registry_auth.h"

#include <fmt/format.h>

#include "runtime/platform/docker/base64.h"
#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

constexpr const char* hub = "https://index.docker.io/v1/";

std::string key_of(const std::string& registry) {
  return registry.empty() || registry == "docker.io" || registry == "index.docker.io" ? hub : registry;
}

// "https://host/v1/" and "host" mean the same registry.
std::string host_of(std::string key) {
  const std::size_t scheme = key.find("://");
  if (scheme != std::string::npos) key.erase(0, scheme + 3);
  return key.substr(0, key.find('/'));
}

Result<std::optional<Credentials>> ask_helper(const std::string& helper, const std::string& key,
                                              const CredentialSearch& search) {
  const std::string program = "docker-credential-" + helper;
  const std::string what = fmt::format("could not get the credentials for `{}` from `{}`", key, program);
  if (!search.run_helper) {
    return Failure{.message = what, .causes = {"programs cannot be started here"}, .nothing_done = true};
  }
  const Result<Text> answer = search.run_helper({program, "get"}, key);
  if (!answer) {
    for (const std::string& cause : answer.failure().causes) {
      // How helpers say that they keep nothing for it.
      if (cause.find("credentials not found") != std::string::npos) return std::optional<Credentials>();
    }
    Failure failure = Failure(answer.failure()).within(what);
    if (failure.help.empty()) failure.help = "~/.docker/config.json names it; is it installed and unlocked?";
    return failure;
  }
  const json document = json::parse(answer->exposed(), nullptr, false);
  if (!document.is_object()) return Failure{.message = what, .causes = {"its answer is no JSON"}};
  Credentials credentials{.user = at<std::string>(document, "/Username"),
                          .password = Text(at<std::string>(document, "/Secret"), true),
                          .identity_token = Text(),
                          .server = key};
  if (credentials.user == "<token>") {
    credentials.identity_token = credentials.password;
    credentials.password = Text();
    credentials.user.clear();
  }
  return std::optional<Credentials>(std::move(credentials));
}

std::optional<Credentials> kept_in_file(const json& config, const std::string& key) {
  const json& kept = part(config, "/auths");
  if (!kept.is_object()) return {};
  for (const auto& [name, entry] : kept.items()) {
    if (name != key && host_of(name) != host_of(key)) continue;
    Credentials credentials{.user = at<std::string>(entry, "/username"),
                            .password = Text(at<std::string>(entry, "/password"), true),
                            .identity_token = Text(at<std::string>(entry, "/identitytoken"), true),
                            .server = key};
    const std::optional<std::string> pair = from_base64(at<std::string>(entry, "/auth"));
    if (pair && pair->find(':') != std::string::npos) {
      credentials.user = pair->substr(0, pair->find(':'));
      credentials.password = Text(pair->substr(pair->find(':') + 1), true);
    }
    if (credentials.user.empty() && credentials.identity_token.exposed().empty()) continue;
    return credentials;
  }
  return {};
}

json body_of(const Credentials& credentials) {
  if (!credentials.identity_token.exposed().empty()) {
    return {{"identitytoken", credentials.identity_token.exposed()}, {"serveraddress", credentials.server}};
  }
  return {{"username", credentials.user},
          {"password", credentials.password.exposed()},
          {"serveraddress", credentials.server}};
}

}  // namespace

Result<std::optional<Credentials>> find_credentials(const std::string& registry,
                                                    const CredentialSearch& search) {
  if (search.config_text.empty()) return std::optional<Credentials>();
  const json config = json::parse(search.config_text, nullptr, false);
  if (!config.is_object()) {
    return Failure{.message = "could not look for registry credentials",
                   .causes = {"docker's config.json is no JSON"},
                   .nothing_done = true};
  }
  const std::string key = key_of(registry);
  const json& helpers = part(config, "/credHelpers");
  for (const std::string& name : {key, host_of(key)}) {
    if (helpers.is_object() && helpers.contains(name) && helpers[name].is_string()) {
      return ask_helper(helpers[name].get<std::string>(), name, search);
    }
  }
  const std::string store = at<std::string>(config, "/credsStore");
  if (!store.empty()) {
    Result<std::optional<Credentials>> kept = ask_helper(store, key, search);
    if (!kept || *kept) return kept;
  }
  return kept_in_file(config, key);
}

Text auth_header(const Credentials& credentials) {
  return Text(to_base64url(body_of(credentials).dump()), true);
}

Text config_header(const std::vector<Credentials>& credentials) {
  json all = json::object();
  for (const Credentials& each : credentials) all[each.server] = body_of(each);
  return Text(to_base64url(all.dump()), true);
}

}  // namespace cairn::docker
