// What the loop writes into the journal, and what it does when it cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/execute/loop.h"
#include "runtime/execute/recorded_value.h"
#include "tests/execute/rig.h"
#include "tests/fakes/graph_builder.h"
#include "tests/fakes/memory_disk.h"

namespace cairn::execute {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kPath = "/p/journal";

class JournalledLoop : public testing::Test {
 protected:
  JournalledLoop() : journal_(std::move(*Journal::create(disk_, kPath, {"1", "r1", "shop", "", "", "me"}))) {}

  JournalState state() { return fold(read_journal(disk_.text_of(kPath), kPath)->records); }

  MemoryDisk disk_;
  Journal journal_;
};

Intent effect(EffectClass is, const std::string& name) {
  Intent intent;
  intent.effect = "make it";
  intent.is = is;
  intent.where = "engine local", intent.what = "volume", intent.name = name;
  return intent;
}

TEST_F(JournalledLoop, SaysWhatBeginsBeforeItBeginsAndHowItEnded) {
  GraphBuilder builder;
  const NodeId first = builder.task("first");
  builder.after(builder.task("second"), first);
  std::mutex mutex;
  std::vector<std::string> seen;  // while a step runs
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase != Phase::run) return StepEnd{};
    std::lock_guard lock(mutex);
    for (const OpenStep& open : state().begun)
      if (open.step == request.graph.name(request.step)) seen.push_back(open.step);
    context.publish("exit_code", Value{std::int64_t{0}});
    context.publish("stdout", Value{std::string("it said hunter2hunter2")});
    return StepEnd{};
  });
  rig.masker.add("password", "hunter2hunter2");
  rig.journal = &journal_;
  EXPECT_EQ(rig.run().exit_code, 0);
  EXPECT_TRUE(rig.loop->came_to_its_end());
  EXPECT_THAT(seen, ElementsAre("first:run", "second:run"));
  const JournalState after = state();
  EXPECT_THAT(after.begun, IsEmpty());
  const StepOutcome* outcome = after.outcome_of("first:run");
  ASSERT_NE(outcome, nullptr);
  EXPECT_EQ(outcome->outcome, "succeeded");
  EXPECT_THAT(outcome->facts, ElementsAre(std::pair("exit_code", "0"), std::pair("stdout", "")));
  EXPECT_THAT(disk_.text_of(kPath), testing::Not(HasSubstr("hunter2")));
}

TEST_F(JournalledLoop, AnEffectIsOnDiskBeforeItIsCaused) {
  GraphBuilder builder;
  builder.task("copy");
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase != Phase::run) return StepEnd{};
    const Result<Announced> found = context.announce(effect(EffectClass::found, "a"));
    EXPECT_THAT(state().open, SizeIs(1));
    const int before = disk_.syncs();
    const Result<Announced> unfound = context.announce(effect(EffectClass::unfound, "b"));
    EXPECT_EQ(disk_.syncs(), before + 1);
    const Result<Announced> once = context.announce(effect(EffectClass::once, "c"));
    EXPECT_EQ(disk_.syncs(), before + 2);
    EXPECT_EQ(state().begun.front().not_twice, 1);
    context.came_out(*found, true, "id of a");
    context.came_out(*unfound, false);
    (void)once;  // nobody knows
    return StepEnd{};
  });
  rig.journal = &journal_;
  rig.run();
  const JournalState after = state();
  ASSERT_THAT(after.made, SizeIs(1));
  EXPECT_EQ(after.made[0].second, "id of a");
  EXPECT_EQ(after.made[0].first.step, "copy:run");
  ASSERT_THAT(after.open, SizeIs(1));
  EXPECT_EQ(after.open[0].what.name, "c");
}

TEST_F(JournalledLoop, WithAFullDiskNothingBeginsAndTakingDownGoesOn) {
  GraphBuilder builder;
  const NodeId db = builder.service("db");
  builder.uses(builder.task("test"), db);
  std::mutex mutex;
  std::vector<std::string> done;
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext&) -> StepResult {
    std::lock_guard lock(mutex);
    done.push_back(request.graph.name(request.step));
    if (request.phase == Phase::start) disk_.set_space(0);
    return StepEnd{};
  });
  rig.journal = &journal_;
  EXPECT_EQ(rig.run().exit_code, 1);
  EXPECT_THAT(done, ElementsAre("db:create", "db:start", "db:stop", "db:remove"));
  const std::optional<progress::StepFinished> end = rig.finished("db:ready");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, "could not record what is about to happen, so nothing does");
  EXPECT_THAT(end->causes, testing::Contains(HasSubstr("No space left on device")));
  EXPECT_FALSE(read_journal(disk_.text_of(kPath), kPath)->damage);
}

