// What BuildKit says while it builds: the lines {"id": "moby.buildkit.trace", "aux": base64 of a protobuf
// StatusResponse} of POST /build?version=2 (moby/buildkit api/services/control/control.proto).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cairn::docker {

// Turns them into lines: "[2/4] RUN make", "[2/4] RUN make: cached", "| output of the step".
class BuildTrace {
 public:
  using Line = std::function<void(const std::string& line)>;
  explicit BuildTrace(Line line) : line_(std::move(line)) {}
  // A whole StatusResponse; false when it is none.
  bool feed(std::string_view bytes);

 private:
  struct Vertex {
    std::string name;
    bool said_started = false, said_ended = false;
  };
  bool vertex(std::string_view bytes);
  bool log(std::string_view bytes);

  Line line_;
  std::map<std::string, Vertex> vertices_;         // by digest
  std::map<std::string, std::string> unfinished_;  // lines without their end, by digest
};

}  // namespace cairn::docker
