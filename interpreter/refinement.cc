#include "interpreter/refinement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "grammar/suggest.h"

namespace cairn {
namespace {

using Form = Type::Form;
using Refusal = std::optional<std::string>;

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.front() == '-' || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

constexpr std::string_view port_rule = "a port is a number from 1 to 65535";

bool is_port(std::int64_t number) {
  return number >= 1 && number <= 65535;
}

Refusal no_port(const Value& value) {
  if (is_port(*value.as<std::int64_t>())) return std::nullopt;
  return std::string(port_rule);
}

Refusal no_port_text(std::string_view text) {
  if (const auto number = whole(text); number && is_port(*number)) return std::nullopt;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos && whole(text.substr(0, dash)) && whole(text.substr(dash + 1)))
    return fmt::format("`{}` is a range: each port has an entry of its own", text);
  return fmt::format("`{}` is no port: {}", text, port_rule);
}

// Four numbers up to 255, or something in `[ ]`.
bool is_address(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') return true;
  int parts = 0;
  for (std::size_t begin = 0; begin <= text.size(); ++parts) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    const auto number = whole(text.substr(begin, end - begin));
    if (!number || *number > 255) return false;
    begin = end + 1;
  }
  return parts == 4;
}

// Compose's short form: "80:8080", "127.0.0.1:80:8080", "53:53/udp", "8080".
Refusal no_mapping(const Value& value) {
  std::string_view text = *value.as<std::string>();
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view protocol = text.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
      return fmt::format("`{}` is no protocol: write `/tcp`, `/udp` or `/sctp`", protocol);
    text = text.substr(0, slash);
  }
  const std::size_t inner = text.rfind(':');
  if (inner == std::string_view::npos) {
    if (text.empty() || whole(text) || text.find('-') != std::string_view::npos) return no_port_text(text);
    return "a mapping is \"80:8080\", host port first, or \"127.0.0.1:80:8080\"";
  }
  if (Refusal refusal = no_port_text(text.substr(inner + 1))) return refusal;
  const std::string_view outside = text.substr(0, inner);
  const std::size_t address = outside.rfind(':');
  if (address == std::string_view::npos) return no_port_text(outside);
  if (!is_address(outside.substr(0, address))) {
    if (outside.substr(0, address).find_first_not_of("0123456789:") == std::string_view::npos)
      return "a mapping has at most three parts: \"127.0.0.1:80:8080\", address and host port first";
    return fmt::format("`{}` is no address of this machine: write a number such as `127.0.0.1`",
                       outside.substr(0, address));
  }
  if (outside.substr(address + 1).empty())
    return fmt::format("no host port: a plain `{}` asks for a free one", text.substr(inner + 1));
  return no_port_text(outside.substr(address + 1));
}

Refusal no_count(const Value& value) {
  if (*value.as<std::int64_t>() >= 0) return std::nullopt;
  return "a count is a whole number from 0 on";
}

Refusal not_positive(const Value& value) {
  const double* number = value.as<double>();
  if (number != nullptr ? *number > 0 : *value.as<std::int64_t>() > 0) return std::nullopt;
  return "this is a number above 0";
}

Refusal no_platform(const Value& value) {
  const std::string& text = *value.as<std::string>();
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos && slash > 0 && slash + 1 < text.size()) return std::nullopt;
  const bool architecture = text == "amd64" || text == "arm64" || text == "arm" || text == "386";
  return fmt::format("a platform is the system and the architecture, such as \"linux/{}\"",
                     architecture ? text : "amd64");
}

Refusal no_signal(const Value& value) {
  static const std::vector<std::string> names = {
      "SIGTERM", "SIGINT",  "SIGQUIT", "SIGKILL", "SIGHUP",  "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGABRT",
      "SIGALRM", "SIGCONT", "SIGSTOP", "SIGPIPE", "SIGCHLD", "SIGTRAP", "SIGTSTP", "SIGPWR"};
  const std::string& text = *value.as<std::string>();
  if (const auto number = whole(text)) {
    if (*number >= 1 && *number <= 64) return std::nullopt;
    return "signals go from 1 to 64";
  }
  const std::string full = text.starts_with("SIG") ? text : "SIG" + text;
  if (full.starts_with("SIGRTMIN") || full.starts_with("SIGRTMAX") ||
      std::find(names.begin(), names.end(), full) != names.end())
    return std::nullopt;
  if (const auto near = suggest(full, names)) return fmt::format("there is no such signal: `{}`?", *near);
  return "there is no such signal: `SIGTERM`, `SIGINT`, `SIGQUIT`, …";
}

