// What is left of a run that was interrupted.
#include "runtime/plan/rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/plan/plan.h"
#include "tests/fakes/graph_builder.h"

namespace cairn::plan {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A database on a volume: migrated, then tested.
struct Interrupted {
  GraphBuilder builder;
  NodeId test = builder.stage("test");
  NodeId data = builder.thing("test.data", test);
  NodeId db = builder.service("test.db", test);
  NodeId migrate = builder.task("test.migrate", test);
  NodeId unit = builder.task("test.unit", test);
  Graph graph;
  Facts facts;
  std::vector<std::string> repeat, done;

  Interrupted() {
    builder.uses(db, data);
    builder.uses(migrate, db);
    builder.uses(unit, db);
    builder.after(unit, migrate);
    graph = builder.build();
    there("test.data", "volume", ObjectState::ready);
    there("test.db", "service", ObjectState::ready);
    succeeded({"test.data:make", "test.db:create", "test.db:start", "test.db:ready", "test.migrate:run"});
    facts.of_step["test.unit:run"] = Recorded::open;
  }
  void there(const std::string& path, const std::string& what, ObjectState state) {
    facts.of_node[path] = {{"engine", what, path}, Ours{.id = "i", .spec = "", .state = state, .run = "r1"}, {}};
  }
  void gone(const std::string& path) { facts.of_node[path].found = Absent{}; }
  void succeeded(const std::vector<std::string>& steps) {
    for (const std::string& step : steps) facts.of_step[step] = Recorded::succeeded;
  }
  Plan plan() const {
    return cairn::plan::plan(
        graph, facts, ResumeGoal{.run = {.stages = {test}}, .id = "r1", .repeat = repeat, .done = done});
  }
  std::string verdict(NodeId node, Phase phase) const {
    return std::string(name_of(plan().steps[index(graph.step(node, phase))].verdict));
  }
  std::string reason(NodeId node, Phase phase) const {
    return plan().steps[index(graph.step(node, phase))].reason;
  }
};

TEST(Rest, KeepsWhatIsDoneAndTakesOverWhatLives) {
  const Interrupted run;
  EXPECT_EQ(run.verdict(run.data, Phase::make), "keep");
  EXPECT_EQ(run.verdict(run.db, Phase::create), "keep");
  EXPECT_EQ(run.verdict(run.db, Phase::start), "keep");
  EXPECT_EQ(run.verdict(run.db, Phase::ready), "keep");
  EXPECT_EQ(run.verdict(run.migrate, Phase::run), "keep");
  EXPECT_EQ(run.verdict(run.unit, Phase::run), "do");
  EXPECT_EQ(run.verdict(run.db, Phase::remove), "undo");
}

TEST(Rest, WhatOnlyTheDoneHaveUsedIsOnlyUndone) {
  Interrupted run;
  run.succeeded({"test.unit:run"});
  EXPECT_EQ(run.verdict(run.db, Phase::create), "not needed");
  EXPECT_EQ(run.verdict(run.db, Phase::stop), "undo");
  EXPECT_EQ(run.verdict(run.data, Phase::unmake), "undo");
  run.gone("test.db");
  EXPECT_EQ(run.verdict(run.db, Phase::create), "not needed") << "it is not made again to be removed";
}

TEST(Rest, AServiceThatDiedIsStartedAgainOnWhatItHas) {
  Interrupted run;
  run.there("test.db", "service", ObjectState::ended);
  EXPECT_EQ(run.verdict(run.db, Phase::create), "keep");
  EXPECT_EQ(run.verdict(run.db, Phase::start), "do");
  EXPECT_EQ(run.verdict(run.migrate, Phase::run), "keep");
}

TEST(Rest, WhoUsedWhatIsGoneIsDoneAgain) {
  Interrupted run;
  run.gone("test.db");
  EXPECT_EQ(run.verdict(run.db, Phase::create), "do");
  EXPECT_EQ(run.verdict(run.migrate, Phase::run), "do");
  EXPECT_EQ(run.reason(run.migrate, Phase::run), "`test.db`, which it used, is made anew");
}

TEST(Rest, AVolumeThatIsGoneTakesItsUsersWithIt) {
  Interrupted run;
  run.gone("test.data");
  EXPECT_EQ(run.verdict(run.data, Phase::make), "do");
  EXPECT_EQ(run.verdict(run.db, Phase::create), "replace");
  EXPECT_EQ(run.verdict(run.migrate, Phase::run), "do");
}

TEST(Rest, WhatWasCutOffInItsMakingIsMadeAnew) {
  Interrupted run;
  run.facts.of_step.erase("test.db:start");  // post_start may be half done
  run.facts.of_step.erase("test.db:ready");
  run.facts.of_step.erase("test.migrate:run");
  EXPECT_EQ(run.verdict(run.db, Phase::create), "replace");
  run.there("test.db", "service", ObjectState::made);
  EXPECT_EQ(run.verdict(run.db, Phase::create), "keep") << "not started yet: nothing can be half done";
  EXPECT_EQ(run.verdict(run.db, Phase::start), "do");
  run.facts.of_step.erase("test.db:create");
  EXPECT_EQ(run.verdict(run.db, Phase::create), "replace") << "its files may be missing";
  run.facts.of_step.erase("test.data:make");
  EXPECT_EQ(run.verdict(run.data, Phase::make), "keep") << "one call makes it whole";
  run.there("test.data", "clone", ObjectState::made);
  EXPECT_EQ(run.verdict(run.data, Phase::make), "replace") << "it may be half copied";
}

TEST(Rest, WhatCouldNotBeWrittenDownIsSaidAgainIfItIsRead) {
  GraphBuilder builder;
  const NodeId stage = builder.stage("test");
  const NodeId token = builder.task("test.token", stage);
  const NodeId call = builder.task("test.call", stage);
  builder.uses(call, token);
  const Graph graph = builder.build();
  Facts facts;
  facts.of_step["test.token:run"] = Recorded::withheld;
  const ResumeGoal goal{.run = {.stages = {stage}}, .id = "r1"};
  const auto verdict = [&] {
    return plan(graph, facts, goal).steps[index(graph.step(token, Phase::run))].verdict;
  };
  EXPECT_EQ(verdict(), Verdict::perform);
  facts.of_step["test.call:run"] = Recorded::succeeded;
  EXPECT_EQ(verdict(), Verdict::keep);
}

TEST(Rest, WhatMustNotHappenTwiceIsDecidedByAPerson) {
  Interrupted run;
  run.facts.of_step["test.unit:run"] = Recorded::interrupted;
  EXPECT_THAT(run.plan().refusals, SizeIs(1));
  run.repeat = {"test.unit:run"};
  EXPECT_THAT(run.plan().refusals, IsEmpty());
  EXPECT_EQ(run.verdict(run.unit, Phase::run), "do");
  run.repeat.clear();
  run.done = {"test.unit:run"};
  EXPECT_THAT(run.plan().refusals, IsEmpty());
  EXPECT_EQ(run.verdict(run.unit, Phase::run), "keep");
}

}  // namespace
}  // namespace cairn::plan
