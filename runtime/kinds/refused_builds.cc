#include "runtime/kinds/refused_builds.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "grammar/suggest.h"
#include "runtime/kinds/build_settings.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/build.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

std::string known(const Value& value) {
  const std::string* text = value.as<std::string>();
  return text == nullptr ? std::string() : *text;
}

// A `T | list(T)` as far as it is known.
std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> all;
  if (value.as<std::string>() != nullptr) all.push_back(known(value));
  if (const List* list = value.as<List>())
    for (const Value& one : *list)
      if (one.as<std::string>() != nullptr) all.push_back(known(one));
  return all;
}

std::string environment_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool in_path(const std::string& program) {
  std::istringstream folders(environment_of("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

class Build {
 public:
  Build(NodeId id, const Node& node, std::string folder) : id_(id), node_(node), folder_(std::move(folder)) {}

  std::optional<plan::Refusal> refusal() const {
    const std::string setting = needs_buildx();
    const std::string builder = known(node_.value("builder"));
    if (!setting.empty() && (builder == "classic" || builder == "buildkit"))
      return refused(fmt::format("`{}` of `{}` needs docker's buildx, and its `builder` is \"{}\"", setting,
                                 node_.path, builder),
                     "leave `builder` out, or say `builder = \"buildx\"`");
    if (auto secret = secret_refused()) return secret;
    if (auto ssh = ssh_refused()) return ssh;
    if ((builder == "buildx" || !setting.empty()) && !in_path("docker"))
      return refused(fmt::format("`{}` is built by docker's buildx, and there is no program `docker` in PATH",
                                 node_.path),
                     "install Docker's client with its plugin: `docker-ce-cli docker-buildx-plugin` "
                     "(Docker's packages), "
                     "`docker.io docker-buildx` (Debian, Ubuntu)");
    return std::nullopt;
  }

 private:
  plan::Refusal refused(std::string message, std::string help) const {
    return {id_, std::move(message), std::move(help), false};
  }

  std::string needs_buildx() const {
    const auto given = [&](const char* name) {
      return !node_.value(name).null() && !is_empty(node_.value(name));
    };
    for (const char* name : {"secrets", "ssh", "cache_to"})
      if (given(name)) return name;
    return texts(node_.value("platforms")).size() > 1 ? "platforms" : "";
  }

  std::optional<plan::Refusal> secret_refused() const {
    const Map* secrets = node_.value("secrets").as<Map>();
    if (secrets == nullptr) return std::nullopt;
    const std::optional<std::vector<std::string>> mounted = mounted_secrets();
    for (const auto& [name, value] : secrets->entries) {
      if (const Path* path = value.as<Path>()) {
        const std::string file = absolute_path(*path);
        std::error_code error;
        if (!fs::is_regular_file(file, error))
          return refused(
              fmt::format("the secret `{}` of `{}` is to be in the file `{}`, and there is none", name,
                          node_.path, file),
              "a path is relative to the .stack file; `secret(\"env:NAME\")` reads the environment");
        if (access(file.c_str(), R_OK) != 0)
          return refused(fmt::format("the secret `{}` of `{}` is in `{}`, which may not be read", name,
                                     node_.path, file),
                         fmt::format("chmod u+r {}", file));
      }
      if (!mounted || std::find(mounted->begin(), mounted->end(), name) != mounted->end()) continue;
      const std::optional<std::string> meant = suggest(name, *mounted);
      return refused(
          fmt::format("nothing in {} mounts the secret `{}` of `{}`", dockerfile_shown(), name, node_.path),
          meant ? fmt::format("did you mean `{}`?", *meant)
          : mounted->empty()
              ? fmt::format("`RUN --mount=type=secret,id={} …` reads it from /run/secrets/{}", name, name)
              : fmt::format("it mounts `{}`", fmt::join(*mounted, "`, `")));
    }
    return std::nullopt;
  }

  std::optional<plan::Refusal> ssh_refused() const {
    for (const std::string& one : texts(node_.value("ssh"))) {
      if (one.find('=') == one.npos) {
        const std::string agent = environment_of("SSH_AUTH_SOCK");
        std::error_code error;
        if (!agent.empty() && fs::exists(agent, error)) continue;
        return refused(
            agent.empty()
                ? fmt::format("`ssh` of `{}` needs an ssh agent, and SSH_AUTH_SOCK names none", node_.path)
                : fmt::format("`ssh` of `{}` needs an ssh agent, and SSH_AUTH_SOCK names `{}`, which is "
                              "not there",
                              node_.path, agent),
            fmt::format("start one (`eval $(ssh-agent)`, `ssh-add`), or name a key: "
                        "`ssh = \"{}=~/.ssh/id_ed25519\"`",
                        one));
      }
      const std::string anchored = ssh_with_paths(one, folder_);
      std::istringstream paths(anchored.substr(anchored.find('=') + 1));
      for (std::string path; std::getline(paths, path, ',');) {
        std::error_code error;
        if (!fs::exists(path, error))
          return refused(fmt::format("`ssh` of `{}` names the key `{}`, and there is none", node_.path, path),
                         "it takes a private key, or the socket of an agent");
      }
    }
    return std::nullopt;
  }

  std::string dockerfile_shown() const {
    if (!node_.value("dockerfile_inline").null()) return "`dockerfile_inline`";
    const std::string name = known(node_.value("dockerfile"));
    return fmt::format("`{}`", name.empty() ? "Dockerfile" : name);
  }

  // Nothing when that cannot be told from here.
  std::optional<std::vector<std::string>> mounted_secrets() const {
    if (node_.value("dockerfile_inline").late() || node_.value("dockerfile").late()) return std::nullopt;
    std::string text = known(node_.value("dockerfile_inline"));
    if (text.empty()) {
      const Path* context = node_.value("context").as<Path>();
      if (context == nullptr) return std::nullopt;
      const std::string name = known(node_.value("dockerfile"));
      std::ifstream file(fs::path(absolute_path(*context)) / (name.empty() ? "Dockerfile" : name));
      if (!file) return std::nullopt;
      text.assign(std::istreambuf_iterator<char>(file), {});
    }
    // Another frontend may have another language.
    if (text.find("syntax=") != text.npos || text.find("syntax =") != text.npos) return std::nullopt;
    std::vector<std::string> ids = docker::needs_of_dockerfile(text, {}).secrets;
    for (const std::string& id : ids)
      if (id.find('$') != id.npos) return std::nullopt;
    return ids;
  }

  const NodeId id_;
  const Node& node_;
  const std::string folder_;  // of the file that the block is in
};

}  // namespace

std::vector<plan::Refusal> refused_builds(const Graph& graph, const Sources& sources,
                                          const plan::Plan& plan) {
  std::vector<plan::Refusal> refused;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.kind != "image" || !node.value("ref").null() || !node.value("from").null()) continue;
    const bool made = std::any_of(node.steps.begin(), node.steps.end(), [&](StepId step) {
      const plan::Verdict verdict = plan.steps[index(step)].verdict;
      return verdict == plan::Verdict::perform || verdict == plan::Verdict::replace;
    });
    if (!made) continue;
    const std::string file = node.span.known() ? sources.at(node.span.file).path : std::string();
    const std::string folder = fs::path(file).parent_path().string();
    if (std::optional<plan::Refusal> one =
            Build(NodeId{static_cast<std::uint32_t>(n)}, node, folder).refusal())
      refused.push_back(std::move(*one));
  }
  return refused;
}

}  // namespace cairn::kinds
