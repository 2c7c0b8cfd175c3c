#include "runtime/platform/docker/events.h"

#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {

using nlohmann::json;

Result<EventStream> EventStream::open(Engine& engine, const std::vector<std::string>& labels,
                                      std::stop_token stop) {
  const std::string what = "could not follow the engine's events";
  const json filters = {{"type", {"container"}},
                        {"label", labels},
                        {"event", {"start", "die", "destroy", "health_status", "oom"}}};
  Result<std::unique_ptr<http::Stream>> stream =
      engine.open({.path = "/events", .query = {{"filters", filters.dump()}}, .timeout = std::nullopt}, stop);
  if (!stream) return Failure(stream.failure()).within(what);
  if ((*stream)->status() != 200) {
    const Result<std::string> body = (*stream)->read(stop);
    return refusal(what, (*stream)->status(), body ? *body : std::string());
  }
  return EventStream(std::move(*stream));
}

Result<std::optional<EngineEvent>> EventStream::next(std::stop_token stop, std::optional<Instant> deadline) {
  for (;;) {
    const std::size_t end = waiting_.find('\n');
    if (end != std::string::npos) {
      const json object = json::parse(waiting_.substr(0, end), nullptr, false);
      waiting_.erase(0, end + 1);
      if (!object.is_object()) continue;
      return std::optional<EngineEvent>(
          EngineEvent{at<std::string>(object, "/Type"), at<std::string>(object, "/Action"),
                      at<std::string>(object, "/Actor/ID"), labels_at(object, "/Actor/Attributes")});
    }
    Result<std::string> bytes = stream_->read(stop, deadline);
    if (!bytes) return bytes.failure();
    if (bytes->empty()) return std::optional<EngineEvent>();
    waiting_ += *bytes;
  }
}

}  // namespace cairn::docker
