#include "runtime/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/plan/removal.h"
#include "tests/fakes/graph_builder.h"
#include "tests/fakes/random_graph.h"
#include "tests/plan/scripted_run.h"

namespace cairn::plan {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Stage build { app }, stage test after build { db uses data; unit uses db, after app }, notify watches test.
struct Shop {
  GraphBuilder builder;
  NodeId build = builder.stage("build");
  NodeId app = builder.task("build.app", build);
  NodeId test = builder.stage("test");
  NodeId data = builder.thing("data");
  NodeId db = builder.service("test.db", test);
  NodeId unit = builder.task("test.unit", test);
  NodeId extra = builder.task("test.extra", test);
  NodeId other = builder.thing("other");
  NodeId notify = builder.task("notify", no_node, When::always);
  Facts facts;
  Shop() {
    builder.edge(builder.step(build, Phase::end), builder.step(test, Phase::begin), EdgeKind::needs,
                 EdgeReason::stage);
    builder.uses(db, data);
    builder.uses(unit, db);
    builder.after(notify, test);
    builder.node(extra).policy.profiles = {"nightly"};
  }
  void there(const std::string& path, Ours ours, const std::string& wanted_spec = "v1:a") {
    ours.node = path;
    facts.of_node[path] = {{"engine local", "service", "cairn-shop-" + path}, std::move(ours), wanted_spec};
  }
  Plan plan_for(const Goal& goal) {
    graph = builder.build();
    return plan(graph, facts, goal);
  }
  std::string verdict(const Plan& plan, NodeId node, Phase phase) const {
    return std::string(name_of(plan.steps[index(graph.step(node, phase))].verdict));
  }
  std::string reason(const Plan& plan, NodeId node, Phase phase) const {
    return plan.steps[index(graph.step(node, phase))].reason;
  }
  Graph graph;
};

Ours ready_one(const std::string& run = {}, const std::string& spec = "v1:a") {
  return {.id = "1", .spec = spec, .state = ObjectState::ready, .run = run};
}

TEST(Plan, AStageWantsItsMembersWhatTheyUseEarlierStagesAndItsWatchers) {
  Shop shop;
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}});
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "do");
  EXPECT_EQ(shop.verdict(plan, shop.data, Phase::make), "do");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::stop), "do");
  EXPECT_EQ(shop.verdict(plan, shop.unit, Phase::collect), "do");
  EXPECT_EQ(shop.verdict(plan, shop.notify, Phase::run), "do");
  EXPECT_EQ(shop.verdict(plan, shop.other, Phase::make), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.extra, Phase::run), "not needed");  // its profile is not asked for
  EXPECT_EQ(shop.reason(plan, shop.other, Phase::make), "this run does not need it");
}

TEST(Plan, AProfileBringsItsNodes) {
  Shop shop;
  EXPECT_EQ(shop.verdict(shop.plan_for(RunGoal{.stages = {shop.test}, .profiles = {"nightly"}}), shop.extra,
                         Phase::run),
            "do");
  EXPECT_EQ(shop.verdict(shop.plan_for(RunGoal{.stages = {shop.extra}}), shop.extra, Phase::run), "do");
}

TEST(Plan, AStageAloneDoesNotWantTheOnesAfterIt) {
  Shop shop;
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.build}});
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "do");
  EXPECT_EQ(shop.verdict(plan, shop.unit, Phase::run), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.notify, Phase::run), "not needed");
}

TEST(Plan, OnlyMakesWhatTheStepNeedsAndRepeatsNoEarlierStep) {
  Shop shop;
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}, .only = {shop.unit}});
  EXPECT_EQ(shop.verdict(plan, shop.unit, Phase::run), "do");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::ready), "do");
  EXPECT_EQ(shop.verdict(plan, shop.data, Phase::make), "do");
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.notify, Phase::run), "not needed");
  ScriptedRun run(shop.graph, plan);  // and nothing waits for what is not needed
  run.ends_all();
  EXPECT_EQ(run.outcome("test.unit:run"), "succeeded");
  EXPECT_EQ(run.run().exit_code(), 0);
}

TEST(Plan, FromGoesOnToTheEnd) {
  Shop shop;
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}, .from = {shop.unit}});
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.unit, Phase::run), "do");
  EXPECT_EQ(shop.verdict(plan, shop.notify, Phase::run), "do");
}

TEST(Plan, WhatIsSkippedCountsAsDone) {
  Shop shop;
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}, .skip = {shop.app}});
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "not needed");
  ScriptedRun run(shop.graph, plan);
  run.ends_all();
  EXPECT_EQ(run.outcome("test.unit:run"), "succeeded");
}

