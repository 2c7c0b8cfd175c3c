#include "runtime/kinds/image_build.h"

#include <fmt/format.h>
#include <strings.h>

#include <filesystem>
#include <fstream>

#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/registry_login.h"
#include "runtime/platform/docker/build.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

struct BuildSettings {
  std::optional<Path> context;
  std::optional<std::string> dockerfile, dockerfile_inline, target;
  Named<Text> args, labels;
  std::vector<std::string> platforms, ssh, cache_from, cache_to;
  Named<Value> contexts, secrets;
  bool no_cache = false, pull = false;
  std::string builder;
};

const std::vector<Field<BuildSettings>>& fields() {
  using B = BuildSettings;
  static const std::vector<Field<B>> all = {field<&B::context>("context"),
                                            field<&B::dockerfile>("dockerfile"),
                                            field<&B::dockerfile_inline>("dockerfile_inline"),
                                            field<&B::target>("target"),
                                            field<&B::args>("args"),
                                            field<&B::labels>("labels"),
                                            field<&B::platforms>("platforms"),
                                            field<&B::ssh>("ssh"),
                                            field<&B::cache_from>("cache_from"),
                                            field<&B::cache_to>("cache_to"),
                                            field<&B::contexts>("contexts"),
                                            field<&B::secrets>("secrets"),
                                            field<&B::no_cache>("no_cache"),
                                            field<&B::pull>("pull"),
                                            field<&B::builder>("builder")};
  return all;
}

std::string absolute(const Path& path) {
  return path.text.starts_with('/') ? path.text
                                    : (fs::path(path.folder) / path.text).lexically_normal().string();
}

bool begins_stage(std::string_view line) {
  while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  return line.size() > 5 && strncasecmp(line.data(), "FROM", 4) == 0 && (line[4] == ' ' || line[4] == '\t');
}

// The tags under which further contexts stand on the engine while the image is built.
class ContextImages {
 public:
  ContextImages(World& world, docker::Engine& engine, NodeId node)
      : world_(world), engine_(engine), node_(node) {}
  ~ContextImages() {
    for (const auto& [name, tag] : by_name_) (void)docker::remove_image(engine_, tag, false, {});
  }
  ContextImages(const ContextImages&) = delete;
  ContextImages& operator=(const ContextImages&) = delete;

  Result<Done> add(const std::string& name, const Value& source, execute::StepContext& context) {
    const std::string tag = world_.containers->object_name(node_, "context-" + name) + ":build";
    std::string lower = tag;  // repositories are written in lower case
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    // A tag has no labels: the journal is what `clean` finds it by.
    if (const Result<execute::Announced> allowed = context.announce(making(
            EffectClass::found, "tag", engine_.endpoint().shown, std::string(build_context_noun), lower));
        !allowed)
      return allowed.failure();
    if (const NodeRef* image = source.as<NodeRef>()) {
      const Value id = context.exported(image->node, "id");
      if (id.as<std::string>() == nullptr)
        return Failure{
            .message = fmt::format("the context `{}` was not made", name), .causes = {}, .help = {}};
      if (Result<> tagged = docker::tag_image(engine_, *id.as<std::string>(), lower, context.stop()); !tagged)
        return tagged;
    } else {
      docker::BuildSpec spec;
      spec.context = absolute(As<Path>::take(source));
      std::error_code error;
      if (!fs::is_directory(spec.context, error))
        return Failure{.message = fmt::format("the context `{}` is no folder: `{}`", name, spec.context),
                       .causes = {},
                       .help = {}};
      spec.dockerfile_text = "FROM scratch\nCOPY . /\n";
      spec.tags = {lower};
      const Result<std::string> id = docker::build_image(
          engine_, spec,
          [&](const std::string& line) { context.note(fmt::format("context {}: {}", name, line)); },
          context.stop());
      if (!id) return id.failure();
    }
    by_name_.emplace_back(name, lower);
    return Done{};
  }
  const std::vector<std::pair<std::string, std::string>>& by_name() const { return by_name_; }

