// Inputs that are texts of a test.
#pragma once

#include <map>
#include <string>

#include "interpreter/inputs.h"

namespace cairn {

struct MemoryInputs : Inputs {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  ReadAnswer read_file(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return {std::nullopt, "no such file"};
    return {found->second, {}};
  }
  std::vector<std::string> glob(const std::string&, const std::string&) override { return {}; }
  bool exists(const std::string& path) override { return files.contains(path); }
  std::optional<std::string> environment(const std::string& name) override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::string> git_sha() override { return "0123456789abcdef0123456789abcdef01234567"; }
  std::optional<std::string> git_branch() override { return "main"; }
  std::optional<std::string> git_tag() override { return std::nullopt; }
  std::optional<bool> git_changed(const std::vector<std::string>&) override { return true; }
  std::int64_t now_ms() override { return 1'700'000'000'000; }
  std::string run_id() override { return "r1"; }
};

}  // namespace cairn
