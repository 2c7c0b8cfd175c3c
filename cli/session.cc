#include "cli/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <thread>

#include "cli/past_runs.h"
#include "cli/project.h"
#include "cli/version.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/in_one_line.h"
#include "runtime/effects/locks.h"
#include "runtime/execute/loop.h"
#include "runtime/execute/signals.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "runtime/keeper/keeper_spawner.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/kept_services.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/observe.h"
#include "runtime/kinds/pools.h"
#include "runtime/kinds/recall.h"
#include "runtime/kinds/refused_builds.h"
#include "runtime/kinds/refused_on_host.h"
#include "runtime/kinds/remembered.h"
#include "runtime/kinds/stop_services.h"
#include "runtime/kinds/storage.h"
#include "runtime/kinds/storage_agents.h"
#include "runtime/plan/plan.h"
#include "runtime/platform/host/ports.h"
#include "runtime/progress/fan_out.h"
#include "runtime/progress/live_view.h"
#include "runtime/progress/ndjson.h"
#include "runtime/progress/outlet.h"
#include "runtime/progress/plain_view.h"
#include "runtime/progress/recorder.h"
#include "runtime/progress/run_state.h"
#include "runtime/reach/tunnel.h"
#include "runtime/report/ci.h"
#include "runtime/report/kept_tests.h"
#include "runtime/report/run_report.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::optional<std::string>() : std::string(value);
}

std::optional<std::string> file_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : std::string("this machine");
}

// Says on standard error why it could not.
bool write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (file << text && file.flush()) return true;
  fmt::print(stderr, "error: cannot write `{}`: {}\n", path.string(), std::strerror(errno));
  return false;
}

// Workloads follow logs and watch, on threads that ask the run's engines: `up` leaves some at work, and they
// have to end before those go.
class WorkloadsEndFirst {
 public:
  explicit WorkloadsEndFirst(kinds::World& world) : world_(world) {}
  ~WorkloadsEndFirst() {
    for (std::size_t n = 0; n < world_.graph.nodes.size(); ++n)
      (void)world_.workloads.take(NodeId{static_cast<std::uint32_t>(n)});
  }
  WorkloadsEndFirst(const WorkloadsEndFirst&) = delete;
  WorkloadsEndFirst& operator=(const WorkloadsEndFirst&) = delete;

 private:
  kinds::World& world_;
};

// The view that standard output gets.
class Views {
 public:
  Views(const Invocation& invocation, const std::string& wanted, scribe::Ci ci) : outlet_(STDOUT_FILENO) {
    const bool terminal = isatty(STDOUT_FILENO) == 1 && ci == scribe::Ci::none;
    const std::string output = wanted == "auto" ? (terminal ? "tty" : "plain") : wanted;
    const bool colour = use_colour(invocation, STDOUT_FILENO);
    if (output == "tty") {
      terminal_ = progress::real_terminal(STDOUT_FILENO);
      live_ = std::make_unique<progress::LiveView>(*terminal_, real_clock(),
                                                   progress::LiveOptions{.colour = colour});
      live_->start();
      sinks.add(*live_);
    } else if (output == "json") {
      json_ =
          std::make_unique<progress::NdjsonSink>([this](std::string_view lines) { outlet_.write(lines); });
      sinks.add(*json_);
    } else {
      plain_ = std::make_unique<progress::PlainView>(
          [this](std::string_view lines) { outlet_.write(lines); },
          progress::PlainOptions{.quiet = output == "quiet", .colour = colour, .ci = ci});
      sinks.add(*plain_);
    }
    machine_ = output == "json";
  }
  void finish() {
    if (live_) live_->finish();
    outlet_.finish(std::chrono::seconds(5));
  }
  bool for_people() const { return !machine_; }

  progress::FanOut sinks;

 private:
  progress::Outlet outlet_;
  std::unique_ptr<progress::Terminal> terminal_;
  std::unique_ptr<progress::LiveView> live_;
  std::unique_ptr<progress::NdjsonSink> json_;
  std::unique_ptr<progress::PlainView> plain_;
  bool machine_ = false;
};

void complain_about(Invocation& invocation, const Failure& failure) {
  std::string text = failure.message;
  for (const std::string& cause : failure.causes) text += "\n  = cause: " + cause;
  complain(invocation, failure.is == FailureClass::endpoint ? endpoint_failed : wrong_input, text,
           failure.help);
}

