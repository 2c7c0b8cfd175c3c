// A recorded run, replayed into each view.
#include <gtest/gtest.h>

#include "runtime/progress/chain.h"
#include "runtime/progress/live_frame.h"
#include "runtime/progress/ndjson.h"
#include "runtime/progress/plain_view.h"
#include "runtime/progress/timeline.h"
#include "tests/golden.h"

namespace cairn::progress {
namespace {

std::vector<Event> recorded(const std::string& name) {
  const Recording recording = read_recording(golden::read(golden::folder("progress/" + name + ".ndjson")));
  EXPECT_TRUE(recording.problems.empty()) << recording.problems.front();
  EXPECT_FALSE(recording.events.empty());
  return recording.events;
}

std::string plain(const std::string& name, const PlainOptions& options) {
  std::string text;
  PlainView view([&](std::string_view lines) { text += lines; }, options);
  for (const Event& event : recorded(name)) view.emit(event);
  return text;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(PlainView, OfAPublishedRun) {
  golden::compare(golden::folder("progress/published.plain.txt"), plain("published", {}));
}
TEST(PlainView, OfAFailedRun) {
  golden::compare(golden::folder("progress/failed.plain.txt"), plain("failed", {}));
}
TEST(PlainView, WithTimestampsOnCi) {
  const std::string text = plain("failed", {.timestamps = true, .ci = scribe::Ci::azure});
  EXPECT_EQ(text.find("##vso["), std::string::npos);
  golden::compare(golden::folder("progress/failed.ci.txt"), text);
}
TEST(PlainView, InColour) {
  golden::compare(golden::folder("progress/failed.colour.txt"), plain("failed", {.colour = true}));
}
TEST(QuietView, OfAPublishedRun) {
  golden::compare(golden::folder("progress/published.quiet.txt"), plain("published", {.quiet = true}));
}
TEST(QuietView, OfAFailedRun) {
  golden::compare(golden::folder("progress/failed.quiet.txt"), plain("failed", {.quiet = true}));
}

TEST(LiveFrame, HalfwayAtSeveralSizes) {
  const RunState run = state_after(recorded("halfway"));
  std::string text;
  for (const TerminalSize size :
       {TerminalSize{24, 80}, TerminalSize{24, 120}, TerminalSize{6, 50}, TerminalSize{24, 24}})
    text += std::to_string(size.columns) + " × " + std::to_string(size.rows) + "\n" +
            joined(live_frame(run, 14000, size, false));
  golden::compare(golden::folder("progress/halfway.live.txt"), text);
}
TEST(LiveFrame, InColour) {
  const RunState run = state_after(recorded("halfway"));
  golden::compare(golden::folder("progress/halfway.live.colour.txt"),
                  joined(live_frame(run, 14000, {24, 80}, true)));
}
TEST(LiveFrame, AtEveryMomentOfTheRun) {
  std::string text;
  RunState run;
  std::int64_t shown = -3000;
  for (const Event& event : recorded("failed")) {
    run.apply(event);
    if (event.time_ms - shown < 3000) continue;
    shown = event.time_ms;
    text += joined(live_frame(run, event.time_ms, {24, 80}, false)) + "\n";
  }
  golden::compare(golden::folder("progress/failed.live.txt"), text);
}
TEST(LiveFrame, WhatStaysAbove) {
  std::string text;
  RunState run;
  for (const Event& event : recorded("failed")) {
    run.apply(event);
    text += lasting_lines(event, run, false);
  }
  golden::compare(golden::folder("progress/failed.lasting.txt"), text);
}

TEST(Slow, OfAPublishedRun) {
  golden::compare(golden::folder("progress/published.slow.txt"),
                  slow_text(analyse_slow(state_after(recorded("published")))));
}

TEST(Timeline, IsOneFile) {
  const std::string page = timeline_page(state_after(recorded("published")));
  EXPECT_EQ(page.find("style=\""), std::string::npos) << "the policy would block it";
  golden::compare(golden::folder("progress/published.timeline.html"), page);
}
TEST(Timeline, OfAFailedRun) {
  golden::compare(golden::folder("progress/failed.timeline.html"),
                  timeline_page(state_after(recorded("failed"))));
}
TEST(Timeline, OfNothing) {
  EXPECT_EQ(timeline_body(RunState{}), "");
  EXPECT_NE(timeline_page(RunState{}).find("No step"), std::string::npos);
}
TEST(ChromeTrace, OfAPublishedRun) {
  golden::compare(golden::folder("progress/published.trace.json"),
                  chrome_trace(state_after(recorded("published"))));
}

TEST(Ndjson, ARecordingComesBackAsItWas) {
  for (const std::string name : {"published", "failed", "halfway"}) {
    const std::vector<Event> events = recorded(name);
    std::string text;
    NdjsonSink sink([&](std::string_view line) { text += line; });
    for (const Event& event : events) sink.emit(event);
    EXPECT_EQ(read_recording(text).events, events);
  }
}

}  // namespace
}  // namespace cairn::progress
