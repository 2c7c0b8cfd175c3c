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

// The words of a command or of a shell's lines.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t start = text.find_first_not_of(" \t\n;&|()'\"", begin);
    if (start == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\n;&|()'\"", start), text.size());
    words.push_back(text.substr(start, end - start));
    begin = end;
  }
  return words;
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "0.0.0.0" || host == "::1";
}

std::string_view port_of(std::string_view text) {
  return is_port(text) ? text.substr(0, text.find_first_not_of("0123456789")) : std::string_view();
}

// `nc -z db 5432`, `pg_isready -h db`, `--host=db`: the host stands alone, its port is the next word or not
// there.
template <class Each>
void each_host_of_words(const std::vector<std::string_view>& words, Each each) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view next = i + 1 < words.size() ? words[i + 1] : std::string_view();
    if (words[i] == "-h" || words[i] == "--host" || words[i] == "--hostname" || words[i] == "--server") {
      if (!next.empty()) each(next, std::string_view());
    } else if (words[i].starts_with("--host=")) {
      each(words[i].substr(7), std::string_view());
    } else if (!port_of(next).empty() && port_of(next).size() == next.size()) {
      each(words[i], next);
    }
  }
}

// `http://localhost:8080`, `127.0.0.1:5432`: which ports of this machine a text names.
template <class Each>
void each_local_port(std::string_view text, Each each) {
  for (const std::string_view host : {"localhost:", "127.0.0.1:", "0.0.0.0:", "[::1]:"})
    for (std::size_t at = text.find(host); at != std::string_view::npos; at = text.find(host, at + 1))
      if (at == 0 || !part_of_name(text[at - 1]))
        if (const std::string_view port = port_of(text.substr(at + host.size())); !port.empty())
          each(host, port);
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
  bool unknown_there = false;  // the reader is a process of a machine: no network's names resolve there
};

StepId first_step(const Graph& graph, NodeId id) {
  return graph.node(id).node_class == NodeClass::service ? graph.step(id, Phase::start)
                                                         : graph.step(id, Phase::run);
}

// "order-db" → "ORDER_DB"
std::string variable_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return std::isalnum(c) != 0 ? static_cast<char>(std::toupper(c)) : '_';
  });
  return name;
}

bool has_probe(const Node& service) {
  const Value& ready = service.value("ready");
  if (const List* list = ready.as<List>()) return !list->empty();
  return !ready.null() || !service.value("healthcheck").null();
}