TEST(Plan, UpFollowsNodesNotStagesAndLeavesThemRunning) {
  Shop shop;
  const Plan plan = shop.plan_for(UpGoal{});
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::ready), "do");
  EXPECT_EQ(shop.verdict(plan, shop.data, Phase::make), "do");
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.unit, Phase::run), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::stop), "not needed");
  ScriptedRun run(shop.graph, plan);
  run.ends_all();
  EXPECT_EQ(run.outcome("test.db:ready"), "succeeded");
  EXPECT_EQ(run.starts("test.db:stop"), 0);
}

TEST(Plan, ASecondUpKeepsEverything) {
  Shop shop;
  shop.there("data", ready_one());
  shop.there("test.db", ready_one());
  const Plan plan = shop.plan_for(UpGoal{});
  EXPECT_TRUE(plan.changes_nothing());
  EXPECT_EQ(show(shop.graph, plan),
            "keep     data:make  it is there and as the file says\n"
            "keep     test.db:create  it is there and as the file says\n"
            "keep     test.db:start  it runs\n"
            "keep     test.db:ready  it is ready\n");
}

TEST(Plan, WhatHasChangedIsReplacedAndSoIsWhoUsesIt) {
  Shop shop;
  shop.there("data", ready_one({}, "v1:old"));
  shop.there("test.db", ready_one());
  const Plan plan = shop.plan_for(UpGoal{});
  EXPECT_EQ(shop.verdict(plan, shop.data, Phase::make), "replace");
  EXPECT_EQ(shop.reason(plan, shop.data, Phase::make), "its settings have changed");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::create), "replace");
  EXPECT_EQ(shop.reason(plan, shop.db, Phase::create), "`data`, which it uses, is made anew");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::start), "do");
}

TEST(Plan, NamesTheSettingsThatHaveChanged) {
  const auto reason = [](const std::string& was, const std::string& wanted) {
    Shop shop;
    shop.there("test.db", ready_one({}, was), wanted);
    shop.there("data", ready_one());
    const Plan plan = shop.plan_for(UpGoal{});
    return shop.reason(plan, shop.db, Phase::create);
  };
  EXPECT_EQ(reason("command=1 env=2", "command=3 env=2"), "`command` has changed");
  EXPECT_EQ(reason("command=1 env=2", "env=2 user=4"), "`command` and `user` have changed");
  EXPECT_EQ(reason("a=1 b=1 c=1", "a=2 b=2 c=2"), "`a`, `b` and `c` have changed");
  EXPECT_EQ(reason("0123456789abcdef", "command=1"), "its settings have changed") << "an earlier version's";
}

TEST(Plan, WhatARunLeftIsNotAdoptedByUp) {
  Shop shop;
  shop.there("test.db", ready_one("abc123"));
  const Plan plan = shop.plan_for(UpGoal{});
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::create), "replace");
  EXPECT_EQ(shop.reason(plan, shop.db, Phase::create), "it was left by run abc123");
}

TEST(Plan, AServiceThatStoppedIsStartedAgain) {
  Shop shop;
  Ours ended = ready_one();
  ended.state = ObjectState::ended;
  shop.there("test.db", ended);
  const Plan plan = shop.plan_for(UpGoal{});
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::create), "keep");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::start), "do");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::ready), "do");
}

TEST(Plan, WhatDependsOnSomethingNewIsNotRemembered) {
  Shop shop;
  shop.builder.after(shop.extra, shop.app);
  shop.builder.node(shop.extra).policy.profiles = {};
  shop.facts.of_step = {{"build.app:run", Recorded::remembered},
                        {"test.unit:run", Recorded::remembered},
                        {"test.extra:run", Recorded::remembered}};
  const Plan all = shop.plan_for(RunGoal{.stages = {shop.test}});
  EXPECT_EQ(shop.verdict(all, shop.app, Phase::run), "keep");
  EXPECT_EQ(shop.verdict(all, shop.app, Phase::unmake), "not needed");
  EXPECT_EQ(shop.reason(all, shop.unit, Phase::run), "`test.db`, which it depends on, is made anew");
  EXPECT_EQ(shop.verdict(all, shop.extra, Phase::run), "keep");
  shop.facts.of_step.erase("build.app:run");
  const Plan again = shop.plan_for(RunGoal{.stages = {shop.test}});
  EXPECT_EQ(shop.reason(again, shop.extra, Phase::run), "`build.app`, which it depends on, is done again");
}

