#include "runtime/platform/docker/logs.h"

#include <fmt/format.h>

#include <ctime>

namespace cairn::docker {

namespace {

// "2023-11-14T22:13:20.5Z" as one that sorts: engines leave trailing zeros of the fraction away.
std::string sortable(const std::string& stamp) {
  const std::size_t zone = stamp.find_first_of("Z+", stamp.find('T'));
  std::string moment = stamp.substr(0, zone);
  if (moment.find('.') == std::string::npos) moment += '.';
  while (moment.size() < 29) moment += '0';
  return moment;
}

// The same moment as the engine takes it: seconds since 1970, a point, nanoseconds. Its stamps are in UTC.
std::string in_seconds(const std::string& stamp) {
  std::tm calendar = {};
  const std::string sorted = sortable(stamp);
  if (strptime(sorted.c_str(), "%Y-%m-%dT%H:%M:%S", &calendar) == nullptr) return stamp;
  return fmt::format("{}{}", timegm(&calendar), sorted.substr(19));
}

}  // namespace

Result<LogStream> LogStream::open(Engine& engine, const std::string& container, const LogQuestion& question,
                                  std::stop_token stop) {
  const std::string what = fmt::format("could not read the log of the container `{}`", container);
  Call call{.path = "/containers/" + percent_encoded(container) + "/logs",
            .query = {{"stdout", "1"}, {"stderr", "1"}, {"follow", question.follow ? "1" : "0"}},
            .timeout = std::nullopt};
  if (!question.tty) call.query.push_back({"timestamps", "1"});
  if (!question.after.stamp.empty()) call.query.push_back({"since", in_seconds(question.after.stamp)});
  if (question.tail) call.query.push_back({"tail", std::to_string(*question.tail)});
  Result<std::unique_ptr<http::Stream>> stream = engine.open(call, stop);
  if (!stream) return Failure(stream.failure()).within(what);
  if ((*stream)->status() != 200) {
    const Result<std::string> body = (*stream)->read(stop);
    return refusal(what, (*stream)->status(), body ? *body : std::string());
  }
  return LogStream(std::move(*stream), question);
}

void LogPosition::pass(const LogPiece& piece) {
  if (piece.stamp.empty()) return;
  pieces = piece.stamp == stamp ? pieces + 1 : 1;
  stamp = piece.stamp;
}

// The engine's `since` includes its own moment.
bool LogStream::known(const LogPiece& piece) {
  if (after_.stamp.empty()) return false;
  const std::string its = sortable(piece.stamp), last = sortable(after_.stamp);
  return its < last || (its == last && after_.pieces-- > 0);
}

Result<std::optional<LogPiece>> LogStream::next(std::stop_token stop, std::optional<Instant> deadline) {
  for (;;) {
    while (std::optional<OutputPiece> frame = frames_.next()) {
      LogPiece piece{frame->from, std::move(frame->bytes), {}};
      const std::size_t space = stamped_ ? piece.bytes.find(' ') : std::string::npos;
      if (space != std::string::npos) {
        piece.stamp = piece.bytes.substr(0, space);
        piece.bytes.erase(0, space + 1);
        if (known(piece)) continue;
      }
      return std::optional<LogPiece>(std::move(piece));
    }
    Result<std::string> bytes = stream_->read(stop, deadline);
    if (!bytes) return bytes.failure();
    if (bytes->empty()) return std::optional<LogPiece>();
    frames_.feed(*bytes);
  }
}

}  // namespace cairn::docker
