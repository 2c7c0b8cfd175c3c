// What starts when, and what a failure does to the rest.
#include "runtime/plan/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/graph_builder.h"
#include "tests/plan/scripted_run.h"

namespace cairn::plan {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Names = std::set<std::string>;

// db ← test, and a task beside it.
struct Database {
  GraphBuilder builder;
  NodeId db = builder.service("db");
  NodeId test = builder.task("test");
  NodeId other = builder.task("other");
  Database() { builder.uses(test, db); }
};

TEST(Run, StartsWhatNeedsNothingAndThenWhatItLets) {
  ScriptedRun run(Database().builder.build());
  EXPECT_THAT(run.running(), UnorderedElementsAre("db:create", "other:run"));
  run.ends("db:create");
  run.ends("db:start");
  EXPECT_THAT(run.running(), UnorderedElementsAre("db:ready", "other:run"));
  run.ends("db:ready");
  EXPECT_THAT(run.running(), UnorderedElementsAre("test:run", "other:run"));
  run.ends("test:run");
  EXPECT_THAT(run.running(), UnorderedElementsAre("test:collect", "db:stop", "other:run"));
  run.ends_all();
  EXPECT_TRUE(run.run().over());
  EXPECT_EQ(run.run().exit_code(), 0);
  EXPECT_EQ(run.outcome("db:remove"), "succeeded");
  EXPECT_EQ(run.timers(), 0u);
}

TEST(Run, AFailureSkipsWhatNeedsItAndNothingElse) {
  Database of;
  const NodeId report = of.builder.task("report");
  of.builder.after(report, of.test);
  ScriptedRun run(of.builder.build());
  run.ends("db:create");
  run.fails("db:start", "no such image");
  EXPECT_EQ(run.outcome("db:ready"), "skipped");
  EXPECT_EQ(run.outcome("report:run"), "skipped");
  EXPECT_EQ(run.root("report:run"), "db:start");
  EXPECT_EQ(run.reason("report:run"), "`db` failed");
  EXPECT_EQ(run.outcome("other:run"), "open");
  run.ends_all();
  EXPECT_EQ(run.outcome("db:stop"), "succeeded");  // it was begun: perhaps something is there
  EXPECT_EQ(run.outcome("db:remove"), "succeeded");
  EXPECT_EQ(run.outcome("test:collect"), "not_needed");
  EXPECT_EQ(run.run().exit_code(), 1);
}

TEST(Run, AFailedTestDoesNotKeepTheDatabaseFromStopping) {
  ScriptedRun run(Database().builder.build());
  run.ends("db:create");
  run.ends("db:start");
  run.ends("db:ready");
  run.fails("test:run");
  EXPECT_THAT(run.running(), testing::IsSupersetOf({"db:stop", "test:collect"}));
}

TEST(Run, AStageEndsWhenItsLastMemberHasEvenIfOneFailedEarly) {
  GraphBuilder builder;
  const NodeId stage = builder.stage("test");
  builder.task("test.a", stage);
  builder.task("test.b", stage);
  const NodeId always = builder.task("notify", no_node, When::always);
  builder.after(always, stage);
  const NodeId next = builder.task("next");
  builder.after(next, stage);
  ScriptedRun run(builder.build());
  run.fails("test.a:run");
  EXPECT_EQ(run.outcome("test:end"), "open");
  EXPECT_EQ(run.starts("notify:run"), 0);
  run.ends("test.b:run");
  EXPECT_EQ(run.outcome("test:end"), "skipped");
  EXPECT_EQ(run.root("test:end"), "test.a:run");
  EXPECT_EQ(run.root("next:run"), "test.a:run");
  EXPECT_EQ(run.starts("notify:run"), 1);
}

TEST(Run, WhenFailureRunsForAFailureAtAnyDistance) {
  GraphBuilder builder;
  const NodeId first = builder.task("first");
  const NodeId second = builder.task("second");
  const NodeId third = builder.task("third");
  const NodeId alarm = builder.task("alarm", no_node, When::failure);
  const NodeId calm = builder.task("calm", no_node, When::failure);
  const NodeId fine = builder.task("fine");
  builder.after(second, first);
  builder.after(third, second);
  builder.after(alarm, third);
  builder.after(calm, fine);
  ScriptedRun run(builder.build());
  run.fails("first:run");
  EXPECT_EQ(run.starts("alarm:run"), 1);
  run.ends_all();
  EXPECT_EQ(run.outcome("calm:run"), "not_needed");
  EXPECT_EQ(run.reason("calm:run"), "nothing failed before it");
}

TEST(Run, AllowedToFailIsReportedAndNotCounted) {
  GraphBuilder builder;
  const NodeId flaky = builder.task("flaky");
  builder.node(flaky).policy.allow_failure = true;
  const NodeId ordered = builder.task("ordered");
  const NodeId reads = builder.task("reads");
  const NodeId alarm = builder.task("alarm", no_node, When::failure);
  builder.after(ordered, flaky);
  builder.uses(reads, flaky);
  builder.after(alarm, flaky);
  ScriptedRun run(builder.build());
  run.fails("flaky:run");
  EXPECT_EQ(run.outcome("flaky:run"), "failed");
  EXPECT_EQ(run.outcome("reads:run"), "skipped");  // a value that is not there
  EXPECT_EQ(run.starts("ordered:run"), 1);
  EXPECT_EQ(run.outcome("alarm:run"), "not_needed");
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 0);
}

