#include "interpreter/lint/accesses.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cairn::lint {
namespace {

// A mount as written: a node, a host path, or either within readonly(…) and subpath(…).
struct MountSource {
  const NodeRef* node = nullptr;
  const Path* host_path = nullptr;
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
  source.node = at->as<NodeRef>();
  source.host_path = at->as<Path>();
  return source;
}

// Files of the machine that are there to be shared.
bool is_shared_by_nature(std::string_view path) {
  if (path.ends_with(".sock")) return true;
  for (const std::string_view place :
       {"/dev", "/proc", "/sys", "/run", "/var/run", "/etc/localtime", "/etc/timezone"})
    if (path == place || (path.starts_with(place) && path[place.size()] == '/')) return true;
  return false;
}

// The first and the last step of a node that have an effect outside of it.
std::pair<StepId, StepId> span_of_life(const Graph& graph, NodeId id) {
  switch (graph.node(id).node_class) {
    case NodeClass::service:
      return {graph.step(id, Phase::start), graph.step(id, Phase::stop)};
    case NodeClass::task:
      return {graph.step(id, Phase::run), graph.step(id, Phase::run)};
    case NodeClass::thing:
      return {graph.step(id, Phase::make), graph.step(id, Phase::make)};
    default:
      return {no_step, no_step};
  }
}

// A text that only asks: no statement in it can change anything.
bool only_asks(const Node& sql) {
  const std::string* text = sql.value("text").as<std::string>();
  if (text == nullptr || !elements_of(sql, "files").empty()) return false;
  std::string word;
  for (const char c : *text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower >= 'a' && lower <= 'z')
      word += lower;
    else if (!word.empty())
      break;
    else if (c != ' ' && c != '\n' && c != '\t' && c != '(')
      return false;
  }
  const std::size_t end = text->find(';');
  const bool one_statement =
      end == std::string::npos || text->find_first_not_of(" \n\t;", end) == std::string::npos;
  return one_statement && (word == "select" || word == "show" || word == "explain" || word == "values");
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
      ports_of_process();
      files_of_process();
      volumes_of_process();
      build_context();
      names();
      changes();
      tags();
      databases();
      copies();
    }
    return std::move(found_);
  }

 private:
  const Node& node() const { return graph_.node(node_); }

  Access& add(ResourceForm form, std::string resource, bool writes, Span span) {
    found_.push_back(
        {form, std::move(resource), {}, {}, node_, begins_, ends_, writes, reader_span(graph_, node_, span)});
    return found_.back();
  }

  // Two blocks for one external volume mean the same data.
  std::string volume_name(NodeId id) const {
    const Node& volume = graph_.node(id);
    const std::string* name = volume.value("name").as<std::string>();
    return volume.policy.external && name != nullptr ? *name : volume.path;
  }

  std::string engine() const {
    const NodeRef* engine = node().value("engine").as<NodeRef>();
    return engine == nullptr ? std::string() : graph_.node(engine->node).path;
  }

  void mounts() {
    const Setting* setting = node().setting("mounts");
    const Map* map = setting == nullptr ? nullptr : setting->value.as<Map>();
    if (map == nullptr) return;
    for (const auto& [at, value] : map->entries) {
      const MountSource source = mount_source(value);
      if (source.node != nullptr) {
        const bool* whole_read_only = graph_.node(source.node->node).value("read_only").as<bool>();
        add(ResourceForm::volume, volume_name(source.node->node) + source.part,
            !source.read_only && !(whole_read_only != nullptr && *whole_read_only), setting->span);
      } else if (source.host_path != nullptr) {
        const std::optional<std::string> inside = project_path(*source.host_path);
        const std::string path = (inside ? "./" + *inside : source.host_path->text) + source.part;
        if (!is_shared_by_nature(path)) add(ResourceForm::host_path, path, !source.read_only, setting->span);
      }
    }
  }

  // "127.0.0.1:8080:80", "8080:80", "8080:80/udp"; a plain number asks for a free port, and so does a range.
  void ports() {
    for (const Value* value : elements_of(node(), "ports")) {
      const std::string* text = value->as<std::string>();
      const std::size_t inside = text == nullptr ? std::string::npos : text->rfind(':');
      if (inside == std::string::npos) continue;
      const std::string outside = text->substr(0, inside);
      const std::size_t colon = outside.rfind(':');
      const std::string port = colon == std::string::npos ? outside : outside.substr(colon + 1);
      if (port.empty() || port.find_first_not_of("0123456789") != std::string::npos) continue;
      Access& access = add(ResourceForm::host_port, port + (text->ends_with("/udp") ? "/udp" : ""), true,
                           node().setting("ports")->span);
      access.address = colon == std::string::npos ? std::string() : outside.substr(0, colon);
      if (access.address == "0.0.0.0" || access.address == "[::]") access.address.clear();
      access.within = engine();
    }
  }

  // "host" or a `host` block: a process of a machine, with that machine's files and ports.
  bool is_process() const { return node().setting("in") != nullptr && !node().value("in").null(); }
  bool on_this_machine() const {
    const std::string* place = node().value("in").as<std::string>();
    return place != nullptr && *place == "host";
  }

  // What a process listens on, it says only by what it is asked at: `ready = [tcp(8080)]`.
  void ports_of_process() {
    if (!on_this_machine() || node().node_class != NodeClass::service) return;
    for (const Value* value : elements_of(node(), "ready")) {
      const Made* probe = value->as<Made>();
      if (probe == nullptr || (probe->function != "tcp" && probe->function != "http")) continue;
      const Value* port = probe->arguments.find("port");
      const std::int64_t* number = port == nullptr ? nullptr : port->as<std::int64_t>();
      if (number != nullptr)
        add(ResourceForm::host_port, std::to_string(*number), true, node().setting("ready")->span);
    }
  }

  void file_of_project(const Path& path, bool writes, Span span) {
    if (const std::optional<std::string> inside = project_path(path);
        inside && path.text.find('*') == std::string::npos)
      add(ResourceForm::host_path, "./" + *inside, writes, span);
  }

  // What a process of this machine promises to leave behind, and what an HTTP step saves.
  void files_of_process() {
    if (const Path* saved = node().kind == "http" ? node().value("save_to").as<Path>() : nullptr)
      file_of_project(*saved, true, node().setting("save_to")->span);
    if (!on_this_machine() || node().value("working_dir").late_anywhere()) return;
    const std::string* folder = node().value("working_dir").as<std::string>();
    if (folder != nullptr && (folder->starts_with('/') || folder->starts_with('~'))) return;
    for (const Value* value : elements_of(node(), "artifacts")) {
      const std::string* text = value->as<std::string>();
      const Path* path = value->as<Path>();
      if (text != nullptr)
        file_of_project({*text, folder == nullptr ? "" : *folder}, true, node().setting("artifacts")->span);
      if (path != nullptr) file_of_project(*path, true, node().setting("artifacts")->span);
    }
  }

  // A process reads the folder of a volume as `volume.path`; that it writes, it says with `changes`.
  void volumes_of_process() {
    if (!is_process()) return;
    for (const std::uint32_t e : graph_.edges_to[index(begins_)]) {
      const Edge& edge = graph_.edges[e];
      const NodeId other = graph_.steps[index(edge.from)].node;
      const std::string& kind = graph_.node(other).kind;
      if (edge.data && graph_.steps[index(edge.from)].phase == Phase::make &&
          (kind == "volume" || kind == "clone"))
        add(ResourceForm::volume, volume_name(other), false, edge.span);
    }
  }

  void build_context() {
    if (node().kind != "image") return;
    const Setting* context = node().setting("context");
    const Path* folder = context == nullptr || !context->written ? nullptr : context->value.as<Path>();
    if (folder != nullptr) file_of_project(*folder, false, context->span);
  }

  // What the engine knows a thing by, when the file says it.
  void names() {
    const Setting* setting = node().setting("name");
    const std::string* name =
        setting == nullptr || node().policy.external ? nullptr : setting->value.as<std::string>();
    if (name == nullptr || node().node_class != NodeClass::thing) return;
    const StepId make = graph_.step(node_, Phase::make), unmake = graph_.step(node_, Phase::unmake);
    Access& access = add(ResourceForm::object_name, *name, true, setting->span);
    access.begins = make;
    access.ends = unmake == no_step ? make : unmake;
    access.within = (node().kind == "clone" ? "volume" : node().kind) + "@" + engine();
  }

  void changes() {
    for (const Value* value : elements_of(node(), "changes"))
      if (const NodeRef* changed = value->as<NodeRef>()) {
        const Node& target = graph_.node(changed->node);
        const Span span = node().setting("changes")->span;
        if (target.kind == "database")
          add(ResourceForm::database, target.path, true, span);
        else if (target.node_class == NodeClass::thing)
          add(ResourceForm::volume, volume_name(changed->node), true, span);
      }
  }

  void tags() {
    if (node().kind != "push" && node().kind != "image") return;
    for (const Value* value : elements_of(node(), "tags"))
      if (const std::string* tag = value->as<std::string>()) {
        Access& access = add(ResourceForm::image_tag, *tag, true, node().setting("tags")->span);
        access.within = node().kind == "push" ? std::string("registry") : engine();
      }
  }

  void databases() {
    const std::string& kind = node().kind;
    if (kind != "sql" && kind != "migrate" && kind != "dbtest") return;
    const Setting* on = node().setting("on");
    const NodeRef* database = on == nullptr ? nullptr : on->value.as<NodeRef>();
    if (database == nullptr) return;
    // Tests of a database are undone by their framework.
    bool writes = kind != "dbtest";
    if (kind == "sql" && only_asks(node())) writes = false;
    const std::string* action = kind == "migrate" ? node().value("action").as<std::string>() : nullptr;
    if (action != nullptr && (*action == "validate" || *action == "info")) writes = false;
    add(ResourceForm::database, graph_.node(database->node).path, writes, on->span);
  }

  void copies() {
    const std::string_view from = node().kind == "clone" ? "from" : node().kind == "snapshot" ? "of" : "";
    const Setting* setting = from.empty() ? nullptr : node().setting(from);
    const NodeRef* original = setting == nullptr ? nullptr : setting->value.as<NodeRef>();
    if (original != nullptr && graph_.node(original->node).kind != "snapshot")
      add(ResourceForm::volume, volume_name(original->node), false, setting->span);
    const Setting* onto = node().kind == "clone" ? node().setting("onto") : nullptr;
    const NodeRef* target = onto == nullptr ? nullptr : onto->value.as<NodeRef>();
    if (target != nullptr) add(ResourceForm::volume, volume_name(target->node), true, onto->span);
  }

  const Graph& graph_;
  std::vector<Access> found_;
  NodeId node_ = no_node;
  StepId begins_ = no_step, ends_ = no_step;
};

}  // namespace

