// Words of Compose, GitHub Actions, GitLab, Azure Pipelines and Terraform, and what they are here.
#pragma once

#include <span>
#include <string_view>

namespace cairn {

struct ForeignName {
  std::string_view name;    // "depends_on"
  std::string_view from;    // "Compose"
  std::string_view answer;  // "`depends_on` (Compose) is `after`, or a reference, here"
  bool block = false;       // stands where a kind does; otherwise where a setting does
};

// `context`: the kind whose setting it would be ("service"), or "" for a word that stands where a kind does.
// A word that is at home in several languages is answered for the one in which it is most used. Null when it
// is not known, or when it is a name of ours there.
const ForeignName* foreign(std::string_view context, std::string_view name);

// A value that other tools know by this name: `each`, `github`, `yes`. Null when it is not known.
struct ForeignValue {
  std::string_view name;
  std::string_view answer;
};
const ForeignValue* foreign_value(std::string_view name);
std::span<const ForeignValue> foreign_values();

// A function of theirs: `toset`, `hashFiles`. Null when it is not known.
const ForeignValue* foreign_function(std::string_view name);
std::span<const ForeignValue> foreign_functions();

// All words: those of settings, then those of blocks, each in the order of the alphabet.
std::span<const ForeignName> foreign_names();

}  // namespace cairn