TEST(Plan, AStepOfUpCleansUpBehindItself) {
  Shop shop;
  shop.builder.after(shop.db, shop.app);
  const Plan plan = shop.plan_for(UpGoal{});
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "do");
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::unmake), "do");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::remove), "not needed");
}

// Whatever the graph: what an `up` has made, the next one keeps, and neither of them undoes anything but a
// service whose end something waits for.
TEST(Plan, ASecondUpOfAnyGraphChangesNothing) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Chance chance(seed);
    const Graph graph = random_graph(chance);
    const Plan first = plan(graph, {}, UpGoal{});
    Facts facts;
    std::vector<char> awaited(graph.nodes.size(), 0);  // stopped for somebody: the next `up` begins that anew
    for (const Edge& edge : graph.edges)
      if (is_finaliser(graph.steps[index(edge.from)].phase) && edge.reason == EdgeReason::after)
        awaited[index(graph.steps[index(edge.from)].node)] = 1;
    if (std::count(awaited.begin(), awaited.end(), 1) > 0) continue;
    for (const StepId step : graph.order) {
      const Node& node = graph.node_of(step);
      const StepPlan& its = first.steps[index(step)];
      ASSERT_NE(its.verdict, Verdict::undo) << seed << ": " << graph.name(step) << " " << its.reason;
      if (its.verdict != Verdict::perform || is_virtual(graph.steps[index(step)].phase)) continue;
      if (node.node_class == NodeClass::task && graph.steps[index(step)].phase == Phase::run)
        facts.of_step[graph.name(step)] = Recorded::remembered;
      if (node.node_class == NodeClass::task) continue;
      Ours ours = ready_one();
      ours.node = node.path;
      facts.of_node[node.path] = {{"engine local", node.kind, "cairn-" + node.path}, ours, "v1:a"};
    }
    const Plan second = plan(graph, facts, UpGoal{});
    ASSERT_TRUE(second.changes_nothing()) << seed << ":\n" << show(graph, second);
  }
}

TEST(Plan, SomebodyElsesIsRefusedByName) {
  Shop shop;
  shop.facts.of_node["data"] = {
      {"engine local", "volume", "cairn-shop-data"}, Foreign{"project `x` of ann"}, ""};
  const Plan plan = shop.plan_for(UpGoal{});
  ASSERT_EQ(plan.refusals.size(), 1u);
  EXPECT_EQ(plan.refusals[0].message,
            "`data` would be `cairn-shop-data` on engine local, which belongs to project `x` of ann");
  EXPECT_FALSE(plan.refusals[0].endpoint);
}

TEST(Plan, AnEngineThatDoesNotAnswerIsAnEndpointsFault) {
  Shop shop;
  shop.facts.of_node["data"] = {{"engine local", "volume", "d"}, Unreachable{"connection refused"}, ""};
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}});
  ASSERT_EQ(plan.refusals.size(), 1u);
  EXPECT_TRUE(plan.refusals[0].endpoint);
  EXPECT_THAT(plan.refusals[0].message, HasSubstr("connection refused"));
}

TEST(Plan, ResumeGoesOnWithTheRestAndStillUndoesAll) {
  Shop shop;
  shop.there("data", ready_one("r1"));
  shop.there("test.db", ready_one("r1"));
  shop.facts.of_step = {{"build.app:run", Recorded::succeeded}, {"build.app:collect", Recorded::succeeded},
                        {"data:make", Recorded::succeeded},     {"test.db:create", Recorded::succeeded},
                        {"test.db:start", Recorded::succeeded}, {"test.db:ready", Recorded::succeeded},
                        {"test.unit:run", Recorded::open}};
  const Plan plan = shop.plan_for(ResumeGoal{.run = {.stages = {shop.test}}, .id = "r1"});
  EXPECT_EQ(shop.verdict(plan, shop.app, Phase::run), "keep");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::create), "keep");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::stop), "undo");
  EXPECT_EQ(shop.verdict(plan, shop.data, Phase::unmake), "undo");
  EXPECT_EQ(shop.reason(plan, shop.unit, Phase::run), "it was interrupted, and is repeated whole");
  ScriptedRun run(shop.graph, plan);
  run.ends_all();
  EXPECT_EQ(run.starts("build.app:run"), 0);
  EXPECT_EQ(run.outcome("build.app:run"), "kept");
  EXPECT_EQ(run.starts("test.unit:run"), 1);
  EXPECT_EQ(run.outcome("data:unmake"), "succeeded");
  EXPECT_EQ(run.run().exit_code(), 0);
}