TEST(Run, AServiceThatMayFailIsNotStartedIfItIsNotThere) {
  Database of;
  of.builder.node(of.db).policy.allow_failure = true;
  ScriptedRun run(of.builder.build());
  run.fails("db:create");
  EXPECT_EQ(run.outcome("db:start"), "skipped");
}

TEST(Run, AStageThatMayFailLetsTheNextOneStart) {
  GraphBuilder builder;
  const NodeId stage = builder.stage("lint");
  builder.node(stage).policy.allow_failure = true;
  builder.task("lint.a", stage);
  const NodeId next = builder.stage("test");
  builder.edge(builder.step(stage, Phase::end), builder.step(next, Phase::begin), EdgeKind::needs,
               EdgeReason::stage);
  builder.task("test.a", next);
  ScriptedRun run(builder.build());
  run.fails("lint.a:run");
  EXPECT_EQ(run.starts("test.a:run"), 1);
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 0);
}

TEST(Run, AServiceThatDiesBreaksItsUsersAtOnce) {
  Database of;
  const NodeId later = of.builder.task("later");
  of.builder.uses(later, of.db);
  of.builder.after(later, of.test);
  ScriptedRun run(of.builder.build());
  run.ends("db:create");
  run.ends("db:start");
  run.ends("db:ready");
  run.dies("db");
  EXPECT_THAT(run.stopped(), ElementsAre("test:run"));
  EXPECT_EQ(run.outcome("later:run"), "skipped");
  EXPECT_EQ(run.reason("later:run"), "`db` exited 137");
  EXPECT_EQ(run.root("later:run"), "db:ready");
  EXPECT_EQ(run.starts("db:stop"), 0);  // its user still runs
  run.ends("test:run");                 // too late: what it did with a dead database proves nothing
  EXPECT_EQ(run.outcome("test:run"), "broken");
  EXPECT_EQ(run.reason("test:run"), "`db` exited 137");
  EXPECT_EQ(run.starts("db:stop"), 1);
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 1);
}

