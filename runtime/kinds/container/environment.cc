#include "runtime/kinds/container/environment.h"

#include <fmt/format.h>

#include <fstream>

#include "runtime/kinds/container/mounts.h"

namespace cairn::kinds {

Result<std::map<std::string, Text>> environment_of(const ProcessSettings& settings) {
  std::map<std::string, Text> env;
  for (const Path& path : settings.env_file) {
    std::ifstream file(absolute(path));
    if (!file)
      return Failure{
          .message = fmt::format("the `env_file` `{}` cannot be read", path.text), .causes = {}, .help = {}};
    for (std::string line; std::getline(file, line);) {
      if (line.ends_with('\r')) line.pop_back();
      const std::size_t equals = line.find('=');
      if (!line.empty() && line.front() != '#' && equals != std::string::npos)
        env[line.substr(0, equals)] = Text(line.substr(equals + 1));
    }
  }
  for (const auto& [name, value] : settings.env) env[name] = value;
  return env;
}

}  // namespace cairn::kinds