TEST_F(JournalledLoop, WithAFullDiskNothingAnnouncedIsAllowed) {
  GraphBuilder builder;
  builder.task("copy");
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.phase != Phase::run) return StepEnd{};
    disk_.set_space(10);
    const Result<Announced> refused = context.announce(effect(EffectClass::once, "a"));
    EXPECT_FALSE(refused.ok());
    disk_.set_space(std::nullopt);
    EXPECT_TRUE(context.announce(effect(EffectClass::found, "b")).ok()) << "there is space again";
    return refused.ok() ? StepResult(StepEnd{}) : StepResult(refused.failure());
  });
  rig.journal = &journal_;
  EXPECT_EQ(rig.run().exit_code, 1);
  const JournalState after = state();
  ASSERT_THAT(after.open, SizeIs(1)) << "the refused one is known not to have happened";
  EXPECT_EQ(after.open[0].what.name, "b");
}

TEST_F(JournalledLoop, WhoIsLeftBehindMayCauseNothingMore) {
  GraphBuilder builder;
  const NodeId deaf = builder.task("deaf");
  builder.node(deaf).policy.timeout = Duration{10};
  builder.task("other");
  std::stop_source abandoned, refused;
  Rig rig(builder.build(), [&](const StepRequest& request, StepContext& context) -> StepResult {
    if (request.graph.name(request.step) == "deaf:run") {
      real_clock().sleep_until(Instant::max(), abandoned.get_token());
      EXPECT_FALSE(context.announce(effect(EffectClass::found, "late")).ok());
      refused.request_stop();
    } else if (request.graph.name(request.step) == "other:run") {
      real_clock().sleep_until(Instant::max(), refused.get_token());  // the run goes on until then
    } else if (request.graph.name(request.step) == "deaf:collect") {
      abandoned.request_stop();
    }
    return StepEnd{};
  });
  rig.options.grace = Milliseconds(10);
  rig.journal = &journal_;
  rig.run();
  EXPECT_EQ(rig.loop->left_behind(), 1);
  EXPECT_FALSE(rig.loop->came_to_its_end());
  EXPECT_THAT(state().open, IsEmpty());
}

TEST(RecordedValue, ComesBackWithItsType) {
  GraphBuilder builder;
  const NodeId db = builder.service("db");
  const Graph graph = builder.build();
  scribe::Masker masker;
  Map map;
  map.set("list", Value{List{Value{std::int64_t{7}}, Value{true}, Value{1.5}, Value{}}});
  map.set("size", Value{Size{1024}});
  map.set("for", Value{Duration{1500}});
  map.set("path", Value{Path{"a/b", "/c"}});
  map.set("node", Value{NodeRef{db}});
  Map arguments;
  arguments.set("port", Value{std::int64_t{80}});
  map.set("made", Value{Made{"tcp", arguments}});
  map.set("text", Value{std::string("two\nlines, \"quoted\"")});
  const Value value{map};
  const std::optional<Value> back = value_recorded(graph, recorded_value(graph, masker, value));
  ASSERT_TRUE(back);
  EXPECT_TRUE(equal(*back, value)) << show(*back);
}

TEST(RecordedValue, NothingSecretAndNothingHugeIsWrittenDown) {
  const Graph graph = GraphBuilder().build();
  scribe::Masker masker;
  masker.add("token", "correct horse battery");
  EXPECT_EQ(recorded_value(graph, masker, Value{std::string("x"), true}), "");
  EXPECT_EQ(recorded_value(graph, masker, Value{List{Value{std::string("x"), true}}}), "");
  EXPECT_EQ(recorded_value(graph, masker, Value{std::string("a correct horse battery staple")}), "");
  EXPECT_EQ(recorded_value(graph, masker, Value{std::string("\xff\xfe")}), "");
  EXPECT_EQ(recorded_value(graph, masker, Value{std::string(longest_recorded, 'x')}), "");
  EXPECT_EQ(value_recorded(graph, ""), std::nullopt);
}

}  // namespace
}  // namespace cairn::execute