bool refuse(Invocation& invocation, const ProgramFile& program, const plan::Plan& plan) {
  for (const plan::Refusal& refusal : plan.refusals) {
    const Span span = refusal.node == no_node ? Span() : program.graph().node(refusal.node).span;
    complain(invocation, refusal.endpoint ? endpoint_failed : wrong_input,
             span.known() ? fmt::format("{}\n --> {}", refusal.message, program.sources.show(span))
                          : refusal.message,
             refusal.help);
  }
  return !plan.refusals.empty();
}

// Nodes of kinds that are declared and that this version cannot perform.
std::vector<NodeId> not_performed(
    const Graph& graph, const std::map<std::string, execute::PerformKind, std::less<>>& performers) {
  std::vector<NodeId> found;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const NodeClass is = graph.nodes[n].node_class;
    if (is != NodeClass::group && is != NodeClass::endpoint && !performers.contains(graph.nodes[n].kind))
      found.push_back(NodeId{static_cast<std::uint32_t>(n)});
  }
  return found;
}

// Before anything runs: half a run is worse than none.
bool refuse_unknown_kinds(Invocation& invocation, const ProgramFile& program, const plan::Plan& plan,
                          const std::vector<NodeId>& beyond_us) {
  bool refused = false;
  for (NodeId node : beyond_us)
    for (StepId step : program.graph().node(node).steps) {
      if (is_finaliser(program.graph().steps[index(step)].phase) ||
          plan.steps[index(step)].verdict != plan::Verdict::perform)
        continue;
      complain(invocation, wrong_input,
               fmt::format("this cairn cannot perform `{}`\n --> {}", program.graph().node(node).kind,
                           program.sources.show(program.graph().node(node).span)),
               "run stages without it, or leave it out with `--skip`");
      refused = true;
    }
  return refused;
}

// Whether a process of this machine was to be kept, and runs: `keep = true` of its block, or `--keep`.
bool stays(const ProgramFile& program, const plan::Goal& goal, keeper::KeeperSpawner& spawner) {
  const plan::RunGoal* run = std::get_if<plan::RunGoal>(&goal);
  for (const keeper::Process& process : spawner.running()) {
    const auto node = program.graph().by_path.find(process.step.substr(0, process.step.rfind(':')));
    if ((run != nullptr && run->keep) ||
        (node != program.graph().by_path.end() && program.graph().node(node->second).policy.keep))
      return true;
  }
  return false;
}

// What a run leaves for people and for other tools.
// False when one that was asked for by name could not be written.
bool write_reports(const fs::path& folder, const report::RunReport& report, const SessionOptions& options,
                   scribe::Ci ci, bool for_people) {
  const std::string junit = report::merged_junit(report);
  const std::string html = report::html_report(report);
  write_file(folder / "junit.xml", junit);
  write_file(folder / "report.html", html);
  bool good = true;
  if (!options.junit.empty()) good = write_file(options.junit, junit);
  if (!options.html.empty()) good = write_file(options.html, html) && good;
  if (ci == scribe::Ci::github) {
    if (const std::optional<std::string> summary = environment("GITHUB_STEP_SUMMARY"))
      std::ofstream(*summary, std::ios::app) << report::summary_markdown(report);
    if (for_people) fmt::print("{}", report::github_annotations(report));
  }
  if (ci == scribe::Ci::azure && for_people) {
    write_file(folder / "summary.md", report::summary_markdown(report));
    fmt::print("{}", report::azure_commands(report, (folder / "junit.xml").string(),
                                            (folder / "summary.md").string()));
  }
  return good;
}

void point_last_at(const std::string& cairn_folder, const std::string& run) {
  std::error_code error;
  const fs::path last = fs::path(cairn_folder) / "last", fresh = fs::path(cairn_folder) / (".last-" + run);
  fs::create_directory_symlink(fs::path("runs") / run, fresh, error);
  fs::rename(fresh, last, error);
}

