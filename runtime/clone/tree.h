// Folders and files as a whole: cloned, overwritten in place, removed, compared, measured.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "runtime/clone/method.h"

namespace cairn::clone {

struct Cloned {
  Method method = Method::copy;
  std::uint64_t files = 0, bytes = 0;  // regular files and their sizes
  std::uint64_t owners_lost = 0;       // without the right to give files away
  std::uint64_t sockets_left_out = 0;
};

// Makes `target` (a path that is free) a clone of `source`, a folder or file: content, holes, owner, mode,
// times, extended attributes, hard links within the tree; symbolic links as they are. Refuses devices and a
// target inside the source. Removes what it began when it fails. A tree that is being written to is not
// cloned at one instant, except by Method::snapshot.
Result<Cloned> clone_tree(const std::string& source, const std::string& target, Method method,
                          std::stop_token stop);

// `target` keeps its identity (the inode of the folder, which may be mounted into containers); what it holds
// becomes a clone of what `source` holds. Refused while somebody uses it: see users_of.
Result<Cloned> overwrite_tree(const std::string& source, const std::string& target, Method method,
                              std::stop_token stop);

// The same for a folder that is there and empty, and that nobody knows of yet.
Result<Cloned> fill_folder(const std::string& source, const std::string& target, Method method,
                           std::stop_token stop);

// Fine when there is nothing. Never leaves its file system.
Result<> remove_tree(const std::string& path);

// Processes with something open in `folder` or living there, and mounts of it elsewhere: "postgres (412)".
// Sees only what this user may see.
std::vector<std::string> users_of(const std::string& folder);

// SHA-256 in hex of names, types, modes, owners, times, links, attributes and contents.
Result<std::string> hash_of_tree(const std::string& path);

struct Usage {
  std::uint64_t allocated = 0, shared = 0;  // bytes of extents; shared with something else
};
// As the file system tells it (FIEMAP).
Result<Usage> usage_of_tree(const std::string& path);

}  // namespace cairn::clone
