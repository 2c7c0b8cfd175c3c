#include "tests/sim/incarnation.h"

#include <fmt/format.h>

#include "grammar/render.h"
#include "runtime/http/read_only_client.h"
#include "runtime/kinds/engines_used.h"
#include "runtime/kinds/observe.h"
#include "runtime/kinds/recall.h"
#include "runtime/kinds/remembered.h"
#include "runtime/kinds/settled.h"
#include "runtime/kinds/storage.h"

namespace cairn::sim {
namespace {

class OneFile final : public Inputs {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  ReadAnswer read_file(const std::string& path) override {
    if (path == "sim.stack") return {text_, {}};
    return {std::nullopt, "no such file"};
  }
  std::vector<std::string> glob(const std::string&, const std::string&) override { return {}; }
  bool exists(const std::string& path) override { return path == "sim.stack"; }
  std::optional<std::string> environment(const std::string&) override { return std::nullopt; }
  std::optional<std::string> git_sha() override { return std::nullopt; }
  std::optional<std::string> git_branch() override { return std::nullopt; }
  std::optional<std::string> git_tag() override { return std::nullopt; }
  std::optional<bool> git_changed(const std::vector<std::string>&) override { return std::nullopt; }
  std::int64_t now_ms() override { return 1'700'000'000'000; }
  std::string run_id() override { return "20261121-102452-a1b2c3"; }