// What the engine takes as a reference: lower case, no blanks, a tag behind `:`, a digest behind `@`.
Refusal no_image(const Value& value) {
  const std::string& text = *value.as<std::string>();
  if (text.empty()) return "an image has a name, such as \"postgres:16\"";
  if (text.starts_with('.') || text.starts_with('/') || text.starts_with('~'))
    return "a folder is built by an `image` block: `image app { context = \"…\" }`, then `image = app`";
  if (text.find("://") != std::string::npos)
    return "an image has no scheme: \"registry.example.com/team/app:1\"";
  if (const std::size_t dollar = text.find('$'); dollar != std::string::npos)
    return "`$` without braces is plain text: a value stands in a hole, `${…}`";
  if (text.find_first_of(" \t\r\n\"'{}<>") != std::string::npos)
    return "the name of an image has no blanks and quotes";
  const std::size_t digest = std::min(text.find('@'), text.size());
  const std::size_t colon = text.rfind(':', digest);
  const std::size_t slash = text.rfind('/', digest);
  const bool tagged =
      colon != std::string::npos && colon < digest && (slash == std::string::npos || colon > slash);
  const std::string_view name = std::string_view(text).substr(0, tagged ? colon : digest);
  const std::size_t first = name.find('/');
  // In front of the first `/` may stand a registry; only the path behind it is of lower case.
  const bool registry =
      first != std::string_view::npos && name.substr(0, first).find_first_of(".:") != std::string_view::npos;
  const std::string_view path = registry ? name.substr(first + 1) : name;
  if (std::any_of(path.begin(), path.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return "the name of an image is of lower case";
  if (path.empty() || path.front() == '/' || path.back() == '/' || path.find("//") != std::string_view::npos)
    return "the name of an image is incomplete";
  if (tagged && colon + 1 == digest) return "no tag behind `:`";
  return std::nullopt;
}

Refusal no_url(const Value& value);

// What `tcp` and `http` ask: the name of a port that cairn has chosen, "10.0.0.5:443", or a URL.
Refusal no_endpoint(const Value& value) {
  const std::string& text = *value.as<std::string>();
  if (text.empty()) return "an endpoint is \"10.0.0.5:443\", a URL, or the name of a port";
  if (whole(text)) return fmt::format("a port is written without quotes: `{}`", text);
  if (text.find("://") != std::string::npos) return no_url(value);
  if (text.front() == '/')
    return "a path stands in `path`, behind the port: `http(8080, path = \"/health\")`";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos && text.find_first_of(" \t/.") != std::string::npos)
    return "the name of a port is one word, as in \"http\"; behind a host stands a port: "
           "\"acme.example:443\"";
  if (colon == std::string::npos || text.ends_with(']')) return std::nullopt;
  return no_port_text(std::string_view(text).substr(colon + 1));
}

Refusal no_url(const Value& value) {
  const std::string& text = *value.as<std::string>();
  if (whole(text)) return fmt::format("a port is written without quotes: `{}`", text);
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme)) {
      if (text.size() == scheme.size()) return "no host behind the scheme";
      return std::nullopt;
    }
  if (text.starts_with('/')) return "a path alone has no host: `web.url(8080) + \"/path\"`";
  if (text.find("://") != std::string::npos) return "the scheme is `http://` or `https://`";
  return fmt::format("no scheme: \"https://{}\"", text);
}

// A folder of this machine in `mounts` (rule 28): without such a beginning it could be meant as a volume.
Refusal no_host_path(const Value& value) {
  const std::string& text = value.as<Path>()->text;
  if (text.empty() || std::string_view("./~").find(text.front()) == std::string_view::npos)
    return fmt::format("a folder of this machine begins with `.`, `/` or `~`: \"./{}\"", text);
  for (const std::string_view option : {":ro", ":rw", ":z", ":Z", ":cached", ":delegated"})
    if (text.ends_with(option))
      return option == ":ro" ? fmt::format("`readonly(\"{}\")` protects it", text.substr(0, text.size() - 3))
                             : fmt::format("no `{}` is needed here", option);
  return std::nullopt;
}

