#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <fstream>

#include "runtime/execute/companion.h"
#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/container/files.h"
#include "runtime/kinds/container/hooks.h"
#include "runtime/kinds/container/input.h"
#include "runtime/kinds/container/log.h"
#include "runtime/kinds/container/networks.h"
#include "runtime/kinds/container/place.h"
#include "runtime/kinds/container/ports.h"
#include "runtime/kinds/container/spec.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/death_notice.h"
#include "runtime/kinds/deploy.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/images.h"
#include "runtime/reach/docker_target.h"

namespace cairn::kinds {
namespace {

class ContainerWorkload final : public Workload {
 public:
  ContainerWorkload(Containers& containers, docker::Engine& engine, NodeId node, int attempt,
                    ProcessSettings settings, bool wants_outputs)
      : containers_(containers),
        world_(containers.world()),
        engine_(engine),
        node_(node),
        attempt_(attempt),
        settings_(std::move(settings)),
        wants_outputs_(wants_outputs),
        networks_(containers, engine, node),
        log_(world_, engine),
        input_(world_.threads, world_.clock),
        watcher_(world_.threads, world_.clock) {}
  ~ContainerWorkload() override { log_.stop(); }

  // As it was when the run began: one call for all of them.
  Result<Done> adopt(const std::string& id, execute::StepContext& context) override {
    const std::shared_ptr<const docker::ContainerSummary> seen = world_.seen_containers.find(id);
    if (seen == nullptr)
      return Failure{
          .message = fmt::format("the container of `{}` has gone meanwhile", world_.graph.node(node_).path),
          .causes = {},
          .help = "repeat the command"};
    id_ = seen->id;
    image_ = seen->image_id;
    running_ = seen->status == "running";
    std::optional<docker::HealthcheckSpec> own;
    if (!settings_.healthcheck.empty()) own = healthcheck_of(settings_.healthcheck);
    if (Result<Done> looked = look_at_image(own, context); !looked) return looked;
    context.publish("id", Value{id_});
    context.publish("container", Value{seen->name});
    world_.addresses.set(node_, place_of(containers_, engine_, id_, *seen, context.stop()));
    return networks_.keep(settings_, context);
  }

  Result<Done> look_after(execute::StepContext& context, const std::string& log_step) override {
    Result<docker::ExitWait> armed =
        docker::ExitWait::arm(engine_, id_, docker::ExitWait::For::not_running, context.stop());
    if (!armed) return armed.failure();
    wait_.emplace(std::move(*armed));
    return follow(log_step);
  }

  Result<Done> create(execute::StepContext& context) override {
    const std::string pull = settings_.pull_policy.empty() ? "missing" : settings_.pull_policy;
    Result<std::string> image = containers_.image_for(engine_, node_, settings_.image, pull, context,
                                                      settings_.platform.value_or(""));
    if (!image) return image.failure();
    image_ = *image;
    Result<docker::ContainerSpec> spec =
        container_spec(world_, node_, settings_, engine_.endpoint(), context);
    if (!spec) return spec.failure();
    spec->identity = containers_.identity(node_, containers_.object_name(node_), attempt_);
    spec->image = image_;
    if (!settings_.pre_stop.empty()) spec->labels[pre_stop_label] = pre_stop_in_label(settings_.pre_stop);
    if (!settings_.stdin_from.null()) spec->stdin_open = spec->stdin_once = true;
    if (wants_outputs_) spec->env["CAIRN_OUTPUT"] = Text(std::string(kOutputsPath));
    if (Result<Done> joined = networks_.join(*spec, settings_, context); !joined) return joined;
    if (Result<Done> looked = look_at_image(spec->healthcheck, context); !looked) return looked;
    name_ = spec->identity.name;
    Result<docker::CreatedContainer> made = announced(
        context,
        making(EffectClass::found, "create container", engine_.endpoint().shown, "service",
               spec->identity.name),
        [&] { return docker::create_container(engine_, *spec, context.stop()); },
        [](const docker::CreatedContainer& its) { return its.id; });
    if (!made) return made.failure();  // remove() looks what came of it
    id_ = made->id;
    for (const std::string& warning : made->warnings) context.note(warning);
    context.publish("id", Value{id_});
    context.publish("container", Value{spec->identity.name});
    return put_files_of(world_, node_, settings_.files, engine_, id_, context);
  }

