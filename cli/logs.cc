// What the steps of a run have said, and what the services of `up` say: `logs`.
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "cli/brief_keeper.h"
#include "cli/duration_option.h"
#include "cli/live_services.h"
#include "cli/past_runs.h"
#include "grammar/suggest.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "runtime/kinds/kept_services.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/logs.h"
#include "runtime/scribe/log_line.h"
#include "runtime/scribe/sanitise.h"
#include "runtime/scribe/scribe.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

// Somebody who follows learns this late that there is nothing more to come.
constexpr int look_for_end_every_ms = 300;

struct LogsCommand {
  std::string node, run;
  bool follow = false, times = false;
  std::optional<int> tail;                 // lines of each step or service
  std::optional<std::int64_t> since_ms{};  // since 1970
};

// Where lines come from: the file of a step or of a process, or a container's engine.
struct Source {
  std::string name, node;
  std::string path;
  std::uint64_t read = 0;  // bytes of it
  docker::Engine* engine = nullptr;
  std::string container;
  bool tty = false;
};

struct ShownLine {
  scribe::LogLine line;
  std::size_t source = 0;
};

// `wanted` itself, what it holds, or what ends in it: "db" finds "test.db".
bool is_meant(const std::string& node, const std::string& wanted) {
  if (wanted.empty() || node == wanted || node.starts_with(wanted + ".") || node.starts_with(wanted + "["))
    return true;
  return node.ends_with("." + wanted) || node.find("." + wanted + ".") != std::string::npos ||
         node.find("." + wanted + "[") != std::string::npos;
}

class Printer {
 public:
  Printer(const std::vector<Source>& sources, const LogsCommand& command)
      : sources_(sources),
        command_(command),
        several_(std::any_of(sources.begin(), sources.end(),
                             [&](const Source& one) { return one.node != sources.front().node; })) {}

  // In the order of their times. Any thread.
  void print(std::vector<ShownLine>& lines) {
    std::stable_sort(lines.begin(), lines.end(),
                     [](const ShownLine& a, const ShownLine& b) { return a.line.wall_ms < b.line.wall_ms; });
    const std::lock_guard lock(mutex_);
    for (const ShownLine& one : lines) {
      if (command_.since_ms && one.line.wall_ms < *command_.since_ms) continue;
      const std::string time = command_.times ? scribe::shown_time(one.line.wall_ms) + " " : std::string();
      const std::string name = several_ ? sources_[one.source].name + " " : std::string();
      const char* mark = one.line.stream == scribe::Stream::tool  ? "# "
                         : one.line.stream == scribe::Stream::err ? "! "
                         : several_                               ? "| "
                                                                  : "";
      fmt::print("{}{}{}{}\n", time, name, mark, scribe::sanitised(one.line.text));
    }
    lines.clear();
    std::fflush(stdout);
  }

 private:
  const std::vector<Source>& sources_;
  const LogsCommand& command_;
  const bool several_;
  std::mutex mutex_;
};

// Whole lines that came since; a last one without an end stays for the next time.
void read_file(Source& source, std::size_t number, std::vector<ShownLine>& lines) {
  std::ifstream file(source.path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(source.read));
  for (std::string line; std::getline(file, line) && !file.eof();) {
    source.read += line.size() + 1;
    if (std::optional<scribe::LogLine> read = scribe::read_log_line(line))
      lines.push_back({std::move(*read), number});
  }
}

// "2026-11-21T14:00:00.123456789Z" to the milliseconds that a line has.
std::int64_t time_of(const std::string& stamp) {
  return scribe::read_time(stamp.substr(0, 23) + "Z").value_or(0);
}

