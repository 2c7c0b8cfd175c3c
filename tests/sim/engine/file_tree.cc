#include "tests/sim/engine/file_tree.h"

namespace cairn::sim {

const FileNode* FileTree::find(const std::string& path) const {
  static const FileNode root{FileNode::Is::folder, {}, 0755};
  if (path == "/") return &root;
  const auto found = nodes_.find(path);
  return found == nodes_.end() ? nullptr : &found->second;
}

void FileTree::put(const std::string& path, FileNode node) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    nodes_.try_emplace(path.substr(0, slash), FileNode{FileNode::Is::folder, {}, 0755});
  if (path != "/") nodes_[path] = std::move(node);
}

void FileTree::remove(const std::string& path) {
  nodes_.erase(path);
  const std::string below = path == "/" ? path : path + "/";
  for (auto each = nodes_.lower_bound(below); each != nodes_.end() && each->first.starts_with(below);)
    each = nodes_.erase(each);
}

std::vector<std::string> FileTree::below(const std::string& path) const {
  std::vector<std::string> found;
  const std::string prefix = path == "/" ? path : path + "/";
  for (auto each = nodes_.lower_bound(prefix); each != nodes_.end() && each->first.starts_with(prefix);
       ++each)
    found.push_back(each->first.substr(prefix.size()));
  return found;
}

std::string absolute_path(const std::string& path, const std::string& folder) {
  const std::string whole = path.starts_with('/') ? path : folder + "/" + path;
  std::vector<std::string> steps;
  for (std::size_t begin = 0; begin < whole.size();) {
    std::size_t end = whole.find('/', begin);
    if (end == std::string::npos) end = whole.size();
    const std::string step = whole.substr(begin, end - begin);
    if (step == "..") {
      if (!steps.empty()) steps.pop_back();
    } else if (!step.empty() && step != ".") {
      steps.push_back(step);
    }
    begin = end + 1;
  }
  std::string result;
  for (const std::string& step : steps) result += "/" + step;
  return result.empty() ? "/" : result;
}

}  // namespace cairn::sim
