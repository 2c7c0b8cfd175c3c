#include "interpreter/graph_algorithms.h"

#include <gtest/gtest.h>

#include <array>

namespace cairn {
namespace {

const Digraph diamond{5, {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {0, 3}, {3, 4}}};

TEST(Cycles, AreGivenInTheOrderOfTheirArcsFromTheSmallestOn) {
  const Digraph graph{6, {{0, 1}, {4, 2}, {2, 5}, {5, 4}, {1, 2}}};
  EXPECT_EQ(find_cycle(graph), (std::vector<Vertex>{2, 5, 4}));
  EXPECT_EQ(find_cycle(diamond), std::nullopt);
  EXPECT_EQ(find_cycle({1, {{0, 0}}}), (std::vector<Vertex>{0}));
}

TEST(Order, PutsEverythingAfterWhatComesBefore) {
  const std::vector<Vertex> order = topological_order(diamond);
  ASSERT_EQ(order.size(), 5u);
  std::array<std::size_t, 5> place{};
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  for (const auto& [from, to] : diamond.arcs) EXPECT_LT(place[from], place[to]);
}

TEST(Order, HoldsForALongChain) {
  Digraph chain{200'000, {}};
  for (Vertex i = 1; i < 200'000; ++i) chain.arcs.emplace_back(i - 1, i);
  EXPECT_EQ(topological_order(chain).back(), 199'999u);
  EXPECT_EQ(find_cycle(chain), std::nullopt);
}

TEST(Reduction, DropsWhatALongerWaySays) {
  EXPECT_EQ(transitive_reduction(diamond), (std::vector<std::size_t>{0, 1, 2, 3, 5}));
  EXPECT_EQ(transitive_reduction({2, {{0, 1}, {0, 1}}}), (std::vector<std::size_t>{0}));
}

TEST(LongestWay, CountsItsOwnWeights) {
  const std::array<double, 5> weights{1, 5, 2, 1, 1};
  const LongestPath longest = longest_path(diamond, weights);
  EXPECT_EQ(longest.path, (std::vector<Vertex>{0, 1, 3, 4}));
  EXPECT_DOUBLE_EQ(longest.weight, 8);
  EXPECT_DOUBLE_EQ(longest.until_end[2], 4);
}

TEST(Dominators, AreWhatEveryWayPasses) {
  EXPECT_EQ(dominators(diamond, 0), (std::vector<Vertex>{no_vertex, 0, 0, 0, 3}));
}

TEST(ReachSearch, FindsTheShortestWay) {
  Reach reach(diamond);
  EXPECT_TRUE(reach.leads(0, 4));
  EXPECT_FALSE(reach.leads(4, 0));
  EXPECT_EQ(reach.way(0, 4), (std::vector<Vertex>{0, 3, 4}));
  EXPECT_TRUE(reach.way(1, 2).empty());
}

}  // namespace
}  // namespace cairn
