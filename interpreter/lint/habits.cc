#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "interpreter/lint/accesses.h"
#include "interpreter/lint/lint.h"
#include "interpreter/lint/texts.h"

namespace cairn::lint {
namespace {

class Habits {
 public:
  Habits(const Graph& graph, Diagnostics& findings) : graph_(graph), findings_(findings) {}

  void look() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (node.node_class == NodeClass::group) continue;
      sleeps(node);
      image_tag(node);
      literal_secrets(node);
      privileged(node);
      replicas(node);
      until_without_end(node);
      unverified_tls(node);
      probe_outlasts(node);
      compose_only(node);
      not_ours(node);
    }
  }

 private:
  // Iterations of a `for` and instances of a kind share their text: one finding for all of them.
  bool first(std::string_view code, Span span) { return seen_.insert({code, span.file, span.begin}).second; }

  // The words of a command, and those of a shell's text.
  static std::vector<std::string> words(const Value& value) {
    std::vector<std::string> found;
    auto split = [&](const std::string& text) {
      std::string word;
      for (char c : text + " ") {
        if (c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')') {
          if (!word.empty()) found.push_back(word);
          word.clear();
        } else {
          word += c;
        }
      }
    };
    if (const std::string* text = value.as<std::string>()) split(*text);
    if (const List* list = value.as<List>())
      for (const Value& item : *list)
        if (const std::string* text = item.as<std::string>()) split(*text);
    return found;
  }

  void sleeps(const Node& node) {
    for (const char* name : {"command", "entrypoint", "script"}) {
      const Setting* setting = node.setting(name);
      if (setting == nullptr || !setting->written) continue;
      const std::vector<std::string> said = words(setting->value);
      // A service that only sleeps is kept alive, nothing more.
      if (node.node_class == NodeClass::service && !said.empty() && said.front() == "sleep") continue;
      for (std::size_t i = 0; i + 1 < said.size(); ++i) {
        if (said[i] != "sleep" || said[i + 1].find_first_not_of("0123456789.smhd") != std::string::npos ||
            !first("L0501", setting->span))
          continue;
        findings_
            .warning("L0501", setting->span,
                     fmt::format("`{}` waits by the clock: `sleep {}`", node.path, said[i + 1]),
                     "too short on a slow day, too long on all others")
            .help(
                "say what it waits for: `ready` on the service, `probe name { ready = […] }`, or a reference "
                "to what makes it");
        break;
      }
    }
  }

  void image_tag(const Node& node) {
    const Setting* setting = node.setting(node.kind == "image" ? "ref" : "image");
    const std::string* ref =
        setting == nullptr || !setting->written ? nullptr : setting->value.as<std::string>();
    if (ref == nullptr || ref->find('@') != std::string::npos) return;
    const std::size_t colon = ref->rfind(':');
    const bool tagged = colon != std::string::npos && ref->find('/', colon) == std::string::npos;
    if ((tagged && ref->substr(colon + 1) != "latest") || ref->empty() || !first("L0502", setting->span))
      return;
    findings_
        .warning("L0502", setting->span,
                 fmt::format("image `{}` {}", *ref,
                             tagged ? "is whatever is newest that day"
                                    : "has no tag, so it is `latest`: whatever is newest that day"))
        .help("name a version, or a digest: `\"postgres:15.8\"`");
  }

  void literal_secrets(const Node& node) {
    for (const char* name : {"env", "headers", "args"}) {
      const Setting* setting = node.setting(name);
      const Map* map = setting == nullptr || !setting->written ? nullptr : setting->value.as<Map>();
      if (map == nullptr) continue;
      for (const auto& [key, value] : map->entries) {
        const std::string* text = value.as<std::string>();
        if (text == nullptr || value.secret || !is_literal_secret(key, *text) ||
            !first("L0503", setting->span))
          continue;
        findings_
            .warning("L0503", setting->span,
                     fmt::format("`{}` of `{}` is written in the file", key, node.path),
                     "whoever can read the file can read it")
            .help(fmt::format("`secret(\"env:{}\")` reads it from the environment when it is needed, "
                              "`secret(\"generate:24\")` makes one for each run",
                              key));
      }
    }
  }

  void replicas(const Node& node) {
    const std::int64_t* count = node.value("replicas").as<std::int64_t>();
    if (count == nullptr || *count < 2) return;
    for (const Value* port : elements_of(node, "ports")) {
      const std::string* text = port->as<std::string>();
      if (text == nullptr || text->find(':') == std::string::npos || text->find('-') != std::string::npos)
        continue;
      const Span span = node.setting("ports")->span;
      if (!first("L0505", span)) return;
      findings_
          .warning("L0505", span,
                   fmt::format("all {} replicas of `{}` want host port `{}`", *count, node.path,
                               text->substr(0, text->rfind(':'))),
                   "only the first one gets it")
          .label(node.setting("replicas")->span, fmt::format("{} replicas", *count))
          .help("a plain container port gives each a free port: `ports = [80]`");
      return;
    }
  }

