#include "runtime/platform/docker/endpoint.h"

#include <openssl/evp.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cairn::docker {

namespace {

using nlohmann::json;

std::string sha256_hex(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string variable(const EndpointQuestion& question, const char* name) {
  return question.environment ? question.environment(name).value_or("") : std::string();
}

std::string config_folder(const EndpointQuestion& question) {
  const std::string folder = variable(question, "DOCKER_CONFIG");
  return folder.empty() ? variable(question, "HOME") + "/.docker" : folder;
}

// The files of a folder that exist, as ca, certificate and key.
http::Tls tls_in(const EndpointQuestion& question, const std::string& folder) {
  http::Tls tls;
  const auto present = [&](const char* name) {
    const std::string path = folder + "/" + name;
    return question.read_file && question.read_file(path) ? path : std::string();
  };
  tls.ca_file = present("ca.pem");
  tls.cert_file = present("cert.pem");
  tls.key_file = present("key.pem");
  return tls;
}

Failure no_address(const std::string& host, const std::string& origin, std::string help) {
  return Failure{.message = fmt::format("`{}` is no address of an engine", host),
                 .causes = {"it comes from " + origin},
                 .help = std::move(help),
                 .is = FailureClass::endpoint,
                 .nothing_done = true};
}

// ssh://[user@]host[:port][/path/of/the/socket], as the docker client has it.
Result<Endpoint> endpoint_over_ssh(const std::string& host, const std::string& origin) {
  Endpoint endpoint{.shown = host, .base_url = "http://docker"};
  const std::string rest = host.substr(6);
  const std::size_t path = rest.find('/');
  endpoint.ssh = rest.substr(0, path);
  endpoint.remote_socket = path == std::string::npos ? "/" : rest.substr(path);
  if (endpoint.remote_socket == "/") endpoint.remote_socket = "/var/run/docker.sock";
  const std::string machine = endpoint.ssh.empty() ? std::string() : endpoint.host();
  const std::size_t user = endpoint.ssh.find('@');
  const bool password = user != std::string::npos && endpoint.ssh.find(':') < user;
  // What begins with a dash would be an option to ssh.
  if (machine.empty() || machine.starts_with('-') || endpoint.ssh.starts_with('-') || password)
    return no_address(
        password ? "ssh://…" : host, origin,
        password ? "leave the password out: ssh takes keys, and an agent keeps them"
                 : "write ssh://user@host, ssh://user@host:port or ssh://user@host/path/to/docker.sock");
  return endpoint;
}

Result<Endpoint> endpoint_at(const std::string& host, std::optional<http::Tls> tls,
                             const std::string& origin) {
  Endpoint endpoint{.shown = host};
  if (host.starts_with("unix://")) {
    endpoint.unix_socket = host.substr(7);
    endpoint.base_url = "http://docker";
    return endpoint;
  }
  if (host.starts_with('/')) return endpoint_at("unix://" + host, std::move(tls), origin);
  if (host.starts_with("ssh://")) return endpoint_over_ssh(host, origin);
  const std::size_t scheme = host.find("://");
  const std::string kind = scheme == std::string::npos ? "tcp" : host.substr(0, scheme);
  std::string address = scheme == std::string::npos ? host : host.substr(scheme + 3);
  while (address.ends_with('/')) address.pop_back();
  if ((kind != "tcp" && kind != "http" && kind != "https") || address.empty()) {
    return no_address(host, origin,
                      "write unix:///path/to/docker.sock, tcp://host:2375, tcp://host:2376 with TLS, or "
                      "ssh://user@host");
  }
  const bool secure = kind == "https" || tls.has_value();
  const std::size_t port = address.rfind(':');
  if (port == std::string::npos || address.ends_with(']')) address += secure ? ":2376" : ":2375";
  endpoint.base_url = (secure ? "https://" : "http://") + address;
  if (tls) endpoint.tls = *tls;
  return endpoint;
}

// DOCKER_TLS_VERIFY, when not empty, demands a proof; DOCKER_CERT_PATH alone means TLS without one.
std::optional<http::Tls> tls_of_environment(const EndpointQuestion& question) {
  const bool verify = !variable(question, "DOCKER_TLS_VERIFY").empty();
  std::string folder = variable(question, "DOCKER_CERT_PATH");
  if (!verify && (folder.empty() || variable(question, "DOCKER_TLS").empty())) return {};
  if (folder.empty()) folder = config_folder(question);
  http::Tls tls = tls_in(question, folder);
  tls.verify = verify;
  return tls;
}

Result<Endpoint> default_endpoint(const EndpointQuestion& question) {
  const std::string host = variable(question, "DOCKER_HOST");
  if (host.empty()) return endpoint_at("unix:///var/run/docker.sock", {}, "the default");
  return endpoint_at(host, tls_of_environment(question), "DOCKER_HOST");
}

Result<Endpoint> context_endpoint(const EndpointQuestion& question, const std::string& context,
                                  const std::string& origin) {
  if (context == "default") return default_endpoint(question);
  const std::string contexts = config_folder(question) + "/contexts";
  const std::string file = fmt::format("{}/meta/{}/meta.json", contexts, sha256_hex(context));
  Failure unknown{.message = fmt::format("there is no docker context `{}`", context),
                  .causes = {fmt::format("{} names it", origin)},
                  .help = "`docker context ls` lists those that exist",
                  .is = FailureClass::endpoint,
                  .nothing_done = true};
  const std::optional<std::string> text = question.read_file ? question.read_file(file) : std::nullopt;
  if (!text) return std::move(unknown).because(fmt::format("{} cannot be read", file));
  const json meta = json::parse(*text, nullptr, false);
  const json::json_pointer place("/Endpoints/docker");
  if (meta.is_discarded() || !meta.contains(place) || !meta.at(place).contains("Host") ||
      !meta.at(place).at("Host").is_string()) {
    return std::move(unknown).because(fmt::format("{} names no Docker endpoint", file));
  }
  http::Tls tls = tls_in(question, fmt::format("{}/tls/{}/docker", contexts, sha256_hex(context)));
  const bool skip = meta.at(place).contains("SkipTLSVerify") && meta.at(place).at("SkipTLSVerify") == true;
  tls.verify = !skip;
  const bool any = skip || !tls.ca_file.empty() || !tls.cert_file.empty();
  Result<Endpoint> endpoint =
      endpoint_at(meta.at(place).at("Host").get<std::string>(), any ? std::optional(tls) : std::nullopt,
                  fmt::format("the docker context `{}`", context));
  // Over ssh it is reached by a tunnel of ours, which the client has no name for.
  if (endpoint && endpoint->ssh.empty()) endpoint->context = context;
  return endpoint;
}

}  // namespace

std::string Endpoint::host() const {
  std::string_view rest = ssh;
  if (ssh.empty()) {
    if (!unix_socket.empty()) return {};
    rest = base_url;
    rest.remove_prefix(std::min(rest.find("://"), rest.size() - 3) + 3);
  } else if (const std::size_t at = rest.rfind('@'); at != rest.npos) {
    rest.remove_prefix(at + 1);
  }
  if (rest.starts_with('[')) return std::string(rest.substr(1, rest.find(']') - 1));
  return std::string(rest.substr(0, rest.find_first_of(":/")));
}

Result<Endpoint> resolve_endpoint(const EndpointQuestion& question) {
  if (!question.context.empty()) return context_endpoint(question, question.context, "the file");
  if (!question.host.empty()) {
    return endpoint_at(question.host, question.tls ? question.tls : tls_of_environment(question), "the file");
  }
  if (!variable(question, "DOCKER_HOST").empty()) return default_endpoint(question);
  const std::string context = variable(question, "DOCKER_CONTEXT");
  if (!context.empty()) return context_endpoint(question, context, "DOCKER_CONTEXT");
  const std::string file = config_folder(question) + "/config.json";
  const std::optional<std::string> text = question.read_file ? question.read_file(file) : std::nullopt;
  const json config = text ? json::parse(*text, nullptr, false) : json();
  if (config.is_object() && config.contains("currentContext") && config["currentContext"].is_string() &&
      !config["currentContext"].get<std::string>().empty()) {
    return context_endpoint(question, config["currentContext"].get<std::string>(), file);
  }
  return default_endpoint(question);
}

}  // namespace cairn::docker