TEST(Plan, WhatMustNotHappenTwiceIsAskedFor) {
  Shop shop;
  shop.facts.of_step = {{"test.unit:run", Recorded::interrupted}};
  EXPECT_EQ(shop.plan_for(ResumeGoal{.run = {.stages = {shop.test}}, .id = "r1"}).refusals.size(), 1u);
  EXPECT_THAT(
      shop.plan_for(ResumeGoal{.run = {.stages = {shop.test}}, .id = "r1", .repeat = {"test.unit:run"}})
          .refusals,
      IsEmpty());
}

TEST(Plan, WhatIsRememberedIsNotRunAgain) {
  Shop shop;
  shop.facts.of_step = {{"build.app:run", Recorded::remembered}};
  shop.facts.changed_input = {{"test.unit:run", "`requirements.txt` has changed"}};
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}});
  EXPECT_EQ(shop.reason(plan, shop.app, Phase::run), "it succeeded with the same inputs");
  EXPECT_EQ(shop.reason(plan, shop.unit, Phase::run), "`requirements.txt` has changed");
}

TEST(Plan, KeepsWhatTheFileOrTheCommandLineKeeps) {
  Shop shop;
  shop.builder.node(shop.data).policy.keep = true;
  shop.builder.node(shop.other).policy.external = true;
  shop.builder.uses(shop.unit, shop.other);
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}});
  EXPECT_EQ(shop.verdict(plan, shop.data, Phase::unmake), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.other, Phase::make), "keep");
  EXPECT_EQ(shop.verdict(plan, shop.other, Phase::unmake), "not needed");
  EXPECT_EQ(shop.verdict(plan, shop.db, Phase::remove), "do");
  const Plan kept = shop.plan_for(RunGoal{.stages = {shop.test}, .keep = true});
  EXPECT_EQ(shop.verdict(kept, shop.db, Phase::remove), "not needed");
  EXPECT_EQ(shop.verdict(kept, shop.unit, Phase::collect), "do");
}

TEST(Plan, EveryVerdictHasAReasonAndTheTextIsStable) {
  Shop shop;
  const Plan plan = shop.plan_for(RunGoal{.stages = {shop.test}});
  for (const StepPlan& step : plan.steps) EXPECT_THAT(step.reason, Not(IsEmpty()));
  EXPECT_EQ(show(shop.graph, plan), show(shop.graph, shop.plan_for(RunGoal{.stages = {shop.test}})));
}

struct World {
  Facts facts;
  void add(const std::string& what, const std::string& name, Found found) {
    facts.strays.push_back({{"engine local", what, name}, std::move(found), ""});
  }
};

TEST(Removal, TakesWhatIsOursUsersFirst) {
  World world;
  world.add("volume", "data", ready_one());
  world.add("network", "back", ready_one());
  world.add("service", "db", ready_one());
  world.add("service", "theirs", Foreign{"ann"});
  world.add("service", "of-a-run", ready_one("r1"));
  const Removal removal = removal_of_stack(world.facts, DownGoal{.volumes = true});
  EXPECT_EQ(show(removal.graph, removal.plan),
            "undo     service db on engine local:stop  `down` removes it\n"
            "undo     service db on engine local:remove  `down` removes it\n"
            "undo     network back on engine local:unmake  `down` removes it\n"
            "undo     volume data on engine local:unmake  `down` removes it\n");
  ScriptedRun run(removal.graph, removal.plan);
  EXPECT_THAT(run.running(), testing::ElementsAre("service db on engine local:stop"));
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 0);
  EXPECT_EQ(run.outcome("volume data on engine local:unmake"), "succeeded");
}

TEST(Removal, VolumesStayUnlessAskedForAndWhatARunKeptGoes) {
  World world;
  world.add("volume", "data", ready_one());
  Ours kept = ready_one("r1");
  kept.keep = true;
  world.add("service", "kept", kept);
  const Removal removal = removal_of_stack(world.facts, DownGoal{});
  EXPECT_FALSE(removal.graph.by_path.contains("volume data on engine local"));
  EXPECT_TRUE(removal.graph.by_path.contains("service kept on engine local"));
}

TEST(Removal, CleanTakesTheNamedRunsOnly) {
  World world;
  world.add("service", "a", ready_one("r1"));
  world.add("service", "b", ready_one("r2"));
  world.add("service", "c", ready_one());
  const Removal removal = removal_of_runs(world.facts, CleanGoal{{"r1"}});
  EXPECT_TRUE(removal.graph.by_path.contains("service a on engine local"));
  EXPECT_EQ(removal.graph.nodes.size(), 2u);  // it, and the end of its rank
}

}  // namespace
}  // namespace cairn::plan
