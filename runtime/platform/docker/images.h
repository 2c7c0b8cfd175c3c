// Images: inspect, pull, load, tag, push, commit, remove (Docker Engine API 1.41). Pulls and pushes answer
// 200 and then tell of failures inside the stream: those are found.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/identity.h"
#include "runtime/platform/docker/tar_writer.h"

namespace cairn::docker {

struct ImageFacts {
  std::string id;  // "sha256:…"; of the configuration, or of the manifest with the containerd store
  std::vector<std::string> tags, digests;
  std::vector<std::string> exposed;  // "80/tcp"
  std::vector<std::string> volumes;  // paths
  std::vector<std::string> env;
  std::string user, stop_signal;
  bool has_healthcheck = false;
  Labels labels;
  std::int64_t size = 0;  // bytes
  std::string platform;   // "linux/amd64"
};

// A reference in its parts: "localhost:5000/shop/api:1" is {localhost:5000/shop/api, 1, ""}. Without a tag
// and a digest the tag is "latest".
struct ImageReference {
  std::string name, tag, digest;
  std::string registry() const;  // "docker.io" when the name has none
};
ImageReference read_reference(const std::string& reference);

// Nothing: it is not there.
Result<std::optional<ImageFacts>> inspect_image(Engine& engine, const std::string& image,
                                                std::stop_token stop);

using ProgressLine = std::function<void(const std::string& line)>;  // called by the calling thread

struct PullSpec {
  std::string reference;
  std::string platform = {};
  Text auth = {};  // the header's value (registry_auth.h); empty: none
};
Result<> pull_image(Engine& engine, const PullSpec& spec, const ProgressLine& on_line, std::stop_token stop);

// A tar as `docker save` makes it. The references or ids that it brought.
Result<std::vector<std::string>> load_image(Engine& engine, const std::string& tar_file,
                                            std::stop_token stop);

// A tar of a root file system becomes an image with `reference`. Its id.
Result<std::string> import_image(Engine& engine, const std::string& tar_file, const std::string& reference,
                                 const std::vector<std::string>& changes, std::stop_token stop);

// The same of files that are at hand. `what` names them in a Failure: "the agent".
Result<std::string> import_files(Engine& engine, const std::string& what, std::vector<TarEntry> files,
                                 const std::string& reference, const std::vector<std::string>& changes,
                                 std::stop_token stop);
// "LABEL "name"="value"", quoted as a Dockerfile and `changes` want it.
std::string label_change(const std::string& name, const std::string& value);

struct ImageSummary {
  std::string id;
  std::vector<std::string> tags;
  Labels labels;
};
// All that carry all of `labels` ("key=value" or "key").
Result<std::vector<ImageSummary>> list_images(Engine& engine, const std::vector<std::string>& labels,
                                              std::stop_token stop);

Result<> tag_image(Engine& engine, const std::string& image, const std::string& reference,
                   std::stop_token stop);

// The digest that the registry knows it by. Pushing twice is harmless.
Result<std::string> push_image(Engine& engine, const std::string& reference, const Text& auth,
                               const ProgressLine& on_line, std::stop_token stop);

struct CommitSpec {
  std::string container;
  std::string reference = {};             // empty: no tag
  std::vector<std::string> changes = {};  // as in a Dockerfile: "CMD [\"/start\"]"
  Labels labels = {};                     // the user's
};
// The id of an image of the container's files. The container's own labels of ours are blanked in it, and its
// environment is its image's again: secrets stay behind. `once`: never repeated here; a Failure without
// nothing_done leaves it open whether there is an image.
Result<std::string> commit_container(Engine& engine, const CommitSpec& spec, std::stop_token stop);

// One that is gone is fine. `force` also takes tags that others gave it.
Result<> remove_image(Engine& engine, const std::string& image, bool force, std::stop_token stop);

// Reads a stream of JSON objects, a pull's or a build's, to its end: each object to `on_object`; the first
// error in it becomes the Failure `what`.
Result<> read_json_stream(http::Stream& stream, const std::string& what,
                          const std::function<void(const nlohmann::json&)>& on_object, std::stop_token stop);

}  // namespace cairn::docker
