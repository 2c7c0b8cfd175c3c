// What a run's objects are called on an array, and how they are found there again.
#include "runtime/kinds/arrays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/array/names.h"
#include "runtime/array/simulator/wire.h"
#include "runtime/kinds/arrays_used.h"
#include "runtime/kinds/storage_leftovers.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::kinds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string run_id = "20261121-120000-x1y2z3";

RunPlace place(const std::string& project, bool up = false) {
  return {project, "/p", up ? std::string() : run_id, "/p/.cairn/runs/" + run_id, up};
}

TEST(ArrayNames, CarryTheProjectAndTheRun) {
  EXPECT_EQ(array_object_name("ca-docker-", place("shop-1a2b3c"), "test.data[less_tax]"),
            "cairn-shop-1a2b3c-x1y2z3-test-data-less-tax");
  EXPECT_EQ(array_object_name("", place("shop-1a2b3c", true), "data"), "cairn-shop-1a2b3c-up-data");
}

TEST(ArrayNames, AreNeverTooLongAndNeverTheSame) {
  for (const std::string& prefix : {std::string(), std::string("ca-docker-"), std::string(24, 'p') + "-"})
    for (const std::string& project : {std::string("s-1a2b3c"), std::string(24, 'x') + "-1a2b3c"}) {
      const std::string long_path = "a_stage_with_a_long_name.and_a_volume_with_a_longer_one";
      const std::string one = array_object_name(prefix, place(project), long_path + "[1]");
      const std::string other = array_object_name(prefix, place(project), long_path + "[2]");
      EXPECT_NE(one, other);
      for (const std::string& name : {one, other}) {
        EXPECT_TRUE(array::check_volume_name(prefix + name).ok()) << prefix + name;
        EXPECT_TRUE(array::check_suffix(name).ok()) << name;
        EXPECT_THAT(name, testing::StartsWith(array_stem(prefix, project, run_id)));
        EXPECT_THAT(name, HasSubstr("1a2b3c-x1y2z3-"));
      }
    }
}

TEST(ArrayOf, IsThatOfTheSnapshotUnlessTheCloneNamesOne) {
  Graph graph;
  const auto add = [&](const char* kind, std::vector<Setting> settings) {
    Node node;
    node.kind = kind;
    node.settings = std::move(settings);
    graph.nodes.push_back(std::move(node));
    return NodeId{static_cast<std::uint32_t>(graph.nodes.size() - 1)};
  };
  const auto reference = [](const char* name, NodeId to) {
    return Setting{name, Value{NodeRef{to}}, {}, true};
  };
  const NodeId array = add("flasharray", {}), seed = add("volume", {});
  const NodeId cut = add("snapshot", {reference("of", seed), reference("on", array)});
  const NodeId clone = add("clone", {reference("from", cut)}),
               plain = add("clone", {reference("from", seed)});
  EXPECT_EQ(array_of(graph, cut), array);
  EXPECT_EQ(array_of(graph, clone), array);
  EXPECT_EQ(array_of(graph, plain), no_node);
  EXPECT_EQ(array_with(graph, seed), array);
  EXPECT_EQ(array_with(graph, clone), no_node);
}

class OnAnArray : public testing::Test {
 protected:
  OnAnArray()
      : simulator_({}, {.tokens = {{"token", "pureuser"}}, .passwords = {}, .clients = {}}, media_, clock_,
                   [] { return 0.5; }),
        wire_(simulator_),
        array_(wire_, clock_, [] { return 0.5; }, {.address = "a", .credentials = array::ApiToken{"token"}}) {
    folder_ = temporary_ / run_id;
    std::filesystem::create_directories(folder_);
    EXPECT_TRUE(record_array(folder_, {"pure01", "a", "ca-docker-", {}, {}, true, "env:TOKEN"}).ok());
  }
  StorageLook look(const std::string& token = "token") {
    return look_at_storage(wire_, clock_,
                           {"shop-1a2b3c",
                            {folder_},
                            [token](const std::string& where) {
                              return where == "env:TOKEN" && !token.empty() ? std::optional(token)
                                                                            : std::nullopt;
                            }},
                           {});
  }
  static std::vector<std::string> names(const StorageLook& look) {
    std::vector<std::string> all;
    for (const StorageLeftover& one : look.left) all.push_back(one.run + " " + one.name);
    return all;
  }

  TurnedClock clock_;
  array::simulator::NoMedia media_;
  array::simulator::Simulator simulator_;
  array::simulator::Wire wire_;
  array::FlashArray array_;
  TemporaryFolder temporary_;
  std::string folder_;
};

TEST_F(OnAnArray, OursAreFoundByTheirNamesAndNobodyElsesAre) {
  for (const char* name : {"ca-docker-seed", "ca-docker-cairn-shop-1a2b3c-x1y2z3-data",
                           "ca-docker-cairn-shop-1a2b3d-x1y2z3-data", "cairn-shop-1a2b3c-x1y2z3-data",
                           "ca-docker-cairn-shop-1a2b3c-up-data", "ca-docker-cairn-shop-1a2b3c-more"})
    ASSERT_TRUE(array_.create(name, 1 << 20, {}).ok()) << name;
  ASSERT_TRUE(array_.snapshot("ca-docker-seed", "cairn-shop-1a2b3c-x1y2z3-cut", {}).ok());
  ASSERT_TRUE(array_.snapshot("ca-docker-seed", "mine", {}).ok());
  ASSERT_TRUE(array_.destroy("ca-docker-cairn-shop-1a2b3c-x1y2z3-data", {}).ok());
  const StorageLook found = look();
  EXPECT_THAT(found.unreachable, IsEmpty());
  EXPECT_THAT(names(found), UnorderedElementsAre("x1y2z3 ca-docker-cairn-shop-1a2b3c-x1y2z3-data",
                                                 " ca-docker-cairn-shop-1a2b3c-up-data",
                                                 "x1y2z3 ca-docker-seed.cairn-shop-1a2b3c-x1y2z3-cut"));
  for (const StorageLeftover& one : found.left) EXPECT_EQ(one.remove().value(), "");
  EXPECT_THAT(look().left, IsEmpty());
}

TEST_F(OnAnArray, WhatSafeModeKeepsIsSaidToWait) {
  ASSERT_TRUE(array_.create("ca-docker-cairn-shop-1a2b3c-x1y2z3-data", 1 << 20, {}).ok());
  simulator_.with_state([](array::simulator::State& state) { state.settings.safe_mode = true; });
  ASSERT_THAT(look().left, testing::SizeIs(1));
  EXPECT_THAT(look().left[0].remove().value(), HasSubstr("SafeMode eradicates it"));
}

TEST_F(OnAnArray, ASnapshotOfAChosenNameIsFoundByTheRecordOfTheRun) {
  ASSERT_TRUE(array_.create("ca-docker-seed", 1 << 20, {}).ok());
  ASSERT_TRUE(array_.snapshot("ca-docker-seed", "nightly", {}).ok());
  EXPECT_THAT(look().left, IsEmpty());
  ASSERT_TRUE(record_array_object(folder_, "pure01", "ca-docker-seed.nightly").ok());
  EXPECT_THAT(names(look()), ElementsAre("x1y2z3 ca-docker-seed.nightly"));
}

TEST_F(OnAnArray, WithoutItsTokenNobodyCanSay) {
  EXPECT_THAT(look({}).unreachable, ElementsAre(HasSubstr("its token is not there (env:TOKEN)")));
  EXPECT_THAT(look("wrong").unreachable, ElementsAre(HasSubstr("pure01")));
}

}  // namespace
}  // namespace cairn::kinds