 private:
  World& world_;
  docker::Engine& engine_;
  const NodeId node_;
  std::vector<std::pair<std::string, std::string>> by_name_;
};

}  // namespace

std::string with_context_stages(const std::string& dockerfile,
                                const std::vector<std::pair<std::string, std::string>>& image_by_name) {
  std::string stages;
  for (const auto& [name, image] : image_by_name) stages += fmt::format("FROM {} AS {}\n", image, name);
  std::size_t line = 0;
  while (line < dockerfile.size()) {
    std::size_t end = dockerfile.find('\n', line);
    if (end == std::string::npos) end = dockerfile.size();
    if (begins_stage(std::string_view(dockerfile).substr(line, end - line))) break;
    line = end + 1;
  }
  return dockerfile.substr(0, std::min(line, dockerfile.size())) + stages +
         dockerfile.substr(std::min(line, dockerfile.size()));
}

Result<std::string> build_image(World& world, docker::Engine& engine, const execute::StepRequest& request,
                                const std::vector<Setting>& all, execute::StepContext& context) {
  const BuildSettings settings = bind(fields(), all);
  const std::string& path = request.graph.node(request.node).path;
  if (settings.builder == "buildx" || !settings.secrets.empty() || !settings.ssh.empty() ||
      !settings.cache_to.empty() || settings.platforms.size() > 1)
    return Failure{
        .message = fmt::format("`{}` asks for a build that needs docker's buildx", path),
        .causes = {"secrets, ssh, cache_to and several platforms need a session with the builder, which this "
                   "cairn does not speak"},
        .help =
            "build it with a `run` step that calls `docker buildx build`, and name the result with `ref`"};
  docker::BuildSpec spec;
  spec.builder = settings.builder == "classic" ? docker::BuildSpec::Builder::classic
                                               : docker::BuildSpec::Builder::buildkit;
  if (settings.context) spec.context = absolute(*settings.context);
  std::error_code error;
  if (settings.context && !fs::is_directory(spec.context, error))
    return Failure{.message = fmt::format("there is no folder `{}`", spec.context),
                   .causes = {fmt::format("it is the `context` of `{}`", path)},
                   .help = {}};
  if (settings.dockerfile) spec.dockerfile = *settings.dockerfile;
  spec.dockerfile_text = settings.dockerfile_inline;
  if (settings.target) spec.target = *settings.target;
  for (const auto& [name, value] : settings.args) spec.args[name] = value;
  for (const auto& [name, value] : settings.labels) spec.labels[name] = value.exposed();
  if (!settings.platforms.empty()) spec.platform = settings.platforms.front();
  spec.cache_from = settings.cache_from;
  spec.no_cache = settings.no_cache;
  spec.pull = settings.pull;
  spec.auth_for = [&](const std::string& registry) { return registry_login(world, {}, registry, context); };

  ContextImages contexts(world, engine, request.node);
  for (const auto& [name, source] : settings.contexts)
    if (Result<Done> added = contexts.add(name, source, context); !added) return added.failure();
  if (!contexts.by_name().empty()) {
    if (!spec.dockerfile_text) {
      std::ifstream file(fs::path(spec.context) / spec.dockerfile, std::ios::binary);
      if (!file)
        return Failure{.message = fmt::format("there is no `{}` in `{}`", spec.dockerfile, spec.context),
                       .causes = {},
                       .help = {}};
      spec.dockerfile_text = std::string(std::istreambuf_iterator<char>(file), {});
    }
    spec.dockerfile_text = with_context_stages(*spec.dockerfile_text, contexts.by_name());
  }
  Result<std::string> id = docker::build_image(
      engine, spec, [&](const std::string& line) { context.note(line); }, context.stop());
  if (!id) return std::move(id.failure()).within(fmt::format("could not build `{}`", path));
  return id;
}

}  // namespace cairn::kinds
