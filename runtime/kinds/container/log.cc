#include "runtime/kinds/container/log.h"

#include <fmt/chrono.h>

#include <utility>

namespace cairn::kinds {

namespace {

constexpr int kTries = 5;  // one after the other that brought nothing
constexpr Milliseconds kBetween(100);
constexpr std::chrono::seconds kSilence(10);
constexpr std::size_t kWrittenAtOnce = 64 << 10;
// Engines before this version may end a log that is followed before its last half line is in it.
constexpr docker::ApiVersion kEndsWhole{1, 42};

}  // namespace

bool ContainerLog::finish(Instant until, std::stop_token stop) {
  if (!follower_.wait_until(until, stop)) return false;
  if (!followed_) return true;
  const Followed last = *std::exchange(followed_, std::nullopt);
  const Result<docker::ApiVersion> version = engine_.version(stop);
  if (last.tty || broken_off() || !version || !(*version < kEndsWhole)) return true;
  const docker::LogPosition before = known_;
  if (!read(last.container, {.follow = false, .after = known_}, last.step, stop)) return true;
  if (known_ != before) world_.scribe.end(last.step);
  return true;
}

void ContainerLog::finish_or_give_up(std::stop_token stop) {
  for (;;) {
    const std::uint64_t before = pieces_;
    if (finish(world_.clock.now() + kSilence, stop)) return;
    if (stop.stop_requested() || pieces_ == before) break;
  }
  follower_.end();
  followed_.reset();
  std::lock_guard lock(output_mutex_);
  broken_off_ =
      Failure{.message = stop.stop_requested()
                             ? "was stopped"
                             : fmt::format("the engine sent nothing of it for {}",
                                           std::chrono::duration_cast<std::chrono::seconds>(kSilence)),
              .causes = {},
              .help = {}};
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
    ++pieces_;
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
