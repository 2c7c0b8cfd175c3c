// Nodes and their settings; what evaluating them looked at becomes dependencies.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "interpreter/declare.h"
#include "interpreter/lower/dependency.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

EdgeReason reason_of(std::string_view setting) {
  if (setting == "after") return EdgeReason::after;
  if (setting == "links") return EdgeReason::link;
  constexpr std::array<std::string_view, 8> used = {"image",    "mounts",   "volumes_from", "from",
                                                    "contexts", "networks", "files",        "of"};
  return std::find(used.begin(), used.end(), setting) == used.end() ? EdgeReason::reference
                                                                    : EdgeReason::mount;
}

// Settings whose nodes are mentioned without being needed.
bool makes_no_edge(std::string_view setting) {
  return setting == "like" || setting == "pool" || setting == "stage";
}

// A default that is nothing, an empty list or an empty map: a block has dozens of them.
bool says_nothing(const Value& value) {
  const List* list = value.as<List>();
  const Map* map = value.as<Map>();
  return value.null() || (list != nullptr && list->empty()) || (map != nullptr && map->entries.empty());
}

void nodes_in(const Value& value, std::vector<NodeId>& found) {
  if (const NodeRef* node = value.as<NodeRef>()) found.push_back(node->node);
  if (const List* list = value.as<List>())
    for (const Value& element : *list) nodes_in(element, found);
  if (const Map* map = value.as<Map>())
    for (const auto& [key, element] : map->entries) nodes_in(element, found);
  if (const Made* made = value.as<Made>())
    for (const auto& [key, element] : made->arguments.entries) nodes_in(element, found);
}

class NodeLowering {
 public:
  NodeLowering(Evaluator& evaluator, Draft& draft) : evaluator_(evaluator), draft_(draft) {}

  void lower(NodeId id) {
    const NodeState& state = evaluator_.state(id);
    Node node;
    node.path = state.path;
    node.network_name = state.span_of->name;
    node.span = state.span_of->span;
    if (const syntax::Block* block = state.span_of->block()) node.span = block->head;
    node.parent = state.group;
    node.stage = state.environment->stage;
    node.scope = state.environment->scope;
    node.members = state.members;
    draft_.graph.nodes.push_back(std::move(node));
    draft_.of.emplace_back();
    Node& made = draft_.graph.nodes.back();
    if (state.declaration == nullptr) {
      made.kind = "for";
      made.node_class = NodeClass::group;
      return;
    }
    if (const UserKind* user = state.declaration->user) {
      made.kind = user->full_name;
      made.node_class = NodeClass::group;
      lower_instance(id, made);
      return;
    }
    const KindDecl* kind = state.declaration->native;
    if (kind == nullptr) return;
    made.kind = kind->name;
    made.node_class = state.declaration->inner != nullptr ? NodeClass::group : kind->node_class;
    if (state.declaration->inner != nullptr) made.stage = no_node;
    if (state.stood_for_by != no_node) name_after_instance(state.stood_for_by, made);
    for (const ParamDecl& declared : kind->params) lower_setting(id, declared);
    draft_.graph.nodes[index(id)].settings.shrink_to_fit();
    read_policy(id);
  }

 private:
  // The block that an instance exports as itself carries the instance's name, where the instance stands.
  void name_after_instance(NodeId instance, Node& made) {
    NodeId outermost = instance;
    while (evaluator_.state(outermost).stood_for_by != no_node)
      outermost = evaluator_.state(outermost).stood_for_by;
    const NodeState& state = evaluator_.state(outermost);
    made.network_name = state.declaration->name;
    if (state.environment->scope != made.scope) made.join_scopes.push_back(made.scope);
    made.scope = state.environment->scope;
  }

  // An instance keeps the settings of all nodes: they are about the whole of it.
  void lower_instance(NodeId id, Node&) {
    const KindDecl* common = evaluator_.program.vocabulary.kind("stage");
    if (common == nullptr) return;
    for (const ParamDecl& declared : common->params)
      if (belongs_to_instance(declared.name)) lower_setting(id, declared);
    for (const std::string_view name : {"timeout", "retry", "allow_failure", "pool"})
      if (common->param(name) == nullptr)
        if (const KindDecl* run = evaluator_.program.vocabulary.kind("run"))
          if (const ParamDecl* declared = run->param(name)) lower_setting(id, *declared);
    read_policy(id);
  }

