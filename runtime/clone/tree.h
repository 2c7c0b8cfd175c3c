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

// What the folder `target` holds becomes a clone of what `source` holds, from one moment to the next: the
// clone is made beside it, as TARGET.cairn-new, and exchanged with it, so that whoever is killed on the way
// leaves it either old or new. Needs room for both meanwhile. Where a folder cannot be exchanged (it is a
// mount point, or nothing may be made beside it) what is in it is removed first; a failure then leaves it
// without. Refused while somebody uses it: see users_of.
Result<Cloned> overwrite_tree(const std::string& source, const std::string& target, Method method,
                              std::stop_token stop);
// What one that was killed may have left.
std::string beside(const std::string& target);

// Into a folder that is there and empty, and that nobody knows of yet.
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
