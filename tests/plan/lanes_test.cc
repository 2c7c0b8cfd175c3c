#include "runtime/plan/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/graph_builder.h"

namespace cairn::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Setting setting(const std::string& name, Value value) {
  return {name, std::move(value), {}, true};
}
Value text(const std::string& value) {
  return {.is = value};
}

TEST(LanesOf, OneForWhatAStepsCallsGoTo) {
  GraphBuilder builder;
  const NodeId image = builder.thing("app", no_node, "image");
  const NodeId built = builder.thing("own", no_node, "image");
  builder.node(built).settings.push_back(setting("context", {.is = Path{".", "."}}));
  const NodeId network = builder.thing("net", no_node, "network");
  const NodeId service = builder.service("db");
  const NodeId process = builder.service("web");
  builder.node(process).settings.push_back(setting("in", text("host")));
  const NodeId job = builder.task("job");
  builder.node(job).settings.push_back(setting("in", text("host")));
  builder.node(job).policy.pool = builder.pool("licences", 2);
  const NodeId array = builder.pool("pure01", 1);
  const NodeId clone = builder.thing("data", no_node, "clone");
  builder.node(clone).settings.push_back(setting("on", {.is = NodeRef{array}}));
  const Graph graph = builder.build();
  const auto lanes = [&](NodeId node, Phase phase) { return lanes_of(graph, graph.step(node, phase)); };

  EXPECT_THAT(lanes(image, Phase::make), ElementsAre("pull"));
  EXPECT_THAT(lanes(built, Phase::make), ElementsAre("build"));
  EXPECT_THAT(lanes(network, Phase::make), ElementsAre("engine"));
  EXPECT_THAT(lanes(service, Phase::start), ElementsAre("engine"));
  EXPECT_THAT(lanes(service, Phase::ready), IsEmpty());
  EXPECT_THAT(lanes(service, Phase::stop), IsEmpty());  // a wait holds no permit
  EXPECT_THAT(lanes(process, Phase::start), IsEmpty());
  EXPECT_THAT(lanes(job, Phase::run), ElementsAre("jobs", "host", "pool:licences"));
  EXPECT_THAT(lanes(job, Phase::collect), IsEmpty());
  EXPECT_THAT(lanes(clone, Phase::make), ElementsAre("array:pure01"));
}

struct Tasks {
  GraphBuilder builder;
  std::vector<std::vector<std::string>> lanes;
  Graph graph;
  StepId add(std::vector<std::string> its_lanes) {
    const NodeId node = builder.thing("t" + std::to_string(lanes.size()));
    lanes.push_back(std::move(its_lanes));
    return builder.step(node, Phase::make);
  }
  ReadySteps ready(const LaneSizes& sizes, int hands = 100) {
    graph = builder.build();
    return ReadySteps(
        graph,
        [this](const Graph& of, StepId step) {
          return of.steps[index(step)].phase == Phase::make ? lanes[index(of.steps[index(step)].node)]
                                                            : std::vector<std::string>{};
        },
        sizes, hands, [](StepId a, StepId b) { return a < b; });
  }
};

TEST(Lanes, WhoAsksForMoreStepsAtOnceGetsThem) {
  EXPECT_EQ(usual_lane_sizes(2, {}).at("host"), 4);
  EXPECT_EQ(usual_lane_sizes(2, 3).at("host"), 4);
  EXPECT_EQ(usual_lane_sizes(2, 1000).at("host"), 1000);
  EXPECT_EQ(usual_lane_sizes(2, 1000).at("jobs"), 1000);
}

TEST(ReadySteps, TakesAllPermitsOrNone) {
  Tasks tasks;
  const StepId both = tasks.add({"a", "b"});
  const StepId only_a = tasks.add({"a"});
  const StepId only_b = tasks.add({"b"});
  ReadySteps ready = tasks.ready({{"a", 1}, {"b", 1}});
  ready.add(only_b);
  EXPECT_EQ(ready.take(), only_b);
  ready.add(both);
  ready.add(only_a);
  EXPECT_EQ(ready.take(), only_a);  // `both` comes first, but must not sit on a while it waits for b
  EXPECT_EQ(ready.take(), std::nullopt);
  ready.give_back(only_b);
  ready.give_back(only_a);
  EXPECT_EQ(ready.take(), both);
  EXPECT_EQ(ready.used("a"), 1);
  EXPECT_EQ(ready.used("b"), 1);
}

TEST(ReadySteps, OneThatWasPassedOftenHasItsLanesKeptFree) {
  Tasks tasks;
  const StepId both = tasks.add({"a", "b"});
  std::vector<StepId> singles;
  for (int i = 0; i < 200; ++i) singles.push_back(tasks.add({i % 2 == 0 ? "a" : "b"}));
  ReadySteps ready = tasks.ready({{"a", 1}, {"b", 1}});
  for (const StepId single : singles) ready.add(single);
  std::deque<StepId> running = {*ready.take(), *ready.take()};
  ready.add(both);
  int others = 0;
  for (bool started = false; !started;) {  // never both lanes free at once, but for the reserve
    ready.give_back(running.front());
    running.pop_front();
    while (const std::optional<StepId> next = ready.take()) {
      running.push_back(*next);
      started |= *next == both;
      others += *next != both;
    }
    ASSERT_FALSE(running.empty());
  }
  EXPECT_EQ(others, ReadySteps::most_passes);
}

TEST(ReadySteps, HandsAreALimitToo) {
  Tasks tasks;
  const StepId first = tasks.add({});
  const StepId second = tasks.add({});
  ReadySteps ready = tasks.ready({}, 1);
  ready.add(first);
  ready.add(second);
  EXPECT_EQ(ready.take(), first);
  EXPECT_EQ(ready.take(), std::nullopt);
  EXPECT_EQ(ready.full_lane_of(second)->lane, "hands");
  ready.drop(second);
  ready.give_back(first);
  EXPECT_EQ(ready.take(), std::nullopt);
}

TEST(ReadySteps, ASizeHoldsForAFamily) {
  Tasks tasks;
  const StepId first = tasks.add({"array:pure01"});
  const StepId second = tasks.add({"array:pure02"});
  const StepId third = tasks.add({"array:pure01"});
  ReadySteps ready = tasks.ready({{"array", 1}});
  for (const StepId step : {first, second, third}) ready.add(step);
  EXPECT_EQ(ready.take(), first);
  EXPECT_EQ(ready.take(), second);
  EXPECT_EQ(ready.take(), std::nullopt);
  const std::optional<ReadySteps::Full> full = ready.full_lane_of(third);
  EXPECT_EQ(full->lane, "array:pure01");
  EXPECT_EQ(full->used, 1);
  ready.resize("array:pure01", 2);
  EXPECT_EQ(ready.take(), third);
}

}  // namespace
}  // namespace cairn::plan
