#include "runtime/kinds/engines_used.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/effects/file_descriptor.h"

namespace cairn::kinds {
namespace {

using nlohmann::json;

std::string engines_file(const std::string& run_folder) {
  return run_folder + "/engines";
}

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<Done> record_engine(const std::string& run_folder, const docker::Endpoint& endpoint) {
  const json line = {
      {"shown", endpoint.shown},      {"socket", endpoint.ssh.empty() ? endpoint.unix_socket : std::string()},
      {"url", endpoint.base_url},     {"verify", endpoint.tls.verify},
      {"ca", endpoint.tls.ca_file},   {"cert", endpoint.tls.cert_file},
      {"key", endpoint.tls.key_file}, {"fingerprint", endpoint.tls.fingerprint},
      {"ssh", endpoint.ssh},          {"remote", endpoint.remote_socket}};
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const std::string path = engines_file(run_folder);
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.open() || write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return Failure{
        .message = fmt::format("cannot write `{}`", path), .causes = {std::strerror(errno)}, .help = {}};
  return Done{};
}

std::vector<docker::Endpoint> recorded_engines(const std::string& run_folder) {
  std::vector<docker::Endpoint> engines;
  std::ifstream file(engines_file(run_folder), std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object() || text_at(object, "url").empty()) continue;
    docker::Endpoint endpoint;
    endpoint.shown = text_at(object, "shown");
    endpoint.unix_socket = text_at(object, "socket");
    endpoint.base_url = text_at(object, "url");
    endpoint.tls.verify = object.value("verify", json(true)) != json(false);
    endpoint.tls.ca_file = text_at(object, "ca");
    endpoint.tls.cert_file = text_at(object, "cert");
    endpoint.tls.key_file = text_at(object, "key");
    endpoint.tls.fingerprint = text_at(object, "fingerprint");
    endpoint.ssh = text_at(object, "ssh");
    endpoint.remote_socket = text_at(object, "remote");
    const auto same = [&](const docker::Endpoint& other) {
      return other.shown == endpoint.shown && other.unix_socket == endpoint.unix_socket &&
             other.base_url == endpoint.base_url;
    };
    if (std::none_of(engines.begin(), engines.end(), same)) engines.push_back(std::move(endpoint));
  }
  return engines;
}

}  // namespace cairn::kinds
