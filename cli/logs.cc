// What the steps of a run have said: `logs`.
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "cli/past_runs.h"
#include "grammar/suggest.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/scribe/log_line.h"
#include "runtime/scribe/sanitise.h"
#include "runtime/scribe/scribe.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

// Somebody who follows a run learns this late that it has ended.
constexpr int look_for_end_every_ms = 300;

struct LogsCommand {
  std::string node, run;
  bool follow = false, times = false;
};

struct StepLog {
  std::string step, node;
  std::string path;
  std::uint64_t read = 0;  // bytes
};

struct ShownLine {
  scribe::LogLine line;
  std::size_t log = 0;
};

// `wanted` itself, what it holds, or what ends in it: "db" finds "test.db".
bool is_meant(const std::string& node, const std::string& wanted) {
  if (wanted.empty() || node == wanted || node.starts_with(wanted + ".") || node.starts_with(wanted + "["))
    return true;
  return node.ends_with("." + wanted) || node.find("." + wanted + ".") != std::string::npos ||
         node.find("." + wanted + "[") != std::string::npos;
}

// Whole lines that came since; a last one without an end stays for the next time.
void read_new(StepLog& log, std::size_t number, std::vector<ShownLine>& lines) {
  std::ifstream file(log.path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(log.read));
  for (std::string line; std::getline(file, line) && !file.eof();) {
    log.read += line.size() + 1;
    if (std::optional<scribe::LogLine> read = scribe::read_log_line(line))
      lines.push_back({std::move(*read), number});
  }
}

void print(std::vector<ShownLine>& lines, const std::vector<StepLog>& logs, const LogsCommand& command) {
  const bool several = std::any_of(logs.begin(), logs.end(),
                                   [&](const StepLog& log) { return log.node != logs.front().node; });
  std::stable_sort(lines.begin(), lines.end(),
                   [](const ShownLine& a, const ShownLine& b) { return a.line.wall_ms < b.line.wall_ms; });
  for (const ShownLine& one : lines) {
    const std::string time = command.times ? scribe::shown_time(one.line.wall_ms) + " " : std::string();
    const std::string step = several ? logs[one.log].step + " " : std::string();
    const char* mark = one.line.stream == scribe::Stream::tool  ? "# "
                       : one.line.stream == scribe::Stream::err ? "! "
                       : several                                ? "| "
                                                                : "";
    fmt::print("{}{}{}{}\n", time, step, mark, scribe::sanitised(one.line.text));
  }
  lines.clear();
  std::fflush(stdout);
}

void follow(std::vector<StepLog>& logs, const PastRun& run, const LogsCommand& command) {
  const FileDescriptor changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  (void)inotify_add_watch(changes.number(), (run.disk.path + "/logs").c_str(), IN_MODIFY | IN_CREATE);
  std::vector<ShownLine> lines;
  for (bool alive = true; alive;) {
    alive = is_locked(run.disk.path + "/lock");  // asked before the last look, so that nothing is missed
    for (std::size_t i = 0; i < logs.size(); ++i) read_new(logs[i], i, lines);
    print(lines, logs, command);
    if (!alive) break;
    pollfd change{changes.number(), POLLIN, 0};
    (void)poll(&change, 1, look_for_end_every_ms);
    std::array<char, 4096> events{};
    while (read(changes.number(), events.data(), events.size()) > 0) continue;
  }
}

void show_logs(const LogsCommand& command, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  const std::optional<PastRun> run = past_run(*project, command.run, invocation);
  if (!run) return;
  const std::optional<progress::RunState> state = recorded_state(*run, invocation);
  if (!state) return;
  std::vector<StepLog> logs;
  std::vector<std::string> nodes;
  for (const progress::StepState& step : state->steps) {
    if (step.plan.is_virtual) continue;
    nodes.push_back(step.node);
    if (!is_meant(step.node, command.node) && step.path != command.node) continue;
    const std::string path = run->disk.path + "/logs/" + scribe::log_name(step.path);
    std::error_code error;
    if (command.follow || fs::exists(path, error)) logs.push_back({step.path, step.node, path, 0});
  }
  if (std::none_of(state->steps.begin(), state->steps.end(), [&](const progress::StepState& step) {
        return is_meant(step.node, command.node) || step.path == command.node;
      })) {
    const std::optional<std::string> near = suggest(command.node, nodes);
    return complain(invocation, wrong_input,
                    fmt::format("run {} has no block `{}`", run->disk.id, command.node),
                    near ? fmt::format("did you mean `{}`?", *near)
                         : fmt::format("`cairn show {}` lists its steps", run->disk.id));
  }
  if (command.follow) return follow(logs, *run, command);
  std::vector<ShownLine> lines;
  for (std::size_t i = 0; i < logs.size(); ++i) read_new(logs[i], i, lines);
  print(lines, logs, command);
}

}  // namespace

void add_logs(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("logs", "what the steps of a run have said");
  const auto options = std::make_shared<LogsCommand>();
  add_project_option(*command, invocation);
  command->add_option("node", options->node, "a block, a stage or a step; default: all");
  command->add_option("--run", options->run, "the run; default: the last one");
  command->add_flag("--follow", options->follow, "go on until the run has ended");
  command->add_flag("-t,--times", options->times, "with the time of each line");
  command->callback([options, &invocation] { show_logs(*options, invocation); });
}

}  // namespace cairn::cli
