// Who uses a volume, by an engine whose list is behind.
#include "runtime/kinds/engine_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/fakes/turned_clock.h"

namespace cairn::kinds {
namespace {

using nlohmann::json;

// Its list says "running" of every container; what each says itself is set by the test, and may be nothing.
class Lagging final : public http::HttpClient {
 public:
  Result<http::Response> send(const http::Request& request, std::stop_token) override {
    const auto ends_with = [&](const std::string& end) {
      return request.url.substr(0, request.url.find('?')).ends_with(end);
    };
    if (ends_with("/_ping")) return http::Response{200, {{"Api-Version", "1.41"}}, "OK"};
    if (ends_with("/version")) return http::Response{200, {}, R"({"ApiVersion": "1.41"})"};
    if (ends_with("/containers/json")) return http::Response{200, {}, list().dump()};
    for (const auto& [name, state] : says)
      if (ends_with("/containers/id-" + name + "/json") && !state.empty())
        return http::Response{200, {}, container(name, state).dump()};
    return http::Response{404, {}, R"({"message": "No such container"})"};
  }
  Result<std::unique_ptr<http::Stream>> open(const http::Request&, std::stop_token) override {
    return Failure{.message = "this engine streams nothing", .causes = {}, .help = {}};
  }

  std::map<std::string, std::string> says;  // container → its own state; "": it is gone
  bool read_only = false;

 private:
  json mounts() const { return {{{"Type", "volume"}, {"Name", "seed"}, {"RW", !read_only}}}; }
  json list() const {
    json all = json::array();
    for (const auto& [name, _] : says)
      all.push_back(
          {{"Id", "id-" + name}, {"Names", {"/" + name}}, {"State", "running"}, {"Mounts", mounts()}});
    return all;
  }
  json container(const std::string& name, const std::string& state) const {
    return {{"Id", "id-" + name},
            {"Name", "/" + name},
            {"State", {{"Status", state}, {"Running", state != "exited"}}},
            {"Mounts", mounts()}};
  }
};

class UsersOfAVolume : public testing::Test {
 protected:
  std::string writer() { return refused(refuse_writers(engine_, "seed", {})); }
  std::string user() { return refused(refuse_users(engine_, "seed", {})); }
  static std::string refused(const Result<Done>& result) { return result ? "" : result.failure().message; }

  Lagging lagging_;
  TurnedClock clock_{TurnedClock::Turning::by_itself};
  docker::Engine engine_{lagging_, clock_, {}};
};

TEST_F(UsersOfAVolume, WhoHasEndedIsNoneThoughTheListIsBehind) {
  lagging_.says = {{"maker", "exited"}, {"removed", ""}};
  EXPECT_EQ(writer(), "");
  EXPECT_EQ(user(), "");
}

TEST_F(UsersOfAVolume, WhoRunsIsNamed) {
  for (const char* state : {"running", "paused", "restarting"}) {
    lagging_.says = {{"maker", "exited"}, {"user", state}};
    EXPECT_EQ(writer(), "the volume `seed` is in use by the container `user`") << state;
    EXPECT_EQ(user(), "the volume `seed` is mounted by the container `user`") << state;
    EXPECT_EQ(refused(refuse_users(engine_, "another", {})), "");
  }
  lagging_.read_only = true;
  EXPECT_EQ(writer(), "");
  EXPECT_EQ(user(), "the volume `seed` is mounted by the container `user`");
}

}  // namespace
}  // namespace cairn::kinds