// The one who used it may fail, but whoever waits for that one was not asked whether it may be left out.
TEST(Run, WhatIsSkippedForADeathCountsEvenIfTheUserOfTheServiceMayFail) {
  Database of;
  const NodeId first = of.builder.task("first");
  of.builder.node(of.test).policy.allow_failure = true;
  of.builder.after(of.test, first);
  of.builder.uses(of.builder.task("reads"), of.test);
  ScriptedRun run(of.builder.build());
  run.ends("db:create");
  run.ends("db:start");
  run.ends("db:ready");
  run.dies("db");
  EXPECT_EQ(run.outcome("test:run"), "skipped");
  EXPECT_EQ(run.outcome("reads:run"), "skipped");
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 1);
}

TEST(Run, ADeathThatHurtsNobodyIsNoFailure) {
  Database of;
  ScriptedRun run(of.builder.build());
  run.ends("db:create");
  run.ends("db:start");
  run.ends("db:ready");
  run.ends("test:run");
  run.dies("db");  // while it stops: that is what it was asked to do
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 0);
}

TEST(Run, AServiceThatDiesBeforeItIsReadyFailsItsReady) {
  ScriptedRun run(Database().builder.build());
  run.ends("db:create");
  run.ends("db:start");
  run.dies("db", "exited 1");
  EXPECT_THAT(run.stopped(), ElementsAre("db:ready"));
  run.end("db:ready", Cancelled{});
  EXPECT_EQ(run.outcome("db:ready"), "broken");
  EXPECT_EQ(run.root("test:run"), "db:ready");
}

TEST(Run, ADeathBeforeTheStartIsOverCountsOnlyIfItIsTheLastAttempt) {
  for (const bool tried_again : {true, false}) {
    Database of;
    of.builder.node(of.db).policy.retry.times = 1;
    ScriptedRun run(of.builder.build());
    run.ends("db:create");
    run.dies("db", "exited 1");
    if (tried_again) {
      run.fails("db:start");
      run.pass(seconds(2));
    }
    run.ends("db:start");
    EXPECT_EQ(run.outcome("db:ready"), tried_again ? "open" : "broken");
  }
}

TEST(Run, RepeatsAttemptsAsTheFileSays) {
  GraphBuilder builder;
  const NodeId task = builder.task("t");
  builder.node(task).policy.retry = {2, Duration{1000}, Duration{20000}};
  ScriptedRun run(builder.build());
  run.fails("t:run", "first");
  EXPECT_THAT(run.running(), IsEmpty());
  run.pass(milliseconds(749));  // half to all of a second; without chance, three quarters
  EXPECT_EQ(run.starts("t:run"), 1);
  run.pass(milliseconds(1));
  EXPECT_EQ(run.starts("t:run"), 2);
  run.fails("t:run", "second");
  run.pass(milliseconds(1500));
  EXPECT_EQ(run.starts("t:run"), 3);
  run.fails("t:run", "third");
  EXPECT_EQ(run.outcome("t:run"), "failed");
  EXPECT_EQ(run.reason("t:run"), "third");
}

TEST(Run, AnAttemptOutOfTimeIsStoppedAndThenLeftBehind) {
  GraphBuilder builder;
  const NodeId task = builder.task("t");
  builder.node(task).policy.timeout = Duration{10000};
  ScriptedRun run(builder.build());
  run.pass(seconds(10));
  EXPECT_THAT(run.stopped(), ElementsAre("t:run"));
  run.pass(seconds(30));
  EXPECT_EQ(run.outcome("t:run"), "abandoned");
  run.ends_all();
  EXPECT_EQ(run.outcome("t:collect"), "succeeded");
  EXPECT_EQ(run.run().exit_code(), 1);
}

TEST(Run, OutOfTimeSaysWhatTheStepSaidLast) {
  GraphBuilder builder;
  const NodeId task = builder.task("t");
  builder.node(task).policy.timeout = Duration{10000};
  ScriptedRun run(builder.build());
  run.pass(seconds(10));
  run.end("t:run", TimedOut{{.message = "connection refused, 214 tries"}});
  EXPECT_EQ(run.reason("t:run"), "`t` did not end within 10s");
  EXPECT_THAT(trouble_of(*run.run().outcome(run.find("t:run")))->causes,
              ElementsAre("connection refused, 214 tries"));
}