// What a container has said, to `take` as it comes; until its end with `follow`.
Result<Done> read_container(const Source& source, std::size_t number, const LogsCommand& command, bool follow,
                            const std::function<void(std::vector<ShownLine>&)>& take, std::stop_token stop) {
  Result<docker::LogStream> stream =
      docker::LogStream::open(*source.engine, source.container,
                              {.follow = follow, .tty = source.tty, .after = {}, .tail = command.tail}, stop);
  if (!stream) return stream.failure();
  std::array<std::string, 2> unfinished;
  std::array<std::int64_t, 2> said_at{};
  std::vector<ShownLine> lines;
  for (;;) {
    const Result<std::optional<docker::LogPiece>> piece = stream->next(stop);
    if (!piece) return piece.failure();
    if (!*piece) break;
    const std::size_t which = (*piece)->from == docker::Output::error ? 1 : 0;
    std::string& text = unfinished[which];
    if (text.empty()) said_at[which] = time_of((*piece)->stamp);
    text += (*piece)->bytes;
    const scribe::Stream from = which == 1 ? scribe::Stream::err : scribe::Stream::out;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      std::string line = text.substr(0, end);
      if (line.ends_with('\r')) line.pop_back();
      lines.push_back({{said_at[which], from, std::move(line), false}, number});
      text.erase(0, end + 1);
      said_at[which] = time_of((*piece)->stamp);
    }
    if (follow && !lines.empty()) take(lines);
  }
  for (std::size_t which = 0; which < unfinished.size(); ++which)
    if (!unfinished[which].empty())
      lines.push_back(
          {{said_at[which], which == 1 ? scribe::Stream::err : scribe::Stream::out, unfinished[which], false},
           number});
  take(lines);
  return Done{};
}

// The last lines of each source.
void keep_tail(std::vector<ShownLine>& lines, int tail) {
  std::map<std::size_t, int> seen;
  std::vector<ShownLine> kept;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (seen[line->source]++ < tail) kept.push_back(std::move(*line));
  std::reverse(kept.begin(), kept.end());
  lines = std::move(kept);
}

// What there is; then, if wanted, what comes, for as long as `lives` says or a container runs.
void show(std::vector<Source>& sources, const LogsCommand& command, const std::function<bool()>& lives,
          Invocation& invocation) {
  Printer printer(sources, command);
  std::vector<ShownLine> lines;
  std::vector<Failure> failures;
  std::mutex failures_mutex;
  std::atomic<int> streams = 0;
  const auto take_all = [&](std::vector<ShownLine>& some) {
    lines.insert(lines.end(), some.begin(), some.end());
    some.clear();
  };
  const auto take_now = [&](std::vector<ShownLine>& some) { printer.print(some); };
  std::vector<std::jthread> followers;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i].engine == nullptr) {
      read_file(sources[i], i, lines);
    } else if (!command.follow) {
      if (Result<Done> read = read_container(sources[i], i, command, false, take_all, {}); !read)
        failures.push_back(read.failure());
    } else {
      ++streams;
      followers.emplace_back([&, i](std::stop_token stop) {
        if (Result<Done> read = read_container(sources[i], i, command, true, take_now, stop); !read) {
          const std::lock_guard lock(failures_mutex);
          failures.push_back(read.failure());
        }
        --streams;
      });
    }
  }
  if (command.tail) keep_tail(lines, *command.tail);
  printer.print(lines);
  if (command.follow) {
    const FileDescriptor changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    for (const Source& source : sources)
      if (source.engine == nullptr)
        (void)inotify_add_watch(changes.number(), fs::path(source.path).parent_path().c_str(),
                                IN_MODIFY | IN_CREATE);
    for (bool alive = true; alive;) {
      alive = lives() || streams > 0;  // asked before the last look, so that nothing is missed
      for (std::size_t i = 0; i < sources.size(); ++i)
        if (sources[i].engine == nullptr) read_file(sources[i], i, lines);
      printer.print(lines);
      if (!alive) break;
      pollfd change{changes.number(), POLLIN, 0};
      (void)poll(&change, 1, look_for_end_every_ms);
      std::array<char, 4096> events{};
      while (read(changes.number(), events.data(), events.size()) > 0) continue;
    }
    followers.clear();
  }
  for (const Failure& failure : failures)
    complain(invocation, endpoint_failed, failure.message,
             failure.causes.empty() ? std::string() : failure.causes.front());
}

