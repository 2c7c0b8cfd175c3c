#include "runtime/kinds/container/inside_service.h"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "runtime/kinds/announced.h"
#include "runtime/kinds/container/environment.h"
#include "runtime/kinds/container/files.h"
#include "runtime/kinds/container/references.h"
#include "runtime/kinds/death_notice.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/archive.h"
#include "runtime/platform/docker/exec_end.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

// All that is said of a service's end has come by then.
constexpr Milliseconds kWordOfItsDeath = DeathNotice::patience + Milliseconds(1000);
constexpr Milliseconds kBetweenLooks(50);

class WorkloadInside final : public Workload {
 public:
  WorkloadInside(Containers& containers, docker::Engine& engine, const execute::StepRequest& request,
                 NodeId service, ProcessSettings settings, bool wants_outputs)
      : world_(containers.world()),
        engine_(engine),
        node_(request.node),
        service_(service),
        is_repeated_(request.incarnation > 1 || world_.place.up),
        wants_outputs_(wants_outputs),
        settings_(std::move(settings)),
        mark_(fmt::format("{}{}.{}.{}/", mark_of_node(), world_.place.run, request.incarnation,
                          request.attempt)) {}

  Result<Done> create(execute::StepContext& context) override {
    container_ = id_of(context, service_);
    if (container_.empty())
      return Failure{
          .message = fmt::format("`{}` does not run: `{}` cannot run in it", its_service(), path()),
          .causes = {},
          .help = {}};
    const auto there = docker::inspect_container(engine_, container_, context.stop());
    if (!there) return there.failure();
    if (!*there || !(*there)->running) return service_has_ended(context);
    folder_ = inside((*there)->working_dir.empty() ? "/" : (*there)->working_dir);
    if (settings_.working_dir) folder_ = inside(*settings_.working_dir);
    context.publish("id", Value{container_});
    context.publish("container", Value{(*there)->name});
    // A cairn that was killed has left it at work.
    if (is_repeated_) {
      const Result<int> ended = docker::end_forgotten_execs(engine_, marked(mark_of_node()), context.stop());
      if (!ended)
        return Failure(ended.failure()).within(fmt::format("cannot look for an earlier `{}`", path()));
      if (*ended > 0) context.note("an earlier one, whose cairn was killed, was still at work: it was ended");
    }
    return place_files(context);
  }

  Result<Done> start(execute::StepContext& context, const std::string&) override {
    docker::ExecSpec spec{.command = words(), .working_dir = folder_};
    Result<std::map<std::string, Text>> env = environment_of(settings_);
    if (!env) return env.failure();
    spec.env = std::move(*env);
    spec.env.insert_or_assign(docker::exec_mark, Text(mark_));
    if (wants_outputs_) spec.env.insert_or_assign("CAIRN_OUTPUT", Text(outputs_file()));
    if (settings_.user) spec.user = settings_.user->exposed();
    Result<std::optional<Text>> input = input_of(world_.file_source(node_, settings_.stdin_from));
    if (!input) return input.failure();
    spec.input = std::move(*input);
    may_run_ = true;
    Result<std::unique_ptr<docker::RunningExec>> begun = announced(
        context, making(EffectClass::found, "run in", engine_.endpoint().shown, "process", mark_),
        [&] { return docker::RunningExec::start(engine_, container_, spec, context.stop()); },
        [&](const auto&) { return container_; });
    if (begun) {
      exec_ = std::move(*begun);
      return Done{};
    }
    return cut_off(begun.failure(), context);
  }

  Result<WorkloadEnd> wait(execute::StepContext& context) override {
    const Result<int> code = exec_->finish(
        [&](const docker::OutputPiece& piece) {
          const bool out = piece.from == docker::Output::standard;
          context.write(out ? scribe::Stream::out : scribe::Stream::err, piece.bytes);
          if (out) output_.append(piece.bytes, 0, kept_output - std::min(kept_output, output_.size()));
        },
        context.stop());
    if (!code) return cut_off(code.failure(), context);
    exec_.reset();
    may_run_ = false;
    if (*code == 128 + SIGKILL && its_end_is_the_services(context)) return service_has_ended(context);
    remove_files(context);
    return WorkloadEnd{*code, fmt::format("exited {}", *code), output_};
  }

  // Only `run`s are inside of a service: nobody counts on one to live on.
  void watch(std::shared_ptr<execute::DeathWatch>) override {}

