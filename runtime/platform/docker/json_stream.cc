#include <nlohmann/json.hpp>

#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

// Where the first whole object of `text` ends; nothing when there is none yet. Engines put them one after
// another, with or without line ends between.
std::optional<std::size_t> end_of_object(const std::string& text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return {};
}

}  // namespace

Result<> read_json_stream(http::Stream& stream, const std::string& what,
                          const std::function<void(const json&)>& on_object, std::stop_token stop) {
  constexpr std::size_t longest_object = 16u << 20;
  std::string waiting;
  std::optional<Failure> failed;
  for (;;) {
    const Result<std::string> bytes = stream.read(stop);
    if (!bytes) return failed ? *failed : Failure(bytes.failure()).within(what);
    if (bytes->empty()) break;
    waiting += *bytes;
    while (const std::optional<std::size_t> end = end_of_object(waiting)) {
      const json object = json::parse(waiting.substr(0, *end), nullptr, false);
      waiting.erase(0, *end);
      if (!object.is_object()) continue;
      const std::string plain = at<std::string>(object, "/error");
      const std::string error = at<std::string>(object, "/errorDetail/message", plain);
      if (!error.empty() && !failed) {
        failed = refusal(what, 200, json{{"message", error}}.dump());
        failed->causes = {"the engine said: " + error};
        failed->nothing_done = false;
      }
      on_object(object);
    }
    if (waiting.size() > longest_object) {
      return Failure{
          .message = what, .causes = {"the engine's answer makes no sense"}, .is = FailureClass::endpoint};
    }
  }
  if (failed) return *failed;
  return Done{};
}

}  // namespace cairn::docker