TEST(Run, AGroupOutOfTimeEndsAllThatItHolds) {
  GraphBuilder builder;
  const NodeId stage = builder.stage("s");
  builder.node(stage).policy.timeout = Duration{1000};
  const NodeId a = builder.task("s.a", stage);
  const NodeId b = builder.task("s.b", stage);
  builder.node(a).policy.retry.times = 3;
  builder.after(b, a);
  ScriptedRun run(builder.build());
  run.pass(seconds(1));
  EXPECT_THAT(run.stopped(), ElementsAre("s.a:run"));
  EXPECT_EQ(run.outcome("s.b:run"), "timed_out");
  run.end("s.a:run", Cancelled{});
  EXPECT_EQ(run.outcome("s.a:run"), "timed_out");
  EXPECT_EQ(run.outcome("s:end"), "skipped");
}

TEST(Run, ACancelTearsDown) {
  Database of;
  const NodeId always = of.builder.task("always", no_node, When::always);
  of.builder.after(always, of.test);
  const NodeId failure = of.builder.task("failure", no_node, When::failure);
  of.builder.after(failure, of.test);
  ScriptedRun run(of.builder.build());
  run.ends("db:create");
  run.ends("db:start");
  run.ends("db:ready");
  run.cancel();
  EXPECT_THAT(run.stopped(), UnorderedElementsAre("test:run", "other:run"));
  EXPECT_EQ(run.outcome("failure:run"), "cancelled");
  run.end("test:run", Cancelled{});
  EXPECT_EQ(run.outcome("test:run"), "cancelled");
  EXPECT_THAT(run.running(), testing::IsSupersetOf({"always:run", "db:stop", "test:collect"}));
  run.end("other:run", Cancelled{});
  run.ends_all();
  EXPECT_EQ(run.outcome("always:run"), "succeeded");
  EXPECT_EQ(run.run().exit_code(), 130);
}

TEST(Run, TheSecondCancelKillsAndTheThirdLeaves) {
  Database of;
  const NodeId always = of.builder.task("always", no_node, When::always);
  of.builder.after(always, of.other);
  ScriptedRun run(of.builder.build());
  run.ends("db:create");
  run.ends("other:run");
  EXPECT_EQ(run.starts("always:run"), 1);
  run.cancel();
  EXPECT_FALSE(run.stopped().contains("always:run"));
  run.cancel();
  EXPECT_TRUE(run.stopped().contains("always:run"));
  EXPECT_TRUE(std::any_of(run.last().begin(), run.last().end(),
                          [](const Command& command) { return std::holds_alternative<Hurry>(command); }));
  EXPECT_FALSE(run.run().over());
  run.cancel();
  EXPECT_TRUE(run.run().over());
  EXPECT_TRUE(std::holds_alternative<Leave>(run.last().back()));
  EXPECT_EQ(run.outcome("db:remove"), "abandoned");
  EXPECT_EQ(run.run().exit_code(), 130);
}

TEST(Run, TeardownHasADeadline) {
  Database of;
  ScriptedRun run(of.builder.build());
  run.ends("db:create");
  run.cancel();
  run.pass(minutes(10));  // nobody ever answers
  EXPECT_TRUE(run.run().over());
  EXPECT_EQ(run.outcome("db:remove"), "abandoned");
}

TEST(Run, FailFastCancelsTheRest) {
  Database of;
  const NodeId alarm = of.builder.task("alarm", no_node, When::failure);
  of.builder.after(alarm, of.other);
  ScriptedRun run(of.builder.build(), RunOptions{.fail_fast = true});
  run.fails("other:run");
  EXPECT_THAT(run.stopped(), ElementsAre("db:create"));
  EXPECT_EQ(run.outcome("test:run"), "cancelled");
  EXPECT_EQ(run.starts("alarm:run"), 1);
  run.end("db:create", Cancelled{});
  run.ends_all();
  EXPECT_EQ(run.outcome("db:remove"), "succeeded");
  EXPECT_EQ(run.run().exit_code(), 1);
}

