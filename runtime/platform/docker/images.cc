#include "runtime/platform/docker/images.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/json_access.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

std::string image_path(const std::string& image) {
  // Slashes of a name stay slashes here.
  std::string path = "/images/";
  std::size_t begin = 0;
  for (std::size_t slash; (slash = image.find('/', begin)) != std::string::npos; begin = slash + 1) {
    path += percent_encoded(image.substr(begin, slash - begin)) + "/";
  }
  return path + percent_encoded(image.substr(begin));
}

std::vector<std::string> keys_at(const json& document, const char* path) {
  std::vector<std::string> keys;
  const json& object = part(document, path);
  if (object.is_object()) {
    for (const auto& each : object.items()) keys.push_back(each.key());
  }
  return keys;
}

// "layer 3f4c Downloading 3 MB / 12 MB" out of {"id", "status", "progress"}; empty: nothing to say.
std::string progress_line(const json& object) {
  const std::string id = at<std::string>(object, "/id");
  const std::string status = at<std::string>(object, "/status");
  if (status.empty()) return {};
  const std::string progress = at<std::string>(object, "/progress");
  return fmt::format("{}{}{}{}{}", id, id.empty() ? "" : ": ", status, progress.empty() ? "" : " ", progress);
}

Result<std::unique_ptr<http::Stream>> open_answer(Engine& engine, const Call& call, const std::string& what,
                                                  std::stop_token stop) {
  Result<std::unique_ptr<http::Stream>> stream = engine.open(call, stop);
  if (!stream) return Failure(stream.failure()).within(what);
  if ((*stream)->status() == 200) return stream;
  const Result<std::string> body = (*stream)->read(stop);
  return refusal(what, (*stream)->status(), body ? *body : std::string());
}

// A value as a Dockerfile quotes it.
std::string in_quotes(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

std::string ImageReference::registry() const {
  const std::size_t slash = name.find('/');
  const std::string first = name.substr(0, slash);
  const bool is_host =
      slash != std::string::npos && (first.find_first_of(".:") != std::string::npos || first == "localhost");
  return is_host ? first : "docker.io";
}

ImageReference read_reference(const std::string& reference) {
  ImageReference result;
  const std::size_t digest = reference.find('@');
  result.name = reference.substr(0, digest);
  if (digest != std::string::npos) result.digest = reference.substr(digest + 1);
  const std::size_t colon = result.name.rfind(':');
  const std::size_t slash = result.name.rfind('/');
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) {
    result.tag = result.name.substr(colon + 1);
    result.name.erase(colon);
  }
  if (result.tag.empty() && result.digest.empty()) result.tag = "latest";
  return result;
}

Result<std::optional<ImageFacts>> inspect_image(Engine& engine, const std::string& image,
                                                std::stop_token stop) {
  const std::string what = fmt::format("could not look at the image `{}`", image);
  const Result<http::Response> answer = engine.call({.path = image_path(image) + "/json"}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 404) return std::optional<ImageFacts>();
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  ImageFacts facts;
  facts.id = at<std::string>(*body, "/Id");
  facts.tags = strings_at(*body, "/RepoTags");
  facts.digests = strings_at(*body, "/RepoDigests");
  facts.exposed = keys_at(*body, "/Config/ExposedPorts");
  facts.volumes = keys_at(*body, "/Config/Volumes");
  facts.env = strings_at(*body, "/Config/Env");
  facts.user = at<std::string>(*body, "/Config/User");
  facts.stop_signal = at<std::string>(*body, "/Config/StopSignal");
  const std::vector<std::string> test = strings_at(*body, "/Config/Healthcheck/Test");
  facts.has_healthcheck = !test.empty() && test.front() != "NONE";
  facts.labels = labels_at(*body, "/Config/Labels");
  facts.size = at<std::int64_t>(*body, "/Size");
  facts.platform = at<std::string>(*body, "/Os") + "/" + at<std::string>(*body, "/Architecture");
  return std::optional<ImageFacts>(std::move(facts));
}

