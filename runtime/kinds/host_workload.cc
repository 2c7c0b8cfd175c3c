#include "runtime/kinds/host_workload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "runtime/effects/file_descriptor.h"
#include "runtime/kinds/kept_services.h"
#include "runtime/kinds/observe.h"
#include "runtime/kinds/placed_files.h"
#include "runtime/kinds/value_hash.h"

extern char** environ;

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t written_at_once = 64 << 10;

// What a host process inherits; everything else has to be in the file.
bool inherited(std::string_view name) {
  static const std::set<std::string_view> allowed = {"PATH", "HOME", "USER",   "LOGNAME",      "SHELL",
                                                     "LANG", "TZ",   "TMPDIR", "SSH_AUTH_SOCK"};
  return allowed.contains(name) || name.starts_with("LC_");
}

Failure cannot(const std::string& what, const std::string& path) {
  return {.message = fmt::format("{} `{}`", what, path), .causes = {std::strerror(errno)}, .help = {}};
}

}  // namespace

int signal_named(const std::optional<std::string>& name) {
  if (!name) return SIGTERM;
  const std::string plain = name->starts_with("SIG") ? name->substr(3) : *name;
  for (int signal = 1; signal < NSIG; ++signal)
    if (const char* known = sigabbrev_np(signal); known != nullptr && plain == known) return signal;
  return std::isdigit(static_cast<unsigned char>(plain.front())) != 0 ? std::atoi(plain.c_str()) : SIGTERM;
}

Result<std::shared_ptr<Workload>> HostWorkload::make(World& world, NodeId node, ProcessSettings settings,
                                                     std::vector<std::string> promised) {
  if (!settings.command && !settings.entrypoint && !settings.script)
    return Failure{.message = fmt::format("`{}` has nothing to run", world.graph.node(node).path),
                   .causes = {},
                   .help = "add `command = [\"…\"]` or `script = \"…\"`"};
  return std::shared_ptr<Workload>(new HostWorkload(world, node, std::move(settings), std::move(promised)));
}

// Of `up`: it outlives the command that starts it, so that later ones have to find it.
bool HostWorkload::stays() const {
  return world_.place.up && world_.graph.node(node_).node_class == NodeClass::service;
}

Result<Done> HostWorkload::end_what_is_left(std::stop_token stop) {
  return end_earlier(world_.place, world_.graph.node(node_).path, signal_named(settings_.stop_signal),
                     Milliseconds(settings_.stop_grace_period.milliseconds), world_.clock, stop);
}

Result<Done> HostWorkload::adopt(const std::string& id, execute::StepContext& context) {
  const std::string& path = world_.graph.node(node_).path;
  for (const HostService& service : kept_services(world_.place.project_folder + "/.cairn")) {
    if (service.node != path || id != fmt::format("{}/{}", service.run, service.process)) continue;
    working_dir_ = service.working_dir;
    log_file_ = service.log_file;
    log_begins_at_ = service.log_begins_at;
    adopted_ = true;
    context.publish("pid", Value{std::int64_t{*service.pid}});
    return fill_environment();
  }
  return Failure{.message = fmt::format("the process of `{}` has ended meanwhile", path),
                 .causes = {},
                 .help = "repeat the command"};
}

Result<Done> HostWorkload::find_working_dir() {
  const std::string folder = world_.folder_of(node_);
  working_dir_ = settings_.working_dir
                     ? (fs::path(folder) / *settings_.working_dir).lexically_normal().string()
                     : folder;
  std::error_code error;
  if (!fs::is_directory(working_dir_, error))
    return Failure{.message = fmt::format("there is no folder `{}`", working_dir_),
                   .causes = {fmt::format("`{}` is to run there", world_.graph.node(node_).path)},
                   .help = "`working_dir` is relative to the file that the block is in"};
  return Done{};
}

Result<Done> HostWorkload::create(execute::StepContext& context) {
  if (Result<Done> found = find_working_dir(); !found) return found;
  if (stays())
    if (Result<Done> ended = end_what_is_left(context.stop()); !ended) return ended;
  const std::string own = world_.scratch_file(node_, "steps");
  log_file_ = own + ".log";
  output_file_ = own + ".outputs";
  if (Result<Done> filled = fill_environment(); !filled) return filled;
  return place_files();
}

