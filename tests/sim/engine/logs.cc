#include "tests/sim/engine/logs.h"

#include <cstdlib>

#include <fmt/format.h>

#include "tests/sim/engine/program.h"

namespace cairn::sim {
namespace {

bool tty(const Container& container) {
  return container.config.value("Tty", false);
}

std::string shown(const Container& container, const LogEntry& entry, bool stamped) {
  std::string text = (stamped ? fmt::format("{} ", stamp(entry.stamp)) : std::string()) + entry.text;
  return tty(container) ? text : frame(entry.to_stderr, text);
}

void add(State& state, Container& container, bool to_stderr, std::string text) {
  if (tty(container) && text.ends_with('\n')) text.insert(text.size() - 1, "\r");
  const std::int64_t last = container.log.empty() ? 0 : container.log.back().stamp;
  container.log.push_back({to_stderr, std::max(state.wall(), last + 1), std::move(text)});
  for (const std::shared_ptr<Pipe>& follower : container.log_followers)
    follower->write(shown(container, container.log.back(), !tty(container)));
}

// "1700000000.000000001" as nanoseconds.
std::int64_t moment(const std::string& text) {
  const std::size_t point = text.find('.');
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  fraction.resize(9, '0');
  return std::atoll(text.c_str()) * 1'000'000'000 + std::atoll(fraction.c_str());
}

}  // namespace

void write_log(State& state, Container& container, bool to_stderr, std::string_view bytes) {
  std::string& unfinished = container.unfinished[to_stderr ? 1 : 0];
  unfinished += bytes;
  std::size_t begin = 0;
  for (std::size_t end; (end = unfinished.find('\n', begin)) != std::string::npos; begin = end + 1)
    add(state, container, to_stderr, unfinished.substr(begin, end - begin + 1));
  unfinished.erase(0, begin);
}

void close_log(State& state, Container& container) {
  for (const bool to_stderr : {false, true}) {
    std::string& rest = container.unfinished[to_stderr ? 1 : 0];
    if (!rest.empty()) add(state, container, to_stderr, std::move(rest));
    rest.clear();
  }
  for (const std::shared_ptr<Pipe>& follower : container.log_followers) follower->end();
  container.log_followers.clear();
}

Reply read_log(State&, Container& container, const Asked& asked) {
  if (!asked.flag("stdout") && !asked.flag("stderr"))
    return refused(400, "Bad parameters: you must choose at least one stream");
  const std::int64_t since = asked.of("since").empty() ? 0 : moment(asked.of("since"));
  const bool follow = asked.flag("follow") && container.running();
  Reply reply;
  reply.stream = std::make_shared<Pipe>();
  std::size_t first = 0;
  if (const std::string tail = asked.of("tail"); !tail.empty() && tail != "all") {
    const std::size_t lines = static_cast<std::size_t>(std::atoll(tail.c_str()));
    first = container.log.size() > lines ? container.log.size() - lines : 0;
  }
  for (std::size_t i = first; i < container.log.size(); ++i) {
    const LogEntry& entry = container.log[i];
    if (entry.stamp < since || !asked.flag(entry.to_stderr ? "stderr" : "stdout")) continue;
    reply.stream->write(shown(container, entry, asked.flag("timestamps")));
  }
  if (follow)
    container.log_followers.push_back(reply.stream);
  else
    reply.stream->end();
  return reply;
}

}  // namespace cairn::sim
