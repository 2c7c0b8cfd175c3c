#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "interpreter/lint/lint.h"
#include "interpreter/lint/order.h"

namespace cairn::lint {
namespace {

bool part_of_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

// Whether the text names a host: the whole text, or `//host`, `@host`, `host:port`.
bool names_host(std::string_view text, std::string_view host) {
  if (text == host) return true;
  for (std::size_t at = text.find(host); at != std::string_view::npos; at = text.find(host, at + 1)) {
    const std::size_t end = at + host.size();
    const bool free_before = at == 0 || !(part_of_name(text[at - 1]) || text[at - 1] == '.' || text[at - 1] == '/') || (at >= 2 && text.substr(at - 2, 2) == "//");
    const bool port_after = end + 1 < text.size() && text[end] == ':' && text[end + 1] >= '0' && text[end + 1] <= '9';
    const bool url_before = at >= 2 && text.substr(at - 2, 2) == "//";
    const bool ends_well = end == text.size() || !(part_of_name(text[end]) || text[end] == '.');
    if (free_before && ends_well && (port_after || url_before || (at > 0 && text[at - 1] == '@'))) return true;
  }
  return false;
}

void texts_in(const Value& value, std::vector<std::string_view>& texts) {
  if (const std::string* text = value.as<std::string>(); text != nullptr && !value.secret) texts.push_back(*text);
  if (const List* list = value.as<List>())
    for (const Value& item : *list) texts_in(item, texts);
  if (const Map* map = value.as<Map>())
    for (const auto& [key, item] : map->entries) texts_in(item, texts);
}

struct Mention {
  NodeId reader, service;
  Span span;
  std::string setting;
};

StepId first_step(const Graph& graph, NodeId id) {
  return graph.node(id).node_class == NodeClass::service ? graph.step(id, Phase::start) : graph.step(id, Phase::run);
}

bool has_probe(const Node& service) {
  const Value& ready = service.value("ready");
  if (const List* list = ready.as<List>()) return !list->empty();
  return !ready.null() || !service.value("healthcheck").null();
}

}  // namespace

void find_unordered_reach(const Graph& graph, Diagnostics& findings) {
  // Names are visible within a scope: look for those of the services on the same networks only.
  std::map<std::string, std::vector<NodeId>> services_of_scope;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (graph.nodes[n].node_class == NodeClass::service) services_of_scope[graph.nodes[n].scope].push_back(NodeId{static_cast<std::uint32_t>(n)});

  std::vector<Mention> mentions;
  std::vector<Question> questions;
  std::set<NodeId> reached;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const NodeId id{static_cast<std::uint32_t>(n)};
    if (node.node_class != NodeClass::service && node.node_class != NodeClass::task) continue;
    std::vector<std::string> scopes = node.join_scopes;
    scopes.push_back(node.scope);
    for (const char* name : {"env", "command", "entrypoint", "script"}) {
      const Setting* setting = node.setting(name);
      if (setting == nullptr || !setting->written) continue;
      std::vector<std::string_view> texts;
      texts_in(setting->value, texts);
      if (texts.empty()) continue;
      for (const std::string& scope : scopes)
        for (NodeId service : services_of_scope[scope]) {
          const std::string& host = graph.node(service).network_name;
          if (service == id || host.empty()) continue;
          if (std::any_of(texts.begin(), texts.end(), [&](std::string_view text) { return names_host(text, host); })) {
            mentions.push_back({id, service, setting->span, name});
            questions.push_back({graph.step(service, Phase::ready), first_step(graph, id)});
          }
        }
    }
  }
  const std::vector<bool> before = comes_before(graph, questions);
  std::set<std::pair<std::uint32_t, std::uint32_t>> told;  // the text of a `for` is told once
  for (std::size_t m = 0; m < mentions.size(); ++m) {
    const Mention& mention = mentions[m];
    if (before[m] || !told.insert({mention.span.begin, graph.node(mention.service).span.begin}).second) continue;
    const Node& reader = graph.node(mention.reader);
    const Node& service = graph.node(mention.service);
    findings
        .warning("L0406", mention.span, fmt::format("`{}` reaches `{}` and does not wait for it", reader.path, service.path),
                 fmt::format("the text names the host `{}`", service.network_name))
        .label(service.span, "started on its own: it may not be ready yet")
        .help(fmt::format("read `{0}.host`, `{0}.port(…)` or `{0}.url(…)` in `{1}`, or write `after = [{0}]`", service.network_name, mention.setting));
  }

  for (const Hold& hold : graph.holds) reached.insert(hold.service);
  std::set<std::uint32_t> told_service;
  for (NodeId id : reached) {
    const Node& service = graph.node(id);
    if (service.node_class != NodeClass::service || has_probe(service) || !told_service.insert(service.span.begin).second) continue;
    // An image may bring its own HEALTHCHECK, and what it exposes is probed: only a host process has nothing at all.
    const bool container = !service.value("image").null();
    if (container) continue;
    findings.warning("L0407", service.span, fmt::format("others use `{}`, and nothing says when it is ready", service.path))
        .note("without `ready`, a host process counts as ready as soon as it runs")
        .help("add `ready = [tcp(self.port(\"http\"))]`, `http(…)` or `log(\"…\")`");
  }
}

}  // namespace cairn::lint
