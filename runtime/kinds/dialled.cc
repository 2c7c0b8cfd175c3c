#include "runtime/kinds/dialled.h"

#include <fmt/format.h>

#include "interpreter/show.h"
#include "runtime/kinds/container/ports.h"

namespace cairn::kinds {
namespace {

Failure no_port(const std::string& text) {
  return {.message = fmt::format("`{}` is no port", text),
          .causes = {},
          .help = "write a port, or `\"host:port\"` or a URL for something that is not part of the run"};
}

// "host", "host:port", "[address]:port"; without a port `otherwise`, 0: it has to have one.
Result<Dialled> authority(const std::string& text, int otherwise) {
  Dialled where;
  where.port = otherwise;
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  where.host = has_port ? text.substr(0, colon) : text;
  if (where.host.starts_with('[') && where.host.ends_with(']'))
    where.host = where.host.substr(1, where.host.size() - 2);
  if (has_port) where.port = port_in(std::string_view(text).substr(colon + 1)).value_or(0);
  if (where.port == 0 || where.host.empty()) return no_port(text);
  return where;
}

Result<Dialled> url(const std::string& text) {
  const bool https = text.starts_with("https://");
  const std::size_t begin = text.find("//") + 2;
  const std::size_t end = text.find_first_of("/?#", begin);
  Result<Dialled> where = authority(text.substr(begin, end - begin), https ? 443 : 80);
  if (!where) return where;
  where->https = https;
  if (end != std::string::npos) where->path = text.substr(end, text.find('#', end) - end);
  if (!where->path.starts_with('/')) where->path.insert(0, "/");
  return where;
}

}  // namespace

Result<Dialled> dialled(const Value& value,
                        const std::function<Result<int>(const std::string& name)>& named) {
  if (const std::int64_t* port = value.as<std::int64_t>()) {
    if (*port < 1 || *port > 65535) return no_port(std::to_string(*port));
    return Dialled{.port = static_cast<int>(*port)};
  }
  const std::string* text = value.as<std::string>();
  if (text == nullptr) return no_port(show(value));
  if (text->starts_with("http://") || text->starts_with("https://")) return url(*text);
  if (text->find(':') != std::string::npos) return authority(*text, 0);
  if (const std::optional<std::uint16_t> port = port_in(*text)) return Dialled{.port = *port};
  const Result<int> chosen = named(*text);
  if (!chosen) return chosen.failure();
  return Dialled{.port = *chosen};
}

}  // namespace cairn::kinds