Result<> pull_image(Engine& engine, const PullSpec& spec, const ProgressLine& on_line, std::stop_token stop) {
  const std::string what = fmt::format("could not pull the image `{}`", spec.reference);
  const ImageReference reference = read_reference(spec.reference);
  Call call{.method = "POST",
            .path = "/images/create",
            .query = {{"fromImage", reference.name},
                      {"tag", reference.digest.empty() ? reference.tag : reference.digest}},
            .timeout = std::nullopt};
  if (!spec.platform.empty()) call.query.push_back({"platform", spec.platform});
  if (!spec.auth.exposed().empty()) call.headers.push_back({"X-Registry-Auth", spec.auth.exposed()});
  Result<std::unique_ptr<http::Stream>> stream = open_answer(engine, call, what, stop);
  if (!stream) return stream.failure();
  return read_json_stream(
      **stream, what,
      [&](const json& object) {
        const std::string line = progress_line(object);
        if (on_line && !line.empty()) on_line(line);
      },
      stop);
}

Result<std::vector<std::string>> load_image(Engine& engine, const std::string& tar_file,
                                            std::stop_token stop) {
  const std::string what = fmt::format("could not load the images of `{}`", tar_file);
  const Call call{.method = "POST",
                  .path = "/images/load",
                  .query = {{"quiet", "1"}},
                  .headers = {{"Content-Type", "application/x-tar"}},
                  .body_file = tar_file,
                  .timeout = std::nullopt};
  Result<std::unique_ptr<http::Stream>> stream = open_answer(engine, call, what, stop);
  if (!stream) return stream.failure();
  std::vector<std::string> loaded;
  const Result<> read = read_json_stream(
      **stream, what,
      [&](const json& object) {
        const std::string line = at<std::string>(object, "/stream");
        for (const std::string_view begin : {"Loaded image: ", "Loaded image ID: "}) {
          if (!line.starts_with(begin)) continue;
          std::string name = line.substr(begin.size());
          while (!name.empty() && name.back() == '\n') name.pop_back();
          loaded.push_back(std::move(name));
        }
      },
      stop);
  if (!read) return read.failure();
  return loaded;
}

namespace {

Result<std::string> import_tar(Engine& engine, Call call, const std::string& what,
                               const std::string& reference, const std::vector<std::string>& changes,
                               std::stop_token stop) {
  const ImageReference parts = read_reference(reference);
  call.method = "POST";
  call.path = "/images/create";
  call.query = {{"fromSrc", "-"}, {"repo", parts.name}, {"tag", parts.tag}};
  call.headers = {{"Content-Type", "application/x-tar"}};
  call.timeout = std::nullopt;
  for (const std::string& change : changes) call.query.push_back({"changes", change});
  Result<std::unique_ptr<http::Stream>> stream = open_answer(engine, call, what, stop);
  if (!stream) return stream.failure();
  std::string id;
  const Result<> read = read_json_stream(
      **stream, what, [&](const json& object) { id = at<std::string>(object, "/status", id); }, stop);
  if (!read) return read.failure();
  return id;
}

}  // namespace

Result<std::string> import_image(Engine& engine, const std::string& tar_file, const std::string& reference,
                                 const std::vector<std::string>& changes, std::stop_token stop) {
  return import_tar(engine, {.body_file = tar_file}, fmt::format("could not import `{}`", tar_file),
                    reference, changes, stop);
}

Result<std::string> import_files(Engine& engine, const std::string& what, std::vector<TarEntry> files,
                                 const std::string& reference, const std::vector<std::string>& changes,
                                 std::stop_token stop) {
  const auto tar = std::make_shared<TarWriter>(std::move(files), true);
  Result<std::string> id =
      import_tar(engine, {.body_source = [tar] { return tar->next(); }},
                 fmt::format("could not make an image of {}", what), reference, changes, stop);
  if (tar->failure()) return *tar->failure();
  return id;
}

std::string label_change(const std::string& name, const std::string& value) {
  return "LABEL " + in_quotes(name) + "=" + in_quotes(value);
}

Result<std::vector<ImageSummary>> list_images(Engine& engine, const std::vector<std::string>& labels,
                                              std::stop_token stop) {
  const std::string what = "could not list the images";
  const Result<http::Response> answer =
      engine.call({.path = "/images/json", .query = {{"filters", label_filter(labels)}}}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  std::vector<ImageSummary> images;
  for (const json& each : *body)
    images.push_back(
        {at<std::string>(each, "/Id"), strings_at(each, "/RepoTags"), labels_at(each, "/Labels")});
  return images;
}

Result<> tag_image(Engine& engine, const std::string& image, const std::string& reference,
                   std::stop_token stop) {
  const std::string what = fmt::format("could not tag the image `{}` as `{}`", image, reference);
  const ImageReference parts = read_reference(reference);
  const Call call{.method = "POST",
                  .path = image_path(image) + "/tag",
                  .query = {{"repo", parts.name}, {"tag", parts.tag}}};
  Result<http::Response> answer = engine.call(call, stop);
  if (!answer && !stop.stop_requested()) answer = engine.call(call, stop);  // says the same twice
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 201) return Done{};
  return refusal(what, *answer);
}

