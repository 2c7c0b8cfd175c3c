#include "runtime/execute/telling.h"

#include <algorithm>

namespace cairn::execute {

namespace {

// How many of its last lines a node wants to be shown.
std::size_t tail_lines(const Node& node) {
  constexpr std::size_t usual = 12;
  const std::int64_t* wanted = node.value("logs_on_failure").as<std::int64_t>();
  return wanted == nullptr ? usual : static_cast<std::size_t>(std::max<std::int64_t>(0, *wanted));
}

double seconds_between(plan::Moment from, plan::Moment to) {
  return std::chrono::duration<double>(std::max(plan::Moment(0), to - from)).count();
}

void mask(const scribe::Masker& masker, std::string& text) {
  if (!text.empty()) text = masker.masked(text);
}
void mask(const scribe::Masker& masker, std::vector<std::string>& texts) {
  for (std::string& text : texts) mask(masker, text);
}

struct Masking {
  const scribe::Masker& masker;
  void operator()(progress::StepWaiting& is) const {
    for (progress::WaitsFor& waits : is.on) mask(masker, waits.why);
  }
  void operator()(progress::StepProgress& is) const { mask(masker, is.text); }
  void operator()(progress::StepLog& is) const { mask(masker, is.line); }
  void operator()(progress::StepFinished& is) const {
    mask(masker, is.reason);
    mask(masker, is.causes);
    mask(masker, is.help);
    mask(masker, is.log_tail);
  }
  void operator()(progress::StepRetried& is) const { mask(masker, is.reason); }
  void operator()(progress::ServiceReady& is) const { mask(masker, is.address); }
  void operator()(progress::ServiceDied& is) const {
    mask(masker, is.reason);
    mask(masker, is.log_tail);
  }
  void operator()(progress::Report& is) const { mask(masker, is.problem); }
  void operator()(progress::Message& is) const {
    mask(masker, is.text);
    mask(masker, is.help);
  }
  void operator()(progress::Artifact&) const {}     // names and numbers
  void operator()(progress::StepPlanned&) const {}  // the file's own words
  void operator()(progress::StepStarted&) const {}
  void operator()(progress::RunStarted&) const {}
  void operator()(progress::RunFinished& is) const { mask(masker, is.left_behind); }
};

}  // namespace

progress::Happening masked(const scribe::Masker& masker, progress::Happening happening) {
  std::visit(Masking{masker}, happening);
  return happening;
}

progress::Outcome shown(const plan::Outcome& outcome) {
  return static_cast<progress::Outcome>(outcome.index());  // both in the order of the design
}
static_assert(std::is_same_v<std::variant_alternative_t<0, plan::Outcome>, plan::Succeeded>);
static_assert(std::is_same_v<std::variant_alternative_t<1, plan::Outcome>, plan::Kept>);
static_assert(std::is_same_v<std::variant_alternative_t<2, plan::Outcome>, plan::Failed>);
static_assert(std::is_same_v<std::variant_alternative_t<3, plan::Outcome>, plan::TimedOut>);
static_assert(std::is_same_v<std::variant_alternative_t<4, plan::Outcome>, plan::Broken>);
static_assert(std::is_same_v<std::variant_alternative_t<5, plan::Outcome>, plan::Cancelled>);
static_assert(std::is_same_v<std::variant_alternative_t<6, plan::Outcome>, plan::Skipped>);
static_assert(std::is_same_v<std::variant_alternative_t<7, plan::Outcome>, plan::NotNeeded>);
static_assert(std::is_same_v<std::variant_alternative_t<8, plan::Outcome>, plan::Abandoned>);

Telling::Telling(const Graph& graph, const plan::Run& run, progress::Emitter& emitter,
                 const scribe::Masker& masker, const scribe::Scribe& scribe, const Exports& exports,
                 PlaceOf place_of)
    : graph_(graph),
      run_(run),
      emitter_(emitter),
      masker_(masker),
      scribe_(scribe),
      exports_(exports),
      place_of_(std::move(place_of)),
      is_told_(graph.steps.size(), 0) {}

void Telling::say(StepId step, progress::Happening happening) {
  emitter_.say(graph_.name(step), graph_.node_of(step).path, masked(masker_, std::move(happening)));
}

void Telling::planned(const plan::Plan& plan, const std::function<double(StepId)>& expected) {
  for (const StepId step : graph_.order) {
    if (plan.steps[index(step)].verdict == plan::Verdict::not_needed) continue;
    is_told_[index(step)] = 1;
    const Node& node = graph_.node_of(step);
    const Phase phase = graph_.steps[index(step)].phase;
    progress::StepPlanned planned;
    planned.kind = node.kind;
    planned.phase = name_of(phase);
    if (node.stage != no_node) planned.stage = graph_.node(node.stage).path;
    for (const std::uint32_t number : graph_.edges_to[index(step)]) {
      const Edge& edge = graph_.edges[number];
      if (is_told_[index(edge.from)]) planned.after.push_back({graph_.name(edge.from), edge.because});
    }
    if (const double seconds = expected ? expected(step) : -1; seconds >= 0)
      planned.expected_seconds = seconds;
    planned.is_virtual = is_virtual(phase);
    planned.place = place_of_(node.span);
    say(step, std::move(planned));
  }
}

void Telling::started(const plan::StartAttempt& start) {
  say(start.step, progress::StepStarted{start.attempt});
}

void Telling::retried(const plan::AttemptRetried& retried) {
  std::string reason = retried.trouble.message;
  if (!retried.trouble.causes.empty()) reason += ": " + retried.trouble.causes.back();
  say(retried.step, progress::StepRetried{retried.attempt, std::move(reason),
                                          std::chrono::duration<double>(retried.next_in).count()});
}

void Telling::held_up(const plan::StepHeldUp& held_up) {
  const bool pool = held_up.lane.starts_with("pool:");
  say(held_up.step,
      progress::StepWaiting{{{pool ? progress::WaitsFor::What::pool : progress::WaitsFor::What::lane,
                              pool ? held_up.lane.substr(5) : held_up.lane, held_up.why}}});
}

// What the step said last, and then what the services that it used did, each line with the service's name.
std::vector<std::string> Telling::last_lines(StepId step) const {
  const Node& node = graph_.node_of(step);
  std::vector<std::string> lines = scribe_.tail(graph_.name(step), tail_lines(node));
  const StepId start = graph_.step(graph_.steps[index(step)].node, Phase::start);
  if (graph_.steps[index(step)].phase == Phase::ready && start != no_step)
    lines = scribe_.tail(graph_.name(start), tail_lines(node));
  std::vector<NodeId> told;
  for (const Hold& hold : graph_.holds) {
    if (graph_.steps[index(hold.user)].node != graph_.steps[index(step)].node ||
        std::find(told.begin(), told.end(), hold.service) != told.end())
      continue;
    told.push_back(hold.service);
    const Node& service = graph_.node(hold.service);
    for (const std::string& line :
         scribe_.tail(graph_.name(graph_.step(hold.service, Phase::start)), tail_lines(service)))
      lines.push_back(service.path + " | " + line);
  }
  return lines;
}

void Telling::settled(StepId step) {
  if (!is_told_[index(step)]) return;
  const plan::Outcome& outcome = *run_.outcome(step);
  progress::StepFinished finished;
  finished.outcome = shown(outcome);
  finished.attempt = run_.attempts(step);
  if (finished.attempt > 0) finished.seconds = seconds_between(run_.started(step), run_.ended(step));
  finished.reason = plan::reason_of(outcome);
  finished.place = place_of_(graph_.node_of(step).span);
  finished.allowed_to_fail = run_.allowed_to_fail(step) && plan::trouble_of(outcome) != nullptr;
  if (const plan::Trouble* trouble = plan::trouble_of(outcome)) {
    finished.causes = trouble->causes;
    finished.help = trouble->help;
    finished.log_tail = last_lines(step);
  }
  if (const plan::Skipped* skipped = std::get_if<plan::Skipped>(&outcome))
    finished.root = graph_.name(skipped->root);
  if (finished.attempt > 0 && graph_.steps[index(step)].phase == Phase::run) {
    const Value code = exports_.find(graph_.steps[index(step)].node, "exit_code");
    if (const std::int64_t* number = code.as<std::int64_t>()) finished.exit_code = static_cast<int>(*number);
  }
  say(step, std::move(finished));
}

void Telling::lost(const plan::ServiceLost& lost, const Death& death) {
  emitter_.say({}, graph_.node(lost.service).path,
               masked(masker_, progress::ServiceDied{death.reason, death.exit_code, death.log_tail}));
}

progress::RunFinished Telling::sum() const {
  progress::RunFinished finished;
  for (const StepId step : graph_.order) {
    const plan::Outcome* outcome = run_.outcome(step);
    if (outcome == nullptr || !is_told_[index(step)] || is_virtual(graph_.steps[index(step)].phase)) continue;
    ++finished.outcomes[static_cast<std::size_t>(shown(*outcome))];
    if (is_finaliser(graph_.steps[index(step)].phase) && plan::trouble_of(*outcome) != nullptr)
      finished.left_behind.push_back(masker_.masked(graph_.name(step) + ": " + plan::reason_of(*outcome)));
  }
  return finished;
}

}  // namespace cairn::execute