std::vector<Access> accesses(const Graph& graph) {
  return Collector(graph).collect();
}

std::string_view name_of(ResourceForm form) {
  switch (form) {
    case ResourceForm::volume:
      return "volume";
    case ResourceForm::host_path:
      return "host path";
    case ResourceForm::host_port:
      return "host port";
    case ResourceForm::object_name:
      return "name";
    case ResourceForm::image_tag:
      return "tag";
    case ResourceForm::database:
      return "database";
  }
  return "";
}

Span reader_span(const Graph& graph, NodeId node, Span span) {
  Span place = span.known() ? span : graph.node(node).span;
  for (NodeId around = graph.node(node).parent; around != no_node; around = graph.node(around).parent) {
    const Span head = graph.node(around).span;
    if (head.known() && head.file != place.file) place = head;
  }
  return place;
}

std::string reader_path(const Graph& graph, NodeId node) {
  NodeId outermost = node;
  for (NodeId around = graph.node(node).parent; around != no_node; around = graph.node(around).parent)
    if (graph.node(around).span.known() && graph.node(around).span.file != graph.node(outermost).span.file)
      outermost = around;
  return graph.node(outermost).path;
}

std::vector<const Value*> elements_of(const Node& node, std::string_view setting) {
  std::vector<const Value*> elements;
  const Value& value = node.value(setting);
  if (const List* list = value.as<List>())
    for (const Value& element : *list) elements.push_back(&element);
  else if (!value.null())
    elements.push_back(&value);
  return elements;
}

std::optional<std::string> project_path(const Path& path) {
  if (path.text.empty() || path.text.front() == '/' || path.text.front() == '~' ||
      path.text.find("://") != std::string::npos || path.text.starts_with("git@"))
    return std::nullopt;
  std::vector<std::string_view> parts;
  const std::string whole = path.folder.empty() ? path.text : path.folder + "/" + path.text;
  if (whole.front() == '/') return std::nullopt;
  for (std::size_t begin = 0; begin <= whole.size();) {
    const std::size_t end = std::min(whole.find('/', begin), whole.size());
    const std::string_view part = std::string_view(whole).substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
      continue;
    }
    if (parts.empty()) return std::nullopt;
    parts.pop_back();
  }
  return parts.empty() ? std::string(".") : fmt::format("{}", fmt::join(parts, "/"));
}

}  // namespace cairn::lint
