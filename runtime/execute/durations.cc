#include "runtime/execute/durations.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace cairn::execute {

namespace {
constexpr int version = 1;
}

Durations Durations::read(std::string_view text) {
  Durations durations;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("cairn_durations", nlohmann::json()) != version) return durations;
  const auto seconds = json.find("seconds");
  if (seconds == json.end() || !seconds->is_object()) return durations;
  for (const auto& [step, value] : seconds->items())
    if (value.is_number() && value.get<double>() >= 0 && durations.seconds_.size() < most)
      durations.seconds_[step] = value.get<double>();
  return durations;
}

Durations Durations::load(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return read(std::string(std::istreambuf_iterator<char>(stream), {}));
}

std::string Durations::text() const {
  return nlohmann::json{{"cairn_durations", version}, {"seconds", seconds_}}.dump(1) + "\n";
}

Result<Done> Durations::save(const std::string& file) const {
  const std::string beside = file + "." + std::to_string(getpid());
  {
    std::ofstream stream(beside, std::ios::binary | std::ios::trunc);
    stream << text();
    stream.close();
    if (!stream) {
      const std::string why = std::strerror(errno);
      std::remove(beside.c_str());
      return Failure{.message = "could not write `" + file + "`", .causes = {why}, .help = {}};
    }
  }
  if (std::rename(beside.c_str(), file.c_str()) != 0) {
    const std::string why = std::strerror(errno);
    std::remove(beside.c_str());
    return Failure{.message = "could not write `" + file + "`", .causes = {why}, .help = {}};
  }
  return Done{};
}

std::optional<double> Durations::seconds(const std::string& step) const {
  const auto found = seconds_.find(step);
  return found == seconds_.end() ? std::nullopt : std::optional(found->second);
}

void Durations::remember(const std::string& step, double seconds) {
  const auto found = seconds_.find(step);
  const double rounded =
      std::round((found == seconds_.end() ? seconds : (found->second + seconds) / 2) * 1e4) / 1e4;
  if (found != seconds_.end())
    found->second = rounded;
  else if (seconds_.size() < most)
    seconds_.emplace(step, rounded);
}

}  // namespace cairn::execute
