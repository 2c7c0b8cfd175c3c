#include "runtime/kinds/buildx_build.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/kinds/build_contexts.h"
#include "runtime/kinds/docker_client.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/buildx.h"
#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/info.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largest_masked = 1 << 20;   // bytes of a file with a secret
constexpr std::size_t largest_variable = 128 << 10;  // execve(2)

// A folder that is gone when the build has ended; `cairn clean` removes that of a build that was killed.
class BuildFolder {
 public:
  explicit BuildFolder(std::string path) : path_(std::move(path)) {
    std::error_code error;
    fs::remove_all(path_, error);
    fs::create_directories(path_, error);
  }
  ~BuildFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
    fs::remove(fs::path(path_).parent_path(), error);  // when it was the last one
  }
  BuildFolder(const BuildFolder&) = delete;
  BuildFolder& operator=(const BuildFolder&) = delete;

  std::string file(const std::string& name) const { return (fs::path(path_) / name).string(); }
  Result<Done> write(const std::string& name, const std::string& content) const {
    std::ofstream out(file(name), std::ios::binary);
    if (out << content << std::flush) return Done{};
    return Failure{.message = fmt::format("cannot write `{}`", file(name)),
                   .causes = {std::strerror(errno)},
                   .help = {}};
  }

 private:
  const std::string path_;
};

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Secrets are in the client's environment or where they lie, never in its arguments.
Result<Done> add_secrets(World& world, const BuildSettings& settings, docker::BuildxSpec& spec,
                         ClientCall& call) {
  for (const auto& [id, value] : settings.secrets) {
    if (const Path* path = value.as<Path>()) {
      const std::string file = absolute_path(*path);
      std::error_code error;
      const std::uintmax_t size = fs::file_size(file, error);
      if (error)
        return Failure{.message = fmt::format("cannot read `{}`", file),
                       .causes = {fmt::format("it is the secret `{}`: {}", id, error.message())},
                       .help = {}};
      spec.secrets.push_back({id, {}, file});
      std::string content = size <= largest_masked ? content_of(file) : std::string();
      while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
      if (content.empty()) continue;
      world.masker.add(fmt::format("{} ({})", id, path->text), content);
      call.masked.emplace_back(content, true);
      continue;
    }
    const Text text = As<Text>::take(value);
    const std::string variable = fmt::format("CAIRN_BUILD_SECRET_{}", spec.secrets.size() + 1);
    if (text.exposed().find('\0') != std::string::npos ||
        text.exposed().size() + variable.size() + 2 > largest_variable)
      return Failure{.message = fmt::format("the secret `{}` fits into no environment", id),
                     .causes = {"it has 128 KiB or more, or a zero byte"},
                     .help = "name the file that it is in: `secrets = { … = \"./FILE\" }`"};
    spec.secrets.push_back({id, variable, {}});
    call.variables.emplace_back(variable, Text(text.exposed(), true));
  }
  return Done{};
}

Result<Done> refuse_many_platforms(docker::Engine& engine, const std::vector<std::string>& platforms,
                                   std::stop_token stop) {
  if (platforms.size() < 2) return Done{};
  const Result<docker::EngineInfo> info = docker::read_info(engine, stop);
  if (!info) return info.failure();
  if (info->containerd_store) return Done{};
  return Failure{
      .message = fmt::format("`platforms` names {}, and the engine can hold one", platforms.size()),
      .causes = {fmt::format(
          "{} (version {}) keeps images in its classic store ({}), which has one platform under "
          "a name",
          engine.endpoint().shown, info->version, info->storage_driver)},
      .help =
          "name one in `platforms`, or let that engine keep images in containerd: `\"features\": "
          "{\"containerd-snapshotter\": true}` in its daemon.json",
      .nothing_done = true};
}

Result<docker::BuildxBuilder> builder_for(World& world, const ClientCall& like,
                                          execute::StepContext& context) {
  ClientCall call;
  call.step = like.step;
  call.endpoint = like.endpoint;
  call.arguments = {"buildx", "inspect"};
  call.working_dir = like.working_dir;
  const Result<keeper::Exit> ended = call_docker_client(
      world, call, [](const std::string&) {}, [] {}, context);
  if (!ended) return ended.failure();
  return docker::buildx_builder(ended->tail, ended->well());
}

// What buildx calls the image, as its engine calls it: the containerd store by the manifest, the classic one
// by the configuration.
Result<std::string> id_of_built(docker::Engine& engine, const std::string& metadata_file,
                                const docker::BuildxBuilder& builder, std::stop_token stop) {
  const nlohmann::json metadata = nlohmann::json::parse(content_of(metadata_file), nullptr, false);
  for (const char* name : {"containerimage.digest", "containerimage.config.digest"}) {
    if (!metadata.is_object() || !metadata.contains(name) || !metadata[name].is_string()) continue;
    const Result<std::optional<docker::ImageFacts>> facts =
        docker::inspect_image(engine, metadata[name].get<std::string>(), stop);
    if (!facts) return facts.failure();
    if (*facts) return (*facts)->id;
  }
  return Failure{.message = "buildx has built an image that the engine does not have",
                 .causes = {fmt::format("its builder is `{}` ({}), the engine {}", builder.name,
                                        builder.driver, engine.endpoint().shown)},
                 .help = "build with the engine's own builder: BUILDX_BUILDER=default"};
}