// Before anything else: what the run was begun with, or that it goes on.
Result<Journal> begin_journal(const ProgramFile& program, const SessionOptions& options,
                              const std::string& project, const std::string& folder) {
  const std::string path = folder + "/journal";
  if (options.resume != nullptr) return Journal::resume(real_disk(), path);
  JournalHeader header;
  header.cairn = version_text();
  header.run = program.run_id;
  header.project = project;
  header.owner = fmt::format("{} on {}", environment("USER").value_or(std::to_string(getuid())), host_name());
  if (const plan::RunGoal* goal = std::get_if<plan::RunGoal>(&options.goal)) {
    StartRecord record = start_record_of(program);
    const auto paths = [&](const std::vector<NodeId>& nodes) {
      std::vector<std::string> all;
      for (const NodeId node : nodes) all.push_back(program.graph().node(node).path);
      return all;
    };
    record.goal = options.goal_text;
    record.stages = paths(goal->stages);
    record.only = paths(goal->only);
    record.from = paths(goal->from);
    record.skip = paths(goal->skip);
    record.profiles = goal->profiles;
    record.keep = goal->keep;
    record.fail_fast = options.fail_fast;
    record.jobs = options.jobs;
    header.capsule = text_of(record);
  }
  return Journal::create(real_disk(), path, header);
}

// What earlier incarnations have left and no step of this one knew of. Gives what could not be removed.
std::vector<std::string> remove_leftovers(http::HttpClient& http, reach::Tunnels& tunnels,
                                          const kinds::RunPlace& place, const std::string& cairn_folder) {
  const ProjectPlace project{place.project_folder, cairn_folder, place.project, true};
  Removed removed;
  const PastRun run{{place.run, place.folder, true}, {}, false};
  std::vector<kinds::EngineLook> looks = look_at_engines(http, tunnels, project, {run});
  plan::Facts facts = facts_of(looks, removed);
  std::erase_if(facts.strays, [](const plan::Fact& fact) { return std::get<plan::Ours>(fact.found).keep; });
  carry_out(plan::removal_of_runs(facts, {{place.run}}), looks, project, Removing::at_once, removed);
  remove_build_contexts(run, looks, false, removed);
  std::vector<std::string> left;
  for (const Removed::Item& item : removed.left)
    left.push_back(fmt::format("{} {}: {}", item.what, item.name, item.why));
  for (const std::string& engine : removed.unreachable)
    left.push_back(fmt::format("what is left on {}", engine));
  return left;
}

}  // namespace

