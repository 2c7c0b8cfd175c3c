#include "runtime/kinds/deploy.h"

#include <gtest/gtest.h>

namespace cairn::kinds {
namespace {

Value map_of(std::vector<std::pair<std::string, Value>> entries) {
  Map map;
  for (auto& [key, value] : entries) map.set(key, std::move(value));
  return Value{std::move(map)};
}
Value text(const char* words) {
  return Value{std::string(words)};
}

ProcessSettings with(const char* name, Value value) {
  ProcessSettings settings;
  settings.deploy = {{name, std::move(value)}};
  return settings;
}

TEST(Deploy, GivesLimitsAsComposeWritesThemAndAsTheLanguageDoes) {
  for (const Value& memory :
       {text("512M"), text("512mb"), text("0.5g"), text("536870912"), Value{Size{512 << 20}}}) {
    ProcessSettings settings =
        with("resources",
             map_of({{"limits",
                      map_of({{"memory", memory}, {"cpus", text("0.5")}, {"pids", Value{std::int64_t{9}}}})},
                     {"reservations", map_of({{"memory", text("64K")}})}}));
    ASSERT_TRUE(apply_deploy(settings)) << show(memory);
    EXPECT_EQ(settings.memory->bytes, 512 << 20) << show(memory);
    EXPECT_EQ(settings.memory_reservation->bytes, 64 << 10);
    EXPECT_EQ(settings.cpus, 0.5);
    EXPECT_EQ(settings.pids_limit, 9);
  }
}

TEST(Deploy, GivesWayToASettingOfItsOwn) {
  ProcessSettings settings = with("resources", map_of({{"limits", map_of({{"cpus", Value{2.0}}})}}));
  settings.cpus = 1;
  ASSERT_TRUE(apply_deploy(settings));
  EXPECT_EQ(settings.cpus, 1);
}

TEST(Deploy, TellsWhatOnlyAClusterCanDo) {
  ProcessSettings settings = with("placement", map_of({}));
  const Result<std::vector<std::string>> left_out = apply_deploy(settings);
  ASSERT_TRUE(left_out);
  EXPECT_EQ(*left_out, std::vector<std::string>{"placement"});
}

TEST(Deploy, RefusesWhatNobodyKnows) {
  const auto refused = [](const char* name, Value value) {
    ProcessSettings settings = with(name, std::move(value));
    const Result<std::vector<std::string>> applied = apply_deploy(settings);
    return applied ? std::string("accepted") : applied.failure().message;
  };
  EXPECT_EQ(refused("resource", map_of({})), "there is no `deploy.resource`");
  EXPECT_EQ(refused("resources", map_of({{"limits", map_of({{"memory", text("much")}})}})),
            "`deploy.resources.limits.memory` cannot be \"much\"");
  EXPECT_EQ(refused("resources", map_of({{"limits", map_of({{"devices", text("x")}})}})),
            "there is no `deploy.resources.limits.devices`");
  EXPECT_EQ(refused("restart_policy", map_of({{"condition", text("sometimes")}})),
            "`deploy.restart_policy` cannot be { condition = \"sometimes\" }");
}

TEST(Deploy, SaysWhenToStartAgainAndHowMany) {
  ProcessSettings settings = with("restart_policy", map_of({{"condition", text("any")}}));
  settings.deploy.emplace_back("replicas", Value{std::int64_t{3}});
  ASSERT_TRUE(apply_deploy(settings));
  EXPECT_EQ(settings.restart, "always");
  EXPECT_EQ(settings.replicas, 3);
}

}  // namespace
}  // namespace cairn::kinds