  Result<Done> stop(execute::StepContext& context) override {
    if (!may_run_) return Done{};
    docker::StopOrder order;
    if (settings_.stop_signal) order.signal = *settings_.stop_signal;
    order.grace = Milliseconds(settings_.stop_grace_period.milliseconds);
    order.hurry = context.hurry();
    const auto ended = [&](std::stop_token hurry, Instant deadline) {
      if (exec_ == nullptr) return true;
      const Result<int> code = exec_->finish(
          [&](const docker::OutputPiece& piece) {
            context.write(piece.from == docker::Output::standard ? scribe::Stream::out : scribe::Stream::err,
                          piece.bytes);
          },
          hurry, deadline);
      return code ||
             (code.failure().is != FailureClass::timeout && code.failure().is != FailureClass::cancelled);
    };
    if (Result<> gone = docker::end_exec(engine_, marked(mark_), order, ended); !gone) {
      Failure why =
          std::move(gone.failure()).within(fmt::format("`{}` goes on in `{}`", path(), its_service()));
      why.help = fmt::format("it ends with `{}`; an image with `sh` lets it be ended before", its_service());
      return why;
    }
    may_run_ = false;
    return Done{};
  }

  Result<Done> remove(execute::StepContext& context) override {
    remove_files(context);
    return Done{};
  }
  bool leaves_something() const override { return !placed_.empty(); }

  std::unique_ptr<reach::ProbeTarget> target() override { return world_.workloads.find(service_)->target(); }

  Result<std::vector<Fetched>> fetch(const std::string& pattern, const std::string& folder,
                                     execute::StepContext& context) override {
    return fetch_from(engine_, container_, inside(pattern), folder, context);
  }

