#include "runtime/plan/plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "runtime/plan/copies.h"
#include "runtime/plan/rest.h"
#include "runtime/plan/wanted.h"

namespace cairn::plan {
namespace {

using Parts = std::map<std::string_view, std::string_view>;

// "command=1a env=2b" by its names; empty for what is no such list.
Parts parts_of(std::string_view spec) {
  Parts parts;
  while (!spec.empty()) {
    const std::string_view one = spec.substr(0, spec.find(' '));
    spec.remove_prefix(std::min(spec.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) return {};
    parts[one.substr(0, equals)] = one.substr(equals + 1);
  }
  return parts;
}

class Planning {
 public:
  Planning(const Graph& graph, const Facts& facts, const RunGoal* run, const UpGoal* up,
           const ResumeGoal* resume)
      : graph_(graph),
        facts_(facts),
        run_(resume != nullptr ? &resume->run : run),
        up_(up),
        resume_(resume) {}

  Plan take() {
    wanted_ = up_ != nullptr ? wanted_by_up(graph_, *up_) : wanted_by_run(graph_, *run_);
    plan_.steps.resize(graph_.steps.size());
    if (resume_ != nullptr) rest_.emplace(graph_, facts_, resume_->id, wanted_);
    for (const StepId step : graph_.order) {
      of(step) = is_finaliser(phase(step)) ? StepPlan{} : wanted_[index(step)] ? opening(step) : unwanted();
      of(step).span = graph_.node_of(step).span;
    }
    for (const StepId step : graph_.order) {  // openings are all decided
      if (!is_finaliser(phase(step))) continue;
      of(step) = wanted_[index(step)] || undo_anyway(step) ? finaliser(step) : unwanted();
      of(step).span = graph_.node_of(step).span;
    }
    return std::move(plan_);
  }

 private:
  StepPlan& of(StepId step) { return plan_.steps[index(step)]; }
  Phase phase(StepId step) const { return graph_.steps[index(step)].phase; }
  const Fact* fact_of(NodeId node) const {
    const auto found = facts_.of_node.find(graph_.node(node).path);
    return found == facts_.of_node.end() ? nullptr : &found->second;
  }
  const Ours* ours(NodeId node) const {
    const Fact* fact = fact_of(node);
    return fact == nullptr ? nullptr : std::get_if<Ours>(&fact->found);
  }
  bool recorded(StepId step, Recorded what) const {
    const auto found = facts_.of_step.find(graph_.name(step));
    return found != facts_.of_step.end() && found->second == what;
  }

  StepPlan unwanted() const {
    return {Verdict::not_needed, up_ != nullptr ? "`up` does not need it" : "this run does not need it"};
  }

  void refuse(NodeId node, std::string message, std::string help, bool endpoint = false) {
    for (const Refusal& refusal : plan_.refusals)
      if (refusal.node == node) return;
    plan_.refusals.push_back({node, std::move(message), std::move(help), endpoint});
  }

  StepPlan opening(StepId step) {
    const NodeId id = graph_.steps[index(step)].node;
    const Node& node = graph_.node(id);
    if (is_virtual(phase(step))) return {Verdict::keep, "it holds what is wanted"};
    if (node.policy.external) return {Verdict::keep, "`external = true`: it is somebody else's to make"};
    if (node.node_class == NodeClass::task) return task(step);
    if (rest_ && !rest_->needs(id)) return {Verdict::not_needed, "what is left of the run does not need it"};
    const Fact* fact = fact_of(id);
    if (fact == nullptr) return {Verdict::perform, "it is to be made"};
    const std::string object = "`" + fact->identity.name + "` on " + fact->identity.where;
    if (const Foreign* foreign = std::get_if<Foreign>(&fact->found)) {
      refuse(id, "`" + node.path + "` would be " + object + ", which belongs to " + foreign->owner,
             "give it another `name`, or remove that one yourself");
      return {Verdict::perform, "somebody else's is in its place"};
    }
    if (const Unreachable* unreachable = std::get_if<Unreachable>(&fact->found)) {
      refuse(id, "nobody can say whether " + object + " exists: " + unreachable->why, unreachable->help, true);
      return {Verdict::perform, "what is there cannot be seen"};
    }
    const Ours* there = std::get_if<Ours>(&fact->found);
    if (there == nullptr) return {Verdict::perform, "it is not there"};
    return already_there(step, *fact, *there);
  }

  // Ours is in its place: good as it is, or not.
  StepPlan already_there(StepId step, const Fact& fact, const Ours& there) {
    const NodeId id = graph_.steps[index(step)].node;
    const std::string wanted_run = resume_ != nullptr ? resume_->id : std::string();
    if (step != graph_.node(id).steps.front()) return later_phase(step, there);
    if (there.run != wanted_run)
      return {Verdict::replace,
              there.run.empty() ? "it was made by `up`" : "it was left by run " + there.run};
    if (!fact.wanted_spec.empty() && fact.wanted_spec != there.spec)
      return {Verdict::replace, what_changed(there.spec, fact.wanted_spec)};
    if (std::string replaced = replaced_before(step); !replaced.empty()) return {Verdict::replace, replaced};
    if (rest_ && !rest_->is_whole(id)) return {Verdict::replace, "the interruption fell into its making"};
    return {Verdict::keep, "it is there and as the file says"};
  }

  // A service that stays is started or probed again only if it has to be.
  StepPlan later_phase(StepId step, const Ours& there) {
    const StepPlan& first = of(graph_.node_of(step).steps.front());
    if (first.verdict != Verdict::keep) return {Verdict::perform, "it is made anew"};
    const bool runs = there.state == ObjectState::running || there.state == ObjectState::ready;
    if (phase(step) == Phase::start)
      return runs ? StepPlan{Verdict::keep, "it runs"} : StepPlan{Verdict::perform, "it does not run"};
    return there.state == ObjectState::ready ? StepPlan{Verdict::keep, "it is ready"}
                                             : StepPlan{Verdict::perform, "nobody knows whether it is ready"};
  }

  // Why what this thing or service is made from will be another one afterwards; empty if it will not.
  std::string replaced_before(StepId step) {
    for (const std::uint32_t number : graph_.edges_to[index(step)]) {
      const Edge& edge = graph_.edges[number];
      const Node& used = graph_.node_of(edge.from);
      const bool uses = edge.reason == EdgeReason::reference || edge.reason == EdgeReason::link ||
                        edge.reason == EdgeReason::mount;
      // What a step hands on is new when it is done again.
      if (used.node_class == NodeClass::task && edge.data && of(edge.from).verdict == Verdict::perform)
        return "`" + used.path + "`, whose result it uses, is done again";
      if (!uses || (used.node_class != NodeClass::thing && used.node_class != NodeClass::service)) continue;
      const Verdict verdict = of(used.steps.front()).verdict;
      const bool anew =
          verdict == Verdict::replace ||
          (verdict == Verdict::perform && fact_of(graph_.steps[index(edge.from)].node) != nullptr);
      if (anew) return "`" + used.path + "`, which it uses, is made anew";
    }
    return {};
  }

  // Why a remembered step has to be done again though its own inputs are the same: what it depends on is
  // another one, or is done again itself. Through instances and loops, but not through stages, which are
  // order only.
  std::string anew_before(StepId step) {
    for (const std::uint32_t number : graph_.edges_to[index(step)]) {
      const Edge& edge = graph_.edges[number];
      if (edge.reason == EdgeReason::claim || edge.reason == EdgeReason::lifetime) continue;
      const Node& used = graph_.node_of(edge.from);
      if (is_virtual(phase(edge.from))) {
        if (used.kind == "stage" || phase(edge.from) == Phase::begin) continue;
        const auto known = anew_before_group_.find(edge.from);
        const std::string why = known != anew_before_group_.end()
                                    ? known->second
                                    : anew_before_group_[edge.from] = anew_before(edge.from);
        if (!why.empty()) return why;
        continue;
      }
      const Verdict verdict = of(used.steps.front()).verdict;
      if (verdict == Verdict::keep || verdict == Verdict::not_needed) continue;
      return "`" + used.path + "`, which it depends on, is " +
             (used.node_class == NodeClass::task ? "done again" : "made anew");
    }
    return {};
  }

  StepPlan task(StepId step) {
    const NodeId id = graph_.steps[index(step)].node;
    const std::string name = graph_.name(step);
    if (rest_ && (recorded(step, Recorded::succeeded) || recorded(step, Recorded::withheld))) {
      const NodeId anew = rest_->made_anew_before(id);
      if (anew != no_node)
        return {Verdict::perform, "`" + graph_.node(anew).path + "`, which it used, is made anew"};
      if (!rest_->repeats(id)) return {Verdict::keep, "it succeeded before the interruption"};
      return {Verdict::perform, "what it said is needed, and holds a secret or is too long to be kept"};
    }
    if (resume_ != nullptr &&
        std::find(resume_->done.begin(), resume_->done.end(), name) != resume_->done.end())
      return {Verdict::keep, "it was interrupted, and you say that it is done"};
    if (recorded(step, Recorded::remembered)) {
      const std::string anew = anew_before(step);
      if (anew.empty()) return {Verdict::keep, "it succeeded with the same inputs"};
      return {Verdict::perform, anew};
    }
    if (resume_ != nullptr && recorded(step, Recorded::interrupted)) {
      const bool may =
          std::find(resume_->repeat.begin(), resume_->repeat.end(), name) != resume_->repeat.end();
      if (!may)
        refuse(
            id,
            "nobody knows whether `" + graph_.node(id).path + "` was done: the run ended in the middle of it",
            "look what it left behind; then `cairn resume --repeat " + graph_.node(id).path +
                "` does it (again), `--done " + graph_.node(id).path + "` takes it as done");
      return {Verdict::perform, "it was interrupted, and you asked for it to be repeated"};
    }
    if (resume_ != nullptr && recorded(step, Recorded::open))
      return {Verdict::perform, "it was interrupted, and is repeated whole"};
    const auto changed = facts_.changed_input.find(name);
    if (changed != facts_.changed_input.end()) return {Verdict::perform, changed->second};
    return {Verdict::perform, "it is wanted"};
  }

  // Of a run that was interrupted: what it has made is undone even if what is left of the run does not touch
  // it.
  bool undo_anyway(StepId step) const {
    const Ours* there = ours(graph_.steps[index(step)].node);
    return resume_ != nullptr && there != nullptr && there->run == resume_->id;
  }

  StepPlan finaliser(StepId step) {
    const NodeId id = graph_.steps[index(step)].node;
    const Node& node = graph_.node(id);
    if (phase(step) == Phase::collect) {
      const bool kept = of(node.steps.front()).verdict == Verdict::keep;
      if (kept && resume_ != nullptr && !recorded(step, Recorded::succeeded))
        return {Verdict::undo, "what it made is not collected yet"};
      return kept ? StepPlan{Verdict::not_needed, "it is not run again"}
                  : StepPlan{Verdict::perform, "collects what its step has made"};
    }
    if (node.policy.external) return {Verdict::not_needed, "`external = true`: it is never removed"};
    if (node.policy.keep) return {Verdict::not_needed, "`keep = true`: it stays until `cairn down`"};
    if (node.kind == "image") return {Verdict::not_needed, "images stay"};
    if (run_ != nullptr && run_->keep) return {Verdict::not_needed, "the run was to keep what it makes"};
    if (node.node_class == NodeClass::task && of(node.steps.front()).verdict == Verdict::keep &&
        ours(id) == nullptr)
      return {Verdict::not_needed, "it is not run again"};
    if (up_ != nullptr && node.node_class != NodeClass::task && !wanted_[index(step)])
      return {Verdict::not_needed, "it stays until `cairn down`"};
    if (const Ours* there = ours(id);
        there != nullptr && (up_ != nullptr || (resume_ != nullptr && there->run == resume_->id)))
      return {Verdict::undo,
              up_ != nullptr ? "something waits for its end" : "the run made it before the interruption"};
    return {Verdict::perform, "what the run makes goes when its last user has ended"};
  }

  const Graph& graph_;
  const Facts& facts_;
  const RunGoal* run_;
  const UpGoal* up_;
  const ResumeGoal* resume_;
  std::vector<char> wanted_;
  std::optional<Rest> rest_;  // of a run that was interrupted
  std::map<StepId, std::string> anew_before_group_;
  Plan plan_;
};

}  // namespace

std::string what_changed(std::string_view was, std::string_view wanted) {
  const Parts before = parts_of(was), after = parts_of(wanted);
  std::set<std::string_view> names;
  for (const auto& [name, hash] : before)
    if (const auto now = after.find(name); now == after.end() || now->second != hash) names.insert(name);
  for (const auto& [name, hash] : after)
    if (!before.contains(name)) names.insert(name);
  if (before.empty() || after.empty() || names.empty()) return "its settings have changed";
  std::string text;
  std::size_t left = names.size();
  for (const std::string_view name : names) {
    text += "`" + std::string(name) + "`";
    if (--left > 0) text += left == 1 ? " and " : ", ";
  }
  return text + (names.size() == 1 ? " has changed" : " have changed");
}

bool Plan::changes_nothing() const {
  return std::all_of(steps.begin(), steps.end(), [](const StepPlan& step) {
    return step.verdict == Verdict::keep || step.verdict == Verdict::not_needed;
  });
}

Plan plan(const Graph& graph, const Facts& facts, const Goal& goal) {
  Plan plan = Planning(graph, facts, std::get_if<RunGoal>(&goal), std::get_if<UpGoal>(&goal),
                       std::get_if<ResumeGoal>(&goal))
                  .take();
  for (Refusal& refusal : refused_copies(graph, plan)) plan.refusals.push_back(std::move(refusal));
  return plan;
}

std::string show(const Graph& graph, const Plan& plan) {
  std::string text;
  for (const Refusal& refusal : plan.refusals) text += "refused  " + refusal.message + "\n";
  for (const StepId step : graph.order) {
    const StepPlan& its = plan.steps[index(step)];
    if (its.verdict == Verdict::not_needed || is_virtual(graph.steps[index(step)].phase)) continue;
    std::string verdict(name_of(its.verdict));
    verdict.resize(9, ' ');
    text += verdict + graph.name(step) + "  " + its.reason + "\n";
  }
  return text;
}

}  // namespace cairn::plan
