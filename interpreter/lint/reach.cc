#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "interpreter/lint/accesses.h"
#include "interpreter/lint/lint.h"
#include "interpreter/lint/order.h"

namespace cairn::lint {
namespace {

bool part_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

// `web:8080`, not `node:22`: a port is not that small, and an image's version is not that large.
bool is_port(std::string_view text) {
  std::size_t digits = 0;
  int port = 0;
  while (digits < text.size() && digits < 6 && text[digits] >= '0' && text[digits] <= '9')
    port = port * 10 + (text[digits++] - '0');
  const bool ends = digits == text.size() || !part_of_name(text[digits]);
  return ends && port >= 80 && port <= 65535;
}

// The words of a text that stand where a host does: `//host`, `@host`, `host:port`.
template <class Each>
void each_host(std::string_view text, Each each) {
  for (std::size_t begin = 0; begin < text.size();) {
    if (!part_of_name(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && part_of_name(text[end])) ++end;
    const bool in_url = begin >= 2 && text.substr(begin - 2, 2) == "//";
    const bool after_user = begin >= 1 && text[begin - 1] == '@';
    const bool free_before = begin == 0 || (text[begin - 1] != '/' && text[begin - 1] != ':') || in_url;
    const bool with_port = end < text.size() && text[end] == ':' && is_port(text.substr(end + 1));
    // `//user:password@host`: a name before an `@` is none of a host.
    const bool user = in_url && text.find('@', end) != std::string_view::npos &&
                      text.find('@', end) < std::min(text.find('/', end), text.size());
    if (free_before && !user && (in_url || after_user || with_port)) each(text.substr(begin, end - begin));
    begin = end;
  }
}

// A variable whose whole value is a host: DB_HOST, REDIS_ADDR, BROKER.
bool sounds_like_host(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"host", "addr", "server", "endpoint", "broker", "upstream", "backend", "peer"})
    if (name.find(word) != std::string::npos) return true;
  return false;
}

void texts_in(const Value& value, std::vector<std::string_view>& texts) {
  if (const std::string* text = value.as<std::string>(); text != nullptr && !value.secret)
    texts.push_back(*text);
  if (const List* list = value.as<List>())
    for (const Value& item : *list) texts_in(item, texts);
  if (const Map* map = value.as<Map>())
    for (const auto& [key, item] : map->entries) texts_in(item, texts);
}

struct Mention {
  NodeId reader, service;
  Span span;
  std::string setting, host;
};

StepId first_step(const Graph& graph, NodeId id) {
  return graph.node(id).node_class == NodeClass::service ? graph.step(id, Phase::start)
                                                         : graph.step(id, Phase::run);
}

bool has_probe(const Node& service) {
  const Value& ready = service.value("ready");
  if (const List* list = ready.as<List>()) return !list->empty();
  return !ready.null() || !service.value("healthcheck").null();
}

}  // namespace

void find_unordered_reach(const Graph& graph, Diagnostics& findings) {
  // Names are visible within a scope: only the services on the same networks are meant.
  std::map<std::string, std::map<std::string, NodeId, std::less<>>> services_of_scope;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.node_class != NodeClass::service || !node.value("in").null() || node.network_name.empty())
      continue;
    services_of_scope[node.scope].emplace(node.network_name, NodeId{static_cast<std::uint32_t>(n)});
    for (const Value* alias : elements_of(node, "aliases"))
      if (const std::string* name = alias->as<std::string>())
        services_of_scope[node.scope].emplace(*name, NodeId{static_cast<std::uint32_t>(n)});
  }

  std::vector<Mention> mentions;
  std::vector<Question> questions;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const NodeId id{static_cast<std::uint32_t>(n)};
    // A process of this machine does not see the names of a network.
    if ((node.node_class != NodeClass::service && node.node_class != NodeClass::task) ||
        !node.value("in").null())
      continue;
    std::vector<std::string> scopes = node.join_scopes;
    scopes.push_back(node.scope);
    std::set<NodeId> mentioned;
    for (const char* name : {"env", "command", "entrypoint", "script"}) {
      const Setting* setting = node.setting(name);
      if (setting == nullptr || !setting->written) continue;
      auto mention = [&](std::string_view host) {
        for (const std::string& scope : scopes) {
          const auto services = services_of_scope.find(scope);
          if (services == services_of_scope.end()) continue;
          const auto service = services->second.find(host);
          if (service == services->second.end() || service->second == id ||
              !mentioned.insert(service->second).second)
            continue;
          mentions.push_back({id, service->second, setting->span, name, std::string(host)});
          questions.push_back({graph.step(service->second, Phase::ready), first_step(graph, id)});
          questions.push_back(
              {first_step(graph, id), first_step(graph, service->second)});  // the other way round
        }
      };
      std::vector<std::string_view> texts;
      texts_in(setting->value, texts);
      for (const std::string_view text : texts) each_host(text, mention);
      if (const Map* variables = setting->value.as<Map>())
        for (const auto& [variable, value] : variables->entries)
          if (const std::string* text = value.as<std::string>();
              text != nullptr && !value.secret && sounds_like_host(variable))
            mention(*text);
    }
  }
  const std::vector<bool> before = comes_before(graph, questions);
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>>
      told;  // the text of a `for` is told once
  for (std::size_t m = 0; m < mentions.size(); ++m) {
    const Mention& mention = mentions[m];
    const Node& service = graph.node(mention.service);
    const Span place = reader_span(graph, mention.reader, mention.span),
               other = reader_span(graph, mention.service, service.span);
    if (before[2 * m] || before[2 * m + 1] ||
        !told.insert({place.file, place.begin, other.file, other.begin}).second)
      continue;
    findings
        .warning("L0406", place,
                 fmt::format("`{}` reaches `{}` and does not wait for it", reader_path(graph, mention.reader),
                             reader_path(graph, mention.service)),
                 fmt::format("`{}` names the host `{}`", mention.setting, mention.host))
        .label(other, "started on its own: it may not be ready yet")
        .help(fmt::format("read `{0}.host`, `{0}.port(…)` or `{0}.url(…)` in `{1}`, or write `after = [{0}]`",
                          service.network_name, mention.setting));
  }

  std::set<NodeId> reached;
  for (const Hold& hold : graph.holds) reached.insert(hold.service);
  std::set<std::pair<std::uint32_t, std::uint32_t>> told_service;
  for (NodeId id : reached) {
    const Node& service = graph.node(id);
    // What a container exposes is probed, and its image may bring a check of its own: only a process has
    // nothing at all.
    if (service.node_class != NodeClass::service || service.value("in").null() || has_probe(service))
      continue;
    const Span place = reader_span(graph, id, service.span);
    if (!told_service.insert({place.file, place.begin}).second) continue;
    findings
        .warning("L0407", place,
                 fmt::format("others use `{}`, and nothing says when it is ready", reader_path(graph, id)))
        .note("without `ready`, a host process counts as ready as soon as it runs")
        .help("add `ready = [tcp(self.port(\"http\"))]`, `http(…)` or `log(\"…\")`");
  }
}

}  // namespace cairn::lint
