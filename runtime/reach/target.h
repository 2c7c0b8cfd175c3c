// What a probe looks at: a service that runs somewhere, or the world outside. One implementation for each
// place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/effects/result.h"

namespace cairn::reach {

// One look. It ends soon after `deadline`, at once when stop is requested, and says then what it saw until
// then.
struct Attempt {
  Instant deadline;
  std::stop_token stop;
};

class Relay;  // relay.h

struct Endpoint {
  std::string host;  // an address or a name
  int port = 0;
  std::shared_ptr<Relay> through = nullptr;  // where this machine has no route; none: directly
  bool operator==(const Endpoint&) const = default;
};

struct CommandEnd {
  int exit_code = 0;
  std::string tail;  // of its output
};

enum class PathIs { missing, file, folder, socket, other };

struct LogPiece {
  struct Line {
    bool of_stderr = false;
    bool goes_on = false;  // its rest has not been written yet
    std::string text;
  };
  std::vector<Line> lines;
  std::uint64_t next = 0;  // where to read on
};

enum class HealthIs { unknown, starting, healthy, unhealthy };  // unknown: it has no healthcheck

struct Health {
  HealthIs is = HealthIs::unknown;
  std::string last_output;
};

// Methods fail when the place cannot be asked; what they saw there is their value. Used by one thread at a
// time.
class ProbeTarget {
 public:
  virtual ~ProbeTarget() = default;
  virtual std::string name() const = 0;  // as people know it: "test.db"
  // Where cairn itself reaches a port of it, in the order to be tried. Never a published port of a container:
  // the engine's proxy accepts connections with nobody behind it.
  virtual Result<std::vector<Endpoint>> endpoints(int port, const Attempt& attempt) = 0;
  virtual Result<CommandEnd> run(const std::vector<std::string>& command, const Attempt& attempt) = 0;
  virtual Result<PathIs> look_at(const std::string& path, const Attempt& attempt) = 0;
  // What it has said since `from`; 0 is its last start.
  virtual Result<LogPiece> log_after(std::uint64_t from, const Attempt& attempt) = 0;
  virtual Result<Health> health(const Attempt& attempt) = 0;
};

}  // namespace cairn::reach