  Result<Done> start(execute::StepContext& context, const std::string& log_step) override {
    // Armed before the start: no exit is missed.
    Result<docker::ExitWait> armed =
        docker::ExitWait::arm(engine_, id_, docker::ExitWait::For::next_exit, context.stop());
    if (!armed) return armed.failure();
    wait_.emplace(std::move(*armed));
    Result<std::optional<Text>> input = input_of(world_.file_source(node_, settings_.stdin_from));
    if (!input) return input.failure();
    if (*input)
      if (Result<Done> given = input_.hand_over(engine_, id_, **input, context.stop()); !given) return given;
    if (Result<> started = docker::start_container(engine_, id_, context.stop()); !started) {
      Failure why = started.failure();
      why.message = fmt::format("could not start the container of `{}`", world_.graph.node(node_).path);
      return why;
    }
    running_ = true;
    if (Result<Done> followed = follow(log_step); !followed) return followed;
    if (Result<Done> learnt = learn_addresses(context); !learnt) return learnt;
    if (settings_.post_start.empty()) return Done{};
    return announced(
        context,
        making(EffectClass::once, "run post_start", engine_.endpoint().shown, "service",
               containers_.object_name(node_)),
        [&] { return run_inside("post_start", settings_.post_start, context); },
        [&](const Done&) { return id_; });
  }

  Result<WorkloadEnd> wait(execute::StepContext& context) override {
    Result<int> code = exit_code(context.stop());
    if (!code) {
      Failure why = code.failure();
      if (Result<Done> stopped = stop(context); !stopped) why.causes.push_back(stopped.failure().message);
      return why;
    }
    running_ = false;
    input_.end();
    finish_log(context, context.stop());
    return WorkloadEnd{*code, how_it_ended(*code, context.stop()), log_.output()};
  }

  void watch(std::shared_ptr<execute::DeathWatch> watch) override {
    const bool begun = watcher_.start([this, watch](std::stop_token stop) {
      Result<int> code = exit_code(stop);
      // While nobody can say how it is, it is not known to have ended; an engine that says nothing for a
      // minute is told of by those who need it.
      for (int tries = 0; !code && tries < 60; ++tries) {
        if (!world_.clock.sleep_for(std::chrono::seconds(1), stop)) return;
        code = exit_code(stop);
      }
      if (!code) return;
      running_ = false;
      std::string how = how_it_ended(*code, stop);
      (void)log_.finish(world_.clock.now() + DeathNotice::patience, stop);
      watch->died({std::move(how), *code, {}});
    });
    if (!begun) watch->died({"cannot be watched: the system gives no more threads", {}, {}});
  }

  Result<Done> stop(execute::StepContext& context) override {
    end_watching();
    if (id_.empty()) return Done{};
    if (running_)
      if (Result<Done> drained = run_inside("pre_stop", settings_.pre_stop, context); !drained)
        context.note(drained.failure().message);
    docker::StopOrder order;
    if (settings_.stop_signal)
      order.signal = *settings_.stop_signal;
    else
      order.signal = image_stop_signal_.empty() ? "SIGTERM" : image_stop_signal_;
    order.grace = Milliseconds(settings_.stop_grace_period.milliseconds);
    order.hurry = context.hurry();
    const Result<int> code = docker::stop_container(engine_, id_, order, {});
    running_ = false;
    if (code) {
      finish_log(context, context.hurry());
      return Done{};
    }
    log_.stop();  // what could not be stopped may go on writing
    // One that could not be started has no end that could be learnt.
    const auto facts = docker::inspect_container(engine_, id_, {});
    if (facts && (!*facts || !(*facts)->running)) return Done{};
    return code.failure();
  }

