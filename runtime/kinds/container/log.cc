#include "runtime/kinds/container/log.h"

#include "runtime/platform/docker/logs.h"

namespace cairn::kinds {

bool ContainerLog::start(const std::string& container, bool tty, const std::string& log_step) {
  return follower_.start([this, container, tty, log_step](std::stop_token stop) {
    Result<docker::LogStream> stream =
        docker::LogStream::open(engine_, container, {.follow = true, .tty = tty, .since = said_until_}, stop);
    while (stream) {
      const Result<std::optional<docker::LogPiece>> piece = stream->next(stop);
      if (!piece || !*piece) break;
      if (!(*piece)->stamp.empty()) said_until_ = (*piece)->stamp;
      const bool out = (*piece)->from == docker::Output::standard;
      world_.scribe.write(log_step, out ? scribe::Stream::out : scribe::Stream::err, (*piece)->bytes);
      if (!out) continue;
      std::lock_guard lock(output_mutex_);
      if (output_.size() + (*piece)->bytes.size() <= Workload::kept_output) output_ += (*piece)->bytes;
    }
    world_.scribe.end(log_step);
  });
}

std::string ContainerLog::output() const {
  std::lock_guard lock(output_mutex_);
  return output_;
}

}  // namespace cairn::kinds
