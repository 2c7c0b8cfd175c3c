#include "runtime/kinds/container/ports.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <vector>

namespace cairn::kinds {

std::optional<std::uint16_t> port_in(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0
             ? std::optional<std::uint16_t>(port)
             : std::nullopt;
}

Result<docker::PublishedPort> published_port(const Value& value) {
  docker::PublishedPort port;
  if (const std::int64_t* number = value.as<std::int64_t>()) {
    port.container_port = static_cast<std::uint16_t>(*number);
    port.host_address = "127.0.0.1";
    return port;
  }
  std::string text = *value.as<std::string>();
  const Failure wrong{.message = fmt::format("`{}` is no port", text),
                      .causes = {},
                      .help = "write `8080`, \"80:8080\" (host port first) or \"127.0.0.1:80:8080\""};
  if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
    port.protocol = text.substr(slash + 1);
    text.resize(slash);
  }
  std::vector<std::string> parts;
  for (std::size_t colon = text.rfind(':'); parts.size() < 2 && colon != std::string::npos;
       colon = text.rfind(':')) {
    parts.insert(parts.begin(), text.substr(colon + 1));
    text.resize(colon);
  }
  parts.insert(parts.begin(), text);
  const std::optional<std::uint16_t> inner = port_in(parts.back());
  if (!inner) return wrong;
  port.container_port = *inner;
  if (parts.size() >= 2) {
    port.host_port = port_in(parts[parts.size() - 2]);
    if (!port.host_port) return wrong;
  }
  if (parts.size() == 3) port.host_address = parts.front();
  return port;
}

}  // namespace cairn::kinds
