// Where probes look.
#include "runtime/kinds/dialled.h"

#include <gmock/gmock.h>

namespace cairn::kinds {
namespace {

Result<int> named(const std::string& name) {
  if (name == "http") return 40'000;
  return Failure{"`" + name + "` is unknown"};
}
Result<Dialled> at(const std::string& text) {
  return dialled(Value{text}, named);
}

TEST(Dialled, APortOfTheServiceItself) {
  EXPECT_EQ(*dialled(Value{std::int64_t{5432}}, named), (Dialled{.port = 5432}));
  EXPECT_EQ(*at("5432"), (Dialled{.port = 5432}));
  EXPECT_EQ(*at("http"), (Dialled{.port = 40'000}));
  EXPECT_EQ(at("htpp").failure().message, "`htpp` is unknown");
}

TEST(Dialled, SomethingThatIsNotPartOfTheRun) {
  EXPECT_EQ(*at("10.0.0.5:443"), (Dialled{"10.0.0.5", 443, {}, {}}));
  EXPECT_EQ(*at("[fd00::5]:443"), (Dialled{"fd00::5", 443, {}, {}}));
  EXPECT_EQ(*at("https://acme.example"), (Dialled{"acme.example", 443, true, "/"}));
  EXPECT_EQ(*at("http://acme.example/health?deep=1#top"),
            (Dialled{"acme.example", 80, false, "/health?deep=1"}));
  EXPECT_EQ(*at("http://[::1]:8080?x"), (Dialled{"::1", 8080, false, "/?x"}));
}

TEST(Dialled, WhatIsNoPlaceIsRefused) {
  for (const char* text : {"", "db:", "db:0", "db:65536", ":80", "http://", "http://db:x/", "https:///path"})
    EXPECT_FALSE(at(text)) << text;
  EXPECT_FALSE(dialled(Value{std::int64_t{0}}, named));
  EXPECT_FALSE(dialled(Value{std::int64_t{70'000}}, named));
}

}  // namespace
}  // namespace cairn::kinds
