// What a container says: GET /containers/{id}/logs. Never attach: an attach stream whose reader stops freezes
// the container; this one only falls behind.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/frames.h"

namespace cairn::docker {

struct LogPiece {
  Output from = Output::standard;
  std::string bytes;
  std::string stamp;  // when it was said (RFC 3339, nanoseconds); a TTY has none
};

// How much of a log is known: all before a moment, and so many pieces of that moment. The parts of a line
// that is too long for one piece have one stamp.
struct LogPosition {
  std::string stamp = {};  // empty: nothing is known
  int pieces = 0;

  void pass(const LogPiece& piece);
  bool operator==(const LogPosition&) const = default;
};

struct LogQuestion {
  bool follow = true;            // to the container's end; else what there is
  bool tty = false;              // as the container was created
  LogPosition after = {};        // only what comes after; not for a TTY
  std::optional<int> tail = {};  // lines; none: all
};

class LogStream {
 public:
  static Result<LogStream> open(Engine& engine, const std::string& container, const LogQuestion& question,
                                std::stop_token stop);
  // Nothing: the end. `stop` and `deadline` as in http::Stream::read().
  Result<std::optional<LogPiece>> next(std::stop_token stop, std::optional<Instant> deadline = {});
  // Whether more has arrived already.
  bool has_more() const { return frames_.has_one(); }

 private:
  LogStream(std::unique_ptr<http::Stream> stream, const LogQuestion& question)
      : stream_(std::move(stream)), frames_(question.tty), stamped_(!question.tty), after_(question.after) {}
  std::unique_ptr<http::Stream> stream_;
  FrameSplitter frames_;
  bool stamped_;
  bool known(const LogPiece& piece);

  LogPosition after_;  // of what was there before: what it counts is still to come
};

}  // namespace cairn::docker
