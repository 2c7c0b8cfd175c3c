#include "runtime/execute/durations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace cairn::execute {
namespace {

TEST(Durations, HalfOfWhatIsRememberedIsTheLastOne) {
  Durations durations;
  EXPECT_EQ(durations.seconds("a:run"), std::nullopt);
  durations.remember("a:run", 4);
  EXPECT_EQ(durations.seconds("a:run"), 4);
  durations.remember("a:run", 2);
  EXPECT_EQ(durations.seconds("a:run"), 3);
}

TEST(Durations, AreReadAsTheyWereWritten) {
  Durations durations;
  durations.remember("test.unit:run", 1.25);
  durations.remember("db:\"odd\"", 0);
  const Durations again = Durations::read(durations.text());
  EXPECT_EQ(again.text(), durations.text());
  EXPECT_EQ(again.seconds("test.unit:run"), 1.25);
}

TEST(Durations, WhatIsNotOursIsAsGoodAsNone) {
  for (const char* text : {"", "{", "[]", "null", R"({"cairn_durations":2,"seconds":{"a":1}})",
                           R"({"cairn_durations":1,"seconds":3})", R"({"cairn_durations":1})"})
    EXPECT_EQ(Durations::read(text).seconds("a"), std::nullopt) << text;
  const Durations some = Durations::read(R"({"cairn_durations":1,"seconds":{"a":1,"b":"x","c":-1}})");
  EXPECT_EQ(some.seconds("a"), 1);
  EXPECT_EQ(some.seconds("b"), std::nullopt);
  EXPECT_EQ(some.seconds("c"), std::nullopt);
}

TEST(Durations, AreSavedBesideAndRenamed) {
  std::string folder = testing::TempDir() + "durationsXXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  Durations durations;
  durations.remember("a:run", 4);
  ASSERT_TRUE(durations.save(folder + "/durations.json").ok());
  EXPECT_EQ(Durations::load(folder + "/durations.json").seconds("a:run"), 4);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_FALSE(durations.save(folder + "/not/there.json").ok());
  EXPECT_EQ(Durations::load(folder + "/not/there.json").seconds("a:run"), std::nullopt);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cairn::execute
