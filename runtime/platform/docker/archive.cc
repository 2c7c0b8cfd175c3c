#include "runtime/platform/docker/archive.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "runtime/platform/docker/base64.h"
#include "runtime/platform/docker/json_access.h"
#include "runtime/platform/docker/tar_writer.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

std::string archive_path(const std::string& container) {
  return "/containers/" + percent_encoded(container) + "/archive";
}

std::string last_step(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

// The kinds of Go's os.FileMode.
constexpr std::uint64_t go_folder = 1ull << 31, go_link = 1ull << 27, go_socket = 1ull << 24,
                        go_device = 1ull << 26, go_pipe = 1ull << 25, go_irregular = 1ull << 19;

PathFacts path_facts(const json& stat) {
  PathFacts facts;
  facts.name = at<std::string>(stat, "/name");
  facts.link_target = at<std::string>(stat, "/linkTarget");
  facts.size = at<std::int64_t>(stat, "/size");
  const std::uint64_t mode = at<std::uint64_t>(stat, "/mode");
  facts.mode = static_cast<std::uint32_t>(mode & 0777);
  if (mode & go_folder) {
    facts.is = PathFacts::Is::folder;
  } else if (mode & go_link) {
    facts.is = PathFacts::Is::link;
  } else if (mode & go_socket) {
    facts.is = PathFacts::Is::socket;
  } else if (mode & (go_device | go_pipe | go_irregular)) {
    facts.is = PathFacts::Is::other;
  }
  return facts;
}

// Everything below a folder of this machine, parents first.
Result<> add_tree(std::vector<TarEntry>& entries, const std::string& from, const std::string& path) {
  namespace fs = std::filesystem;
  entries.push_back({.path = path, .from = from});
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(from, error))) return Done{};
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator each(from, error), end; !error && each != end;
       each.increment(error)) {
    found.push_back(each->path());
  }
  if (error)
    return Failure{.message = fmt::format("could not read the folder `{}`", from),
                   .causes = {error.message()}};
  std::sort(found.begin(), found.end());
  for (const fs::path& each : found) {
    entries.push_back({.path = path + "/" + each.lexically_relative(from).string(), .from = each.string()});
  }
  return Done{};
}

}  // namespace

Result<> put_files(Engine& engine, const std::string& container, const std::vector<FileToPut>& files,
                   std::stop_token stop) {
  const std::string what = fmt::format("could not put files into the container `{}`", container);
  std::vector<TarEntry> entries;
  for (const FileToPut& file : files) {
    // The engine makes the folders on the way itself.
    const std::string path = file.path.substr(std::min(file.path.find_first_not_of('/'), file.path.size()));
    if (path.empty())
      return Failure{.message = what, .causes = {"a file without a path"}, .nothing_done = true};
    if (file.from.empty()) {
      entries.push_back({.path = path, .content = file.content, .mode = file.mode});
    } else if (const Result<> added = add_tree(entries, file.from, path); !added) {
      return Failure(added.failure()).within(what);
    }
  }
  TarWriter tar(std::move(entries), false);
  const Result<http::Response> answer = engine.call({.method = "PUT",
                                                     .path = archive_path(container),
                                                     .query = {{"path", "/"}},
                                                     .headers = {{"Content-Type", "application/x-tar"}},
                                                     .body_source = [&] { return tar.next(); },
                                                     .timeout = std::nullopt},
                                                    stop);
  if (tar.failure()) return Failure(*tar.failure()).within(what);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 200) return Done{};
  Failure failure = refusal(what, *answer);
  if (message_in(answer->body).find("read-only") != std::string::npos) {
    failure.help = "`read_only = true` also keeps `files` out: mount a volume or a tmpfs where they go";
  }
  return failure;
}

Result<> put_archive(Engine& engine, const std::string& container, const std::string& folder,
                     const std::string& tar_file, std::stop_token stop) {
  const std::string what = fmt::format("could not unpack `{}` in the container `{}`", tar_file, container);
  const Result<http::Response> answer = engine.call({.method = "PUT",
                                                     .path = archive_path(container),
                                                     .query = {{"path", folder}},
                                                     .headers = {{"Content-Type", "application/x-tar"}},
                                                     .body_file = tar_file,
                                                     .timeout = std::nullopt},
                                                    stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 200) return Done{};
  return refusal(what, *answer);
}

Result<std::optional<PathFacts>> stat_path(Engine& engine, const std::string& container,
                                           const std::string& path, std::stop_token stop) {
  const std::string what = fmt::format("could not look at `{}` in the container `{}`", path, container);
  const Result<http::Response> answer =
      engine.call({.method = "HEAD", .path = archive_path(container), .query = {{"path", path}}}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 404) return std::optional<PathFacts>();
  if (answer->status != 200) return refusal(what, *answer);
  const json stat =
      json::parse(from_base64(answer->header("X-Docker-Container-Path-Stat")).value_or(""), nullptr, false);
  if (!stat.is_object()) {
    return Failure{
        .message = what, .causes = {"the engine's answer makes no sense"}, .is = FailureClass::endpoint};
  }
  return std::optional<PathFacts>(path_facts(stat));
}

Result<Extracted> get_archive(Engine& engine, const std::string& container, const std::string& path,
                              const std::string& destination, const ExtractionLimits& limits,
                              std::stop_token stop) {
  const std::string what = fmt::format("could not copy `{}` out of the container `{}`", path, container);
  std::string real_path = path;
  Result<std::optional<PathFacts>> facts = stat_path(engine, container, path, stop);
  if (facts && *facts && (*facts)->is == PathFacts::Is::link) {
    // The engine says where it leads, within the container.
    real_path = (*facts)->link_target;
    facts = stat_path(engine, container, real_path, stop);
  }
  if (!facts) return Failure(facts.failure()).within(what);
  if (!*facts) return Failure{.message = what, .causes = {"there is no such path"}, .nothing_done = true};
  Result<std::unique_ptr<http::Stream>> stream = engine.open(
      {.path = archive_path(container), .query = {{"path", real_path}}, .timeout = std::nullopt}, stop);
  if (!stream) return Failure(stream.failure()).within(what);
  if ((*stream)->status() != 200) {
    const Result<std::string> body = (*stream)->read(stop);
    return refusal(what, (*stream)->status(), body ? *body : std::string());
  }
  Extraction order{.destination = destination, .limits = limits};
  if ((*facts)->is == PathFacts::Is::folder) order.strip_folder = last_step(real_path);
  Result<Extracted> extracted = extract([&] { return (*stream)->read(stop); }, order);
  if (!extracted) return Failure(extracted.failure()).within(what);
  return extracted;
}

}  // namespace cairn::docker
