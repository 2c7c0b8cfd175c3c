#include "interpreter/lint/accesses.h"

#include <fmt/format.h>

namespace cairn::lint {
namespace {

// A mount as written: a node, a host path, or either within readonly(…) and subpath(…).
struct MountSource {
  const NodeRef* node = nullptr;
  std::string host_path;
  std::string part;  // below it
  bool read_only = false;
};

MountSource mount_source(const Value& value) {
  MountSource source;
  const Value* at = &value;
  while (const Made* made = at->as<Made>()) {
    if (made->function == "readonly") source.read_only = true;
    if (made->function == "subpath" && made->arguments.entries.size() > 1) {
      const Value& below = made->arguments.entries[1].second;
      if (const std::string* part = below.as<std::string>()) source.part = "/" + *part;
      if (const Path* path = below.as<Path>()) source.part = "/" + path->text;
    }
    if (made->arguments.entries.empty()) return source;
    at = &made->arguments.entries.front().second;
  }
  if (const NodeRef* node = at->as<NodeRef>()) source.node = node;
  if (const Path* path = at->as<Path>()) source.host_path = path->text.starts_with('.') ? path->folder + "/" + path->text : path->text;
  if (const std::string* text = at->as<std::string>()) source.host_path = *text;
  return source;
}

// The first and the last step of a node that have an effect outside of it.
std::pair<StepId, StepId> span_of_life(const Graph& graph, NodeId id) {
  switch (graph.node(id).node_class) {
    case NodeClass::service: return {graph.step(id, Phase::start), graph.step(id, Phase::stop)};
    case NodeClass::task: return {graph.step(id, Phase::run), graph.step(id, Phase::run)};
    case NodeClass::thing: return {graph.step(id, Phase::make), graph.step(id, Phase::make)};
    default: return {no_step, no_step};
  }
}

class Collector {
 public:
  explicit Collector(const Graph& graph) : graph_(graph) {}

  std::vector<Access> collect() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      node_ = NodeId{static_cast<std::uint32_t>(n)};
      const auto [begins, ends] = span_of_life(graph_, node_);
      if (begins == no_step) continue;
      begins_ = begins;
      ends_ = ends;
      mounts();
      ports();
      changes();
      tags();
      databases();
    }
    return std::move(found_);
  }

 private:
  void add(ResourceForm form, std::string resource, bool writes, Span span) {
    found_.push_back({form, std::move(resource), node_, begins_, ends_, writes, span});
  }
  const Node& node() const { return graph_.node(node_); }

  void mounts() {
    const Setting* setting = node().setting("mounts");
    const Map* map = setting == nullptr ? nullptr : setting->value.as<Map>();
    if (map == nullptr) return;
    for (const auto& [at, value] : map->entries) {
      const MountSource source = mount_source(value);
      if (source.node != nullptr) {
        const Node& target = graph_.node(source.node->node);
        const Value& read_only = target.value("read_only");
        const bool whole_read_only = read_only.as<bool>() != nullptr && *read_only.as<bool>();
        add(ResourceForm::volume, target.path + source.part, !source.read_only && !whole_read_only, setting->span);
      } else if (!source.host_path.empty()) {
        add(ResourceForm::host_path, source.host_path + source.part, !source.read_only, setting->span);
      }
    }
  }

  // "127.0.0.1:8080:80", "8080:80", "8080:80/udp"; a plain number asks for a free port.
  void ports() {
    const Setting* setting = node().setting("ports");
    const List* list = setting == nullptr ? nullptr : setting->value.as<List>();
    if (list == nullptr) return;
    for (const Value& value : *list) {
      const std::string* text = value.as<std::string>();
      if (text == nullptr) continue;
      const std::size_t inner = text->rfind(':');
      if (inner == std::string::npos) continue;
      const std::size_t outer = text->rfind(':', inner - 1);
      const std::string port = text->substr(outer == std::string::npos ? 0 : outer + 1, inner - (outer == std::string::npos ? 0 : outer + 1));
      const std::string protocol = text->ends_with("/udp") ? "/udp" : "";
      if (!port.empty()) add(ResourceForm::host_port, port + protocol, true, setting->span);
    }
  }

  void changes() {
    const Setting* setting = node().setting("changes");
    if (setting == nullptr) return;
    auto one = [&](const Value& value) {
      if (const NodeRef* changed = value.as<NodeRef>()) {
        const bool is_database = graph_.node(changed->node).kind == "database";
        add(is_database ? ResourceForm::database : ResourceForm::volume, graph_.node(changed->node).path, true, setting->span);
      }
    };
    if (const List* list = setting->value.as<List>())
      for (const Value& value : *list) one(value);
    else
      one(setting->value);
  }

  void tags() {
    if (node().kind != "push" && node().kind != "image") return;
    const Setting* setting = node().setting("tags");
    if (setting == nullptr) return;
    auto one = [&](const Value& value) {
      if (const std::string* tag = value.as<std::string>()) add(ResourceForm::image_tag, *tag, true, setting->span);
    };
    if (const List* list = setting->value.as<List>())
      for (const Value& value : *list) one(value);
    else
      one(setting->value);
  }

  void databases() {
    const std::string& kind = node().kind;
    if (kind != "sql" && kind != "migrate" && kind != "dbtest") return;
    const Setting* on = node().setting("on");
    if (on == nullptr) return;
    if (const NodeRef* database = on->value.as<NodeRef>()) add(ResourceForm::database, graph_.node(database->node).path, true, on->span);
  }

  const Graph& graph_;
  std::vector<Access> found_;
  NodeId node_ = no_node;
  StepId begins_ = no_step, ends_ = no_step;
};

}  // namespace

std::vector<Access> accesses(const Graph& graph) { return Collector(graph).collect(); }

std::string_view name_of(ResourceForm form) {
  switch (form) {
    case ResourceForm::volume: return "volume";
    case ResourceForm::host_path: return "host path";
    case ResourceForm::host_port: return "host port";
    case ResourceForm::object_name: return "name";
    case ResourceForm::image_tag: return "tag";
    case ResourceForm::database: return "database";
  }
  return "";
}

}  // namespace cairn::lint