Result<Done> HostWorkload::fill_environment() {
  std::vector<std::pair<std::string, Text>> variables;
  auto set = [&](const std::string& name, Text value) {
    for (auto& [known, text] : variables)
      if (known == name) {
        text = std::move(value);
        return;
      }
    variables.emplace_back(name, std::move(value));
  };
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view entry(*one);
    const std::size_t equals = entry.find('=');
    if (equals != std::string_view::npos && inherited(entry.substr(0, equals)))
      set(std::string(entry.substr(0, equals)), Text(std::string(entry.substr(equals + 1))));
  }
  for (const Path& path : settings_.env_file) {
    const std::string where =
        (fs::path(path.folder.empty() ? world_.folder_of(node_) : path.folder) / path.text).string();
    std::ifstream file(where);
    if (!file) return cannot("cannot read the `env_file`", where);
    for (std::string line; std::getline(file, line);) {
      if (line.ends_with('\r')) line.pop_back();
      const std::size_t equals = line.find('=');
      if (line.empty() || line.front() == '#' || equals == std::string::npos) continue;
      set(line.substr(0, equals), Text(line.substr(equals + 1)));
    }
  }
  for (const auto& [name, text] : settings_.env) set(name, text);
  set("CAIRN_OUTPUT", Text(output_file_));
  for (auto& [name, text] : variables) environment_.push_back({name, std::move(text)});
  return Done{};
}