// The services that `up` has left, also those that have died since.
void logs_of_up(const LogsCommand& command, const LiveServices& live, const std::vector<PastRun>& runs,
                Invocation& invocation) {
  std::map<std::string, Source> by_node;
  std::vector<std::pair<std::string, PastRun>> host;  // node, and the run whose keeper has it
  for (const PastRun& run : runs)
    if (run.up)
      for (const kinds::HostService& service : kinds::host_services(run.disk)) {
        by_node[service.node] = {service.node, service.node, service.log_file, service.log_begins_at, nullptr,
                                 {},           false};
        std::erase_if(host, [&](const auto& one) { return one.first == service.node; });
        host.emplace_back(service.node, run);
      }
  for (const LiveService& service : live.all)
    if (service.run == "up" && service.engine != nullptr) {
      const auto facts = docker::inspect_container(*service.engine, service.container, {});
      by_node[service.node] = {service.node,
                               service.node,
                               {},
                               0,
                               service.engine,
                               service.container,
                               facts && *facts && (*facts)->tty};
    }
  std::vector<Source> sources;
  for (auto& [node, source] : by_node)
    if (is_meant(node, command.node)) sources.push_back(std::move(source));
  if (sources.empty())
    return complain(invocation, wrong_input,
                    command.node.empty() ? "nothing is up" : fmt::format("`{}` is not up", command.node),
                    "`cairn ps` lists what runs; `cairn logs --run ID` shows an earlier run");
  const auto lives = [&] {
    return std::any_of(sources.begin(), sources.end(), [&](const Source& source) {
      const auto its =
          std::find_if(host.begin(), host.end(), [&](const auto& one) { return one.first == source.node; });
      if (source.engine != nullptr || its == host.end() || !is_locked(its->second.disk.path + "/lock"))
        return false;
      for (const kinds::HostService& service : kinds::host_services(its->second.disk))
        if (service.node == source.node) return service.pid.has_value();
      return false;
    });
  };
  show(sources, command, lives, invocation);
}

void logs_of_run(const LogsCommand& command, const PastRun& run, Invocation& invocation) {
  const std::optional<progress::RunState> state = recorded_state(run, invocation);
  if (!state) return;
  std::vector<Source> sources;
  std::vector<std::string> nodes;
  bool known = false;
  for (const progress::StepState& step : state->steps) {
    if (step.plan.is_virtual) continue;
    nodes.push_back(step.node);
    if (!is_meant(step.node, command.node) && step.path != command.node) continue;
    known = true;
    const std::string path = run.disk.path + "/logs/" + scribe::log_name(step.path);
    std::error_code error;
    if (command.follow || fs::exists(path, error))
      sources.push_back({step.path, step.node, path, 0, nullptr, {}, false});
  }
  if (!known) {
    const std::optional<std::string> near = suggest(command.node, nodes);
    return complain(invocation, wrong_input,
                    fmt::format("run {} has no block `{}`", run.disk.id, command.node),
                    near ? fmt::format("did you mean `{}`?", *near)
                         : fmt::format("`cairn show {}` lists its steps", run.disk.id));
  }
  show(
      sources, command, [&] { return is_locked(run.disk.path + "/lock"); }, invocation);
}

void logs(const LogsCommand& command, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  const std::vector<PastRun> runs = past_runs(*project);
  const bool last_is_up = !runs.empty() && runs.back().up;
  if (command.run.empty() || command.run == "up") {
    BriefKeeper keeper;
    http::Reactor http;
    http::ReadOnlyClient reading(http);
    const LiveServices live = live_services(*project, reading, keeper.tunnels());
    const bool is_up = !command.node.empty() && !meant_by(live, command.node, "up").empty();
    if (command.run == "up" || is_up || (last_is_up && command.node.empty()))
      return logs_of_up(command, live, runs, invocation);
  }
  if (const std::optional<PastRun> run = past_run(*project, command.run, invocation))
    logs_of_run(command, *run, invocation);
}

}  // namespace

void add_logs(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("logs", "what the services of `up` say, or the steps of a run have said");
  const auto options = std::make_shared<LogsCommand>();
  add_project_option(*command, invocation);
  command->add_option("node", options->node, "a service, a block, a stage or a step; default: all");
  command->add_option("--run", options->run,
                      "of this run, or `up`; default: of `up` if it is up, else the last run");
  command->add_flag("--follow", options->follow, "go on as long as more may come");
  command->add_flag("-t,--times", options->times, "with the time of each line");
  command->add_option("--tail", options->tail, "only so many last lines of each")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option_function<std::string>(
          "--since",
          [options](const std::string& text) {
            const std::optional<Milliseconds> ago = read_duration(text);
            options->since_ms = ago ? real_clock().wall_clock_ms() - ago->count() : scribe::read_time(text);
          },
          "only what was said since then: `10m` ago, or a time as `-t` shows it")
      ->check([](const std::string& text) {
        return read_duration(text) || scribe::read_time(text)
                   ? std::string()
                   : "`" + text + "` is no duration and no time: write `10m`, or a time as `-t` shows it";
      });
  command->callback([options, &invocation] { logs(*options, invocation); });
}

}  // namespace cairn::cli
