// Files that exist only in a simulation: of an image, a volume, a tmpfs, or what a container wrote itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cairn::sim {

struct FileNode {
  enum class Is { file, folder, link, pipe };
  Is is = Is::file;
  std::string content;  // of a link: where it leads to
  int mode = 0644;
};

// Absolute paths without `.`, `..`, double or last slashes; the root is always there.
class FileTree {
 public:
  const FileNode* find(const std::string& path) const;
  // Folders on its way are made.
  void put(const std::string& path, FileNode node);
  void remove(const std::string& path);  // with all below it
  // All that lies below `path`, parents first, as paths relative to it.
  std::vector<std::string> below(const std::string& path) const;

 private:
  std::map<std::string, FileNode> nodes_;
};

// "/a//b/../c/" as "/a/c"; relative ones start at `folder`.
std::string absolute_path(const std::string& path, const std::string& folder = "/");

}  // namespace cairn::sim
