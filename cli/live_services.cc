#include "cli/live_services.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/program_file.h"
#include "grammar/suggest.h"
#include "runtime/keeper/process_facts.h"
#include "runtime/keeper/records.h"
#include "runtime/kinds/kept_services.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view by_up = "up";

// Of this machine: what the keeper has noted and the kernel confirms.
void add_processes(const PastRun& run, std::vector<LiveService>& all) {
  if (!run.disk.alive) return;
  const std::vector<kinds::HostService> services = kinds::host_services(run.disk);
  for (const keeper::RecordedProcess& record :
       keeper::read_records(fmt::format("{}/{}", run.disk.path, keeper::kRecordsName))) {
    if (!record.started || record.exit || record.boot != keeper::boot_id()) continue;
    const std::optional<keeper::ProcessFacts> now = keeper::facts_of(record.started->pid);
    if (!now || !now->running() || now->start_time != record.started->start_time) continue;
    LiveService one;
    one.node = record.step.substr(0, record.step.rfind(':'));
    one.run = run.up ? std::string(by_up) : run.disk.id;
    one.pid = now->pid;
    for (const kinds::HostService& service : services)
      if (service.process == record.number) {
        one.working_dir = service.working_dir;
        one.log_file = service.log_file;
      }
    if (one.working_dir.empty()) {
      std::error_code error;
      one.working_dir = fs::read_symlink(fmt::format("/proc/{}/cwd", one.pid), error).string();
    }
    all.push_back(std::move(one));
  }
}

void add_containers(LiveServices& live, const std::vector<PastRun>& runs) {
  for (const kinds::EngineLook& look : live.looks) {
    if (look.unreachable) {
      live.unreachable.push_back(
          fmt::format("{}: {}", look.engine->endpoint().shown, look.unreachable->message));
      continue;
    }
    for (const plan::Fact& fact : look.ours) {
      if (fact.identity.what != "service") continue;
      const plan::Ours& ours = std::get<plan::Ours>(fact.found);
      const bool runs_now =
          ours.state == plan::ObjectState::running || ours.state == plan::ObjectState::ready;
      const bool of_the_living = std::any_of(runs.begin(), runs.end(), [&](const PastRun& run) {
        return run.disk.id == ours.run && run.disk.alive;
      });
      if (!ours.run.empty() && !of_the_living && !ours.keep) continue;
      LiveService one;
      one.node = ours.node;
      one.run = ours.run.empty() ? std::string(by_up) : ours.run;
      one.container = ours.id;
      one.engine = look.engine.get();
      one.running = runs_now;
      live.all.push_back(std::move(one));
    }
  }
}

bool is_of(const LiveService& service, const std::string& run) {
  return run.empty() || service.run == run || short_run_id(service.run) == run;
}

std::string where(const LiveService& service) {
  return service.run == by_up ? std::string("of `up`") : fmt::format("of run {}", service.run);
}

// What the project's file knows of a name; nothing when there is no file, or none that can be read.
std::optional<std::string> help_by_the_file(const std::string& name, const Invocation& invocation) {
  std::error_code error;
  if (!invocation.file.empty() && !fs::is_regular_file(invocation.file, error)) return std::nullopt;
  if (invocation.file.empty()) {
    int files = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(".", error))
      files += entry.path().extension() == ".stack" && entry.is_regular_file(error);
    if (files != 1) return std::nullopt;
  }
  Invocation quiet = invocation;
  const std::unique_ptr<ProgramFile> program = load_program(quiet, true);
  if (program == nullptr || !program->compiled.graph) return std::nullopt;
  const Graph& graph = program->graph();
  const std::vector<NodeId> found = graph.find(name);
  if (found.empty()) {
    std::vector<std::string> names;
    for (const Node& node : graph.nodes)
      if (node.node_class == NodeClass::service) names.push_back(node.path);
    const std::optional<std::string> near = suggest(name, names);
    return near ? fmt::format("did you mean `{}`? It is not up: `cairn up {}` brings it up", *near, *near)
                : fmt::format("{} has no block of that name; `cairn ps` lists what runs", program->path);
  }
  const Node& node = graph.node(found.front());
  if (node.kind == "stage")
    return fmt::format("`{}` is a stage: name one of its services, while `cairn run {}` runs", name, name);
  if (node.node_class == NodeClass::service || node.node_class == NodeClass::group)
    return node.stage == no_node
               ? fmt::format("`cairn up {}` brings it up", name)
               : fmt::format("it runs while `cairn run {}` does; `cairn up {}` brings it up to stay",
                             graph.node(node.stage).path, name);
  return fmt::format("`{}` is a `{}`: only what runs can be reached", node.path, node.kind);
}

}  // namespace

