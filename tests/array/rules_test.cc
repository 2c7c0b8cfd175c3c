// Pure functions: names, sizes, waiting, filters.
#include <gtest/gtest.h>

#include "runtime/array/names.h"
#include "runtime/array/retry_delay.h"
#include "runtime/array/simulator/filter.h"
#include "runtime/array/simulator/state.h"

namespace cairn::array {
namespace {

using namespace std::chrono_literals;

TEST(Names, Rules) {
  for (const char* good : {"a", "ca-docker-Seed", "v_1", "pod::v1", "group/v1", "9a"})
    EXPECT_TRUE(check_volume_name(good).ok()) << good;
  for (const std::string& bad :
       {std::string(), std::string("-a"), std::string("a-"), std::string("a.b"), std::string("a b"),
        std::string("123"), std::string(64, 'a'), std::string("::a"), std::string("p::")}) {
    EXPECT_FALSE(check_volume_name(bad).ok()) << bad;
  }
  EXPECT_TRUE(check_volume_name(std::string(63, 'a')).ok());
}

TEST(Names, AcceptableOnesAreAcceptedAndStable) {
  for (const std::string& wanted : {std::string("-.-"), std::string(200, 'x'), std::string("größe"),
                                    std::string("42"), std::string("my.volume/1")}) {
    EXPECT_TRUE(check_volume_name(acceptable_name(wanted)).ok()) << acceptable_name(wanted);
    EXPECT_EQ(acceptable_name(wanted), acceptable_name(wanted));
  }
  EXPECT_NE(acceptable_name(std::string(100, 'x') + "1"), acceptable_name(std::string(100, 'x') + "2"));
}

TEST(Sizes, Rules) {
  EXPECT_TRUE(check_size(1 << 20).ok());
  EXPECT_TRUE(check_size(std::uint64_t{4} << 50).ok());
  EXPECT_FALSE(check_size((1 << 20) - 512).ok());
  EXPECT_FALSE(check_size((std::uint64_t{4} << 50) + 512).ok());
  EXPECT_EQ(check_size((1 << 20) + 1).failure().help, "1049088 bytes would do");
}

TEST(Waiting, Table) {
  const Patience patience;
  const auto delay = [&](Setback setback, double chance) { return retry_delay(setback, patience, chance); };
  EXPECT_EQ(delay({.attempt = 1, .status = 400}, 0), std::nullopt);
  EXPECT_EQ(delay({.attempt = 1, .status = 503}, 0), 125ms);
  EXPECT_EQ(delay({.attempt = 2, .status = 503}, 0), 250ms);
  EXPECT_EQ(delay({.attempt = 2, .status = 503}, 0.5), 375ms);
  EXPECT_EQ(delay({.attempt = 1, .status = 0}, 0), 125ms);
  EXPECT_EQ(delay({.attempt = 6, .status = 503}, 0), std::nullopt);
  EXPECT_EQ(delay({.attempt = 1, .status = 429}, 0), 1s);
  EXPECT_EQ(delay({.attempt = 1, .status = 429, .minute_remaining = 0}, 0), 60s);
  EXPECT_EQ(delay({.attempt = 1, .status = 503, .retry_after = 7s}, 0), 7s);
  EXPECT_LE(*retry_delay({.attempt = 40, .status = 503}, {.attempts = 100}, 0.999), 20s);
}

TEST(Filters, Table) {
  const nlohmann::json item = {{"name", "Shard-1"},
                               {"provisioned", 2048},
                               {"destroyed", false},
                               {"source", {{"name", "seed"}}},
                               {"pod", nlohmann::json::object()},
                               {"tags", {{"team", "db"}}}};
  for (const char* yes :
       {"name='shard-1'", "name='sh*'", "name=('a','Shard-1')", "provisioned>=2048 and provisioned<3000",
        "not(destroyed)", "source.name='seed'", "contains(name, 'ard')", "tags('team','db')", "source",
        "name='x' or (name='Shard-1' and not(pod))", "destroyed='false'", "name!='x'"}) {
    EXPECT_TRUE(simulator::passes(yes, item)) << yes;
  }
  for (const char* no :
       {"name='shard'", "provisioned>2048", "destroyed", "pod", "tags('team','web')", "nothing='x'"}) {
    EXPECT_FALSE(simulator::passes(no, item)) << no;
  }
  for (const char* wrong : {"name=", "name='x", "(name='x'", "name='x' name='y'", "='x'"}) {
    EXPECT_THROW(simulator::passes(wrong, item), simulator::Refusal) << wrong;
  }
}

}  // namespace
}  // namespace cairn::array
