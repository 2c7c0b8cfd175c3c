#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "interpreter/lint/lint.h"

namespace cairn::lint {
namespace {

class Habits {
 public:
  Habits(const Request& request, Diagnostics& findings) : graph_(request.graph), inputs_(request.inputs), findings_(findings) {}

  void look() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      // Iterations of a `for` share their text.
      if (node.node_class == NodeClass::group || !seen_.insert({node.span.file, node.span.begin}).second) continue;
      sleeps(node);
      image_tag(node);
      literal_secrets(node);
      privileged(node);
      missing_paths(node);
      until_without_end(node);
      unverified_tls(node);
      probe_outlasts(node);
      compose_only(node);
    }
    repeated_after();
    pushed_before_tests();
  }

 private:
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
      for (std::size_t i = 0; i + 1 < said.size(); ++i) {
        if (said[i] != "sleep" || said[i + 1].find_first_not_of("0123456789.smhd") != std::string::npos) continue;
        findings_.warning("L0501", setting->span, fmt::format("`{}` waits by the clock: `sleep {}`", node.path, said[i + 1]), "too short on a slow day, too long on all others")
            .help("say what it waits for: `ready` on the service, `probe name { ready = […] }`, or a reference to what makes it");
        break;
      }
    }
  }

  void image_tag(const Node& node) {
    const Setting* setting = node.setting(node.kind == "image" ? "ref" : "image");
    const std::string* ref = setting == nullptr || !setting->written ? nullptr : setting->value.as<std::string>();
    if (ref == nullptr || ref->find('@') != std::string::npos) return;
    const std::size_t colon = ref->rfind(':');
    const bool tagged = colon != std::string::npos && ref->find('/', colon) == std::string::npos;
    if (tagged && ref->substr(colon + 1) != "latest") return;
    findings_.warning("L0502", setting->span, fmt::format("image `{}` {}", *ref, tagged ? "is whatever is newest that day" : "has no tag, so it is `latest`: whatever is newest that day"))
        .help("name a version, or a digest: `\"postgres:15.8\"`");
  }

  static bool sounds_secret(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* word : {"password", "passwd", "secret", "token", "api_key", "apikey", "private_key", "access_key"})
      if (name.find(word) != std::string::npos && name.find("file") == std::string::npos && name.find("path") == std::string::npos) return true;
    return false;
  }

  void literal_secrets(const Node& node) {
    for (const Setting& setting : node.settings) {
      if (!setting.written) continue;
      if (const Map* map = setting.value.as<Map>(); map != nullptr && (setting.name == "env" || setting.name == "headers" || setting.name == "args")) {
        for (const auto& [key, value] : map->entries) {
          const std::string* text = value.as<std::string>();
          if (text == nullptr || text->empty() || value.secret || !sounds_secret(key)) continue;
          findings_.warning("L0503", setting.span, fmt::format("`{}` of `{}` is written in the file", key, node.path), "whoever can read the file can read it")
              .help(fmt::format("`secret(\"env:{}\")` reads it from the environment when it is needed, `secret(\"generate:24\")` makes one for each run", key));
        }
      }
    }
  }

  void privileged(const Node& node) {
    const Setting* all = node.setting("privileged");
    if (all != nullptr && all->written && all->value.as<bool>() != nullptr && *all->value.as<bool>())
      findings_.warning("L0510", all->span, fmt::format("`{}` may do anything on the machine that it runs on", node.path)).help("name what it needs: `cap_add = [\"NET_ADMIN\"]`, `devices = […]`");
    const Setting* mode = node.setting("network_mode");
    const std::string* text = mode == nullptr || !mode->written ? nullptr : mode->value.as<std::string>();
    if (text != nullptr && *text == "host")
      findings_.warning("L0511", mode->span, fmt::format("`{}` shares the machine's network", node.path), "its ports are taken on the machine, and names of services do not resolve in it")
          .help("leave `network_mode` out, and publish what is needed with `ports`");
  }

  void missing_paths(const Node& node) {
    if (node.kind != "image") return;
    const Setting* context = node.setting("context");
    const Path* folder = context == nullptr || !context->written ? nullptr : context->value.as<Path>();
    if (folder == nullptr) return;
    auto whole = [](const std::string& base, const std::string& text) { return text.starts_with('/') || base.empty() ? text : base + "/" + text; };
    const std::string root = whole(folder->folder, folder->text);
    if (!inputs_.exists(root)) {
      findings_.warning("L0506", context->span, fmt::format("there is no folder `{}`", folder->text), "the build will find nothing here");
      return;
    }
    const Setting* dockerfile = node.setting("dockerfile");
    if (dockerfile == nullptr) return;
    const std::string* name = dockerfile->value.as<std::string>();
    const Path* path = dockerfile->value.as<Path>();
    const std::string text = name != nullptr ? *name : path != nullptr ? path->text : std::string();
    if (!text.empty() && !inputs_.exists(whole(root, text)))
      findings_.warning("L0506", dockerfile->written ? dockerfile->span : context->span, fmt::format("there is no `{}` in `{}`", text, folder->text), "the build will fail here")
          .note("`dockerfile` is read from the folder that `context` names");
  }

  void until_without_end(const Node& node) {
    const Setting* until = node.setting("until");
    const Setting* within = node.setting("within");
    if (until == nullptr || !until->written || (within != nullptr && within->written) || node.policy.timeout) return;
    findings_.warning("L0512", until->span, fmt::format("`{}` may ask for ever", node.path)).help("add `within = 10m`");
  }

  void unverified_tls(const Node& node) {
    const Setting* verify = node.setting("verify_tls");
    if (verify == nullptr || !verify->written || verify->value.as<bool>() == nullptr || *verify->value.as<bool>()) return;
    findings_.warning("L0513", verify->span, fmt::format("`{}` believes whoever answers", node.path), "a certificate is not looked at")
        .help("`fingerprint = \"…\"` pins the one certificate that it has");
  }

  void probe_outlasts(const Node& node) {
    const Setting* ready = node.setting("ready");
    const List* probes = ready == nullptr ? nullptr : ready->value.as<List>();
    if (probes == nullptr || !node.policy.timeout) return;
    for (const Value& value : *probes) {
      const Made* probe = value.as<Made>();
      const Value* within = probe == nullptr ? nullptr : probe->arguments.find("within");
      const Duration* limit = within == nullptr ? nullptr : within->as<Duration>();
      if (limit == nullptr || limit->milliseconds <= node.policy.timeout->milliseconds) continue;
      findings_.warning("L0514", ready->span, fmt::format("`{}` ends before its probe does", node.path), fmt::format("it may take {}", show(Value{*limit})))
          .note(fmt::format("`timeout` of `{}` is {}", node.path, show(Value{*node.policy.timeout})))
          .help("make `within` the smaller of the two");
    }
  }

  void compose_only(const Node& node) {
    static const std::map<std::string_view, std::string_view> better = {
        {"links", "a reference to the other service says the same, and waits for it"},
        {"volumes_from", "`mounts` names the volumes themselves"},
        {"deploy", "`cpus`, `memory` and `replicas` stand on their own"},
        {"expose", "containers on one network reach all ports"},
    };
    for (const Setting& setting : node.settings) {
      const auto found = better.find(setting.name);
      if (!setting.written || found == better.end() || setting.name == "links") continue;
      findings_.warning("L0516", setting.span, fmt::format("`{}` exists for imported Compose files", setting.name)).help(std::string(found->second));
    }
  }

  // `after = [db]` where a setting reads db anyway.
  void repeated_after() {
    std::map<std::pair<NodeId, NodeId>, const Edge*> after;
    std::set<std::pair<NodeId, NodeId>> references;
    for (const Edge& edge : graph_.edges) {
      const std::pair<NodeId, NodeId> key{graph_.steps[index(edge.from)].node, graph_.steps[index(edge.to)].node};
      if (edge.reason == EdgeReason::after) after.emplace(key, &edge);
      if (edge.reason == EdgeReason::reference && edge.kind == EdgeKind::needs) references.insert(key);
    }
    std::set<std::uint32_t> told;
    for (const auto& [key, edge] : after) {
      if (!references.contains(key) || !edge->span.known() || !told.insert(edge->span.begin).second) continue;
      findings_.warning("L0509", edge->span, fmt::format("`{}` waits for `{}` already", graph_.node(key.second).path, graph_.node(key.first).path), "a setting of it reads the other, and a reference is an edge")
          .help("leave it out of `after`");
    }
  }

  // An image that goes to a registry before anything that was built from it has been tested.
  void pushed_before_tests() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& push = graph_.nodes[n];
      if (push.kind != "push") continue;
      const Setting* image = push.setting("image");
      const NodeRef* pushed = image == nullptr ? nullptr : image->value.as<NodeRef>();
      if (pushed == nullptr) continue;
      for (const Node& test : graph_.nodes) {
        if (test.node_class != NodeClass::task || test.setting("reports") == nullptr || test.value("reports").null()) continue;
        const List* reports = test.value("reports").as<List>();
        if (reports != nullptr && reports->empty()) continue;
        const NodeRef* used = test.value("image").as<NodeRef>();
        if (used == nullptr || used->node != pushed->node || waits_for(push, test)) continue;
        findings_.warning("L0515", push.span, fmt::format("`{}` does not wait for `{}`, which tests the same image", push.path, test.path), "it may be pushed before its tests have passed")
            .label(test.span, "the tests")
            .help(fmt::format("write `after = [{}]`", test.network_name));
        break;
      }
    }
  }

  bool waits_for(const Node& later, const Node& earlier) const {
    std::vector<std::uint32_t> todo;
    std::vector<bool> seen(graph_.steps.size(), false);
    for (StepId step : later.steps)
      if (graph_.steps[index(step)].phase == Phase::run) todo.push_back(static_cast<std::uint32_t>(index(step)));
    while (!todo.empty()) {
      const std::uint32_t step = todo.back();
      todo.pop_back();
      if (&graph_.node(graph_.steps[step].node) == &earlier) return true;
      for (std::uint32_t e : graph_.edges_to[step]) {
        const std::uint32_t before = static_cast<std::uint32_t>(index(graph_.edges[e].from));
        if (!seen[before]) {
          seen[before] = true;
          todo.push_back(before);
        }
      }
    }
    return false;
  }

  const Graph& graph_;
  Inputs& inputs_;
  Diagnostics& findings_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen_;
};

}  // namespace

void find_habits(const Request& request, Diagnostics& findings) { Habits(request, findings).look(); }

void find_all(const Request& request, Diagnostics& findings) {
  find_races(request.graph, findings);
  find_unordered_reach(request.graph, findings);
  find_habits(request, findings);
}

}  // namespace cairn::lint
