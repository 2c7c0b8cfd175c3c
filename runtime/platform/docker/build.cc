#include "runtime/platform/docker/build.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "runtime/platform/docker/base64.h"
#include "runtime/platform/docker/build_trace.h"
#include "runtime/platform/docker/dockerignore.h"
#include "runtime/platform/docker/json_access.h"
#include "runtime/platform/docker/tar_writer.h"

namespace cairn::docker {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// The name in the tar of a Dockerfile that is not a file of the context.
constexpr const char* own_dockerfile = ".cairn.dockerfile";

std::optional<std::string> text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Context {
  std::string dockerfile;  // its name in the tar
  std::string dockerfile_text;
  std::vector<TarEntry> entries;
};

Result<> collect(Context& context, const fs::path& root, const Dockerignore& ignore) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator each(root, error), end; !error && each != end;
       each.increment(error)) {
    // What cairn itself keeps in a project is no part of what it builds: logs, journals, reports.
    if (each->path().filename() == ".cairn") {
      each.disable_recursion_pending();
      continue;
    }
    const std::string path = each->path().lexically_relative(root).string();
    const bool needed = path == context.dockerfile || path == ".dockerignore";
    if (!needed && ignore.ignores(path)) {
      const bool holds_the_dockerfile = context.dockerfile.starts_with(path + "/");
      if (!ignore.takes_back() && !holds_the_dockerfile) each.disable_recursion_pending();
      continue;
    }
    // Sockets and the like are no part of a context.
    const fs::file_type type = each->symlink_status(error).type();
    if (type == fs::file_type::regular || type == fs::file_type::directory ||
        type == fs::file_type::symlink) {
      found.push_back(each->path());
    }
  }
  if (error) {
    return Failure{.message = fmt::format("could not read the context `{}`", root.string()),
                   .causes = {error.message()},
                   .nothing_done = true};
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& each : found) {
    context.entries.push_back({.path = each.lexically_relative(root).string(), .from = each.string()});
  }
  return Done{};
}

Result<Context> context_of(const BuildSpec& spec) {
  Context context;
  const fs::path root = fs::path(spec.context).lexically_normal();
  const fs::path file =
      fs::path(spec.dockerfile).is_absolute() ? fs::path(spec.dockerfile) : root / spec.dockerfile;
  const fs::path inside = file.lexically_normal().lexically_relative(root);
  const bool is_inside = !spec.dockerfile_text && !inside.empty() && *inside.begin() != "..";
  context.dockerfile = is_inside ? inside.string() : own_dockerfile;
  const std::optional<std::string> text = spec.dockerfile_text ? spec.dockerfile_text : text_of(file);
  if (!text) {
    return Failure{.message = fmt::format("could not read the Dockerfile `{}`", file.string()),
                   .nothing_done = true};
  }
  context.dockerfile_text = *text;
  std::optional<std::string> ignore =
      spec.dockerfile_text ? std::nullopt : text_of(file.string() + ".dockerignore");
  if (!ignore) ignore = text_of(root / ".dockerignore");
  // Without a folder the Dockerfile is all there is.
  if (Result<> collected =
          spec.context.empty() ? Result<>(Done{}) : collect(context, root, Dockerignore(ignore.value_or("")));
      !collected) {
    return collected.failure();
  }
  if (!is_inside) context.entries.push_back({.path = own_dockerfile, .content = Text(*text)});
  return context;
}

}  // namespace

std::vector<std::string> context_files(const BuildSpec& spec) {
  std::vector<std::string> files;
  const Result<Context> context = context_of(spec);
  if (!context) return files;
  for (const TarEntry& entry : context->entries)
    if (!entry.from.empty()) files.push_back(entry.from);
  return files;
}