Result<std::string> push_image(Engine& engine, const std::string& reference, const Text& auth,
                               const ProgressLine& on_line, std::stop_token stop) {
  const std::string what = fmt::format("could not push the image `{}`", reference);
  const ImageReference parts = read_reference(reference);
  // Engines insist on the header; "e30=" is {}.
  const std::string header = auth.exposed().empty() ? "e30=" : auth.exposed();
  Result<std::unique_ptr<http::Stream>> stream = open_answer(engine,
                                                             {.method = "POST",
                                                              .path = image_path(parts.name) + "/push",
                                                              .query = {{"tag", parts.tag}},
                                                              .headers = {{"X-Registry-Auth", header}},
                                                              .timeout = std::nullopt},
                                                             what, stop);
  if (!stream) return stream.failure();
  std::string digest;
  const Result<> read = read_json_stream(
      **stream, what,
      [&](const json& object) {
        digest = at<std::string>(object, "/aux/Digest", digest);
        const std::string line = progress_line(object);
        // "1: digest: sha256:… size: 1" is all that the containerd store says of it.
        const std::size_t found = line.find("digest: sha256:");
        if (digest.empty() && found != line.npos) digest = line.substr(found + 8, 71);
        if (on_line && !line.empty()) on_line(line);
      },
      stop);
  if (!read) return read.failure();
  return digest;
}

Result<std::string> commit_container(Engine& engine, const CommitSpec& spec, std::stop_token stop) {
  const std::string what = fmt::format("could not make an image of the container `{}`", spec.container);
  const Result<std::optional<ContainerFacts>> found = inspect_container(engine, spec.container, stop);
  if (!found) return Failure(found.failure()).within(what);
  if (!*found) {
    return Failure{.message = what, .causes = {"there is no such container"}, .nothing_done = true};
  }
  const ContainerFacts& container = **found;
  const Result<std::optional<ImageFacts>> image = inspect_image(engine, container.image_id, stop);
  if (!image) return Failure(image.failure()).within(what);
  const std::vector<std::string> original = *image ? (*image)->env : std::vector<std::string>();

  ImageReference reference;
  if (!spec.reference.empty()) reference = read_reference(spec.reference);
  Call call{.method = "POST",
            .path = "/commit",
            .query = {{"container", container.id}, {"repo", reference.name}, {"tag", reference.tag}},
            .timeout = std::nullopt};
  const auto change = [&](std::string text) { call.query.push_back({"changes", std::move(text)}); };
  for (const std::string& each : spec.changes) change(each);
  for (const auto& [name, value] : spec.labels) change(label_change(name, value));
  for (const auto& [name, value] : container.labels) {
    if (name.starts_with(label_prefix) || name.starts_with("com.docker.compose.")) {
      change(label_change(name, ""));
    }
  }
  for (const std::string& variable : container.env) {
    if (std::find(original.begin(), original.end(), variable) != original.end()) continue;
    const std::string name = variable.substr(0, variable.find('='));
    std::string before;
    for (const std::string& each : original) {
      if (each.starts_with(name + "=")) before = each.substr(name.size() + 1);
    }
    change("ENV " + name + "=" + in_quotes(before));
  }
  const Result<http::Response> answer = engine.call(call, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status != 201) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  return at<std::string>(*body, "/Id");
}

Result<> remove_image(Engine& engine, const std::string& image, bool force, std::stop_token stop) {
  const std::string what = fmt::format("could not remove the image `{}`", image);
  const Call call{.method = "DELETE", .path = image_path(image), .query = {{"force", force ? "1" : "0"}}};
  Result<http::Response> answer = engine.call(call, stop);
  if (!answer && !stop.stop_requested()) answer = engine.call(call, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 200 || answer->status == 404) return Done{};
  return refusal(what, *answer);
}

}  // namespace cairn::docker
