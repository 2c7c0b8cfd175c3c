#include "tests/docker/engines_under_test.h"

namespace cairn::docker {
namespace {

// Sends every request, and loses the answers of those that change something: each for the first time.
class LosesAnswers final : public http::HttpClient {
 public:
  explicit LosesAnswers(http::HttpClient& below) : below_(below) {}
  Result<http::Response> send(const http::Request& request, std::stop_token stop) override {
    Result<http::Response> answer = below_.send(request, stop);
    if (request.method == "GET" || request.method == "HEAD" || lost_ == request.url) return answer;
    lost_ = request.url;
    ++lost;
    return Failure{.message = "the connection was cut", .is = FailureClass::endpoint};
  }
  Result<std::unique_ptr<http::Stream>> open(const http::Request& request, std::stop_token stop) override {
    return below_.open(request, stop);
  }
  int lost = 0;

 private:
  http::HttpClient& below_;
  std::string lost_;
};

class LostAnswers : public OnEngine {
 protected:
  LosesAnswers losing{client};
  Engine cut{losing, real_clock(), engine.endpoint()};
};

TEST_P(LostAnswers, AreSettledByLooking) {
  NetworkSpec network;
  network.identity = identity("cairn-t-lost-net");
  const Result<std::string> network_id = create_network(cut, network, {});
  ASSERT_TRUE(network_id.ok());
  EXPECT_EQ(list_networks(engine, {"dev.cairn.project=conformance"}, {})->size(), 1u);

  VolumeSpec volume;
  volume.identity = identity("cairn-t-lost-vol");
  ASSERT_TRUE(create_volume(cut, volume, {}).ok());

  const Result<CreatedContainer> created = create_container(cut, shell("cairn-t-lost", "exit 6"), {});
  ASSERT_TRUE(created.ok());
  EXPECT_TRUE(created->adopted);
  Result<ExitWait> wait = ExitWait::arm(cut, created->id, ExitWait::For::next_exit, {});
  ASSERT_TRUE(start_container(cut, created->id, {}).ok());
  EXPECT_EQ(*wait->finish({}), 6);

  EXPECT_TRUE(remove_container(cut, created->id, {}).ok());
  EXPECT_TRUE(remove_volume(cut, "cairn-t-lost-vol", {}).ok());
  EXPECT_TRUE(remove_network(cut, *network_id, {}).ok());
  EXPECT_EQ(losing.lost, 7);
  EXPECT_FALSE(inspect_container(engine, "cairn-t-lost", {})->has_value());
}

INSTANTIATE_TEST_SUITE_P(Engines, LostAnswers, testing::ValuesIn(engines_under_test()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace cairn::docker
