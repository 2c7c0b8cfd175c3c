// GET /events: a wake-up, never the truth. Whoever wakes looks for himself (inspect_container()).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/platform/docker/engine.h"

namespace cairn::docker {

struct EngineEvent {
  std::string type;    // "container"
  std::string action;  // "start", "die", "destroy", "oom", "health_status: healthy"
  std::string id;
  std::map<std::string, std::string> attributes;  // a container's labels, `name`, `exitCode`, …
};

class EventStream {
 public:
  // Events of containers that carry all of `labels`. When it is open, nothing that happens from now on is
  // missed while the stream lives: list after opening.
  static Result<EventStream> open(Engine& engine, const std::vector<std::string>& labels,
                                  std::stop_token stop);
  // Nothing: the engine ended the stream. `stop` and `deadline` as in http::Stream::read().
  Result<std::optional<EngineEvent>> next(std::stop_token stop, std::optional<Instant> deadline = {});

 private:
  explicit EventStream(std::unique_ptr<http::Stream> stream) : stream_(std::move(stream)) {}
  std::unique_ptr<http::Stream> stream_;
  std::string waiting_;
};

}  // namespace cairn::docker
