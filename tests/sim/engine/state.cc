#include "tests/sim/engine/state.h"

#include <ctime>

#include <fmt/format.h>

namespace cairn::sim {

void Pipe::write(std::string bytes) {
  if (ended || cut || bytes.empty()) return;
  waiting.push_back(std::move(bytes));
  if (wake.stop_possible()) wake.request_stop();
}
void Pipe::end() {
  ended = true;
  if (wake.stop_possible()) wake.request_stop();
}
void Pipe::tear() {
  if (!ended) cut = true;
  if (wake.stop_possible()) wake.request_stop();
}

std::string State::new_id() {
  ++made;
  std::string id;
  for (std::uint64_t part = 0; part < 4; ++part) {
    std::uint64_t bits = (made * 4 + part) * 0x9E3779B97F4A7C15u;
    bits = (bits ^ (bits >> 29)) * 0xBF58476D1CE4E5B9u;
    id += fmt::format("{:016x}", bits ^ (bits >> 32));
  }
  return id;
}

std::string Asked::of(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}
bool Asked::flag(const std::string& name) const {
  const std::string text = of(name);
  return text == "1" || text == "true";
}

Reply refused(int status, const std::string& message) {
  return {status, Json{{"message", message}}.dump() + "\n", {{"Content-Type", "application/json"}}, {}};
}
Reply answered(int status, const Json& body) {
  return {status,
          body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
          {{"Content-Type", "application/json"}},
          {}};
}

std::string stamp(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0001-01-01T00:00:00Z";
  const std::time_t seconds = nanoseconds / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}", parts.tm_year + 1900, parts.tm_mon + 1,
                  parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, nanoseconds % 1'000'000'000);
  while (text.back() == '0') text.pop_back();  // as Go does it
  if (text.back() == '.') text.pop_back();
  return text + "Z";
}

std::map<std::string, std::string> labels_in(const Json& object) {
  std::map<std::string, std::string> labels;
  if (object.is_object())
    for (const auto& [name, value] : object.items()) labels[name] = value.get<std::string>();
  return labels;
}

bool has_labels(const std::map<std::string, std::string>& labels, const Json& filters) {
  const auto wanted = filters.find("label");
  if (!filters.is_object() || wanted == filters.end()) return true;
  const auto holds = [&](const std::string& text) {
    const std::size_t equals = text.find('=');
    const auto found = labels.find(text.substr(0, equals));
    return found != labels.end() && (equals == std::string::npos || found->second == text.substr(equals + 1));
  };
  if (wanted->is_object()) {  // {"a=b": true}
    for (const auto& [text, on] : wanted->items())
      if (!holds(text)) return false;
    return true;
  }
  for (const Json& text : *wanted)
    if (!holds(text.get<std::string>())) return false;
  return true;
}

}  // namespace cairn::sim