Refusal no_fingerprint(const Value& value) {
  std::string digits;
  for (const char c : *value.as<std::string>())
    if (c != ':') digits += c;
  const bool hexadecimal = digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (hexadecimal && digits.size() == 64) return std::nullopt;
  const std::string found = !hexadecimal          ? "this has others"
                            : digits.size() == 40 ? "this has 40, as SHA-1 has"
                                                  : fmt::format("this has {}", digits.size());
  return fmt::format(
      "a SHA-256 fingerprint is 64 hexadecimal digits, {}: `openssl x509 -noout -fingerprint -sha256` shows "
      "it",
      found);
}

Refusal no_array_api(const Value& value) {
  const std::string& text = *value.as<std::string>();
  const std::size_t dot = text.find('.');
  const auto generation = whole(std::string_view(text).substr(0, dot));
  const bool exact = dot == std::string::npos || whole(std::string_view(text).substr(dot + 1));
  if (generation && (*generation == 1 || *generation == 2) && exact) return std::nullopt;
  return "a version is \"2.26\" or \"1.19\"; \"2\" or \"1\" is the newest of that generation";
}

constexpr std::array<Refinement, 12> all = {{
    {"port", Form::integer, "a port", "a whole number from 1 to 65535", no_port},
    {"port_mapping", Form::string, "a mapping of ports",
     "a string in Compose's short form, \"80:8080\" or \"127.0.0.1:53:53/udp\"", no_mapping},
    {"endpoint", Form::string, "an endpoint",
     "a string of host and port, \"10.0.0.5:443\", a URL, or the name of a port", no_endpoint},
    {"host_path", Form::path, "a folder of this machine", "a path that begins with `.`, `/` or `~`",
     no_host_path},
    {"url", Form::string, "a URL", "a string that begins with `http://` or `https://`", no_url},
    {"count", Form::integer, "a count", "a whole number from 0 on", no_count},
    {"positive", Form::floating, "a number above 0", "a float above 0", not_positive},
    {"platform", Form::string, "a platform", "a string such as \"linux/amd64\"", no_platform},
    {"signal", Form::string, "a signal", "the name or number of a signal, as a string", no_signal},
    {"image_name", Form::string, "the name of an image", "a string such as \"postgres:16\"", no_image},
    {"fingerprint", Form::string, "the fingerprint of a certificate",
     "a string of the 64 hexadecimal digits of its SHA-256, with or without colons", no_fingerprint},
    {"array_api", Form::string, "a version of an array's REST interface",
     "a string such as \"2.26\", or \"2\" for the newest of that generation", no_array_api},
}};

constexpr std::array<std::pair<std::string_view, Form>, 10> plain_types = {{{"string", Form::string},
                                                                            {"int", Form::integer},
                                                                            {"float", Form::floating},
                                                                            {"bool", Form::boolean},
                                                                            {"duration", Form::duration},
                                                                            {"size", Form::size},
                                                                            {"path", Form::path},
                                                                            {"secret", Form::secret},
                                                                            {"any", Form::any},
                                                                            {"null", Form::null}}};

}  // namespace

std::span<const Refinement> refinements() {
  return all;
}

const Refinement* refinement(std::string_view name) {
  for (const Refinement& one : all)
    if (one.name == name) return &one;
  return nullptr;
}

const Refinement* refinement(const Type& type) {
  const bool may = type.form == Form::integer || type.form == Form::floating || type.form == Form::string ||
                   type.form == Form::path;
  return may && !type.text.empty() ? refinement(type.text) : nullptr;
}

std::optional<Type> named_type(std::string_view name) {
  for (const auto& [known, form] : plain_types)
    if (known == name) return Type{form, {}, {}};
  if (const Refinement* refined = refinement(name)) return Type{refined->base, std::string(name), {}};
  return std::nullopt;
}

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const auto& [name, form] : plain_types)
    if (form != Form::null) names.emplace_back(name);
  for (const Refinement& refined : all) names.emplace_back(refined.name);
  return names;
}

Type plain(Type type) {
  if (refinement(type) != nullptr) type.text.clear();
  for (Type& inner : type.of) inner = plain(std::move(inner));
  return type;
}

}  // namespace cairn
