// What a container says: GET /containers/{id}/logs. Never attach: an attach stream whose reader stops freezes
// the container; this one only falls behind.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/frames.h"

namespace cairn::docker {

struct LogQuestion {
  bool follow = true;            // to the container's end; else what there is
  bool tty = false;              // as the container was created
  std::string since = {};        // a stamp of an earlier piece: only what came after
  std::optional<int> tail = {};  // lines; none: all
};

struct LogPiece {
  Output from = Output::standard;
  std::string bytes;
  std::string stamp;  // when it was said (RFC 3339, nanoseconds); for LogQuestion::since; a TTY has none
};

class LogStream {
 public:
  static Result<LogStream> open(Engine& engine, const std::string& container, const LogQuestion& question,
                                std::stop_token stop);
  // Nothing: the end. `stop` and `deadline` as in http::Stream::read().
  Result<std::optional<LogPiece>> next(std::stop_token stop, std::optional<Instant> deadline = {});

 private:
  LogStream(std::unique_ptr<http::Stream> stream, const LogQuestion& question)
      : stream_(std::move(stream)), frames_(question.tty), stamped_(!question.tty), after_(question.since) {}
  std::unique_ptr<http::Stream> stream_;
  FrameSplitter frames_;
  bool stamped_;
  std::string after_;
};

}  // namespace cairn::docker
