// The loop with real threads: what performers are given, and what becomes of what they say.
#include "runtime/execute/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "runtime/execute/kind_table.h"
#include "runtime/progress/recorder.h"
#include "tests/execute/rig.h"
#include "tests/fakes/graph_builder.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::execute {
namespace {

using progress::StepFinished;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Loop, RunsEveryStepAndSaysSo) {
  GraphBuilder builder;
  const NodeId db = builder.service("db");
  const NodeId test = builder.task("test");
  builder.uses(test, db);
  Rig rig(builder.build(), [](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase == Phase::ready) context.publish("host", Value{.is = std::string("db.local")});
    if (request.phase == Phase::run) {
      context.write(scribe::Stream::out, "asking " + plain_host(context.exported(NodeId{0}, "host")) + "\n");
      context.publish("exit_code", Value{.is = std::int64_t{0}});
    }
    return StepEnd{};
  });
  const progress::RunFinished finished = rig.run();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.outcomes[static_cast<std::size_t>(progress::Outcome::succeeded)], 8u);
  EXPECT_THAT(finished.left_behind, IsEmpty());
  EXPECT_EQ(rig.logs.text("test@run.log"), "asking db.local");
  const std::optional<StepFinished> end = rig.finished("test:run");
  EXPECT_EQ(end->outcome, progress::Outcome::succeeded);
  EXPECT_EQ(end->exit_code, 0);
  EXPECT_EQ(*rig.exports.find(test, "outcome").as<std::string>(), "succeeded");
  EXPECT_TRUE(rig.exports.find(test, "error").null());
  EXPECT_NE(rig.durations.seconds("test:run"), std::nullopt);
}

TEST(Loop, AFailureHasItsCausesItsPlaceAndItsLastLines) {
  GraphBuilder builder;
  const NodeId first = builder.task("first");
  builder.after(builder.task("second"), first);
  Rig rig(builder.build(), [](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase != Phase::run) return StepEnd{};
    context.write(scribe::Stream::err, "the password is hunter2hunter2\n");
    return Failure{.message = "`first` exited 3", .causes = {"hunter2hunter2 was refused"}, .help = "look"};
  });
  ASSERT_TRUE(rig.masker.add("password", "hunter2hunter2"));
  EXPECT_EQ(rig.run().exit_code, 1);
  const std::optional<StepFinished> end = rig.finished("first:run");
  EXPECT_EQ(end->reason, "`first` exited 3");
  EXPECT_THAT(end->causes, ElementsAre("••• was refused"));
  EXPECT_EQ(end->help, "look");
  EXPECT_THAT(end->log_tail, ElementsAre("the password is •••"));
  EXPECT_EQ(end->place.file, "file 0");
  EXPECT_EQ(rig.finished("second:run")->root, "first:run");
  EXPECT_EQ(*rig.exports.find(first, "error").as<std::string>(), "`first` exited 3");
}

TEST(Loop, AServiceThatDoesNotBecomeReadyIsShownWithWhatItSaid) {
  GraphBuilder builder;
  builder.uses(builder.task("test"), builder.service("db"));
  Rig rig(builder.build(), [](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase == Phase::start) context.write(scribe::Stream::err, "no such port\n");
    if (request.phase == Phase::ready) return Failure{.message = "refused", .causes = {}, .help = {}};
    return StepEnd{};
  });
  EXPECT_EQ(rig.run().exit_code, 1);
  EXPECT_THAT(rig.finished("db:ready")->log_tail, ElementsAre("no such port"));
}

TEST(Loop, AServiceThatDiesStopsWhoUsesIt) {
  GraphBuilder builder;
  const NodeId db = builder.service("db");
  const NodeId test = builder.task("test");
  builder.uses(test, db);
  std::shared_ptr<DeathWatch> watch;
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase == Phase::start) watch = context.watch();
    if (request.phase == Phase::run) {
      watch->died({"exited 137", 137, {"out of memory"}});
      watch->died({"twice", 0, {}});
      context.clock().sleep_until(Instant::max(), context.stop());
      return Failure{.message = "stopped", .causes = {}, .help = {}, .is = FailureClass::cancelled};
    }
    return StepEnd{};
  });
  EXPECT_EQ(rig.run().exit_code, 1);
  EXPECT_EQ(rig.finished("test:run")->outcome, progress::Outcome::broken);
  EXPECT_EQ(rig.finished("test:run")->reason, "`db` exited 137");
  EXPECT_EQ(rig.count<progress::ServiceDied>(), 1u);
}