  void lower_setting(NodeId id, const ParamDecl& declared) {
    Setting setting;
    setting.name = declared.name;
    std::optional<Value> value;
    std::vector<Read> reads = evaluator_.collect(
        [&] { value = evaluator_.setting(id, declared, &setting.span, &setting.written); });
    if (!value) return;
    add_dependencies(id, declared, setting.span, *value, reads);
    if (!setting.written && says_nothing(*value)) return;
    // A process runs in a container: in that of the block that an instance stands for.
    if (declared.name == "in")
      if (const NodeRef* place = value->as<NodeRef>()) {
        NodeId inner = place->node;
        while (evaluator_.state(inner).stands_for != no_node) inner = evaluator_.state(inner).stands_for;
        value = Value{NodeRef{inner}};
      }
    if (value->secret_anywhere())
      check_secret(declared, setting.span);
    else if (declared.known)
      check_known(declared, setting.span, *value);
    setting.value = std::move(*value);
    draft_.graph.nodes[index(id)].settings.push_back(std::move(setting));
  }

  void add_dependencies(NodeId id, const ParamDecl& declared, Span span, const Value& value,
                        std::vector<Read>& reads) {
    Lowering& lowering = draft_.of[index(id)];
    const bool silent = makes_no_edge(declared.name);
    const bool orders_only = declared.name == "after" || declared.name == "links";
    for (Read& read : reads) {
      if (read.waits && !silent && read.exported != "container_name")
        lowering.dependencies.push_back({read.node, reason_of(declared.name), read.exported, declared.name,
                                         read.span, !orders_only, read.own});
      lowering.addresses.push_back(std::move(read));
    }
    if (silent) return;
    std::vector<NodeId> nodes;
    nodes_in(value, nodes);
    for (const NodeId node : nodes)
      lowering.dependencies.push_back({node,
                                       reason_of(declared.name),
                                       {},
                                       declared.name,
                                       span_of_node(id, declared.name, node, span),
                                       !orders_only,
                                       false});
  }

  // The element of a list that names the node, if that is how it was written; else the whole value.
  Span span_of_node(NodeId id, const std::string& setting, NodeId wanted, Span whole) {
    const Written* written = evaluator_.written_setting(id, setting);
    const syntax::ListLiteral* list =
        written == nullptr ? nullptr : std::get_if<syntax::ListLiteral>(&written->value->is);
    if (list == nullptr) return whole;
    for (const syntax::ExprPtr& item : list->items)
      if (const syntax::NameRef* name = std::get_if<syntax::NameRef>(&item->is))
        if (name->name.text == evaluator_.state(wanted).span_of->name) return item->span;
    return whole;
  }

  void check_known(const ParamDecl& declared, Span span, const Value& value) {
    const Late* late = find_late(value);
    if (late == nullptr || late->expression->because.unknown) return;
    const Lateness& because = late->expression->because;
    Diagnostic& wrong = evaluator_.program.diagnostics.error(
        "S0307", span, fmt::format("`{}` is known before the run", declared.name), "not known yet");
    if (because.node == no_node)
      wrong.note(fmt::format("`{}` is known when the run has begun", because.text));
    else
      wrong.note(fmt::format("`{}` is known when `{}` {}", because.text, evaluator_.state(because.node).path,
                             evaluator_.node_is(because.node, "service") ? "is ready" : "has ended"));
  }

  static const Late* find_late(const Value& value) {
    if (const Late* late = value.as<Late>()) return late;
    const auto in = [](const Map& map) -> const Late* {
      for (const auto& [key, element] : map.entries)
        if (const Late* found = find_late(element)) return found;
      return nullptr;
    };
    if (const Map* map = value.as<Map>()) return in(*map);
    if (const Made* made = value.as<Made>()) return in(made->arguments);
    if (const List* list = value.as<List>())
      for (const Value& element : *list)
        if (const Late* found = find_late(element)) return found;
    return nullptr;
  }