void act(Invocation& invocation, std::unique_ptr<ProgramFile> program, const SessionOptions& options) {
  const Graph& graph = program->graph();
  Clock& clock = real_clock();
  execute::block_ending_signals();

  // A place of its own, and the right to be there.
  const Result<std::string> cairn_folder = project_folder(program->project_folder);
  if (!cairn_folder) return complain_about(invocation, cairn_folder.failure());
  Result<Lock> project_lock = lock_project(*cairn_folder, options.up ? LockMode::exclusive : LockMode::shared,
                                           fmt::format("cairn {} (pid {})", options.goal_text, getpid()));
  if (!project_lock) return complain_about(invocation, project_lock.failure());
  const std::string& run = program->run_id;
  Result<RunFolder> folder =
      options.resume != nullptr ? std::move(options.resume->folder) : create_run(*cairn_folder, run);
  if (!folder) return complain_about(invocation, folder.failure());
  const std::string project = project_name(program->project_folder);
  fs::create_directory(fs::path(folder->path) / "logs");

  Result<Journal> journal = begin_journal(*program, options, project, folder->path);
  if (!journal) return complain_about(invocation, journal.failure());

  // The keeper before any thread.
  keeper::KeeperSetup setup;
  setup.project = project;
  setup.run = run;
  setup.folder = folder->path;
  setup.scope = options.up ? keeper::Scope::up : keeper::Scope::run;
  setup.run_lock = folder->alive.file();
  setup.limits = keeper::original_limits();
  Result<std::unique_ptr<keeper::KeeperSpawner>> spawner = keeper::KeeperSpawner::begin(setup);
  if (!spawner) return complain_about(invocation, spawner.failure());

  const scribe::Ci ci = report::detect_ci(environment);
  Views views(invocation, options.output, ci);
  progress::Recorder record(true);
  const FileDescriptor events(open((fs::path(folder->path) / "events.ndjson").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  // However slow the disk is, no event is left out: there are a few for each step.
  progress::Outlet events_outlet(events.number(), std::numeric_limits<std::size_t>::max(),
                                 std::chrono::milliseconds(20));
  progress::NdjsonSink to_disk([&](std::string_view lines) { events_outlet.write(lines); }, false);
  views.sinks.add(record);
  views.sinks.add(to_disk);
  progress::Emitter emitter(run, clock, views.sinks);
  if (options.resume != nullptr && !options.resume->events.empty()) {
    for (const progress::Event& event : options.resume->events) record.emit(event);
    emitter.go_on_after(options.resume->events.back());
  }

  scribe::Masker masker;
  const std::unique_ptr<scribe::LogFolder> logs =
      scribe::real_log_folder((fs::path(folder->path) / "logs").string());
  scribe::Scribe scribe(
      *logs, masker, clock, [&](const std::string& step, scribe::Stream stream, std::string_view line) {
        emitter.say(step, step.substr(0, step.rfind(':')), progress::StepLog{std::string(line), stream});
      });

  http::Reactor http;
  kinds::Secrets secrets({[&](const std::string& name) { return program->outside->environment(name); },
                          [&](const std::string& path) {
                            return file_text(fs::path(path).is_absolute()
                                                 ? fs::path(path)
                                                 : fs::path(program->project_folder) / path);
                          },
                          kinds::random_text, (options.up ? *cairn_folder : folder->path) + "/secrets"},
                         masker);
  for (const ParamListing& param : program->compiled.params) secrets.given(param.name, param.value);
  host::Ports ports(host::port_registry_folder(environment("XDG_RUNTIME_DIR").value_or(""),
                                               environment("HOME").value_or("/tmp")),
                    static_cast<std::uint64_t>(getpid()));
  reach::Tunnels tunnels([&]() -> Result<keeper::Spawner*> { return spawner->get(); }, folder->path);
  const std::unique_ptr<execute::Threads> threads = execute::real_threads();
  kinds::Addresses addresses(graph, [&] { return ports.pick(); });
  const plan::RunGoal* run_goal = std::get_if<plan::RunGoal>(&options.goal);
  const bool keeps_all = run_goal != nullptr && run_goal->keep;
  kinds::World world{program->compiled,
                     graph,
                     program->sources,
                     *program->inputs,
                     {project, program->project_folder, run, folder->path, options.up, keeps_all},
                     clock,
                     *threads,
                     http,
                     reach::real_connector(),
                     **spawner,
                     masker,
                     scribe,
                     secrets,
                     addresses,
                     nullptr,
                     &tunnels,
                     kinds::stored_on_engine(graph),
                     {},
                     {},
                     {},
                     {}};
  world.place.resumed = options.resume != nullptr;
  std::unique_ptr<kinds::Containers> containers = kinds::make_containers(world);
  world.containers = containers.get();
  kinds::Arrays arrays(world);
  kinds::Pools pools(world);
  kinds::StorageAgents storage_agents(world);
  world.arrays = &arrays;
  world.pools = &pools;
  world.storage_agents = &storage_agents;
  const WorkloadsEndFirst order(world);
  std::map<std::string, execute::PerformKind, std::less<>> performers = kinds::all_kinds(world);
  const std::vector<NodeId> beyond_us = not_performed(graph, performers);
  execute::KindTable performer(std::move(performers), [&](const execute::StepRequest& request) {
    return kinds::ended_at_once(world, request);
  });

  // What is there, and so what is to be done.
  plan::Facts facts;
  execute::Exports exports;
  http::ReadOnlyClient reading(http);
  const kinds::Observation observation{
      graph, program->sources, *program->inputs,          world.place,           reading,
      clock, &tunnels,         options.resume != nullptr, &world.seen_containers};
  facts = kinds::observe(observation, {});
  if (!options.restart.empty()) {
    if (Result<Done> stopped = kinds::stop_services(
            world, facts, options.restart,
            [](const Failure& why) { fmt::print(stderr, "warning: {}\n", in_one_line(why)); });
        !stopped)
      return complain_about(invocation, stopped.failure());
    facts = kinds::observe(observation, {});
  }
  if (options.resume != nullptr) {
    kinds::recall(graph, run, options.resume->before, facts, exports);
    for (report::KeptTests& kept : report::kept_tests(folder->path))
      if (facts.of_step.contains(kept.tests.step)) world.tests.put(kept.key, std::move(kept.tests));
  }
  plan::Plan plan = plan::plan(graph, facts, options.goal);
  kinds::restore_remembered(world, facts, plan, exports);
  plan.refuse_first(kinds::refused_on_host(graph, plan));
  plan.refuse_first(kinds::refused_builds(graph, program->sources, plan));
  execute::Durations durations = execute::Durations::load(*cairn_folder + "/durations.json");
  plan::RunOptions run_options;
  run_options.fail_fast = options.fail_fast;
  run_options.timeout = options.timeout;
  run_options.lanes =
      plan::usual_lane_sizes(static_cast<int>(std::thread::hardware_concurrency()),
                             options.jobs > 0 ? std::optional<int>(options.jobs) : std::nullopt);
  if (refuse_unknown_kinds(invocation, *program, plan, beyond_us) || refuse(invocation, *program, plan)) {
    if (options.resume != nullptr) return;  // it can be resumed otherwise
    journal->append(RunEnd{invocation.exit_code});
    (void)journal->commit();
    return;
  }
  if (options.up) kinds::recall_ports(world, plan);
  auto place_of = [&](Span span) {
    if (!span.known()) return progress::FilePlace{};
    const Place place = program->sources.place(span.file, span.begin);
    return progress::FilePlace{program->sources.at(span.file).name, place.line, place.column};
  };

  progress::RunStarted started;
  started.goal = options.goal_text;
  started.project = project;
  started.file = program->path;
  started.cairn = version_text();
  emitter.say(started);
  execute::Loop loop({graph, plan, facts, performer, clock, *threads, emitter, scribe, masker, exports,
                      durations, place_of, static_cast<std::uint32_t>(journal->incarnation()), &*journal},
                     run_options);
  progress::RunFinished finished;
  {
    execute::SignalThread signals(
        [&](int, int count) { loop.cancel(count == 1 ? "interrupted" : "interrupted again"); });
    finished = loop.run();
  }
  std::vector<Failure> agents_left = storage_agents.remove();
  if (containers != nullptr)
    for (Failure& left : containers->remove_agents()) agents_left.push_back(std::move(left));
  for (const Failure& left : agents_left)
    emitter.say(progress::Message{progress::Level::warning, left.message, {}, {}});

  if (options.resume != nullptr && loop.came_to_its_end() && !options.resume->record.keep)
    for (std::string& left : remove_leftovers(http, tunnels, world.place, *cairn_folder)) {
      finished.left_behind.push_back(masker.masked(left));
      if (finished.exit_code == passed) finished.exit_code = step_failed;
    }

  if (!options.up && stays(*program, options.goal, **spawner))
    if (const Result<Done> kept = (*spawner)->let_stay(); !kept)
      emitter.say(progress::Message{progress::Level::warning, kept.failure().message, {}, {}});

  report::RunReport report;
  for (report::StepTests& tests : world.tests.all()) {
    const progress::TestTotals totals = report::totals_of(tests.report.cases);
    finished.tests.passed += totals.passed;
    finished.tests.failed += totals.failed;
    finished.tests.errors += totals.errors;
    finished.tests.skipped += totals.skipped;
    report.tests.push_back(std::move(tests));
  }
  emitter.say(finished);
  views.finish();
  events_outlet.finish(std::chrono::seconds(5));
  (void)durations.save(*cairn_folder + "/durations.json");
  report.run = progress::state_after(record.events());
  const bool reported = write_reports(folder->path, report, options, ci, views.for_people());
  if (!reported && finished.exit_code == passed) finished.exit_code = step_failed;
  if (const scribe::Scribe::Totals said = scribe.totals(); said.lost > 0)
    fmt::print(stderr, "warning: {} bytes of what the steps have written are in no log: {}\n", said.lost,
               said.problem);
  if (views.for_people()) {
    if (!finished.left_behind.empty()) fmt::print("help: `cairn clean` removes what was left behind\n");
    fmt::print("{}",
               report::failure_table(report, terminal_columns(), use_colour(invocation, STDOUT_FILENO)));
    fmt::print(
        "report: {}\n",
        (fs::path(*cairn_folder).lexically_proximate(fs::current_path()) / "last" / "report.html").string());
  }
  point_last_at(*cairn_folder, run);
  if (loop.came_to_its_end()) {
    std::error_code error;
    if (!options.up) fs::remove(fs::path(folder->path) / "secrets", error);
    journal->append(RunEnd{finished.exit_code});
    (void)journal->commit();  // without it, the run can be resumed, and has nothing left to do
  }
  invocation.exit_code = finished.exit_code;
  if (loop.left_behind() > 0) {
    std::fflush(stdout);
    execute::leave_now(finished.exit_code);
  }
}

}  // namespace cairn::cli
