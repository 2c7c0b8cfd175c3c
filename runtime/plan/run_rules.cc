// What may start, and what never will: the rules of the step graph.
#include <algorithm>
#include <cassert>

#include "runtime/plan/run.h"

namespace cairn::plan {

// Tells those that come after a step that it is settled.
void Run::spread(StepId settled) {
  const State& done = state(settled);
  // A group that may fail is where the failure of what it holds ends.
  const bool ends_here = phase(settled) == Phase::end && graph_.node_of(settled).policy.allow_failure;
  for (const std::uint32_t number : graph_.edges_from[index(settled)]) {
    const Edge& edge = graph_.edges[number];
    State& next = state(edge.to);
    --next.unsettled;
    const bool is_order = edge.reason != EdgeReason::claim && edge.reason != EdgeReason::lifetime;
    if (next.is == Is::settled) continue;
    if (is_order && !ends_here) next.behind_failure |= done.behind_failure;
    if (edge.kind == EdgeKind::needs && phase(edge.to) != Phase::end && !is_finaliser(phase(edge.to))) {
      if (std::optional<Outcome> unmet = unmet_by(edge)) {
        settle(edge.to, std::move(*unmet));
        continue;
      }
    }
    to_consider_.push_back(edge.to);
  }
  for (const StepId next : extra_from_[index(settled)]) {
    --state(next).unsettled;
    to_consider_.push_back(next);
  }
}

void Run::consider(StepId step) {
  State& its = state(step);
  if (its.is != Is::waiting) return;
  if (is_finaliser(phase(step))) {
    consider_finaliser(step);
    return;
  }
  const NodeId node = graph_.steps[index(step)].node;
  const When when = graph_.node(node).policy.when;
  if (nodes_[index(node)].dead) {
    settle(step, Broken{node, {.message = nodes_[index(node)].death}});
    return;
  }
  if (phase(step) == Phase::end) {
    if (its.unsettled == 0) settle(step, outcome_of_group(step));
    return;
  }
  if (called_off_ && !goes_on_when_called_off(step)) {
    settle(step, Cancelled{call_off_reason_});
    return;
  }
  if (its.unsettled > 0) return;
  if (const std::optional<NodeId> lost = lost_service_of(step); lost && when == When::success) {
    service_lost_ |= !allowed_to_fail(step) && !nodes_[index(*lost)].allowed_to_fail;
    settle(step, Skipped{proof_of_life(*lost), nodes_[index(*lost)].death});
    return;
  }
  if (when == When::failure && !its.behind_failure) {
    settle(step, NotNeeded{"nothing failed before it"});
    return;
  }
  const StepPlan& planned = plan_.steps[index(step)];
  if (is_virtual(phase(step))) {
    settle(step, Succeeded{});
  } else if (planned.verdict == Verdict::keep && graph_.node(node).node_class == NodeClass::task) {
    settle(step, Kept{planned.reason});
  } else {
    its.is = Is::ready;
    ready_.add(step);
    newly_ready_.push_back(step);
  }
}

void Run::consider_finaliser(StepId step) {
  State& its = state(step);
  if (its.unsettled > 0) return;
  const StepId undone = undone_by(step);
  const bool was_there_before = undone != no_step && state(undone).outcome &&
                                state(undone).is == Is::settled &&
                                std::holds_alternative<Kept>(*state(undone).outcome);
  const bool due = plan_.steps[index(step)].verdict == Verdict::undo ||
                   (undone != no_step && state(undone).begun && !was_there_before);
  if (!due) {
    settle(step, NotNeeded{was_there_before ? shown(step) + " was there before this run"
                                            : shown(step) + " was never begun"});
    return;
  }
  its.is = Is::ready;
  ready_.add(step);
  newly_ready_.push_back(step);
}

// Why what an edge ends at will never start; nothing if the edge is no obstacle.
std::optional<Outcome> Run::unmet_by(const Edge& edge) const {
  StepId from = edge.from;
  const Policy& policy = graph_.node_of(from).policy;
  const Outcome* how = outcome(from);
  assert(how != nullptr);
  // What was never begun has nothing to finish: the reason lies with its beginning.
  if (const NotNeeded* nothing = std::get_if<NotNeeded>(how);
      nothing != nullptr && !nothing->by_plan && is_finaliser(phase(from))) {
    from = undone_by(from);
    how = from == no_step ? nullptr : outcome(from);
    if (how == nullptr) return std::nullopt;
    if (is_good(*how)) return *nothing;  // it was there before and goes on: it never stopped
  }
  if (is_good(*how)) return std::nullopt;
  if (trouble_of(*how) != nullptr) {
    // Its dependants may do without it; its own next phase cannot.
    const bool may_fail = policy.allow_failure && !edge.data && edge.reason != EdgeReason::phase;
    if (may_fail && !is_finaliser(phase(from))) return std::nullopt;
    return Skipped{from, shown(from) + " " +
                             std::string(std::holds_alternative<TimedOut>(*how) ? "timed out" : "failed")};
  }
  if (const Skipped* skipped = std::get_if<Skipped>(how)) {
    if (phase(from) == Phase::end && policy.allow_failure && !edge.data) return std::nullopt;
    return *skipped;
  }
  if (const Cancelled* cancelled = std::get_if<Cancelled>(how)) return *cancelled;
  if (std::get<NotNeeded>(*how).by_plan) return std::nullopt;
  return NotNeeded{shown(from) + " was not needed"};
}

// A group has ended as the worst of what it holds has. Its own end is reached in any case, so that who waits
// for the group waits for all of it.
Outcome Run::outcome_of_group(StepId end) const {
  const StepId begin = graph_.step(graph_.steps[index(end)].node, Phase::begin);
  if (const Outcome* how = begin == no_step ? nullptr : outcome(begin); how != nullptr && !is_good(*how)) {
    if (trouble_of(*how) != nullptr) return Skipped{begin, reason_of(*how)};
    return *how;
  }
  const Skipped* skipped = nullptr;
  const Cancelled* cancelled = nullptr;
  for (const std::uint32_t number : graph_.edges_to[index(end)]) {
    const StepId member = graph_.edges[number].from;
    if (is_finaliser(phase(member))) continue;
    const Outcome& how = *outcome(member);
    if (trouble_of(how) != nullptr && !graph_.node_of(member).policy.allow_failure)
      return Skipped{member, shown(member) + " failed"};
    const bool may = phase(member) == Phase::end && graph_.node_of(member).policy.allow_failure;
    if (skipped == nullptr && !may) skipped = std::get_if<Skipped>(&how);
    if (cancelled == nullptr) cancelled = std::get_if<Cancelled>(&how);
  }
  if (skipped != nullptr) return *skipped;
  if (cancelled != nullptr) return *cancelled;
  return Succeeded{};
}

std::optional<NodeId> Run::lost_service_of(StepId step) const {
  for (const std::uint32_t hold : holds_of_[index(step)])
    if (nodes_[index(graph_.holds[hold].service)].dead) return graph_.holds[hold].service;
  return std::nullopt;
}

StepId Run::undone_by(StepId finaliser) const {
  const NodeId node = graph_.steps[index(finaliser)].node;
  switch (phase(finaliser)) {
    case Phase::stop:
      return graph_.step(node, Phase::start);
    case Phase::remove:
      return graph_.step(node, Phase::create);
    case Phase::collect:
      return graph_.step(node, Phase::run);
    case Phase::unmake: {
      const StepId made = graph_.step(node, Phase::make);
      return made != no_step ? made : graph_.step(node, Phase::run);
    }
    default:
      return no_step;
  }
}

// The step that had shown that a service was alive.
StepId Run::proof_of_life(NodeId service) const {
  const StepId ready = graph_.step(service, Phase::ready);
  return ready != no_step ? ready : graph_.step(service, Phase::start);
}

bool Run::goes_on_when_called_off(StepId step) const {
  const NodeState& node = nodes_[index(graph_.steps[index(step)].node)];
  if (is_finaliser(phase(step))) return true;
  if (hurried_) return false;
  return node.always || (node.on_failure && by_fail_fast_ && cancels_ == 0 && !out_of_time_);
}

}  // namespace cairn::plan
