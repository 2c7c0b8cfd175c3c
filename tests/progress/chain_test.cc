#include "runtime/progress/chain.h"

#include <gtest/gtest.h>

#include "runtime/progress/columns.h"

namespace cairn::progress {
namespace {

// A run made of rows: step, what it comes after, begin and end in seconds (negative: did not happen),
// expected.
struct Row {
  std::string step;
  std::vector<std::string> after;
  double begins = -1;
  double ends = -1;
  std::optional<double> expected = {};
  bool is_virtual = false;
};

RunState run_of(const std::vector<Row>& rows) {
  RunState run;
  Event event;
  for (const Row& row : rows) {
    StepPlanned plan;
    for (const std::string& before : row.after) plan.after.push_back({before, "because of " + before});
    plan.expected_seconds = row.expected;
    plan.is_virtual = row.is_virtual;
    event.step = row.step;
    event.is = plan;
    run.apply(event);
  }
  for (const Row& row : rows) {
    event.step = row.step;
    if (row.begins >= 0) {
      event.time_ms = static_cast<std::int64_t>(row.begins * 1000);
      event.is = StepStarted{};
      run.apply(event);
    }
    if (row.ends >= 0) {
      event.time_ms = static_cast<std::int64_t>(row.ends * 1000);
      event.is = StepFinished{};
      run.apply(event);
    }
  }
  return run;
}

std::string steps_of(const SlowAnalysis& analysis) {
  std::string text;
  for (const ChainLink& link : analysis.chain) text += (text.empty() ? "" : " ") + link.step;
  return text;
}
double slack_of(const SlowAnalysis& analysis, const std::string& step) {
  for (const Slack& slack : analysis.slack)
    if (slack.step == step) return slack.slack;
  return -1;
}

TEST(Slow, FollowsTheDependencyThatEndedLast) {
  const SlowAnalysis slow =
      analyse_slow(run_of({{"a", {}, 0, 5}, {"b", {}, 0, 9}, {"c", {"a", "b"}, 9, 12}, {"d", {"a"}, 5, 6}}));
  EXPECT_EQ(steps_of(slow), "b c");
  EXPECT_DOUBLE_EQ(slow.seconds, 12);
  EXPECT_DOUBLE_EQ(slow.lower_bound, 12);
  EXPECT_DOUBLE_EQ(slack_of(slow, "a"), 4);
  EXPECT_DOUBLE_EQ(slack_of(slow, "b"), 0);
  EXPECT_DOUBLE_EQ(slack_of(slow, "d"), 6);
  EXPECT_EQ(slow.chain.at(1).causes, (std::vector<std::string>{"because of b"}));
}

TEST(Slow, SeesThroughStagesAndCountsWaiting) {
  const SlowAnalysis slow = analyse_slow(run_of({{"a", {}, 1, 5},
                                                 {"end", {"a"}, 5, 5, {}, true},
                                                 {"begin", {"end"}, -1, 5, {}, true},
                                                 {"b", {"begin"}, 8, 10}}));
  EXPECT_EQ(steps_of(slow), "a b");
  EXPECT_DOUBLE_EQ(slow.chain.at(0).waited, 1);
  EXPECT_DOUBLE_EQ(slow.chain.at(1).waited, 3);
  EXPECT_DOUBLE_EQ(slow.waited, 4);
  EXPECT_DOUBLE_EQ(slow.lower_bound, 6);
}

TEST(Slow, NamesTheLaneThatWasWaitedFor) {
  RunState run = run_of({{"a", {}, 0, 5}});
  Event event;
  event.step = "b";
  event.is = StepWaiting{{{WaitsFor::What::lane, "host", "2 of 2 in use"}}};
  run.apply(event);
  event.time_ms = 5000;
  event.is = StepStarted{};
  run.apply(event);
  event.time_ms = 7000;
  event.is = StepFinished{};
  run.apply(event);
  const SlowAnalysis slow = analyse_slow(run);
  EXPECT_EQ(steps_of(slow), "b");
  EXPECT_EQ(slow.chain.at(0).waited_for, "lane `host` (2 of 2 in use)");
  EXPECT_DOUBLE_EQ(slow.chain.at(0).waited, 5);
}

TEST(Slow, OfNothingAndOfWhatNeverEnded) {
  EXPECT_TRUE(analyse_slow(RunState{}).chain.empty());
  EXPECT_EQ(slow_text(analyse_slow(run_of({{"a", {}, 0, -1}}))), "no step of this run was started\n");
}

TEST(Slow, ACycleOrAMissingStepInARecordingDoesNotHang) {
  const RunState run = run_of({{"a", {"b"}, 0, 1}, {"b", {"a"}, 1, 2}, {"c", {"gone", "b"}, 2, 3}});
  EXPECT_EQ(steps_of(analyse_slow(run)), "c");
  EXPECT_EQ(look_ahead(run, 0).chain.size(), 0U);
}

TEST(Slow, ATenThousandStepChainIsQuick) {
  std::vector<Row> rows;
  for (int i = 0; i < 10'000; ++i)
    rows.push_back(
        {"s" + std::to_string(i),
         i == 0 ? std::vector<std::string>{} : std::vector<std::string>{"s" + std::to_string(i - 1)}, i * 1.0,
         i + 1.0});
  const SlowAnalysis slow = analyse_slow(run_of(rows));
  EXPECT_EQ(slow.chain.size(), 10'000U);
  EXPECT_DOUBLE_EQ(slow.lower_bound, 10'000);
}

TEST(LookAhead, IsTheLongestPathOfWhatIsLeft) {
  const RunState run = run_of({{"a", {}, 0, 5},
                               {"b", {"a"}, 5, -1, 10.0},
                               {"c", {"a"}, -1, -1, 3.0},
                               {"d", {"b"}, -1, -1, 2.0},
                               {"e", {"c"}, -1, -1, 20.0},
                               {"end", {"d", "e"}, -1, -1, {}, true}});
  const Ahead ahead = look_ahead(run, 8000);
  EXPECT_EQ(ahead.chain, (std::vector<std::string>{"c", "e"}));
  EXPECT_DOUBLE_EQ(ahead.seconds, 23);
  EXPECT_TRUE(ahead.is_complete);
}

TEST(LookAhead, SaysWhenADurationIsNotKnown) {
  const Ahead ahead = look_ahead(run_of({{"a", {}, 0, -1, 10.0}, {"b", {"a"}}}), 4000);
  EXPECT_EQ(ahead.chain, (std::vector<std::string>{"a", "b"}));
  EXPECT_DOUBLE_EQ(ahead.seconds, 6);
  EXPECT_FALSE(ahead.is_complete);
}

TEST(LookAhead, BelievesAStepThatKnowsHowFarItIs) {
  RunState run = run_of({{"a", {}, 0, -1, 100.0}});
  Event event;
  event.step = "a";
  event.is = StepProgress{"half", 0.5};
  run.apply(event);
  EXPECT_DOUBLE_EQ(look_ahead(run, 4000).seconds, 4);
}

TEST(Columns, CountsWhatATerminalShows) {
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("中文"), 4U);
  EXPECT_EQ(columns_of("e\u0301"), 1U);
  EXPECT_EQ(columns_of("🙂"), 2U);
  EXPECT_EQ(columns_of("→ …"), 3U);
}

TEST(Columns, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to("abcdef", 5), "abcd…");
  EXPECT_EQ(cut_to("中文字", 5), "中文…");
  EXPECT_EQ(cut_to("中文字", 4), "中…");
  EXPECT_EQ(cut_to("ab", 1), "…");
  EXPECT_EQ(cut_to("ab", 0), "");
  for (std::size_t columns = 0; columns < 12; ++columns) {
    EXPECT_LE(columns_of(cut_to("a中e\u0301🙂bc文d", columns)), columns);
    EXPECT_EQ(columns_of(padded_to("a中🙂", columns)), columns);
  }
}

TEST(Durations, AreShort) {
  EXPECT_EQ(shown_duration(0), "0.0s");
  EXPECT_EQ(shown_duration(59.94), "59.9s");
  EXPECT_EQ(shown_duration(59.96), "1m 00s");
  EXPECT_EQ(shown_duration(3599.6), "1h 00m");
  EXPECT_EQ(shown_clock(3725), "1:02:05");
  EXPECT_EQ(shown_bytes(999), "999 B");
  EXPECT_EQ(shown_bytes(999'960), "1.0 MB");
  EXPECT_EQ(shown_bytes(14'829'011), "14.8 MB");
}

}  // namespace
}  // namespace cairn::progress
