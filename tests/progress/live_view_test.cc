#include "runtime/progress/live_view.h"

#include <gtest/gtest.h>

#include "runtime/progress/emitter.h"
#include "runtime/progress/live_frame.h"
#include "runtime/progress/ndjson.h"
#include "tests/fakes/turned_clock.h"
#include "tests/golden.h"
#include "tests/progress/played_terminal.h"

namespace cairn::progress {
namespace {

class LiveViewTest : public testing::Test {
 protected:
  TurnedClock clock;
  PlayedTerminal terminal;

  void replay(LiveView& view, const std::string& name, auto&& between) {
    std::int64_t now = 0;
    for (const Event& event :
         read_recording(golden::read(golden::folder("progress/" + name + ".ndjson"))).events) {
      for (; now < event.time_ms; now += 100) {
        clock.turn(Milliseconds(100));
        between(now);
        view.tick();
      }
      view.emit(event);
    }
  }
};

TEST_F(LiveViewTest, LeavesOnlyWhatIsLasting) {
  {
    LiveView view(terminal, clock, {.colour = false});
    replay(view, "failed", [](std::int64_t) {});
    EXPECT_FALSE(terminal.cursor_is_shown);
    view.finish();
  }
  EXPECT_TRUE(terminal.cursor_is_shown);
  RunState run;
  std::string lasting;
  for (const Event& event : read_recording(golden::read(golden::folder("progress/failed.ndjson"))).events) {
    run.apply(event);
    lasting += lasting_lines(event, run, false);
  }
  EXPECT_EQ(terminal.screen(), lasting + "\n");  // and the cursor on an empty line below
}

TEST_F(LiveViewTest, ShowsTheFrameBelowWhatIsLasting) {
  LiveView view(terminal, clock, {.colour = false});
  replay(view, "halfway", [](std::int64_t) {});
  clock.turn(Milliseconds(2000));
  view.tick();
  const std::string screen = terminal.screen();
  EXPECT_NE(screen.find("✓ test.dev:make  6.2s\ncairn run publish · todobackend"), std::string::npos)
      << screen;
  EXPECT_NE(screen.find("0:07\n · test.unit:collect  waits for `test.unit:run`\n"), std::string::npos)
      << screen;
}

TEST_F(LiveViewTest, DrawsAtMostTenTimesASecond) {
  LiveView view(terminal, clock);
  view.tick();
  const int before = terminal.writes;
  for (int i = 0; i < 99; ++i) {
    clock.turn(Milliseconds(1));
    view.tick();
  }
  EXPECT_EQ(terminal.writes, before);
  clock.turn(Milliseconds(1));
  view.tick();
  EXPECT_EQ(terminal.writes, before + 1);
}

TEST_F(LiveViewTest, SurvivesEverySizeWhileItRuns) {
  LiveView view(terminal, clock, {.colour = true});
  const std::vector<TerminalSize> sizes = {{24, 80}, {50, 200}, {60, 40}, {60, 20}, {90, 10}, {24, 79}};
  replay(view, "failed", [&](std::int64_t now) {
    if (now % 1000 == 0) terminal.resize(sizes[static_cast<std::size_t>(now / 1000) % sizes.size()]);
  });
  view.finish();
  EXPECT_TRUE(terminal.cursor_is_shown);
  EXPECT_EQ(terminal.screen().find("▸"), std::string::npos) << terminal.screen();
  EXPECT_EQ(terminal.screen().find("to come"), std::string::npos) << terminal.screen();
}

TEST_F(LiveViewTest, SurvivesAScreenTooLowForItsLastFrame) {
  LiveView view(terminal, clock, {.colour = true});
  const std::vector<TerminalSize> sizes = {{24, 80}, {3, 80}, {1, 1}, {5, 20}, {2, 200}};
  replay(view, "failed", [&](std::int64_t now) {
    if (now % 1000 == 0) terminal.resize(sizes[static_cast<std::size_t>(now / 1000) % sizes.size()]);
  });
  view.finish();
  EXPECT_TRUE(terminal.cursor_is_shown);
}

TEST_F(LiveViewTest, NoFrameIsWiderOrTallerThanTheTerminal) {
  RunState run;
  for (const Event& event : read_recording(golden::read(golden::folder("progress/failed.ndjson"))).events) {
    run.apply(event);
    for (const std::size_t columns : {1U, 10U, 20U, 21U, 33U, 80U, 300U}) {
      for (const std::size_t rows : {1U, 2U, 4U, 5U, 24U}) {
        const std::vector<std::string> lines = live_frame(run, event.time_ms, {rows, columns}, false);
        ASSERT_LT(lines.size(), rows + (lines.empty() ? 1 : 0)) << columns << "x" << rows;
        for (const std::string& line : lines) ASSERT_LT(columns_of(line), columns) << line;
      }
    }
  }
}

TEST_F(LiveViewTest, AFrameOfManyStepsSaysHowManyItLeavesOut) {
  RunState run;
  Event event;
  for (int i = 0; i < 500; ++i) {
    event.step = "work[" + std::to_string(i) + "]:run";
    event.is = StepStarted{};
    run.apply(event);
  }
  for (int i = 0; i < 100; ++i) {
    event.step = "next[" + std::to_string(i) + "]:run";
    event.is = StepWaiting{{{WaitsFor::What::lane, "host", ""}}};
    run.apply(event);
  }
  std::string text;
  for (const std::string& line : live_frame(run, 1000, {16, 60}, false)) text += line + "\n";
  EXPECT_NE(text.find("… and 492 more that run"), std::string::npos) << text;
  EXPECT_NE(text.find("… and 98 more that wait"), std::string::npos) << text;
  EXPECT_NE(text.find("500 running · 100 waiting"), std::string::npos) << text;
}

TEST_F(LiveViewTest, AStoppedTerminalHoldsUpNobodyAndIsCaughtUpLater) {
  LiveView view(terminal, clock, {.colour = false});
  terminal.takes = false;
  replay(view, "failed", [](std::int64_t) {});
  EXPECT_EQ(terminal.writes, 0);
  terminal.takes = true;
  view.finish();
  EXPECT_NE(terminal.screen().find("✗ test.unit:run"), std::string::npos);
  EXPECT_NE(terminal.screen().find("failed (exit code 1) in 19.1s"), std::string::npos);
}

TEST_F(LiveViewTest, WhatWaitsForAStoppedTerminalIsBounded) {
  LiveView view(terminal, clock, {.colour = false});
  terminal.takes = false;
  for (int i = 0; i < 30'000; ++i) {
    Event event;
    event.is = Message{Level::warning, std::string(100, 'x'), {}, {}};
    view.emit(event);
    if (i % 1000 == 0) {
      clock.turn(Milliseconds(100));
      view.tick();
    }
  }
  terminal.takes = true;
  view.finish();
  EXPECT_NE(terminal.screen().find(" lines not shown"), std::string::npos);
  EXPECT_LT(terminal.screen().size(), 1'100'000U);
}

TEST_F(LiveViewTest, NothingHostileReachesTheTerminal) {
  LiveView view(terminal, clock, {.colour = true});
  Emitter emitter("r", clock, view);
  const std::string hostile = std::string(
                                  "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[1;1H\rrm -rf\xff\x9b"
                                  "31m\t\u202E\n",
                                  39) +
                              std::string(1, '\0');
  emitter.say(RunStarted{hostile, hostile, "", "", {}, "", ""});
  emitter.say("a" + hostile + ":run", "a", StepPlanned{"run", "run", hostile, {}, {}, false, {}});
  emitter.say("a" + hostile + ":run", "a", StepStarted{1});
  emitter.say("a" + hostile + ":run", "a", StepLog{hostile + std::string(10'000'000, 'y'), Stream::out});
  clock.turn(Milliseconds(200));
  view.tick();
  emitter.say("b:run", "b", StepWaiting{{{WaitsFor::What::lane, hostile, hostile}}});
  emitter.say(
      "a" + hostile + ":run", "a",
      StepFinished{
          Outcome::failed, 1, 1, hostile, {hostile}, hostile, {hostile, 1, 1}, hostile, {hostile}, 1, false});
  emitter.say(Message{Level::error, hostile, {hostile, 1, 1}, hostile});
  emitter.say("", "svc", ServiceDied{hostile, 1, {hostile}});
  emitter.say(RunFinished{1, 1, {}, {}, {hostile}});
  clock.turn(Milliseconds(200));
  view.tick();
  view.finish();
  EXPECT_EQ(terminal.screen().find("52;c"), std::string::npos);  // the rest the terminal itself has checked
}

TEST_F(LiveViewTest, DrawsOnAThreadOfItsOwn) {
  LiveView view(terminal, clock, {.colour = false});
  Event event;
  event.is = Message{Level::warning, "told from outside", {}, {}};
  view.emit(event);
  view.start();
  clock.wait_for_sleepers(1);  // it has drawn and sleeps
  view.finish();
  EXPECT_NE(terminal.screen().find("told from outside"), std::string::npos);
  EXPECT_TRUE(terminal.cursor_is_shown);
}

}  // namespace
}  // namespace cairn::progress