// The engine's own builder sees contexts as images, like other builders; another one is sent folders.
Result<Done> add_contexts(const BuildSettings& settings, const docker::BuildxBuilder& builder,
                          docker::BuildxSpec& asked, ContextImages& images, execute::StepContext& context) {
  for (const auto& [name, source] : settings.contexts) {
    const Path* path = source.as<Path>();
    if (builder.sees_engine()) {
      if (Result<Done> added = images.add(name, source, context); !added) return added;
    } else if (path != nullptr) {
      asked.contexts.emplace_back(name, absolute_path(*path));
    } else {
      return Failure{
          .message = fmt::format("the context `{}` is an image of the engine", name),
          .causes = {fmt::format("the builder `{}` ({}) does not see those", builder.name, builder.driver)},
          .help = "build with the engine's own builder: BUILDX_BUILDER=default"};
    }
  }
  return Done{};
}

// A Dockerfile of our own, with a .dockerignore for it alone: the context's, and what cairn keeps in a
// project.
Result<Done> write_dockerfile(const BuildFolder& folder, const std::string& text, bool is_inline,
                              docker::BuildSpec& spec) {
  const fs::path context(spec.context);
  std::error_code error;
  fs::path ignore = context / (spec.dockerfile + ".dockerignore");
  if (is_inline || !fs::exists(ignore, error)) ignore = context / ".dockerignore";
  // Under its name, which buildx says where it says a line.
  fs::create_directory(folder.file("own"), error);
  const std::string name =
      "own/" + (is_inline ? std::string("Dockerfile") : fs::path(spec.dockerfile).filename().string());
  if (Result<Done> written = folder.write(name, text); !written) return written;
  spec.dockerfile = folder.file(name);
  if (spec.context.empty()) {
    spec.context = folder.file("nothing");
    fs::create_directory(spec.context, error);
  }
  return folder.write(name + ".dockerignore", content_of(ignore) + "\n**/.cairn\n");
}

}  // namespace

Result<std::string> build_with_buildx(World& world, docker::Engine& engine, NodeId node,
                                      const BuildSettings& settings, docker::BuildSpec spec,
                                      execute::StepContext& context) {
  if (Result<Done> held = refuse_many_platforms(engine, settings.platforms, context.stop()); !held)
    return held.failure();
  const auto say = [&](const std::string& line) { context.note(line); };
  const BuildFolder folder(world.scratch_file(node, "builds"));
  ClientCall call;
  call.step = world.graph.node(node).path;
  call.endpoint = engine.endpoint();
  call.working_dir = world.folder_of(node);
  call.log_file = folder.file("said");
  docker::BuildxSpec asked;
  if (Result<Done> added = add_secrets(world, settings, asked, call); !added) return added.failure();
  const Result<docker::BuildxBuilder> builder = builder_for(world, call, context);
  if (!builder) return builder.failure();
  if (!builder->sees_engine()) say(fmt::format("built by `{}` ({})", builder->name, builder->driver));

  ContextImages contexts(world, engine, node);
  if (Result<Done> added = add_contexts(settings, *builder, asked, contexts, context); !added)
    return added.failure();
  const docker::BuiltText built{.shown = settings.dockerfile_inline ? "dockerfile_inline" : spec.dockerfile,
                                .text = with_context_stages(*spec.dockerfile_text, contexts.by_name()),
                                .added = static_cast<int>(contexts.by_name().size()),
                                .added_after = lines_before_stages(*spec.dockerfile_text)};
  // The engine's own images are then those that the next plan looks at, too; and pulled as who the file says.
  if (builder->sees_engine())
    if (Result<> pulled = docker::pull_bases(engine, spec, docker::needs_of_dockerfile(built.text, spec.args),
                                             say, context.stop());
        !pulled)
      return pulled.failure();

  asked.build = std::move(spec);
  if (Result<Done> written =
          write_dockerfile(folder, built.text, settings.dockerfile_inline.has_value(), asked.build);
      !written)
    return written.failure();
  asked.platforms = settings.platforms;
  for (const std::string& one : settings.ssh) asked.ssh.push_back(ssh_with_paths(one, call.working_dir));
  asked.cache_to = settings.cache_to;
  asked.metadata_file = folder.file("metadata.json");
  call.arguments = docker::buildx_build(asked);

  docker::BuildxProgress progress(say);
  const Result<keeper::Exit> ended = call_docker_client(
      world, call, [&](const std::string& line) { progress.feed(line); }, [&] { progress.flush(); }, context);
  if (!ended) return ended.failure();
  if (!ended->well()) {
    Failure failure = docker::buildx_failure(progress, built);
    if (failure.causes.empty()) failure.causes.push_back("it " + ended->says());
    return failure;
  }
  return id_of_built(engine, asked.metadata_file, *builder, context.stop());
}

}  // namespace cairn::kinds