LiveServices live_services(const ProjectPlace& project, http::HttpClient& http, reach::Tunnels& tunnels) {
  LiveServices live;
  const std::vector<PastRun> runs = past_runs(project);
  for (const PastRun& run : runs) add_processes(run, live.all);
  live.looks = look_at_engines(http, tunnels, project, runs);
  add_containers(live, runs);
  return live;
}

std::vector<const LiveService*> meant_by(const LiveServices& live, const std::string& name,
                                         const std::string& run) {
  std::vector<const LiveService*> exact, suffix, inside;
  for (const LiveService& service : live.all) {
    if (!is_of(service, run)) continue;
    if (service.node == name)
      exact.push_back(&service);
    else if (service.node.ends_with("." + name))
      suffix.push_back(&service);
    else if (("." + service.node).find("." + name + ".") != std::string::npos ||
             ("." + service.node).find("." + name + "[") != std::string::npos)
      inside.push_back(&service);
  }
  return !exact.empty() ? exact : !suffix.empty() ? suffix : inside;
}

const LiveService* only_one(const LiveServices& live, const std::string& name, const std::string& run,
                            Invocation& invocation) {
  std::vector<const LiveService*> found = meant_by(live, name, run);
  const auto running = [](const LiveService* one) { return one->running; };
  const bool ended = !found.empty() && std::none_of(found.begin(), found.end(), running);
  std::erase_if(found, [](const LiveService* one) { return !one->running; });
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    std::vector<std::string> which;
    for (const LiveService* one : found) which.push_back(fmt::format("`{}` {}", one->node, where(*one)));
    const bool same_name = std::all_of(
        found.begin(), found.end(), [&](const LiveService* one) { return one->node == found.front()->node; });
    complain(invocation, wrong_input,
             fmt::format("`{}` is not one but {}: {}", name, found.size(), fmt::join(which, ", ")),
             same_name ? fmt::format("say which: `--run {}`", found.back()->run)
                       : fmt::format("say which: `{}`", found.front()->node));
    return nullptr;
  }
  if (ended) {
    complain(invocation, wrong_input, fmt::format("`{}` has ended", name),
             fmt::format("`cairn logs {}` shows what it said; `cairn up {}` starts it again", name, name));
    return nullptr;
  }
  std::vector<std::string> names;
  for (const LiveService& service : live.all)
    if (service.running && is_of(service, run)) names.push_back(service.node);
  const std::optional<std::string> near = suggest(name, names);
  std::string help;
  if (near)
    help = fmt::format("did you mean `{}`?", *near);
  else if (const std::optional<std::string> by_file = help_by_the_file(name, invocation))
    help = *by_file;
  else
    help = "`cairn ps` lists what runs";
  complain(invocation, live.unreachable.empty() ? wrong_input : endpoint_failed,
           live.unreachable.empty()
               ? fmt::format("`{}` is not running{}", name,
                             run.empty() ? std::string() : fmt::format(" in {}", run == by_up ? "`up`" : run))
               : fmt::format("nobody can say whether `{}` runs: {}", name, fmt::join(live.unreachable, "; ")),
           help);
  return nullptr;
}

}  // namespace cairn::cli
