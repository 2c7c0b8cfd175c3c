#include "runtime/kinds/build_settings.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace cairn::kinds {
namespace {

const std::vector<Field<BuildSettings>>& build_fields() {
  using B = BuildSettings;
  static const std::vector<Field<B>> all = {field<&B::context>("context"),
                                            field<&B::dockerfile>("dockerfile"),
                                            field<&B::dockerfile_inline>("dockerfile_inline"),
                                            field<&B::target>("target"),
                                            field<&B::args>("args"),
                                            field<&B::labels>("labels"),
                                            field<&B::platforms>("platforms"),
                                            field<&B::ssh>("ssh"),
                                            field<&B::cache_from>("cache_from"),
                                            field<&B::cache_to>("cache_to"),
                                            field<&B::contexts>("contexts"),
                                            field<&B::secrets>("secrets"),
                                            field<&B::no_cache>("no_cache"),
                                            field<&B::pull>("pull"),
                                            field<&B::builder>("builder")};
  return all;
}

}  // namespace

BuildSettings build_settings(const std::vector<Setting>& settings) {
  return bind(build_fields(), settings);
}

std::string only_for_buildx(const BuildSettings& settings) {
  if (!settings.secrets.empty()) return "secrets";
  if (!settings.ssh.empty()) return "ssh";
  if (!settings.cache_to.empty()) return "cache_to";
  return settings.platforms.size() > 1 ? "platforms" : "";
}

std::string ssh_with_paths(const std::string& setting, const std::string& folder) {
  const std::size_t equals = setting.find('=');
  if (equals == setting.npos) return setting;
  std::string all = setting.substr(0, equals + 1);
  std::istringstream paths(setting.substr(equals + 1));
  const char* home = std::getenv("HOME");
  for (std::string path; std::getline(paths, path, ',');) {
    if (!all.ends_with('=')) all += ',';
    if (path.starts_with("~/") && home != nullptr) path = home + path.substr(1);
    all += (std::filesystem::path(folder) / path).lexically_normal().string();
  }
  return all;
}

}  // namespace cairn::kinds