Result<> pull_bases(Engine& engine, const BuildSpec& spec, const DockerfileNeeds& needs,
                    const ProgressLine& on_line, std::stop_token stop) {
  for (const std::string& image : needs.images) {
    if (!spec.pull) {
      const Result<std::optional<ImageFacts>> there = inspect_image(engine, image, stop);
      if (!there) return there.failure();
      if (*there) continue;
    }
    PullSpec pull{.reference = image, .platform = spec.platform};
    if (spec.auth_for) {
      Result<Text> auth = spec.auth_for(read_reference(image).registry());
      if (!auth) return auth.failure();
      pull.auth = std::move(*auth);
    }
    if (const Result<> pulled = pull_image(engine, pull, on_line, stop); !pulled) return pulled.failure();
  }
  return Done{};
}

namespace {

Query query_of(const BuildSpec& spec, const std::string& dockerfile) {
  const bool buildkit = spec.builder == BuildSpec::Builder::buildkit;
  Query query = {
      {"version", buildkit ? "2" : "1"}, {"dockerfile", dockerfile}, {"rm", "1"}, {"forcerm", "1"}};
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) query.push_back({name, value});
  };
  for (const std::string& tag : spec.tags) put("t", tag);
  put("target", spec.target);
  put("platform", spec.platform);
  put("networkmode", spec.network_mode);
  json args = json::object();
  for (const auto& [name, value] : spec.args) args[name] = value.exposed();
  if (!args.empty()) put("buildargs", args.dump());
  if (!spec.labels.empty()) put("labels", json(spec.labels).dump());
  if (!spec.cache_from.empty()) put("cachefrom", json(spec.cache_from).dump());
  if (spec.no_cache) put("nocache", "1");
  return query;
}

}  // namespace

Result<std::string> build_image(Engine& engine, const BuildSpec& spec, const ProgressLine& on_line,
                                std::stop_token stop) {
  const std::string name = spec.tags.empty() ? spec.context : spec.tags.front();
  const std::string what = fmt::format("could not build the image `{}`", name);
  Result<Context> context = context_of(spec);
  if (!context) return Failure(context.failure()).within(what);
  const DockerfileNeeds needs = needs_of_dockerfile(context->dockerfile_text, spec.args);
  if (needs.session_mounts) {
    return Failure{.message = what,
                   .causes = {"its Dockerfile mounts a secret or ssh, which needs a session with BuildKit"},
                   .help = "leave `builder` out, or say `builder = \"buildx\"`",
                   .nothing_done = true};
  }
  if (const Result<> pulled = pull_bases(engine, spec, needs, on_line, stop); !pulled) {
    return Failure(pulled.failure()).within(what);
  }
  TarWriter tar(std::move(context->entries), true);
  Result<std::unique_ptr<http::Stream>> stream =
      engine.open({.method = "POST",
                   .path = "/build",
                   .query = query_of(spec, context->dockerfile),
                   .headers = {{"Content-Type", "application/x-tar"}},
                   .body_source = [&] { return tar.next(); },
                   .timeout = std::nullopt},
                  stop);
  if (tar.failure()) return Failure(*tar.failure()).within(what);
  if (!stream) return Failure(stream.failure()).within(what);
  if ((*stream)->status() != 200) {
    const Result<std::string> body = (*stream)->read(stop);
    return refusal(what, (*stream)->status(), body ? *body : std::string());
  }
  const auto say = [&](const std::string& line) {
    if (on_line && !line.empty()) on_line(line);
  };
  BuildTrace trace(say);
  std::string id, unfinished;
  const Result<> read = read_json_stream(
      **stream, what,
      [&](const json& object) {
        if (at<std::string>(object, "/id") == "moby.buildkit.trace") {
          trace.feed(from_base64(at<std::string>(object, "/aux")).value_or(""));
          return;
        }
        if (object.contains("aux") && object["aux"].is_object()) id = at<std::string>(object, "/aux/ID", id);
        unfinished += at<std::string>(object, "/stream");
        for (std::size_t end; (end = unfinished.find('\n')) != std::string::npos;) {
          say(unfinished.substr(0, end));
          unfinished.erase(0, end + 1);
        }
      },
      stop);
  say(unfinished);
  if (tar.failure()) return Failure(*tar.failure()).within(what);
  if (!read) return read.failure();
  if (id.empty()) return Failure{.message = what, .causes = {"the engine's answer names no image"}};
  return id;
}

}  // namespace cairn::docker
