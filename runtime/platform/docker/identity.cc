#include "runtime/platform/docker/identity.h"

#include <fmt/format.h>

namespace cairn::docker {

namespace {

std::string label(const Labels& labels, const char* what) {
  const auto found = labels.find(label_prefix + std::string(what));
  return found == labels.end() ? std::string() : found->second;
}

}  // namespace

Labels labels_of(const Identity& identity) {
  Labels labels;
  const auto set = [&](const char* what, const std::string& value) {
    if (!value.empty()) labels[label_prefix + std::string(what)] = value;
  };
  set("project", identity.project);
  set("run", identity.run);
  set("node", identity.node);
  set("attempt", identity.attempt);
  set("spec", identity.spec);
  set("spec.full", identity.spec_full);
  set("name", identity.name);
  if (identity.keep) set("keep", "true");
  return labels;
}

Identity identity_in(const Labels& labels) {
  Identity identity;
  identity.project = label(labels, "project");
  identity.run = label(labels, "run");
  identity.node = label(labels, "node");
  identity.attempt = label(labels, "attempt");
  identity.spec = label(labels, "spec");
  identity.spec_full = label(labels, "spec.full");
  identity.name = label(labels, "name");
  identity.keep = label(labels, "keep") == "true";
  return identity;
}

Owner owner_of(const Labels& labels, const std::string& actual_name, const std::string& project) {
  const std::string name = actual_name.starts_with('/') ? actual_name.substr(1) : actual_name;
  if (name.empty()) return Owner::none;
  const Identity identity = identity_in(labels);
  return !project.empty() && identity.project == project && identity.name == name ? Owner::ours
                                                                                  : Owner::foreign;
}

std::string owner_in_words(const Labels& labels, const std::string& actual_name) {
  const Identity identity = identity_in(labels);
  if (owner_of(labels, actual_name, identity.project) == Owner::ours) {
    return fmt::format("project `{}`", identity.project);
  }
  const auto compose = labels.find("com.docker.compose.project");
  if (compose != labels.end()) return fmt::format("the Compose project `{}`", compose->second);
  return "somebody else";
}

}  // namespace cairn::docker