class Reach {
 public:
  explicit Reach(const Graph& graph) : graph_(graph) {
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      if (node.node_class == NodeClass::service) index_service(node, NodeId{static_cast<std::uint32_t>(n)});
    }
    for (const Access& access : accesses(graph))
      if (access.form == ResourceForm::host_port && access.within.empty() &&
          graph.node(access.node).node_class == NodeClass::service)
        service_at_port_.emplace(access.resource, access.node);
  }

  void look() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (node.node_class != NodeClass::service && node.node_class != NodeClass::task) continue;
      reader_ = NodeId{static_cast<std::uint32_t>(n)};
      const std::string* place = node.value("in").as<std::string>();
      const bool in_container = node.value("in").null();
      on_this_machine_ = place != nullptr && *place == "host";
      if (!in_container && !on_this_machine_) continue;
      mentioned_.clear();
      for (const char* name : {"env", "command", "entrypoint", "script"}) look_in(name);
    }
  }

  std::vector<Mention> mentions;
  std::vector<Question> questions;  // two for each: ready before the reader, the reader before its start

 private:
  void index_service(const Node& node, NodeId id) {
    if (!node.value("in").null() || node.network_name.empty()) return;
    services_of_scope_[node.scope].emplace(node.network_name, id);
    for (const Value* alias : elements_of(node, "aliases"))
      if (const std::string* name = alias->as<std::string>())
        services_of_scope_[node.scope].emplace(*name, id);
  }

  void look_in(const char* name) {
    const Setting* setting = graph_.node(reader_).setting(name);
    if (setting == nullptr || !setting->written) return;
    setting_ = setting;
    std::vector<std::string_view> texts;
    texts_in(setting->value, texts);
    for (const std::string_view text : texts) {
      each_host(text, [&](std::string_view host) { mention(host); });
      if (on_this_machine_)
        each_local_port(text, [&](std::string_view host, std::string_view port) {
          mention_port(std::string(host) + std::string(port), port);
        });
    }
    if (setting->value.as<Map>() == nullptr) {
      std::vector<std::string_view> words;
      for (const std::string_view text : texts)
        for (const std::string_view word : words_of(text)) words.push_back(word);
      each_host_of_words(words, [&](std::string_view host, std::string_view port) {
        if (!is_this_machine(host))
          mention(host);
        else if (on_this_machine_ && !port.empty())
          mention_port(fmt::format("{} {}", host, port), port);
      });
      return;
    }
    for (const auto& [variable, value] : setting->value.as<Map>()->entries)
      if (const std::string* text = value.as<std::string>();
          text != nullptr && !value.secret && sounds_like_host(variable))
        mention(*text);
  }

  // A name counts within its scope: only the services on the same networks are meant.
  void mention(std::string_view host) {
    const Node& node = graph_.node(reader_);
    std::vector<std::string> scopes = node.join_scopes;
    scopes.push_back(node.scope);
    for (const std::string& scope : scopes) {
      const auto services = services_of_scope_.find(scope);
      if (services == services_of_scope_.end()) continue;
      const auto service = services->second.find(host);
      if (service != services->second.end()) add(service->second, host, on_this_machine_);
    }
  }

  void mention_port(const std::string& written, std::string_view port) {
    const auto [first, last] = service_at_port_.equal_range(std::string(port));
    if (first != last && std::next(first) == last) add(first->second, written, false);
  }

  void add(NodeId service, std::string_view host, bool unknown_there) {
    if (service == reader_ || !mentioned_.insert(service).second) return;
    mentions.push_back({reader_, service, setting_->span, setting_->name, std::string(host), unknown_there});
    questions.push_back({graph_.step(service, Phase::ready), first_step(graph_, reader_)});
    questions.push_back({first_step(graph_, reader_), first_step(graph_, service)});  // the other way round
  }

  const Graph& graph_;
  std::map<std::string, std::map<std::string, NodeId, std::less<>>> services_of_scope_;
  std::multimap<std::string, NodeId> service_at_port_;
  NodeId reader_ = no_node;
  bool on_this_machine_ = false;
  const Setting* setting_ = nullptr;
  std::set<NodeId> mentioned_;
};

}  // namespace

void find_unordered_reach(const Graph& graph, Diagnostics& findings) {
  Reach reach(graph);
  reach.look();
  const std::vector<Mention>& mentions = reach.mentions;
  const std::vector<bool> before = comes_before(graph, reach.questions);
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>>
      told;  // the text of a `for` is told once
  for (std::size_t m = 0; m < mentions.size(); ++m) {
    const Mention& mention = mentions[m];
    const Node& service = graph.node(mention.service);
    const Span place = reader_span(graph, mention.reader, mention.span),
               other = reader_span(graph, mention.service, service.span);
    const bool ordered = before[2 * m] || before[2 * m + 1];
    if ((ordered && !mention.unknown_there) ||
        !told.insert({place.file, place.begin, other.file, other.begin}).second)
      continue;
    if (mention.unknown_there) {
      findings
          .warning("L0406", place,
                   fmt::format("`{}` runs on this machine, where the name `{}` does not resolve",
                               reader_path(graph, mention.reader), mention.host),
                   fmt::format("`{}` names the host `{}`", mention.setting, mention.host))
          .label(other, "a container: its name is one of its own network")
          .help(fmt::format(
              "read `{0}.host` and `{0}.port(…)`, or `{0}.url(…)`: what this reader can reach, and it waits "
              "until `{0}` is ready",
              service.network_name));
      continue;
    }
    findings
        .warning("L0406", place,
                 fmt::format("`{}` reaches `{}` and does not wait for it", reader_path(graph, mention.reader),
                             reader_path(graph, mention.service)),
                 fmt::format("`{}` names the host `{}`", mention.setting, mention.host))
        .label(other, "started on its own: it may not be ready yet")
        .help(mention.setting == "script"
                  ? fmt::format("write `env = {{ {1}_HOST = {0}.host }}` and `${1}_HOST` in the script, or "
                                "`after = [{0}]`",
                                service.network_name, variable_of(service.network_name))
                  : fmt::format(
                        "read `{0}.host`, `{0}.port(…)` or `{0}.url(…)` in `{1}`, or write `after = [{0}]`",
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