TEST(Loop, ACancelReachesTheHandsAndTheTeardown) {
  GraphBuilder builder;
  const NodeId data = builder.thing("data");
  builder.uses(builder.task("test"), data);
  Loop* loop = nullptr;
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase != Phase::run) return StepEnd{};
    loop->cancel("interrupted by Ctrl-C");
    context.clock().sleep_until(Instant::max(), context.stop());
    EXPECT_FALSE(context.hurry().stop_requested());
    loop->cancel("again");
    context.clock().sleep_until(Instant::max(), context.hurry());
    return Failure{.message = "stopped", .causes = {}, .help = {}, .is = FailureClass::cancelled};
  });
  EXPECT_EQ(rig.run([&](Loop& its) { loop = &its; }).exit_code, 130);
  EXPECT_EQ(rig.finished("test:run")->outcome, progress::Outcome::cancelled);
  EXPECT_EQ(rig.finished("data:unmake")->outcome, progress::Outcome::succeeded);
}

TEST(Loop, AHandThatIgnoresItsStopIsLeftBehind) {
  GraphBuilder builder;
  const NodeId deaf = builder.task("deaf");
  builder.node(deaf).policy.timeout = Duration{1000};
  // The hand outlives the test's frame: what it uses is never taken down, as in the program.
  struct World {
    TurnedClock clock;
    std::latch go{1}, gone{1};
    std::unique_ptr<Rig> rig;
  };
  static World& world = *new World;
  world.rig = std::make_unique<Rig>(
      builder.build(),
      [](const StepRequest& request, StepContext& context) -> StepResult {
        if (request.phase != Phase::run) return StepEnd{};
        EXPECT_TRUE(context.deadline().has_value());
        world.go.wait();  // deaf to its stop
        context.write(scribe::Stream::out, "nobody hears this\n");
        context.publish("exit_code", Value{.is = std::int64_t{0}});
        world.gone.count_down();
        return StepEnd{};
      },
      world.clock);
  Rig& rig = *world.rig;
  std::jthread turner([&] {
    world.clock.turn_to_next_wake_up();  // its time is over
    world.clock.turn_to_next_wake_up();  // and so is its grace
  });
  EXPECT_EQ(rig.run().exit_code, 1);
  EXPECT_EQ(rig.loop->left_behind(), 1);
  EXPECT_EQ(rig.finished("deaf:run")->outcome, progress::Outcome::abandoned);
  EXPECT_EQ(rig.finished("deaf:collect")->outcome, progress::Outcome::succeeded);
  world.go.count_down();
  world.gone.wait();
  EXPECT_EQ(rig.logs.text("deaf@run.log"), "");
  EXPECT_TRUE(rig.exports.find(deaf, "exit_code").null());
}

// Every second thread cannot be made.
class FewThreads final : public Threads {
 public:
  bool start(std::function<void()> work) override {
    return ++asked_ % 2 == 0 && threads_->start(std::move(work));
  }

 private:
  std::unique_ptr<Threads> threads_ = real_threads();
  int asked_ = 0;
};

TEST(Loop, WithoutAThreadItWaitsAndTriesAgain) {
  GraphBuilder builder;
  for (int i = 0; i < 20; ++i) builder.task("t" + std::to_string(i));
  FewThreads few;
  Rig rig(builder.build(), [](const StepRequest&, StepContext&) -> StepResult { return StepEnd{}; });
  rig.threads_to_use = &few;
  EXPECT_EQ(rig.run().exit_code, 0);
  EXPECT_EQ(rig.finished("t19:run")->outcome, progress::Outcome::succeeded);
}

TEST(Loop, AnUnknownKindIsAFailureThatNamesIt) {
  GraphBuilder builder;
  builder.thing("x", no_node, "teapot");
  KindTable nobody({});
  Rig rig(builder.build(),
          [&](const StepRequest& request, StepContext& context) { return nobody.perform(request, context); });
  EXPECT_EQ(rig.run().exit_code, 1);
  EXPECT_EQ(rig.finished("x:make")->reason, "this cairn cannot perform `teapot`");
}

TEST(Loop, AThousandStepsWaitAtOnce) {
  GraphBuilder builder;
  for (int i = 0; i < 1000; ++i) builder.task("t" + std::to_string(i));
  std::latch all(1000);
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext&) -> StepResult {
    if (request.phase == Phase::run) all.arrive_and_wait();
    return StepEnd{};
  });
  EXPECT_EQ(rig.run().exit_code, 0);
}

}  // namespace
}  // namespace cairn::execute
