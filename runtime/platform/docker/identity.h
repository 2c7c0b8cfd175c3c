// Whose is an object of an engine? Labels alone do not say: an image committed from our container hands them
// on to every container that anybody starts from it. So the labels also carry the object's exact name.
#pragma once

#include <map>
#include <string>

namespace cairn::docker {

using Labels = std::map<std::string, std::string>;

struct Identity {
  std::string project = {};
  std::string run = {};        // empty: made by `up`
  std::string node = {};       // the node's path
  std::string attempt = {};    // "1"
  std::string spec = {};       // the hash of what the known part of the file asks for
  std::string spec_full = {};  // the same with what was known only at run time; may be empty
  std::string name = {};       // the object's exact name on the engine
  bool keep = false;           // the file says that it outlives the run
};

inline constexpr const char* label_prefix = "dev.cairn.";

Labels labels_of(const Identity& identity);
// What `labels` say; fields that they do not have are empty.
Identity identity_in(const Labels& labels);

enum class Owner {
  ours,
  foreign,  // somebody else's: no labels of ours, of another project, or inherited from an image
  none,     // there is no such object (`actual_name` is empty)
};

// `actual_name` as the engine tells it, with or without the leading `/` of containers.
Owner owner_of(const Labels& labels, const std::string& actual_name, const std::string& project);

// For messages: "project `shop`", "somebody else".
std::string owner_in_words(const Labels& labels, const std::string& actual_name);

}  // namespace cairn::docker
