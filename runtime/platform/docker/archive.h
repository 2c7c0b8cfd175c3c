// Files into and out of containers: PUT, GET and HEAD /containers/{id}/archive. Works on containers that were
// never started and on those that have ended; sees volumes, not a tmpfs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::docker {

// A file to put into a container; folders on its way are made. Owned by root.
struct FileToPut {
  std::string path;       // absolute in the container
  Text content = Text();  // or
  std::string from = {};  // a file or folder of this machine, taken with its modes
  int mode = 0644;        // of `content`
};
Result<> put_files(Engine& engine, const std::string& container, const std::vector<FileToPut>& files,
                   std::stop_token stop);

// A tar that is there already, unpacked below `folder`, which must exist.
Result<> put_archive(Engine& engine, const std::string& container, const std::string& folder,
                     const std::string& tar_file, std::stop_token stop);

struct PathFacts {
  std::string name, link_target;
  std::int64_t size = 0;   // bytes
  std::uint32_t mode = 0;  // the permission bits
  enum class Is { file, folder, link, socket, other };
  Is is = Is::file;
};
// Nothing: there is no such path in the container.
Result<std::optional<PathFacts>> stat_path(Engine& engine, const std::string& container,
                                           const std::string& path, std::stop_token stop);

struct ExtractionLimits {
  std::int64_t entries = 1'000'000;
  std::int64_t bytes = std::int64_t{64} << 30;
};
struct Extracted {
  std::vector<std::string> files;     // below the destination
  std::vector<std::string> left_out;  // links, devices, sockets: never unpacked
  std::int64_t bytes = 0;
};
// `path` of the container to below `destination` (made if need be): a file under its own name, a folder's
// content. Regular files and folders only; a path with `..`, an absolute one, or one entry or byte too many
// is a Failure.
Result<Extracted> get_archive(Engine& engine, const std::string& container, const std::string& path,
                              const std::string& destination, const ExtractionLimits& limits,
                              std::stop_token stop);

// Unpacks any tar by the same rules, from a stream.
struct Extraction {
  std::string destination;
  bool packed = false;            // also a compressed tar, and a zip
  std::string strip_folder = {};  // entries below it lose it; empty: none
  ExtractionLimits limits = {};
};
Result<Extracted> extract(const std::function<Result<std::string>()>& next_piece, const Extraction& order);

}  // namespace cairn::docker
