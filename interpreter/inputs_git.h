// What git's own files say. git itself is not run. Layout: gitrepository-layout(5), gitformat-index(5).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cairn {

struct GitFacts {
  std::optional<std::string> sha;     // of the commit that is checked out
  std::optional<std::string> branch;  // none: HEAD is detached
  std::optional<std::string> tag;     // of that commit; the last of several by name
};

// Where the repository that holds a folder keeps its files: the folder's own or an outer one's `.git`.
struct GitPlace {
  std::string work_tree;
  std::string git_folder;     // of this work tree: HEAD, index
  std::string common_folder;  // shared by all work trees: refs, packed-refs, objects
};
std::optional<GitPlace> find_git(const std::string& folder);

GitFacts read_git(const GitPlace& place);

// A file that git keeps: its path in the work tree, and the SHA-1 of its content as git counts it.
struct GitEntry {
  std::string path;
  std::string blob;  // 40 hexadecimal digits
  std::uint32_t size = 0;
  std::uint32_t mode = 0;
};
// None when the index is of a form that is not known (SHA-256, split, sparse).
std::optional<std::vector<GitEntry>> read_git_index(const GitPlace& place);

// The SHA-1 that git gives to a file of this content.
std::string git_blob(const std::string& content);

}  // namespace cairn
