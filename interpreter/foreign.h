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

// All of them: those of settings, then those of blocks, each in the order of the alphabet.
std::span<const ForeignName> foreign_names();

}  // namespace cairn