  void privileged(const Node& node) {
    const Setting* all = node.setting("privileged");
    if (all != nullptr && all->written && all->value.as<bool>() != nullptr && *all->value.as<bool>() &&
        first("L0510", all->span))
      findings_
          .warning("L0510", all->span,
                   fmt::format("`{}` may do anything on the machine that it runs on", node.path))
          .help("name what it needs: `cap_add = [\"NET_ADMIN\"]`, `devices = […]`");
    const Setting* mode = node.setting("network_mode");
    const std::string* text = mode == nullptr || !mode->written ? nullptr : mode->value.as<std::string>();
    if (text != nullptr && *text == "host" && first("L0511", mode->span))
      findings_
          .warning("L0511", mode->span, fmt::format("`{}` shares the machine's network", node.path),
                   "its ports are taken on the machine, and names of services do not resolve in it")
          .help("leave `network_mode` out, and publish what is needed with `ports`");
  }

  void until_without_end(const Node& node) {
    const Setting* until = node.setting("until");
    const Setting* within = node.setting("within");
    if (until == nullptr || !until->written || (within != nullptr && !within->value.null()) ||
        node.policy.timeout || !first("L0512", until->span))
      return;
    findings_.warning("L0512", until->span, fmt::format("`{}` may ask for ever", node.path))
        .help("add `within = 10m`");
  }

  void unverified_tls(const Node& node) {
    const Setting* verify = node.setting("verify_tls");
    if (verify == nullptr || !verify->written || verify->value.as<bool>() == nullptr ||
        *verify->value.as<bool>() || !first("L0513", verify->span))
      return;
    findings_
        .warning("L0513", verify->span, fmt::format("`{}` believes whoever answers", node.path),
                 "a certificate is not looked at")
        .help("`fingerprint = \"…\"` pins the one certificate that it has");
  }

  void probe_outlasts(const Node& node) {
    const Setting* ready = node.setting("ready");
    if (ready == nullptr || !node.policy.timeout) return;
    for (const Value* value : elements_of(node, "ready")) {
      const Made* probe = value->as<Made>();
      const Value* within = probe == nullptr ? nullptr : probe->arguments.find("within");
      const Duration* limit = within == nullptr ? nullptr : within->as<Duration>();
      if (limit == nullptr || limit->milliseconds <= node.policy.timeout->milliseconds ||
          !ready->span.known() || !first("L0514", ready->span))
        continue;
      findings_
          .warning("L0514", ready->span, fmt::format("`{}` ends before its probe does", node.path),
                   fmt::format("it may take {}", show(Value{*limit})))
          .note(fmt::format("`timeout` of `{}` is {}", node.path, show(Value{*node.policy.timeout})))
          .help("make `within` the smaller of the two");
    }
  }

  void compose_only(const Node& node) {
    static const std::map<std::string_view, std::string_view> better = {
        {"volumes_from", "`mounts` names the volumes themselves"},
        {"deploy", "`cpus`, `memory` and `replicas` stand on their own"},
    };
    for (const Setting& setting : node.settings) {
      const auto found = better.find(setting.name);
      if (!setting.written || found == better.end() || setting.value.null() || !first("L0516", setting.span))
        continue;
      findings_
          .warning("L0516", setting.span, fmt::format("`{}` exists for imported Compose files", setting.name))
          .help(std::string(found->second));
    }
  }

  // What exists already belongs to somebody: it is used, not emptied and not overwritten.
  void not_ours(const Node& node) {
    const Setting* onto = node.kind == "clone" ? node.setting("onto") : nullptr;
    if (const NodeRef* volume = onto == nullptr ? nullptr : onto->value.as<NodeRef>();
        volume != nullptr && graph_.node(volume->node).policy.external && first("L0517", onto->span))
      findings_
          .warning("L0517", onto->span,
                   fmt::format("`{}` overwrites `{}`, which this file does not make", node.path,
                               graph_.node(volume->node).path),
                   "its content is lost")
          .label(graph_.node(volume->node).span, "`external`: it is somebody's")
          .help("leave `onto` out: then the clone is a volume of its own");
    const std::string* action = node.kind == "migrate" ? node.value("action").as<std::string>() : nullptr;
    const Setting* on = node.setting("on");
    const NodeRef* database =
        action == nullptr || *action != "clean" || on == nullptr ? nullptr : on->value.as<NodeRef>();
    if (database == nullptr || !graph_.node(database->node).value("service").null() ||
        !graph_.node(database->node).value("file").null() || !first("L0517", on->span))
      return;
    findings_
        .warning("L0517", on->span,
                 fmt::format("`{}` empties `{}`, which this file does not make", node.path,
                             graph_.node(database->node).path),
                 "all that is in it is dropped")
        .label(graph_.node(database->node).span, "a server that is there already")
        .help("take a database of this run: `postgres.server pg`, then `on = pg.database`");
  }

  const Graph& graph_;
  Diagnostics& findings_;
  std::set<std::tuple<std::string_view, std::uint32_t, std::uint32_t>> seen_;
};

}  // namespace

void find_habits(const Graph& graph, Diagnostics& findings) {
  Habits(graph, findings).look();
}

}  // namespace cairn::lint