  Result<std::string> written_outputs(execute::StepContext& context) override {
    // What lies in memory (`tmpfs`) is seen from inside only.
    std::string text;
    const Result<int> read = docker::run_exec(
        engine_, container_, {.command = {"cat", outputs_file()}, .user = user()},
        [&](const docker::OutputPiece& piece) {
          if (piece.from == docker::Output::standard) text += piece.bytes;
        },
        context.stop());
    if (!read && !read.failure().nothing_done) return read.failure();
    if (read && *read == 0) {
      (void)docker::run_exec(engine_, container_, {.command = {"rm", "-f", outputs_file()}, .user = user()},
                             {}, context.stop());
      return text;
    }
    Result<std::vector<Fetched>> file = fetch(outputs_file(), world_.scratch(node_, "steps"), context);
    if (!file) return file.failure();
    if (file->empty()) return std::string();
    std::ifstream in(file->front().path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

 private:
  const std::string& path() const { return world_.graph.node(node_).path; }
  const std::string& its_service() const { return world_.graph.node(service_).path; }
  std::string user() const { return settings_.user ? settings_.user->exposed() : std::string(); }
  std::string inside(const std::string& place) const {
    return (fs::path(folder_) / place).lexically_normal().string();
  }
  // The same for every run of the project: one that was forgotten by another cairn is found by it.
  std::string mark_of_node() const { return fmt::format("{}/{}/", world_.place.project, path()); }
  docker::MarkedExec marked(const std::string& mark) const { return {container_, user(), mark}; }
  std::string outputs_file() const {
    Hash hash;
    hash.add(mark_);
    return "/tmp/.cairn-outputs-" + hash.text();
  }

  std::vector<std::string> words() const {
    if (settings_.script) return {settings_.shell, "-e", "-c", *settings_.script};
    std::vector<std::string> all = settings_.entrypoint.value_or(std::vector<std::string>());
    if (settings_.command) all.insert(all.end(), settings_.command->begin(), settings_.command->end());
    return all;
  }

  // Of a program that did not end by itself, or of which nobody knows whether it did.
  Failure cut_off(const Failure& first, execute::StepContext& context) {
    Failure why = first;
    if (why.nothing_done) {
      may_run_ = false;
      const auto there = docker::inspect_container(engine_, container_, {});
      if (there && (!*there || !(*there)->running)) return service_has_ended(context);
      why.message = fmt::format("cannot run `{}` in `{}`", words().front(), its_service());
    }
    if (may_run_)
      if (Result<Done> stopped = stop(context); !stopped) {
        why.causes.push_back(stopped.failure().message);
        context.note(stopped.failure().message);
      }
    remove_files(context);
    return why;
  }

  // Who dies with a container is killed; the engine says a moment later that the container has ended.
  bool its_end_is_the_services(execute::StepContext& context) {
    const Instant sure = world_.clock.now() + kWordOfItsDeath;
    do {
      const auto there = docker::inspect_container(engine_, container_, context.stop());
      if (there && (!*there || !(*there)->running)) return true;
    } while (world_.clock.now() < sure && world_.clock.sleep_for(kBetweenLooks, context.stop()));
    return context.stop().stop_requested();
  }

  // Who watches the service tells all who use it, and how it ended; that is said of this step, too.
  Failure service_has_ended(execute::StepContext& context) {
    may_run_ = false;
    placed_.clear();
    (void)world_.clock.sleep_for(kWordOfItsDeath, context.stop());
    return Failure{.message = fmt::format("`{}` has ended, and `{}` with it", its_service(), path()),
                   .causes = {},
                   .help = fmt::format("`cairn logs {}` shows what it said", its_service())};
  }

  // What was placed and has to go again; kept beside the run, so that one that goes on knows its own.
  std::string record_of_files() const { return world_.scratch_file(node_, "steps") + ".placed"; }

  Result<Done> place_files(execute::StepContext& context) {
    if (settings_.files.empty()) return Done{};
    std::set<std::string> ours;
    std::ifstream earlier(record_of_files());
    for (std::string line; std::getline(earlier, line);) ours.insert(line);
    Named<Value> files;
    for (const auto& [name, value] : settings_.files) {
      const std::string where = inside(name);
      const auto there = docker::stat_path(engine_, container_, where, context.stop());
      if (!there) return there.failure();
      if (*there && !ours.contains(where))
        return Failure{
            .message = fmt::format("there is something at `{}` in `{}` already", where, its_service()),
            .causes = {"`files` overwrites nothing of a service that runs"},
            .help = "name another place, or remove it"};
      files.emplace_back(where, value);
    }
    std::ofstream record(record_of_files(), std::ios::trunc);
    for (const auto& [where, value] : files) record << where << '\n';
    if (!record.flush())
      return Failure{
          .message = fmt::format("cannot write `{}`", record_of_files()), .causes = {}, .help = {}};
    for (const auto& [where, value] : files) placed_.push_back(where);
    return put_files_of(world_, node_, files, engine_, container_, context);
  }

  // No call of an engine removes a file. Without `rm` in the image what was a secret is made empty.
  void remove_files(execute::StepContext& context) {
    if (placed_.empty()) return;
    std::vector<std::string> remove = {"rm", "-rf", "--"};
    remove.insert(remove.end(), placed_.begin(), placed_.end());
    const Result<int> gone =
        docker::run_exec(engine_, container_, {.command = remove, .user = "0", .working_dir = "/"}, {}, {});
    if (!gone || *gone != 0) {
      std::vector<docker::FileToPut> empty;
      for (const auto& [name, value] : settings_.files)
        if (world_.file_source(node_, value).as<Path>() == nullptr) empty.push_back({.path = inside(name)});
      const auto there = docker::inspect_container(engine_, container_, {});
      if (there && *there && !docker::put_files(engine_, container_, empty, {}))
        context.note(fmt::format("its `files` could not be removed from `{}`", its_service()));
      else if (there && *there)
        context.note(
            fmt::format("its `files` stay in `{}`, texts made empty: there is no `rm`", its_service()));
    }
    placed_.clear();
    std::error_code error;
    fs::remove(record_of_files(), error);
  }

  World& world_;
  docker::Engine& engine_;
  const NodeId node_, service_;
  const bool is_repeated_;  // one of another cairn may have gone before
  const bool wants_outputs_;
  const ProcessSettings settings_;
  const std::string mark_;
  std::string container_;  // its id
  std::string folder_;     // where it starts, absolute in the container
  std::vector<std::string> placed_;
  std::unique_ptr<docker::RunningExec> exec_;
  bool may_run_ = false;
  std::string output_;
};

}  // namespace

Result<std::shared_ptr<Workload>> make_workload_inside(Containers& containers,
                                                       const execute::StepRequest& request, NodeId service,
                                                       ProcessSettings settings,
                                                       const std::vector<Setting>& all) {
  Result<docker::Engine*> engine = containers.engine_of(service);
  if (!engine) return engine.failure();
  bool wants_outputs = false;
  for (const Setting& setting : all)
    if (setting.name == "outputs") wants_outputs = setting.written;
  return std::shared_ptr<Workload>(std::make_shared<WorkloadInside>(containers, **engine, request, service,
                                                                    std::move(settings), wants_outputs));
}

}  // namespace cairn::kinds
