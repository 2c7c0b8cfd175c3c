#include "runtime/progress/event.h"

#include <gtest/gtest.h>

#include <thread>

#include "runtime/progress/emitter.h"
#include "runtime/progress/fan_out.h"
#include "runtime/progress/ndjson.h"
#include "runtime/progress/recorder.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::progress {
namespace {

Event event_with(Happening happening) {
  Event event;
  event.seq = 7;
  event.time_ms = 1234;
  event.wall_ms = 1'790'000'001'234;
  event.run = "7f3a2b";
  event.step = "test.db:ready";
  event.node = "test.db";
  event.is = std::move(happening);
  return event;
}

TEST(Ndjson, HoldsEveryFieldOfEveryEvent) {
  const FilePlace place{"shop.stack", 12, 3};
  const std::vector<Happening> all = {
      RunStarted{"run test", "shop", "shop.stack", "0.1.0", {"test", "release"}, "host", "docker"},
      StepPlanned{"service", "ready", "test", {{"test.db:start", "phase"}}, 2.5, true, place},
      StepWaiting{{{WaitsFor::What::lane, "host", "why"}, {WaitsFor::What::probe, "tcp", ""}}},
      StepStarted{3},
      StepProgress{"pulling", 0.25},
      StepLog{"line \"quoted\" \x1b[1m", Stream::err},
      StepFinished{
          Outcome::timed_out, 1.5, 2, "reason", {"a", "b"}, "help", place, "root", {"l1", "l2"}, 137, true},
      StepRetried{1, "reason", 0.5},
      ServiceReady{3.25, "127.0.0.1:80"},
      ServiceDied{"exited 1", 1, {"last"}},
      Artifact{"wheels", "out/wheels", 12345678901},
      Report{"junit", "a.xml", {1, 2, 3, 4}, 0.5, "problem"},
      Message{Level::warning, "text", place, "help"},
      RunFinished{3, 9.75, {1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4}, {"volume x"}}};
  ASSERT_EQ(all.size(), std::variant_size_v<Happening>);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].index(), i);
    const Event event = event_with(all[i]);
    const std::string line = to_ndjson(event);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    const Result<Event> read = event_of_ndjson(line);
    ASSERT_TRUE(read) << read.failure().causes.front();
    EXPECT_EQ(*read, event) << line;
  }
}

TEST(Ndjson, IsAsDocumented) {
  EXPECT_EQ(
      to_ndjson(event_with(StepFinished{
          Outcome::skipped, 0, 0, "it comes after what failed", {}, {}, {}, "test.unit:run", {}, {}, false})),
      R"({"version":1,"seq":7,"t":1234,"wall":1790000001234,"run":"7f3a2b","type":"step_finished","step":"test.db:ready",)"
      R"("node":"test.db","outcome":"skipped","seconds":0.0,"attempt":0,"reason":"it comes after what failed","root":"test.unit:run"})"
      "\n");
}

TEST(Ndjson, ReadsWhatALaterCairnAddsAndRefusesALaterVersion) {
  const std::string base =
      R"("seq":1,"t":0,"wall":0,"run":"r","type":"step_started","attempt":2,"new_field":[1]})";
  const Result<Event> read = event_of_ndjson("{\"version\":1," + base);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<StepStarted>(read->is).attempt, 2);
  const Result<Event> later = event_of_ndjson("{\"version\":2," + base);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.failure().message, "the event has version 2, this cairn reads up to 1");
}

TEST(Ndjson, NamesTheLineThatItCannotRead) {
  const std::string good = to_ndjson(event_with(StepStarted{1}));
  const Recording recording =
      read_recording(good + "{\"version\":1}\n\n" + good + "not json\n" + good.substr(0, 20));
  EXPECT_EQ(recording.events.size(), 2U);
  ASSERT_EQ(recording.problems.size(), 2U);
  EXPECT_TRUE(recording.problems[0].starts_with("line 2: this is no event of a run: "))
      << recording.problems[0];
  EXPECT_TRUE(recording.problems[1].starts_with("line 5: ")) << recording.problems[1];
}

TEST(Ndjson, RefusesWrongValuesWithoutThrowing) {
  for (const char* line :
       {"", "[]", "1", "{", "null", "{\"version\":\"1\"}", R"({"version":1,"seq":-1,"t":"x"})",
        R"({"version":1,"seq":1,"t":0,"wall":0,"run":"r","type":"nothing_like_it"})",
        R"({"version":1,"seq":1,"t":0,"wall":0,"run":"r","type":"step_finished","outcome":"great"})",
        R"({"version":1,"seq":1,"t":0,"wall":0,"run":"r","type":"step_log","stream":"in","line":"x"})",
        R"({"version":1,"seq":1,"t":0,"wall":0,"run":"r","type":"step_waiting","on":7})"})
    EXPECT_FALSE(event_of_ndjson(line)) << line;
}

TEST(Ndjson, InvalidUtf8IsReplaced) {
  const std::string line =
      to_ndjson(event_with(StepLog{"a\xff"
                                   "b" +
                                       std::string(1, '\0'),
                                   Stream::out}));
  const Result<Event> read = event_of_ndjson(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<StepLog>(read->is).line, "a\uFFFDb" + std::string(1, '\0'));
}

TEST(Emitter, StampsNumbersWithoutGapsFromAnyThread) {
  TurnedClock clock;
  Recorder recorder;
  Recorder without_logs(true);
  FanOut fan({&recorder});
  fan.add(without_logs);
  clock.turn(Milliseconds(500));
  Emitter emitter("run-1", clock, fan);
  clock.turn(Milliseconds(1500));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 250; ++i) emitter.say("a:run", "a", StepLog{"x", Stream::out});
      });
  }
  EXPECT_EQ(emitter.say(RunFinished{}).seq, 1001U);
  const std::vector<Event> events = recorder.events();
  ASSERT_EQ(events.size(), 1001U);
  for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].seq, i + 1);
  EXPECT_EQ(events[0].time_ms, 1500);
  EXPECT_EQ(events[0].run, "run-1");
  EXPECT_EQ(events[0].node, "a");
  EXPECT_EQ(without_logs.events().size(), 1U);
}

TEST(Outcomes, AreNamedBothWays) {
  for (std::size_t i = 0; i < outcome_count; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_EQ(outcome_named(name_of(outcome)), outcome);
  }
  EXPECT_FALSE(outcome_named("passed"));
  EXPECT_TRUE(is_trouble(Outcome::broken));
  EXPECT_FALSE(is_trouble(Outcome::skipped));
}

}  // namespace
}  // namespace cairn::progress
