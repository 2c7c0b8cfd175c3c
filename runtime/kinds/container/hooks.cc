#include "runtime/kinds/container/hooks.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "runtime/kinds/binding.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/exec.h"

namespace cairn::kinds {
namespace {

constexpr std::chrono::minutes kForAllHooks(2);

}  // namespace

std::string pre_stop_in_label(const std::vector<Value>& commands) {
  nlohmann::json all = nlohmann::json::array();
  for (const Value& command : commands) all.push_back(As<std::vector<std::string>>::take(command));
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Done> run_hooks(docker::Engine& engine, const std::string& container, const std::string& node,
                       std::string_view setting, const std::vector<std::vector<std::string>>& commands,
                       const std::function<void(const docker::OutputPiece&)>& on_output,
                       std::stop_token stop) {
  const Instant deadline = engine.clock().now() + kForAllHooks;
  for (const std::vector<std::string>& command : commands) {
    const auto failed = [&](const std::string& how, std::vector<std::string> causes) {
      const std::string shown =
          nlohmann::json(command).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      causes.insert(causes.begin(), fmt::format("the command was {}", shown));
      return Failure{.message = fmt::format("`{}` of `{}` {}", setting, node, how),
                     .causes = std::move(causes)};
    };
    const Result<int> code =
        docker::run_exec(engine, container, {.command = command}, on_output, stop, deadline);
    if (!code && code.failure().is == FailureClass::timeout)
      return failed(fmt::format("has not ended within {} minutes", kForAllHooks.count()), {});
    if (!code && setting == "pre_stop") {  // it has ended since it was looked at: there is nothing to drain
      const auto facts = docker::inspect_container(engine, container, stop);
      if (facts && (!*facts || !(*facts)->running)) return Done{};
    }
    if (!code && code.failure().nothing_done) return failed("cannot be run", code.failure().causes);
    if (!code) return code.failure();
    if (*code != 0) return failed(fmt::format("exited {}", *code), {});
  }
  return Done{};
}

Result<Done> run_pre_stop_of(docker::Engine& engine, const std::string& container,
                             const docker::Labels& labels, std::stop_token stop) {
  const auto label = labels.find(pre_stop_label);
  if (label == labels.end()) return Done{};
  const nlohmann::json all = nlohmann::json::parse(label->second, nullptr, false);
  std::vector<std::vector<std::string>> commands;
  for (const nlohmann::json& command : all.is_array() ? all : nlohmann::json::array()) {
    commands.emplace_back();
    for (const nlohmann::json& word : command)
      if (word.is_string()) commands.back().push_back(word.get<std::string>());
  }
  return run_hooks(engine, container, docker::identity_in(labels).node, "pre_stop", commands, {},
                   std::move(stop));
}

}  // namespace cairn::kinds
