#include "runtime/kinds/container/log.h"

#include <utility>

namespace cairn::kinds {

namespace {

constexpr int kTries = 5;  // one after the other that brought nothing
constexpr Milliseconds kBetween(100);
constexpr std::size_t kWrittenAtOnce = 64 << 10;
// Engines before this version may end a log that is followed before its last half line is in it.
constexpr docker::ApiVersion kEndsWhole{1, 42};

}  // namespace

void ContainerLog::finish() {
  follower_.wait();
  if (!followed_) return;
  const Followed last = *std::exchange(followed_, std::nullopt);
  const Result<docker::ApiVersion> version = engine_.version({});
  if (last.tty || broken_off() || !version || !(*version < kEndsWhole)) return;
  const docker::LogPosition before = known_;
  if (!read(last.container, {.follow = false, .after = known_}, last.step, {})) return;
  if (known_ != before) world_.scribe.end(last.step);
}

bool ContainerLog::start(const std::string& container, bool tty, const std::string& log_step) {
  followed_ = Followed{container, tty, log_step};
  return follower_.start([this, container, tty, log_step](std::stop_token stop) {
    std::optional<Failure> why = read_all(container, tty, log_step, stop);
    world_.scribe.end(log_step);
    std::lock_guard lock(output_mutex_);
    broken_off_ = stop.stop_requested() ? std::nullopt : std::move(why);
  });
}

std::optional<Failure> ContainerLog::read_all(const std::string& container, bool tty,
                                              const std::string& log_step, std::stop_token stop) {
  for (int tries = 0;;) {
    const docker::LogPosition before = known_;
    const Result<Done> all = read(container, {.follow = true, .tty = tty, .after = known_}, log_step, stop);
    if (all || stop.stop_requested()) return std::nullopt;
    tries = known_ == before ? tries + 1 : 0;
    // What a TTY says bears no stamps: nobody could tell what is known of it.
    if (tty || tries == kTries || !world_.clock.sleep_for(kBetween, stop)) return all.failure();
  }
}

Result<Done> ContainerLog::read(const std::string& container, const docker::LogQuestion& question,
                                const std::string& log_step, std::stop_token stop) {
  Result<docker::LogStream> stream = docker::LogStream::open(engine_, container, question, stop);
  if (!stream) return stream.failure();
  // An engine gives every line by itself; what has arrived together is written together.
  std::string said;
  docker::Output by = docker::Output::standard;
  for (;;) {
    if (!said.empty() && (!stream->has_more() || said.size() > kWrittenAtOnce)) hand_on(log_step, by, said);
    Result<std::optional<docker::LogPiece>> piece = stream->next(stop);
    const bool more = piece.ok() && piece->has_value();
    if (!said.empty() && (!more || (*piece)->from != by)) hand_on(log_step, by, said);
    if (!piece) return piece.failure();
    if (!more) return Done{};
    known_.pass(**piece);
    by = (*piece)->from;
    said += (*piece)->bytes;
  }
}

void ContainerLog::hand_on(const std::string& log_step, docker::Output by, std::string& said) {
  const bool out = by == docker::Output::standard;
  world_.scribe.write(log_step, out ? scribe::Stream::out : scribe::Stream::err, said);
  if (out) {
    std::lock_guard lock(output_mutex_);
    output_.append(said, 0, Workload::kept_output - output_.size());
  }
  said.clear();
}

std::string ContainerLog::output() const {
  std::lock_guard lock(output_mutex_);
  return output_;
}

std::optional<Failure> ContainerLog::broken_off() const {
  std::lock_guard lock(output_mutex_);
  return broken_off_;
}

}  // namespace cairn::kinds