 private:
  const std::string text_;
};

}  // namespace

Compilation::Compilation(std::string text) : inputs(std::make_unique<OneFile>(std::move(text))) {
  CompileRequest request;
  request.path = "sim.stack";
  compiled = compile(request, *inputs, sources, diagnostics);
}

std::string Compilation::mistakes() const {
  return render(sources, diagnostics, false);
}

std::vector<NodeId> Compilation::nodes_named(const std::vector<std::string>& names) const {
  std::vector<NodeId> nodes;
  for (const std::string& name : names)
    for (const NodeId node : compiled.graph->find(name)) nodes.push_back(node);
  return nodes;
}

Incarnation::Incarnation(IncarnationSetup setup, plan::RunGoal goal, plan::RunOptions options)
    : setup_(std::move(setup)),
      goal_(std::move(goal)),
      emitter_(setup_.run, setup_.baton, recorder_),
      scribe_(
          logs_, masker_, setup_.baton,
          [this](const std::string& step, scribe::Stream stream, std::string_view line) {
            emitter_.say(step, step.substr(0, step.rfind(':')), progress::StepLog{std::string(line), stream});
          }),
      spawner_(setup_.baton),
      secrets_({[](const std::string& name) {
                  return name == "CANARY" ? std::optional<std::string>(canary) : std::nullopt;
                },
                [](const std::string&) { return std::optional<std::string>(); },
                [](std::size_t n) { return std::string(n, 'x'); },
                {}},
               masker_),
      addresses_(*setup_.program.compiled.graph, [] { return Result<int>(4711); }),
      world_{setup_.program.compiled,
             *setup_.program.compiled.graph,
             setup_.program.sources,
             *setup_.program.inputs,
             {project, setup_.project_folder.empty() ? setup_.folder : setup_.project_folder, setup_.run,
              setup_.folder, setup_.up},
             setup_.baton,
             setup_.threads,
             setup_.weather,
             setup_.weather,
             spawner_,
             masker_,
             scribe_,
             secrets_,
             addresses_,
             nullptr,
             nullptr,
             kinds::stored_on_engine(*setup_.program.compiled.graph),
             {},
             {},
             {},
             {}},
      options_(std::move(options)) {
  containers_ = kinds::make_containers(world_);
  world_.containers = containers_.get();
  performer_ = std::make_unique<execute::KindTable>(
      kinds::all_kinds(world_),
      [this](const execute::StepRequest& step) { return kinds::ended_at_once(world_, step); });
}

Incarnation::~Incarnation() = default;

void Incarnation::cancel(const std::string& why) {
  if (loop_ != nullptr)
    loop_->cancel(why);
  else
    cancels_.push_back(why);
}

std::vector<std::string> Incarnation::complaints() const {
  return checks_ != nullptr ? checks_->complaints() : std::vector<std::string>();
}

progress::RunFinished Incarnation::run(const plan::Goal& goal) {
  JournalHeader header;
  header.run = setup_.run;
  header.project = project;
  Result<Journal> journal = Journal::create(setup_.disk, journal_of(setup_.folder), header);
  if (!journal) return {};
  return carry_out(goal, std::move(*journal), nullptr);
}

Result<progress::RunFinished> Incarnation::resume(const std::vector<std::string>& repeat) {
  const std::string path = journal_of(setup_.folder);
  const Result<std::string> text = setup_.disk.read(path);
  if (!text) return text.failure();
  const Result<JournalContent> content = read_journal(*text, path);
  if (!content) return content.failure();
  if (content->damage) return *content->damage;
  const JournalState before = fold(content->records);
  if (before.exit_code) return Failure{"it has come to its end"};
  Result<Journal> journal = Journal::resume(setup_.disk, path);
  if (!journal) return journal.failure();
  world_.place.resumed = true;
  progress::RunFinished finished =
      carry_out(plan::ResumeGoal{goal_, setup_.run, repeat, {}}, std::move(*journal), &before);
  if (!plan_.refusals.empty()) return Failure{plan_.refusals.front().message};
  return finished;
}

// What cli/session.cc does around a loop, without what is for people.
progress::RunFinished Incarnation::carry_out(plan::Goal goal, Journal journal, const JournalState* before) {
  const Graph& graph = *setup_.program.compiled.graph;
  journal_.emplace(std::move(journal));
  http::ReadOnlyClient reading(setup_.weather);
  facts_ = kinds::observe({graph, setup_.program.sources, *setup_.program.inputs, world_.place, reading,
                           setup_.baton, nullptr, before != nullptr, &world_.seen_containers},
                          {});
  if (setup_.weather.changes() > 0) left_.push_back("S19: looking has changed something");
  if (before != nullptr) kinds::recall(graph, setup_.run, *before, facts_, exports_);
  plan_ = plan::plan(graph, facts_, goal);
  kinds::restore_remembered(world_, facts_, plan_, exports_);
  if (!plan_.refusals.empty()) return {};
  loop_ = std::make_unique<execute::Loop>(
      execute::LoopParts{
          .graph = graph,
          .plan = plan_,
          .facts = facts_,
          .performer = *performer_,
          .clock = setup_.baton,
          .threads = setup_.threads,
          .emitter = emitter_,
          .scribe = scribe_,
          .masker = masker_,
          .exports = exports_,
          .durations = durations_,
          .place_of =
              [](Span) {
                return progress::FilePlace{"sim.stack", 1, 1};
              },
          .incarnation = static_cast<std::uint32_t>(journal_->incarnation()),
          .journal = &*journal_,
          .on_turn = [this](const plan::Event& event,
                            const plan::Commands& commands) { checks_->after(event, commands); }},
      options_);
  checks_ = std::make_unique<plan::RunChecks>(graph, plan_, loop_->plan_run(), options_);
  for (const std::string& why : cancels_) loop_->cancel(why);
  progress::RunFinished finished = loop_->run();
  for (const Failure& agent : containers_->remove_agents()) left_.push_back(agent.message);
  if (before != nullptr && loop_->came_to_its_end())
    for (std::string& what : clean(setup_.weather, setup_.baton, setup_.folder, setup_.run, true)) {
      left_.push_back(std::move(what));
      if (finished.exit_code == 0) finished.exit_code = 1;
    }
  if (loop_->came_to_its_end()) {
    journal_->append(RunEnd{finished.exit_code});
    (void)journal_->commit();
  }
  return finished;
}

std::string journal_of(const std::string& folder) {
  return folder + "/journal";
}

std::vector<std::string> clean(Weather& weather, Baton& baton, const std::string& folder,
                               const std::string& run, bool spares_kept) {
  std::vector<std::string> left;
  for (const docker::Endpoint& endpoint : kinds::recorded_engines(folder)) {
    const kinds::EngineLook look = kinds::look_at(weather, baton, endpoint, project, {}, nullptr);
    if (look.unreachable) {
      left.push_back(look.unreachable->message);
      continue;
    }
    plan::Facts facts;
    facts.strays = look.ours;
    if (spares_kept)
      std::erase_if(facts.strays,
                    [](const plan::Fact& fact) { return std::get<plan::Ours>(fact.found).keep; });
    const plan::Removal removal = plan::removal_of_runs(facts, {{run}});
    for (const StepId step : removal.graph.order) {
      const Phase phase = removal.graph.steps[index(step)].phase;
      if (phase != Phase::remove && phase != Phase::unmake) continue;
      const plan::Fact& fact = removal.facts.of_node.at(removal.graph.node_of(step).path);
      if (const Result<Done> gone = kinds::remove_object(*look.engine, fact, project, {}); !gone)
        left.push_back(fact.identity.name + ": " + gone.failure().message +
                       (gone.failure().causes.empty() ? "" : ": " + gone.failure().causes.back()));
    }
  }
  return left;
}

}  // namespace cairn::sim