  // Rule 30: what is seen by everybody refuses secrets, a command line does unless they are revealed.
  void check_secret(const ParamDecl& declared, Span span) {
    constexpr std::array<std::string_view, 8> seen = {"name",     "labels", "tags",     "aliases",
                                                      "hostname", "args",   "profiles", "ports"};
    constexpr std::array<std::string_view, 4> command = {"command", "entrypoint", "post_start", "pre_stop"};
    if (std::find(command.begin(), command.end(), declared.name) != command.end()) {
      evaluator_.program.diagnostics
          .error("S0306", span,
                 fmt::format("a secret in `{}` can be read by everybody on the machine", declared.name),
                 "holds a secret")
          .help("hand it over in `env` or `files`; `reveal(…)` says that it may be shown");
    } else if (std::find(seen.begin(), seen.end(), declared.name) != seen.end() || declared.known) {
      evaluator_.program.diagnostics
          .error("S0306", span, fmt::format("`{}` cannot hold a secret", declared.name), "would be shown")
          .help("`reveal(…)` says that it may be shown");
    }
  }

  void read_policy(NodeId id) {
    Node& node = draft_.graph.nodes[index(id)];
    Policy& policy = node.policy;
    if (const std::string* when = node.value("when").as<std::string>())
      policy.when = *when == "failure" ? When::failure : *when == "always" ? When::always : When::success;
    const Value& retry = node.value("retry");
    if (const std::int64_t* times = retry.as<std::int64_t>()) policy.retry.times = *times;
    if (const Made* made = retry.as<Made>()) {
      for (const auto& [name, value] : made->arguments.entries) {
        if (const std::int64_t* number = value.as<std::int64_t>()) policy.retry.times = *number;
        if (const Duration* duration = value.as<Duration>())
          (name == "max_delay" ? policy.retry.max_delay : policy.retry.delay) = *duration;
      }
    }
    if (const Duration* timeout = node.value("timeout").as<Duration>()) policy.timeout = *timeout;
    if (const bool* allowed = node.value("allow_failure").as<bool>()) policy.allow_failure = *allowed;
    if (const bool* keep = node.value("keep").as<bool>()) policy.keep = *keep;
    if (const bool* external = node.value("external").as<bool>()) policy.external = *external;
    if (const NodeRef* pool = node.value("pool").as<NodeRef>()) policy.pool = pool->node;
    if (const std::string* description = node.value("description").as<std::string>())
      node.description = *description;
    if (node.description.empty() && evaluator_.state(id).declaration != nullptr)
      node.description = evaluator_.state(id).declaration->statement->doc;
    if (const List* profiles = node.value("profiles").as<List>())
      for (const Value& profile : *profiles)
        if (const std::string* text = profile.as<std::string>()) policy.profiles.push_back(*text);
  }

  Evaluator& evaluator_;
  Draft& draft_;
};

}  // namespace

bool is_how_it_ended(std::string_view exported) {
  return exported == "outcome" || exported == "error" || exported == "seconds";
}

void lower_nodes(Evaluator& evaluator, Draft& draft) {
  evaluator.expand_all();
  if (evaluator.exhausted()) return;
  evaluator.evaluate_lets();
  NodeLowering lowering(evaluator, draft);
  // Evaluating settings can make further nodes: those of used modules, when they are first named.
  for (std::size_t i = 0; i < evaluator.nodes(); ++i) {
    lowering.lower(NodeId{static_cast<std::uint32_t>(i)});
    if (i + 1 == evaluator.nodes()) evaluator.expand_all();
  }
  Graph& graph = draft.graph;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    const NodeId id{static_cast<std::uint32_t>(i)};
    node.members = evaluator.state(id).members;
    graph.by_path.emplace(node.path, id);
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.parent == no_node) continue;
    Node& parent = graph.nodes[index(node.parent)];
    const NodeId id{static_cast<std::uint32_t>(i)};
    if (parent.kind != "for") parent.members.push_back(id);
  }
}

}  // namespace cairn
