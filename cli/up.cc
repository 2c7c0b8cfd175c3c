// `up` and `restart`.
#include <fmt/format.h>

#include <algorithm>

#include "cli/brief_keeper.h"
#include "cli/duration_option.h"
#include "cli/live_services.h"
#include "cli/planned.h"
#include "cli/saved_plan.h"
#include "cli/session.h"
#include "cli/session_options.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"

namespace cairn::cli {
namespace {

struct UpCommand {
  Wanted wanted;
  SessionOptions session;
  std::string plan;
  bool dry_run = false;
};

void up(const UpCommand& command, Invocation& invocation) {
  Planned planned;
  planned.wanted = command.wanted;
  planned.wanted.up = true;
  if (!command.plan.empty() && !command.wanted.names.empty())
    return complain(invocation, wrong_input, "a plan says itself what is to be brought up",
                    fmt::format("`cairn up --plan {}`", command.plan));
  if (!command.plan.empty()) {
    if (!load_saved_plan(command.plan, true, planned, invocation)) return;
  } else {
    planned.program = load_graph(invocation);
    if (planned.program == nullptr || !goal_of(*planned.program, planned.wanted, planned.goal, invocation))
      return;
    const std::vector<Node>& nodes = planned.program->graph().nodes;
    if (planned.wanted.names.empty() && std::none_of(nodes.begin(), nodes.end(), [](const Node& node) {
          return node.node_class == NodeClass::service;
        }))
      return complain(invocation, wrong_input, fmt::format("{} has no service", planned.program->path),
                      "`up` brings services up; `cairn run STAGE` runs a stage");
  }
  SessionOptions session = command.session;
  session.up = true;
  act_or_show(invocation, std::move(planned), std::move(session), command.dry_run);
}

struct RestartCommand {
  std::vector<std::string> services;
  SessionOptions session;
};

// All services within a node.
void add_services_of(const Graph& graph, NodeId id, std::vector<NodeId>& services) {
  if (graph.node(id).node_class == NodeClass::service &&
      std::find(services.begin(), services.end(), id) == services.end())
    services.push_back(id);
  for (const NodeId member : graph.node(id).members) add_services_of(graph, member, services);
}

// Who uses one of them uses what is about to end: language rule 39, it lives until they have ended.
void add_users(const Graph& graph, const std::vector<NodeId>& up, std::vector<NodeId>& services) {
  for (std::size_t i = 0; i < services.size(); ++i)
    for (const Hold& hold : graph.holds) {
      const NodeId user = graph.steps[index(hold.user)].node;
      if (hold.service == services[i] && std::find(up.begin(), up.end(), user) != up.end() &&
          std::find(services.begin(), services.end(), user) == services.end())
        services.push_back(user);
    }
}

void restart(const RestartCommand& command, Invocation& invocation) {
  std::unique_ptr<ProgramFile> program = load_graph(invocation);
  if (program == nullptr) return;
  const Graph& graph = program->graph();
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  std::vector<NodeId> up;
  {
    BriefKeeper keeper;
    http::Reactor http;
    http::ReadOnlyClient reading(http);
    const LiveServices live = live_services(*project, reading, keeper.tunnels());
    for (const std::string& engine : live.unreachable)
      return complain(invocation, endpoint_failed, fmt::format("nobody can say what is up on {}", engine));
    for (const LiveService& service : live.all)
      if (const auto node = graph.by_path.find(service.node);
          service.run == "up" && node != graph.by_path.end())
        up.push_back(node->second);
  }
  std::vector<NodeId> named, services;
  if (!nodes_named(*program, command.services, named, invocation)) return;
  for (std::size_t i = 0; i < named.size(); ++i) {
    std::vector<NodeId> its;
    add_services_of(graph, named[i], its);
    const Node& node = graph.node(named[i]);
    if (its.empty())
      return complain(invocation, wrong_input,
                      fmt::format("`{}` is a `{}`, and `restart` takes services", node.path, node.kind),
                      "`cairn ps` lists what is up");
    for (const NodeId service : its) {
      if (std::find(up.begin(), up.end(), service) == up.end())
        return complain(invocation, wrong_input, fmt::format("`{}` is not up", graph.node(service).path),
                        fmt::format("`cairn up {}` brings it up", command.services[i]));
      services.push_back(service);
    }
  }
  if (named.empty()) services = up;
  if (services.empty())
    return complain(invocation, wrong_input, "nothing is up", "`cairn up` brings the services up");
  add_users(graph, up, services);
  SessionOptions session = command.session;
  session.goal = plan::UpGoal{services, {}};
  session.goal_text = fmt::format("up {}", fmt::join(command.services, " "));
  if (command.services.empty()) session.goal_text = "up";
  session.up = true;
  for (auto step = graph.order.rbegin(); step != graph.order.rend(); ++step)
    if (graph.steps[index(*step)].phase == Phase::create &&
        std::find(services.begin(), services.end(), graph.steps[index(*step)].node) != services.end())
      session.restart.push_back(graph.steps[index(*step)].node);
  act(invocation, std::move(program), session);
}

}  // namespace

void add_up(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("up", "bring services up and leave them running");
  const auto options = std::make_shared<UpCommand>();
  add_file_options(*command, invocation);
  command->add_option("services", options->wanted.names, "the services; default: all");
  command->add_option("--profile", options->wanted.profiles, "take part, too: blocks of this profile")
      ->allow_extra_args(false);
  command->add_option("--plan", options->plan,
                      "carry out what `cairn plan --up --out` wrote, if it is still right");
  command->add_flag("-n,--dry-run", options->dry_run, "only say what would be done, and why");
  command->add_flag("--fail-fast", options->session.fail_fast, "the first failure cancels the rest");
  add_duration(*command, "--timeout", options->session.timeout, "how long it may take, such as `5m`");
  command->add_option("-j,--jobs", options->session.jobs, "how many `run` steps at once")
      ->check(CLI::PositiveNumber);
  add_output_option(*command, options->session);
  command->callback([options, &invocation] { up(*options, invocation); });
}

void add_restart(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("restart", "stop services that are up, with their users, and start them again");
  const auto options = std::make_shared<RestartCommand>();
  add_file_options(*command, invocation);
  command->add_option("services", options->services, "the services; default: all that are up");
  add_duration(*command, "--timeout", options->session.timeout, "how long it may take, such as `5m`");
  add_output_option(*command, options->session);
  command->callback([options, &invocation] { restart(*options, invocation); });
}

}  // namespace cairn::cli
