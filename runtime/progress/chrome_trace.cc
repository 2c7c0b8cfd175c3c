#include <map>
#include <nlohmann/json.hpp>

#include "runtime/progress/timeline.h"

namespace cairn::progress {

std::string chrome_trace(const RunState& run) {
  using Json = nlohmann::ordered_json;
  Json events = Json::array();
  std::map<std::string, int> processes;  // by stage
  std::map<std::string, int> threads;    // by node
  const auto name = [&](const char* what, int process, int thread, const std::string& text) {
    events.push_back(
        {{"name", what}, {"ph", "M"}, {"pid", process}, {"tid", thread}, {"args", {{"name", text}}}});
  };
  for (const StepState& step : run.steps) {
    if (step.plan.is_virtual || !step.started_ms) continue;
    const auto [process, new_process] =
        processes.try_emplace(step.plan.stage, static_cast<int>(processes.size()) + 1);
    if (new_process)
      name("process_name", process->second, 0, step.plan.stage.empty() ? run.start.project : step.plan.stage);
    const std::string& node = step.node.empty() ? step.path : step.node;
    const auto [thread, new_thread] = threads.try_emplace(node, static_cast<int>(threads.size()) + 1);
    if (new_thread) name("thread_name", process->second, thread->second, node);
    const std::int64_t ended = step.ended_ms.value_or(run.time_ms);
    Json details = {{"outcome", step.end ? name_of(step.end->outcome) : "not ended"},
                    {"attempt", step.attempt}};
    if (step.end && !step.end->reason.empty()) details["reason"] = step.end->reason;
    events.push_back({{"name", step.path},
                      {"cat", step.plan.phase.empty() ? "step" : step.plan.phase},
                      {"ph", "X"},
                      {"ts", *step.started_ms * 1000},
                      {"dur", (ended - *step.started_ms) * 1000},
                      {"pid", process->second},
                      {"tid", thread->second},
                      {"args", details}});
  }
  Json trace = {{"traceEvents", std::move(events)},
                {"displayTimeUnit", "ms"},
                {"otherData", {{"run", run.run}, {"goal", run.start.goal}, {"project", run.start.project}}}};
  return trace.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cairn::progress
