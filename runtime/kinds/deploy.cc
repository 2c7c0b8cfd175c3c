#include "runtime/kinds/deploy.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <set>

namespace cairn::kinds {
namespace {

Failure wrong(const std::string& name, const Value& value, const std::string& example) {
  return {.message = fmt::format("`deploy.{}` cannot be {}", name, show(value)),
          .causes = {},
          .help = fmt::format("write `{}`", example)};
}

// 0.5, 2, "0.5".
std::optional<double> number_in(const Value& value) {
  if (const double* number = value.as<double>()) return *number;
  if (const std::int64_t* number = value.as<std::int64_t>()) return static_cast<double>(*number);
  const std::string* text = value.as<std::string>();
  double number = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(number) : std::nullopt;
}

// `512MiB`, or Compose's "512M", "1.5gb", whose units are powers of 1024.
std::optional<Size> size_in(const Value& value) {
  if (const Size* size = value.as<Size>()) return *size;
  const std::string* text = value.as<std::string>();
  if (text == nullptr || text->empty()) return std::nullopt;
  const std::size_t digits = std::min(text->find_first_not_of("0123456789."), text->size());
  std::string unit = text->substr(digits);
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (unit.ends_with("ib")) unit.resize(unit.size() - 2);
  if (unit.size() == 2 && unit.ends_with('b')) unit.resize(1);
  const std::size_t power = unit.empty() || unit == "b" ? 0 : std::string_view(" kmgt").find(unit);
  const std::optional<double> number = number_in(Value{text->substr(0, digits)});
  if (!number || unit.size() > 1 || power == std::string_view::npos) return std::nullopt;
  return Size{
      static_cast<std::int64_t>(std::llround(*number * std::pow(1024.0, static_cast<double>(power))))};
}

Result<Done> apply_resources(ProcessSettings& settings, const Value& value) {
  const Map* resources = value.as<Map>();
  if (resources == nullptr) return wrong("resources", value, "resources = { limits = { memory = 512MiB } }");
  for (const auto& [kind, amounts] : resources->entries) {
    const std::string name = "resources." + kind;
    const Map* map = amounts.as<Map>();
    if (map == nullptr || (kind != "limits" && kind != "reservations"))
      return wrong(name, amounts, "limits = { cpus = 0.5, memory = 512MiB, pids = 100 }");
    for (const auto& [what, amount] : map->entries) {
      const std::string whole = name + "." + what;
      if (what == "memory") {
        const std::optional<Size> size = size_in(amount);
        if (!size) return wrong(whole, amount, "memory = 512MiB");
        std::optional<Size>& place = kind == "limits" ? settings.memory : settings.memory_reservation;
        if (!place) place = size;
      } else if (what == "cpus") {
        const std::optional<double> cpus = number_in(amount);
        if (!cpus) return wrong(whole, amount, "cpus = 0.5");
        if (kind == "limits" && !settings.cpus) settings.cpus = cpus;
      } else if (what == "pids" && kind == "limits") {
        const std::optional<double> pids = number_in(amount);
        if (!pids) return wrong(whole, amount, "pids = 100");
        if (!settings.pids_limit) settings.pids_limit = static_cast<std::int64_t>(*pids);
      } else {
        return Failure{.message = fmt::format("there is no `deploy.{}`", whole),
                       .causes = {},
                       .help = what == "devices" ? "`gpus` gives graphics processors"
                                                 : "a limit is one of cpus, memory, pids"};
      }
    }
  }
  return Done{};
}

Result<Done> apply_restart(ProcessSettings& settings, const Value& value) {
  const Map* policy = value.as<Map>();
  const Value* condition = policy == nullptr ? nullptr : policy->find("condition");
  const std::string word = condition != nullptr && condition->as<std::string>() != nullptr
                               ? *condition->as<std::string>()
                               : std::string("any");
  if (policy == nullptr || (word != "any" && word != "on-failure" && word != "none"))
    return wrong("restart_policy", value, "restart_policy = { condition = \"on-failure\" }");
  if (!settings.restart.empty() && settings.restart != "no") return Done{};
  settings.restart = word == "any" ? "always" : word == "none" ? "no" : "on-failure";
  return Done{};
}

}  // namespace

Result<std::vector<std::string>> apply_deploy(ProcessSettings& settings) {
  static const std::set<std::string_view> for_clusters = {"placement",     "update_config", "rollback_config",
                                                          "endpoint_mode", "mode",          "labels"};
  std::vector<std::string> left_out;
  for (const auto& [name, value] : settings.deploy) {
    if (name == "resources") {
      if (Result<Done> applied = apply_resources(settings, value); !applied) return applied.failure();
    } else if (name == "restart_policy") {
      if (Result<Done> applied = apply_restart(settings, value); !applied) return applied.failure();
    } else if (name == "replicas") {
      const std::optional<double> count = number_in(value);
      if (!count) return wrong(name, value, "replicas = 1");
      if (settings.replicas == 1) settings.replicas = static_cast<std::int64_t>(*count);
    } else if (for_clusters.contains(name)) {
      left_out.push_back(name);
    } else {
      return Failure{.message = fmt::format("there is no `deploy.{}`", name),
                     .causes = {},
                     .help = "its parts are Compose's: resources, restart_policy, replicas, placement, …"};
    }
  }
  return left_out;
}

}  // namespace cairn::kinds
