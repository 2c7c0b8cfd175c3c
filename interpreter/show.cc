#include "interpreter/show.h"

#include <fmt/format.h>

#include <algorithm>

#include "interpreter/declare.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

void show_region(const Region& region, const std::string& indent, std::string& out);

void show_declaration(const Declaration& declared, const std::string& indent, std::string& out) {
  switch (declared.form) {
    case DeclarationForm::param: {
      const syntax::Param& param = *declared.param();
      out += fmt::format("{}param {}{}\n", indent, declared.name, param.value ? "" : " (required)");
      return;
    }
    case DeclarationForm::let:
      out += fmt::format("{}let {}\n", indent, declared.name);
      return;
    case DeclarationForm::block:
      break;
  }
  std::string kind = kind_text(*declared.block());
  if (declared.user != nullptr)
    kind = declared.user->full_name;
  else if (declared.native == nullptr && declared.inner == nullptr)
    kind += " (unknown)";
  out += fmt::format("{}{} {}{}\n", indent, kind, declared.name, declared.self_exported ? " (self)" : "");
  for (const syntax::Statement& statement : declared.block()->body.statements)
    if (const syntax::Setting* setting = std::get_if<syntax::Setting>(&statement.is))
      out += fmt::format("{}  {} =\n", indent, setting->name.text);
  if (declared.inner != nullptr) show_region(*declared.inner, indent + "  ", out);
}

void show_region(const Region& region, const std::string& indent, std::string& out) {
  for (const Region::Item& item : region.items) {
    if (item.declaration != nullptr) {
      show_declaration(*item.declaration, indent, out);
      continue;
    }
    const Region& control = *item.control;
    if (const syntax::For* each = control.each()) {
      std::string names;
      for (const syntax::Name& name : each->variables) names += (names.empty() ? "" : ", ") + name.text;
      out += fmt::format("{}for {}\n", indent, names);
    } else {
      out += fmt::format("{}{}\n", indent, control.otherwise ? "else" : "if");
    }
    show_region(control, indent + "  ", out);
  }
}

const char* class_name(NodeClass node_class) {
  switch (node_class) {
    case NodeClass::endpoint:
      return "endpoint";
    case NodeClass::thing:
      return "thing";
    case NodeClass::service:
      return "service";
    case NodeClass::task:
      return "task";
    case NodeClass::group:
      return "group";
  }
  return "";
}

// References are shown by path: numbers would say nothing to people.
std::string show_value(const Value& value, const Graph& graph) {
  if (value.secret && !value.late()) return "•••";
  if (const NodeRef* node = value.as<NodeRef>())
    return node->node == no_node ? "<nothing>" : graph.node(node->node).path;
  if (const List* list = value.as<List>()) {
    std::string text;
    for (const Value& element : *list) text += (text.empty() ? "" : ", ") + show_value(element, graph);
    return "[" + text + "]";
  }
  const auto entries = [&](const Map& map) {
    std::string text;
    for (const auto& [key, element] : map.entries) {
      Value name;
      name.is = key;
      text += (text.empty() ? "" : ", ") + show(name) + " = " + show_value(element, graph);
    }
    return text;
  };
  if (const Map* map = value.as<Map>()) return map->entries.empty() ? "{}" : "{ " + entries(*map) + " }";
  if (const Made* made = value.as<Made>()) {
    std::string text;
    for (const auto& [key, element] : made->arguments.entries)
      if (!element.null())
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key, show_value(element, graph));
    return made->function + "(" + text + ")";
  }
  return show(value);
}

void show_node(const Graph& graph, const Node& node, const Sources& sources, std::string& out) {
  out += fmt::format("node {} : {} ({})", node.path, node.kind, class_name(node.node_class));
  if (node.span.known()) out += " at " + sources.show(node.span);
  out += '\n';
  if (node.stage != no_node) out += fmt::format("  stage {}\n", graph.node(node.stage).path);
  if (node.parent != no_node && node.parent != node.stage)
    out += fmt::format("  in {}\n", graph.node(node.parent).path);
  if (node.node_class == NodeClass::service || node.node_class == NodeClass::task) {
    out += fmt::format("  network {} on {}", node.nameless ? "(nameless)" : node.network_name,
                       node.scope.empty() ? "the file's" : node.scope);
    for (const std::string& scope : node.join_scopes)
      out += ", " + (scope.empty() ? std::string("the file's") : scope);
    out += '\n';
  }
  if (!node.publish.empty()) out += fmt::format("  publish {}\n", fmt::join(node.publish, " "));
  for (const Setting& setting : node.settings)
    if (setting.written) out += fmt::format("  {} = {}\n", setting.name, show_value(setting.value, graph));
}

}  // namespace

std::string show_model(const Program& program) {
  std::string out;
  for (const std::unique_ptr<Module>& module : program.modules) {
    out += fmt::format("module {}\n", module->name);
    for (const UseBinding& use : module->uses)
      out += fmt::format("  use {} = {}\n", use.name, use.module == nullptr ? "(missing)" : use.module->name);
    show_region(*module->region, "  ", out);
    for (const std::unique_ptr<UserKind>& kind : module->kinds) {
      out += fmt::format("  kind {}\n", kind->full_name);
      show_region(*kind->region, "    ", out);
      for (const syntax::Statement* exported : kind->exports)
        out += fmt::format("    export {}\n", std::get<syntax::Export>(exported->is).name.text);
      if (kind->self_block != nullptr) out += fmt::format("    export self = {}\n", kind->self_block->name);
    }
  }
  return out;
}

std::string show_graph(const Graph& graph, const Sources& sources) {
  std::string out;
  for (const Node& node : graph.nodes) show_node(graph, node, sources, out);
  for (const Edge& edge : graph.edges)
    out += fmt::format("edge {} {} {} ({}{}: {})\n", graph.name(edge.to),
                       edge.kind == EdgeKind::needs ? "needs" : "follows", graph.name(edge.from),
                       name_of(edge.reason), edge.data ? ", data" : "", edge.because);
  for (const Hold& hold : graph.holds)
    out += fmt::format("hold {} of {}\n", graph.name(hold.user), graph.node(hold.service).path);
  return out;
}

std::string show_params(const std::vector<ParamListing>& params) {
  std::size_t widest_name = 0, widest_value = 0;
  std::vector<std::string> values;
  for (const ParamListing& param : params) {
    values.push_back(param.origin == ParamOrigin::missing ? "-" : show(param.value));
    widest_name = std::max(widest_name, param.name.size() + param.type.size() + 2);
    widest_value = std::max(widest_value, values.back().size());
  }
  std::string out;
  for (std::size_t i = 0; i < params.size(); ++i)
    out += fmt::format("{:<{}}  {:<{}}  {}\n", params[i].name + ": " + params[i].type, widest_name, values[i],
                       widest_value, show(params[i].origin));
  return out;
}

}  // namespace cairn
