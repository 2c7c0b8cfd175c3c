#include "runtime/kinds/process_settings.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "runtime/kinds/value_hash.h"

namespace cairn::kinds {
namespace {

using P = ProcessSettings;

const std::vector<Field<P>>& process_fields() {
  static const std::vector<Field<P>> all = {field<&P::image>("image"),
                                            field<&P::in>("in"),
                                            field<&P::command>("command"),
                                            field<&P::entrypoint>("entrypoint"),
                                            field<&P::env>("env"),
                                            field<&P::env_file>("env_file"),
                                            field<&P::working_dir>("working_dir"),
                                            field<&P::user>("user"),
                                            field<&P::mounts>("mounts"),
                                            field<&P::files>("files"),
                                            field<&P::ports>("ports"),
                                            field<&P::networks>("networks"),
                                            field<&P::aliases>("aliases"),
                                            field<&P::network_mode>("network_mode"),
                                            field<&P::hostname>("hostname"),
                                            field<&P::labels>("labels"),
                                            field<&P::init>("init"),
                                            field<&P::restart>("restart"),
                                            field<&P::stop_signal>("stop_signal"),
                                            field<&P::stop_grace_period>("stop_grace_period"),
                                            field<&P::healthcheck>("healthcheck"),
                                            field<&P::tmpfs>("tmpfs"),
                                            field<&P::read_only>("read_only"),
                                            field<&P::cap_add>("cap_add"),
                                            field<&P::cap_drop>("cap_drop"),
                                            field<&P::security_opt>("security_opt"),
                                            field<&P::devices>("devices"),
                                            field<&P::privileged>("privileged"),
                                            field<&P::ulimits>("ulimits"),
                                            field<&P::sysctls>("sysctls"),
                                            field<&P::shm_size>("shm_size"),
                                            field<&P::extra_hosts>("extra_hosts"),
                                            field<&P::dns>("dns"),
                                            field<&P::group_add>("group_add"),
                                            field<&P::platform>("platform"),
                                            field<&P::pull_policy>("pull_policy"),
                                            field<&P::cpus>("cpus"),
                                            field<&P::cpuset>("cpuset"),
                                            field<&P::memory>("memory"),
                                            field<&P::memory_reservation>("memory_reservation"),
                                            field<&P::pids_limit>("pids_limit"),
                                            field<&P::replicas>("replicas"),
                                            field<&P::deploy>("deploy"),
                                            field<&P::logging>("logging"),
                                            field<&P::gpus>("gpus"),
                                            field<&P::pid>("pid"),
                                            field<&P::ipc>("ipc"),
                                            field<&P::use_api_socket>("use_api_socket"),
                                            field<&P::post_start>("post_start"),
                                            field<&P::pre_stop>("pre_stop"),
                                            field<&P::expose>("expose"),
                                            field<&P::volumes_from>("volumes_from"),
                                            field<&P::tty>("tty"),
                                            field<&P::stdin_open>("stdin_open"),
                                            field<&P::script>("script"),
                                            field<&P::shell>("shell"),
                                            field<&P::stdin_from>("stdin")};
  return all;
}

}  // namespace

ProcessSettings process_settings(const std::vector<Setting>& settings) {
  return bind(process_fields(), settings);
}

Result<std::optional<Text>> input_of(const Value& given) {
  if (given.null()) return std::optional<Text>();
  const Path* path = given.as<Path>();
  if (path == nullptr) return std::optional(As<Text>::take(given));
  std::ifstream file(absolute_path(*path), std::ios::binary);
  if (!file)
    return Failure{.message = fmt::format("cannot read `{}`, for `stdin`", path->text),
                   .causes = {std::strerror(errno)},
                   .help = {}};
  return std::optional(Text(std::string(std::istreambuf_iterator<char>(file), {})));
}

std::vector<std::string_view> process_setting_names() {
  std::vector<std::string_view> names;
  for (const Field<P>& one : process_fields()) names.push_back(one.name);
  return names;
}

}  // namespace cairn::kinds