  Result<Done> remove(execute::StepContext&) override {
    end_watching();
    log_.stop();
    if (id_.empty() && !name_.empty())
      if (Result<Done> found = find_what_was_made(); !found) return found;
    Result<Done> removed = Done{};
    if (!id_.empty()) removed = docker::remove_container(engine_, id_, {});
    if (removed) {
      id_.clear();
      name_.clear();
    }
    const Result<Done> left = networks_.leave();
    return removed ? left : removed;
  }

  std::unique_ptr<reach::ProbeTarget> target() override {
    return std::make_unique<reach::DockerTarget>(
        reach::ContainerPlace{world_.graph.node(node_).path, id_,
                              [this](const std::string& text) { return world_.masker.masked(text); }},
        engine_, containers_.local_networks(),
        [this](const std::string& network, const reach::Attempt& attempt) {
          return containers_.agent_on(engine_, network, attempt);
        });
  }

  std::vector<Value> own_probes() override {
    auto probe = [](const char* function, Map arguments) {
      arguments.set("within", Value{Duration{180'000}});
      return Value{Made{function, std::move(arguments)}};
    };
    if (has_healthcheck_) return {probe("healthy", {})};
    std::vector<Value> probes;
    std::vector<std::int64_t> ports = settings_.expose;
    for (const std::string& exposed : image_exposed_)
      if (exposed.ends_with("/tcp"))
        if (const std::optional<std::uint16_t> port =
                port_in(std::string_view(exposed).substr(0, exposed.size() - 4)))
          ports.push_back(*port);
    for (std::int64_t port : ports) {
      Map arguments;
      arguments.set("port", Value{port});
      probes.push_back(probe("tcp", std::move(arguments)));
    }
    return probes;
  }

  Result<std::vector<Fetched>> fetch(const std::string& pattern, const std::string& folder,
                                     execute::StepContext& context) override {
    return fetch_from(engine_, id_, pattern, folder, context);
  }

  Result<std::string> written_outputs(execute::StepContext& context) override {
    Result<std::vector<Fetched>> file =
        fetch(std::string(kOutputsPath), world_.scratch(node_, "steps"), context);
    if (!file) return file.failure();
    if (file->empty()) return std::string();
    std::ifstream in(file->front().path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

 private:
  // What the image says about readiness and stopping; a healthcheck of the file goes before the image's.
  Result<Done> look_at_image(const std::optional<docker::HealthcheckSpec>& own,
                             execute::StepContext& context) {
    const Result<std::optional<docker::ImageFacts>> facts =
        containers_.facts_of_image(engine_, image_, context.stop());
    if (!facts) return facts.failure();
    if (*facts) {
      image_exposed_ = (*facts)->exposed;
      image_stop_signal_ = (*facts)->stop_signal;
      has_healthcheck_ = (*facts)->has_healthcheck;
    }
    if (own) has_healthcheck_ = !own->disabled && !own->test.empty();
    return Done{};
  }

  // The answer to its creation was lost, or an error: there may be one all the same.
  Result<Done> find_what_was_made() {
    const Result<std::optional<docker::ContainerFacts>> there = docker::inspect_container(engine_, name_, {});
    if (!there) return there.failure();
    if (!*there ||
        docker::owner_of((*there)->labels, (*there)->name, world_.place.project) != docker::Owner::ours)
      return Done{};
    const std::string run = world_.place.up ? std::string() : world_.place.run;
    if (docker::identity_in((*there)->labels).run == run) id_ = (*there)->id;
    return Done{};
  }

  Result<Done> run_inside(std::string_view setting, const std::vector<Value>& commands,
                          execute::StepContext& context) {
    return run_hooks(
        engine_, id_, world_.graph.node(node_).path, setting,
        As<std::vector<std::vector<std::string>>>::take(Value{List(commands)}),
        [&](const docker::OutputPiece& piece) { context.write(scribe::Stream::out, piece.bytes); },
        context.stop());
  }

  Result<Done> learn_addresses(execute::StepContext& context) {
    const Result<std::optional<docker::ContainerFacts>> facts =
        docker::inspect_container(engine_, id_, context.stop());
    if (!facts) return facts.failure();
    if (!*facts) return Failure{.message = "the container is gone", .causes = {}, .help = {}};
    world_.addresses.set(node_, place_of(containers_, engine_, id_, **facts, context.stop()));
    return Done{};
  }

  // When the answer to the wait breaks off, another one says the same: how it ended does not change any more.
  Result<int> exit_code(std::stop_token stop) {
    Result<int> code = wait_->finish(stop);
    if (code || stop.stop_requested() || code.failure().is != FailureClass::endpoint) return code;
    Result<docker::ExitWait> again =
        docker::ExitWait::arm(engine_, id_, docker::ExitWait::For::not_running, stop);
    if (!again) return code;
    wait_.emplace(std::move(*again));
    return wait_->finish(stop);
  }
  Result<Done> follow(const std::string& log_step) {
    if (log_.start(id_, settings_.tty, log_step)) return Done{};
    return Failure{
        .message = fmt::format("the log of `{}` cannot be followed", world_.graph.node(node_).path),
        .causes = {"the system gives no more threads"},
        .help = "run fewer things at once: `-j`, or raise the limit (`ulimit -u`)"};
  }

  std::string how_it_ended(int code, std::stop_token stop) {
    std::string says = fmt::format("exited {}", code);
    if (code != 128 + SIGKILL) return says;
    const auto facts = docker::inspect_container(engine_, id_, stop);
    return facts && *facts && (*facts)->oom_killed ? says + ", killed for memory" : says;
  }

  void end_watching() {
    watcher_.end();
    input_.end();
  }

  void finish_log(execute::StepContext& context, std::stop_token stop) {
    log_.finish_or_give_up(std::move(stop));
    if (const std::optional<Failure> why = log_.broken_off())
      context.note(fmt::format("the end of its log is missing: {}", why->message));
  }

  Containers& containers_;
  World& world_;
  docker::Engine& engine_;
  const NodeId node_;
  const int attempt_;
  const ProcessSettings settings_;
  const bool wants_outputs_;
  std::string image_, id_;
  std::string name_;  // once it was asked for
  std::vector<std::string> image_exposed_;
  std::string image_stop_signal_;
  bool has_healthcheck_ = false;
  ContainerNetworks networks_;
  std::optional<docker::ExitWait> wait_;
  std::atomic<bool> running_ = false;
  ContainerLog log_;
  ContainerInput input_;
  execute::Companion watcher_;
};

}  // namespace

Result<std::shared_ptr<Workload>> make_container_workload(Containers& containers, NodeId node, int attempt,
                                                          ProcessSettings settings,
                                                          const std::vector<Setting>& all,
                                                          execute::StepContext& context) {
  Result<docker::Engine*> engine = containers.engine_of(node);
  if (!engine) return engine.failure();
  const Result<std::vector<std::string>> for_clusters = apply_deploy(settings);
  if (!for_clusters) return for_clusters.failure();
  for (const std::string& part : *for_clusters)
    context.note(fmt::format("`deploy.{}` is for clusters: one engine has no use for it", part));
  if (settings.replicas != 1)
    return Failure{.message = fmt::format("`{}` asks for {} containers",
                                          containers.world().graph.node(node).path, settings.replicas),
                   .causes = {"this cairn makes one container of each block"},
                   .help = "`for i in range(3) { service … }` makes three, each with a name of its own"};
  if (settings.tty && !settings.stdin_from.null())
    return Failure{.message = fmt::format("`{}` has both `stdin` and `tty`",
                                          containers.world().graph.node(node).path),
                   .causes = {"what a terminal hands over has no end"},
                   .help = "leave out `tty`"};
  bool wants_outputs = false;
  for (const Setting& setting : all)
    if (setting.name == "outputs") wants_outputs = setting.written;
  return std::shared_ptr<Workload>(std::make_shared<ContainerWorkload>(containers, **engine, node, attempt,
                                                                       std::move(settings), wants_outputs));
}

}  // namespace cairn::kinds