TEST(Run, TheWholeRunCanBeOutOfTime) {
  ScriptedRun run(Database().builder.build(), RunOptions{.timeout = seconds(60)});
  run.pass(seconds(60));
  run.end("other:run", Cancelled{});
  run.end("db:create", Cancelled{});
  run.ends_all();
  EXPECT_EQ(run.reason("test:run"), "the run was given 1m");
  EXPECT_EQ(run.run().exit_code(), 1);
}

TEST(Run, AnEndpointAtFaultIsExitCode3) {
  ScriptedRun run(Database().builder.build());
  run.end("db:create", Failed{{.message = "x", .endpoint = true}});
  run.fails("other:run");
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 3);
}

TEST(Run, WhatIsLeftBehindIsNeverGreen) {
  GraphBuilder builder;
  const NodeId thing = builder.thing("data");
  builder.node(thing).policy.allow_failure = true;
  ScriptedRun run(builder.build());
  run.ends("data:make");
  run.fails("data:unmake", "in use");
  EXPECT_EQ(run.run().exit_code(), 1);
}

TEST(Run, WhatWasThereBeforeIsNotUndone) {
  GraphBuilder builder;
  builder.thing("data");
  ScriptedRun run(builder.build());
  run.end("data:make", Kept{"it was there"});
  EXPECT_EQ(run.outcome("data:unmake"), "not_needed");
  EXPECT_TRUE(run.run().over());
}

TEST(Run, AServiceThatNobodyUsesLivesUntilItsStageEnds) {
  GraphBuilder builder;
  const NodeId stage = builder.stage("s");
  builder.service("s.web", stage);
  builder.task("s.t", stage);
  ScriptedRun run(builder.build());
  run.ends("s.web:create");
  run.ends("s.web:start");
  run.ends("s.web:ready");
  EXPECT_EQ(run.starts("s.web:stop"), 0);
  run.ends("s.t:run");
  EXPECT_EQ(run.starts("s.web:stop"), 1);
}

TEST(Run, WithoutAThreadTheStepWaitsForOneToEnd) {
  ScriptedRun run(Database().builder.build());
  run.tell(NoHand{run.find("other:run"), 1});
  EXPECT_THAT(run.running(), ElementsAre("db:create"));
  EXPECT_EQ(run.run().attempts(run.find("other:run")), 0);
  run.ends("db:create");
  EXPECT_THAT(run.running(), UnorderedElementsAre("db:start", "other:run"));
  run.tell(NoHand{run.find("db:start"), 1});
  run.pass(milliseconds(50));
  EXPECT_EQ(run.starts("db:start"), 2);
  run.ends_all();
  EXPECT_EQ(run.run().exit_code(), 0);
}

TEST(Run, WhatAnAbandonedHandSaysIsDropped) {
  GraphBuilder builder;
  const NodeId task = builder.task("t");
  builder.node(task).policy.timeout = Duration{1000};
  ScriptedRun run(builder.build());
  run.pass(seconds(31));
  EXPECT_EQ(run.outcome("t:run"), "abandoned");
  run.ends("t:run");
  EXPECT_EQ(run.outcome("t:run"), "abandoned");
}

TEST(Run, AChainOfTenThousandIsNoRecursion) {
  GraphBuilder builder;
  NodeId last = builder.task("t0");
  for (int i = 1; i < 10000; ++i) {
    const NodeId next = builder.task("t" + std::to_string(i));
    builder.after(next, last);
    last = next;
  }
  ScriptedRun run(builder.build());
  run.fails("t0:run");
  EXPECT_EQ(run.root("t9999:run"), "t0:run");
}

}  // namespace
}  // namespace cairn::plan