Result<Done> HostWorkload::place_files() {
  for (const auto& [name, written] : settings_.files) {
    const Value value = world_.file_source(node_, written);
    const std::string where = (fs::path(working_dir_) / name).lexically_normal().string();
    std::error_code error;
    fs::create_directories(fs::path(where).parent_path(), error);
    const Path* source = value.as<Path>();
    if (source != nullptr) {
      if (fs::exists(fs::symlink_status(where)))
        return Failure{.message = fmt::format("there is something at `{}` already", where),
                       .causes = {"`files` overwrites nothing"},
                       .help = "name another place, or remove it"};
      fs::copy(fs::path(source->folder) / source->text, where, fs::copy_options::recursive, error);
      if (error)
        return Failure{.message = fmt::format("cannot put `{}` at `{}`", source->text, where),
                       .causes = {error.message()},
                       .help = {}};
    } else {
      const FileDescriptor file(open(where.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                                     value.secret ? 0400 : 0644));
      if (!file.open()) {
        if (errno == EEXIST)
          return Failure{.message = fmt::format("there is something at `{}` already", where),
                         .causes = {"`files` overwrites nothing"},
                         .help = "name another place, or remove it"};
        return cannot("cannot write", where);
      }
      const std::string text = plain_text(value);
      if (write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return cannot("cannot write", where);
    }
    placed_.push_back(where);
    if (Result<Done> recorded = record_placed_file(world_.place.folder, where); !recorded) return recorded;
  }
  return Done{};
}

std::string HostWorkload::whole_path(const std::string& pattern) const {
  return (fs::path(working_dir_) / pattern).lexically_normal().string();
}

std::vector<std::string> HostWorkload::command() const {
  if (settings_.script) {
    const bool posix = !settings_.shell.ends_with("fish");
    return posix ? std::vector<std::string>{settings_.shell, "-e", "-c", *settings_.script}
                 : std::vector<std::string>{settings_.shell, "-c", *settings_.script};
  }
  std::vector<std::string> words = settings_.entrypoint.value_or(std::vector<std::string>());
  if (settings_.command) words.insert(words.end(), settings_.command->begin(), settings_.command->end());
  return words;
}

Result<Done> HostWorkload::start(execute::StepContext& context, const std::string& log_step) {
  keeper::SpawnSpec spec;
  spec.step = log_step;
  spec.command = command();
  spec.environment = environment_;
  spec.working_dir = working_dir_;
  Result<std::optional<Text>> input = input_of(world_.file_source(node_, settings_.stdin_from));
  if (!input) return input.failure();
  if (*input) spec.input = std::move(**input);
  spec.log_file = log_file_;
  for (const keeper::EnvironmentVariable& variable : environment_)
    if (variable.value.secret()) spec.masked.push_back(variable.value);
  spec.stop_signal = signal_named(settings_.stop_signal);
  spec.grace = Milliseconds(settings_.stop_grace_period.milliseconds);
  if (settings_.memory) spec.limits.memory_bytes = static_cast<std::uint64_t>(settings_.memory->bytes);
  if (settings_.pids_limit) spec.limits.processes = static_cast<std::uint64_t>(*settings_.pids_limit);
  std::error_code error;
  fs::remove(output_file_, error);
  const std::uintmax_t size = fs::file_size(log_file_, error);
  log_begins_at_ = error ? 0 : size;
  std::vector<std::string> promised;
  for (const std::string& pattern : promised_) promised.push_back(whole_path(pattern));
  before_ = FilesBefore(promised, world_.clock);
  Result<keeper::Process> process = world_.spawner.spawn(spec);
  if (!process) return process.failure();
  process_ = *process;
  stopping_ = std::make_shared<std::atomic<bool>>(false);
  context.publish("pid", Value{std::int64_t{process_.pid}});
  if (Result<Done> recorded = record(log_step); !recorded) return recorded;
  log_step_ = log_step;
  log_ = keeper::LogReader(log_file_, log_begins_at_);
  return Done{};
}

Result<Done> HostWorkload::record(const std::string& step) {
  const Node& node = world_.graph.node(node_);
  if (node.node_class != NodeClass::service) return Done{};
  HostService service;
  service.node = node.path;
  service.step = step;
  service.process = process_.number;
  service.spec = spec_hash(world_.graph, world_.sources, world_.place.project_folder, node_);
  service.up = world_.place.up;
  service.working_dir = working_dir_;
  service.log_file = log_file_;
  service.log_begins_at = log_begins_at_;
  service.ports = world_.addresses.named_ports(node_);
  service.placed_files = placed_;
  return record_host_service(world_.place.folder, service);
}

void HostWorkload::follow(std::stop_token stop) {
  std::uint64_t known = log_begins_at_;
  while (true) {
    const Result<keeper::Spawner::LogEnd> end = world_.spawner.wait_for_log(process_, known, stop);
    if (!end) return take_log(std::numeric_limits<std::uint64_t>::max());  // what the file has, then
    take_log(end->bytes);
    known = end->bytes;
    if (end->complete) return;
  }
}

void HostWorkload::take_log(std::uint64_t until) {
  std::string said;  // in a row by one stream
  bool of_stderr = false;
  const auto hand_on = [&] {
    if (notice_) notice_->still_reading();
    if (said.empty()) return;
    world_.scribe.write(log_step_, of_stderr ? scribe::Stream::err : scribe::Stream::out, said);
    if (!of_stderr && is_waited_for_) output_.append(said, 0, kept_output - output_.size());
    said.clear();
  };
  const Result<Done> read = log_.read_to(until, [&](const keeper::LogLineView& line) {
    if (line.from == keeper::Stream::tool) return;
    const bool turns = of_stderr != (line.from == keeper::Stream::err);
    if (turns || said.size() >= written_at_once) hand_on();
    of_stderr = of_stderr != turns;
    said += line.text;
    if (!line.goes_on) said += '\n';
  });
  hand_on();
  if (!read) world_.scribe.note(log_step_, read.failure().message);
}

void HostWorkload::finish_log() {
  if (follower_.busy()) return follower_.wait();
  follow({});
  world_.scribe.end(log_step_);
}

reach::HostPlace HostWorkload::place() const {
  reach::HostPlace place;
  place.name = world_.graph.node(node_).path;
  place.environment = environment_;
  place.working_dir = working_dir_;
  for (const keeper::EnvironmentVariable& variable : environment_)
    if (variable.value.secret()) place.masked.push_back(variable.value);
  place.log_file = log_file_;
  place.log_begins_at = log_begins_at_;
  return place;
}

Result<WorkloadEnd> HostWorkload::wait(execute::StepContext& context) {
  follow(context.stop());
  Result<keeper::Exit> ended = world_.spawner.wait(process_, context.stop());
  if (!ended) {
    Failure why = ended.failure();
    const Result<WorkloadEnd> stopped = end_now(context, true);
    if (!stopped) why.causes.push_back(stopped.failure().message);
    return why;
  }
  world_.scribe.end(log_step_);
  return WorkloadEnd{ended->shell_code(), ended->says(), output_};
}

// Signal, grace, kill.
Result<WorkloadEnd> HostWorkload::end_now(execute::StepContext& context, bool wait_for_grace) {
  *stopping_ = true;
  (void)world_.spawner.signal(process_, signal_named(settings_.stop_signal));
  if (wait_for_grace) {
    const Instant deadline = world_.clock.now() + Milliseconds(settings_.stop_grace_period.milliseconds);
    const Result<keeper::Exit> ended = world_.spawner.wait(process_, context.hurry(), deadline);
    if (ended) {
      finish_log();
      return WorkloadEnd{ended->shell_code(), ended->says(), {}};
    }
  }
  context.note(fmt::format("did not end within {}: killed", show(Value{settings_.stop_grace_period})));
  if (Result<Done> killed = world_.spawner.kill_tree(process_); !killed) return killed.failure();
  const Result<keeper::Exit> ended =
      world_.spawner.wait(process_, {}, world_.clock.now() + std::chrono::seconds(10));
  if (!ended) return ended.failure();
  finish_log();
  return WorkloadEnd{ended->shell_code(), ended->says(), {}};
}

void HostWorkload::watch(std::shared_ptr<execute::DeathWatch> watch) {
  const auto notice = notice_ = std::make_shared<DeathNotice>(world_.clock, std::move(watch));
  world_.spawner.when_ended(process_, [notice, stopping = stopping_](const keeper::Exit& exit) {
    if (!*stopping) notice->ended({exit.says(), exit.shell_code(), {}});
  });
  is_waited_for_ = false;
  const bool reads = follower_.start([this, notice](std::stop_token stop) {
    follow(std::move(stop));
    world_.scribe.end(log_step_);
    notice->log_is_read();
  });
  // Without a thread its log is read when it is stopped.
  if (!reads) notice->log_is_read();
}

Result<Done> HostWorkload::stop(execute::StepContext& context) {
  if (adopted_) return end_what_is_left({});
  if (process_.number == 0) return Done{};
  const Result<WorkloadEnd> ended = end_now(context, true);
  if (!ended) return ended.failure();
  return Done{};
}

Result<Done> HostWorkload::remove(execute::StepContext&) {
  for (const std::string& path : placed_) {
    std::error_code error;
    fs::remove_all(path, error);
  }
  placed_.clear();
  return Done{};
}

std::vector<Value> HostWorkload::own_probes() {
  std::vector<Value> probes;
  for (const std::int64_t port : settings_.expose) {
    Map arguments;
    arguments.set("port", Value{port});
    arguments.set("within", Value{Duration{180'000}});
    probes.push_back(Value{Made{"tcp", std::move(arguments)}});
  }
  return probes;
}

std::unique_ptr<reach::ProbeTarget> HostWorkload::target() {
  return std::make_unique<reach::HostTarget>(place(), world_.spawner);
}

Result<std::vector<Fetched>> HostWorkload::fetch(const std::string& pattern, const std::string&,
                                                 execute::StepContext& context) {
  std::vector<Fetched> found;
  for (const std::string& path : matches_of(whole_path(pattern))) {
    if (before_.has_changed(path))
      found.push_back({pattern, path});
    else
      context.note(fmt::format("{} is as it was before this step: left alone", path));
  }
  return found;
}

Result<std::string> HostWorkload::written_outputs(execute::StepContext&) {
  std::ifstream file(output_file_, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace cairn::kinds
