// What a `run` in a running service cannot have: the container is there, and is the service's.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "interpreter/lower/demands.h"

namespace cairn {
namespace {

constexpr const char* kInsideCode = "S0414";

// Of the process, and so its own; an `image` is told as a second place.
constexpr std::array<std::string_view, 14> of_the_process = {
    "command", "entrypoint", "env",         "env_file",          "working_dir", "user", "files",
    "links",   "like",       "stop_signal", "stop_grace_period", "changes",     "in",   "image"};

// A container has one image, one engine, one platform: there is nothing to give to the service instead.
bool is_settled_by_the_service(std::string_view setting) {
  return setting == "engine" || setting == "platform" || setting == "pull_policy" || setting == "tty" ||
         setting == "stdin_open" || setting == "post_start" || setting == "pre_stop" ||
         setting == "restart" || setting == "replicas" || setting == "healthcheck";
}

bool gives_nothing(const Value& value) {
  const List* list = value.as<List>();
  const Map* map = value.as<Map>();
  const bool* flag = value.as<bool>();
  return value.null() || (list != nullptr && list->empty()) || (map != nullptr && map->entries.empty()) ||
         (flag != nullptr && !*flag);
}

class InsideService {
 public:
  InsideService(Evaluator& evaluator, NodeId id, const Graph& graph)
      : evaluator_(evaluator), id_(id), node_(graph.node(id)) {}

  void check(const Node& service) {
    if (service.value("image").null()) {
      // What gives it no place is told where it stands.
      if (service.value("in").null()) return;
      wrong("in", fmt::format("`{}` cannot run in `{}`", node_.path, service.path),
            fmt::format("`{}` is a process, not a container", service.network_name))
          .help("`in = \"host\"` runs it beside that, on this machine");
      return;
    }
    const KindDecl* run = evaluator_.program.vocabulary.kind("run");
    const KindDecl* container = evaluator_.program.vocabulary.kind("service");
    for (const ParamDecl& declared : run->params)
      if (container->param(declared.name) != nullptr && is_of_the_container(declared.name))
        refuse(declared.name, service);
    check_command(service);
  }

 private:
  Diagnostic& wrong(std::string_view setting, std::string message, std::string label) {
    const Setting* its = node_.setting(setting);
    return evaluator_.program.diagnostics.error(kInsideCode, its == nullptr ? node_.span : its->span,
                                                std::move(message), std::move(label));
  }

  // What all nodes have is about the step.
  bool is_of_the_container(std::string_view setting) const {
    const KindDecl* step = evaluator_.program.vocabulary.kind("check");
    return step->param(setting) == nullptr && setting != "logs_on_failure" &&
           std::find(of_the_process.begin(), of_the_process.end(), setting) == of_the_process.end();
  }

  // What `like` takes over from a block with a container of its own is not meant here.
  bool is_taken_over(std::string_view setting) {
    const NodeRef* like = node_.value("like").as<NodeRef>();
    const Written* own = evaluator_.written_setting(id_, setting);
    if (like == nullptr || own == nullptr) return false;
    NodeId other = like->node;
    while (evaluator_.state(other).stands_for != no_node) other = evaluator_.state(other).stands_for;
    const Written* theirs = evaluator_.written_setting(other, setting);
    return theirs != nullptr && theirs->value == own->value;
  }

  void refuse(const std::string& name, const Node& service) {
    const Setting* setting = node_.setting(name);
    if (setting == nullptr || !setting->written || gives_nothing(setting->value) || is_taken_over(name))
      return;
    Diagnostic& error =
        wrong(name, fmt::format("`{}` runs in `{}` and takes no `{}`", node_.path, service.path, name),
              "belongs to a container, and that is there already");
    if (name == "mounts")
      error.help(fmt::format("give it to `{}`, or hand files over with `files`", service.path));
    else if (is_settled_by_the_service(name))
      error.help("leave it out");
    else
      error.help(fmt::format("give it to `{}`, or leave it out", service.path));
  }

  void check_command(const Node& service) {
    for (const std::string_view setting : {"command", "entrypoint", "script"})
      if (!node_.value(setting).null() || evaluator_.written_setting(id_, setting) != nullptr) return;
    wrong("in", fmt::format("`{}` has nothing to run", node_.path),
          fmt::format("`{}` runs its image's own command already", service.network_name))
        .help("add `command = [\"…\"]` or `script = \"…\"`");
  }

  Evaluator& evaluator_;
  const NodeId id_;
  const Node& node_;
};

}  // namespace

void check_inside_service(Evaluator& evaluator, NodeId id, const Graph& graph) {
  const Node& node = graph.node(id);
  const NodeRef* in = node.value("in").as<NodeRef>();
  if (node.kind != "run" || in == nullptr || graph.node(in->node).kind != "service") return;
  InsideService(evaluator, id, graph).check(graph.node(in->node));
}

}  // namespace cairn
