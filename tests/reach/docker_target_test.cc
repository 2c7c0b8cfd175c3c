// What a DockerTarget makes of an engine's answers. The answers are as Docker 20.10 gives them.
#include "runtime/reach/docker_target.h"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "runtime/reach/probes/exec.h"
#include "runtime/reach/probes/log.h"

namespace cairn::reach {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;

Attempt soon_enough() {
  return {real_clock().now() + std::chrono::seconds(20), {}};
}

class PiecesStream final : public http::Stream {
 public:
  PiecesStream(int status, std::deque<Result<std::string>> pieces)
      : status_(status), pieces_(std::move(pieces)) {}
  int status() const override { return status_; }
  const std::vector<http::Header>& headers() const override { return headers_; }
  Result<std::string> read(std::stop_token, std::optional<Instant>) override {
    if (pieces_.empty()) return std::string();
    Result<std::string> piece = pieces_.front();
    pieces_.pop_front();
    return piece;
  }

 private:
  int status_;
  std::deque<Result<std::string>> pieces_;
  std::vector<http::Header> headers_;
};

// Answers by "METHOD part-of-the-URL".
class EngineAnswers final : public http::HttpClient {
 public:
  std::map<std::string, http::Response> answers;
  std::deque<Result<std::string>> stream;
  std::vector<std::string> asked;

  Result<http::Response> send(const http::Request& request, std::stop_token) override {
    const std::string what = request.method + " " + request.url;
    asked.push_back(what + (request.body.empty() ? "" : " " + request.body));
    for (const auto& [key, response] : answers) {
      const std::size_t blank = key.find(' ');
      if (request.method == key.substr(0, blank) &&
          request.url.find(key.substr(blank + 1)) != std::string::npos)
        return response;
    }
    return http::Response{404, {}, R"({"message":"no such thing"})"};
  }
  Result<std::unique_ptr<http::Stream>> open(const http::Request& request, std::stop_token) override {
    asked.push_back(request.method + " " + request.url);
    return std::unique_ptr<http::Stream>(std::make_unique<PiecesStream>(200, stream));
  }
};

std::string frame(char stream, const std::string& text) {
  std::string framed{
      stream, 0, 0, 0, 0, 0, static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xFF)};
  return framed + text;
}

class DockerTargetTest : public testing::Test {
 protected:
  DockerTargetTest() {
    facts_ = Json::parse(R"({
      "Id": "c1", "Name": "/db", "Image": "sha256:1", "Created": "2026-03-04T05:06:06Z",
      "State": {"Status": "running", "Running": true, "StartedAt": "2026-03-04T05:06:07.5Z"},
      "Config": {"Image": "db", "Env": [], "Labels": {}, "Tty": false},
      "HostConfig": {"NetworkMode": "back"}, "Mounts": [],
      "NetworkSettings": {"Ports": {}, "Networks": {
        "back": {"NetworkID": "n1", "IPAddress": "172.20.0.2", "Gateway": "172.20.0.1", "Aliases": []},
        "front": {"NetworkID": "n2", "IPAddress": "172.21.0.2", "Gateway": "172.21.0.1", "Aliases": []}}}})");
  }
  DockerTarget target(std::vector<LocalAddress> ours = {{"127.0.0.1", "lo"}, {"172.20.0.1", "br-n1"}}) {
    client_.answers["GET /containers/c1/json"] = {200, {}, facts_.dump()};
    return DockerTarget({"test.db", "c1", mask_}, engine_, on(std::move(ours)));
  }
  // A machine that has these addresses.
  LocalNetworks& on(std::vector<LocalAddress> ours) {
    return machines_.emplace_back([ours = std::move(ours)] { return ours; });
  }

  EngineAnswers client_;
  docker::Engine engine_{client_, real_clock(), docker::Endpoint{"unix:///s", "/s", "http://docker", {}},
                         "1.41"};
  std::deque<LocalNetworks> machines_;
  Json facts_;
  std::function<std::string(const std::string&)> mask_;
};

TEST_F(DockerTargetTest, ReachesNetworksWhoseGatewayIsThisMachine) {
  EXPECT_THAT(*target().endpoints(5432, soon_enough()), ElementsAre(Endpoint{"172.20.0.2", 5432}));
}

TEST_F(DockerTargetTest, NeverUsesAPublishedPort) {
  facts_["NetworkSettings"]["Ports"] = {{"5432/tcp", {{{"HostIp", "0.0.0.0"}, {"HostPort", "40000"}}}}};
  const Result<std::vector<Endpoint>> endpoints =
      target({{"127.0.0.1", "lo"}}).endpoints(5432, soon_enough());
  ASSERT_FALSE(endpoints);
  EXPECT_THAT(endpoints.failure().message,
              HasSubstr("networks of the engine at unix:///s are not on this machine"));
}

TEST_F(DockerTargetTest, AGatewayOfARemoteEngineIsNotOursEvenIfItHasTheSameAddress) {
  docker::Engine remote(client_, real_clock(),
                        docker::Endpoint{"tcp://build1:2376", "", "https://build1:2376", {}}, "1.41");
  client_.answers["GET /containers/c1/json"] = {200, {}, facts_.dump()};
  EXPECT_FALSE(
      DockerTarget({"db", "c1", {}}, remote, on({{"172.20.0.1", "br-n1"}})).endpoints(5432, soon_enough()));
}

TEST_F(DockerTargetTest, ABridgeOfAnotherNetworkWithTheSameAddressIsNotIts) {
  EXPECT_FALSE(target({{"172.20.0.1", "br-0123456789ab"}}).endpoints(5432, soon_enough()));
  // A bridge that somebody has named is believed by its address.
  EXPECT_TRUE(target({{"172.20.0.1", "docker7"}}).endpoints(5432, soon_enough()));
}

TEST_F(DockerTargetTest, OneInTheNetworkOfAnotherIsReachedThere) {
  const Json other = facts_;
  facts_["HostConfig"]["NetworkMode"] = "container:c0";
  facts_["NetworkSettings"]["Networks"] = Json::object();
  DockerTarget inside = target();
  client_.answers["GET /containers/c0/json"] = {200, {}, other.dump()};
  EXPECT_THAT(*inside.endpoints(5432, soon_enough()), ElementsAre(Endpoint{"172.20.0.2", 5432}));
}

TEST_F(DockerTargetTest, OneWithoutANetworkSaysSo) {
  facts_["HostConfig"]["NetworkMode"] = "none";
  EXPECT_THAT(target().endpoints(80, soon_enough()).failure().message, HasSubstr("it has no network"));
}

TEST_F(DockerTargetTest, DoesNotAskTheEngineForEveryLook) {
  DockerTarget near = target();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(near.endpoints(5432, soon_enough()).ok());
  EXPECT_EQ(
      std::count(client_.asked.begin(), client_.asked.end(), "GET http://docker/v1.41/containers/c1/json"),
      1);
  EXPECT_THAT(*near.endpoints(80, soon_enough()), ElementsAre(Endpoint{"172.20.0.2", 80}));
}

TEST_F(DockerTargetTest, AsksForAnAgentWhereThisMachineHasNoWay) {
  client_.answers["GET /containers/c1/json"] = {200, {}, facts_.dump()};
  std::vector<std::string> asked;
  DockerTarget far({"test.db", "c1", {}}, engine_, on({{"127.0.0.1", "lo"}}),
                   [&](const std::string& network, const Attempt&) -> Result<std::shared_ptr<Relay>> {
                     asked.push_back(network);
                     return Failure{"no agent today"};
                   });
  EXPECT_EQ(far.endpoints(5432, soon_enough()).failure().message, "no agent today");
  EXPECT_THAT(asked, ElementsAre("n1"));
}

TEST_F(DockerTargetTest, HostNetworkIsLoopback) {
  facts_["HostConfig"]["NetworkMode"] = "host";
  facts_["NetworkSettings"]["Networks"] = {{"host", {{"IPAddress", ""}, {"Gateway", ""}}}};
  EXPECT_THAT(*target().endpoints(80, soon_enough()), Contains(Endpoint{"127.0.0.1", 80}));
}

TEST_F(DockerTargetTest, AContainerThatDoesNotRunHasNoEndpoint) {
  facts_["State"] = {{"Status", "exited"}, {"Running", false}};
  EXPECT_EQ(target().endpoints(80, soon_enough()).failure().message, "its container is exited");
}

TEST_F(DockerTargetTest, ExecGivesExitCodeAndBothStreams) {
  client_.answers["POST /containers/c1/exec"] = {201, {}, R"({"Id":"e1"})"};
  client_.answers["GET /exec/e1/json"] = {200, {}, R"({"ExitCode":2,"Running":false})"};
  const std::string framed = frame(1, "one\n") + frame(2, "no secret-word here\n");
  client_.stream = {framed.substr(0, 11), framed.substr(11)};
  mask_ = [](const std::string& text) {
    return std::string(text).replace(text.find("secret-word"), 11, "•••");
  };
  DockerTarget container = target();
  EXPECT_EQ(exec_look({{"pg_isready"}}, container)(soon_enough()).what, "exited 2: no ••• here");
  EXPECT_THAT(client_.asked, Contains(HasSubstr(R"("Cmd":["pg_isready"])")));
}

TEST_F(DockerTargetTest, ExecThatDoesNotEndSaysSo) {
  client_.answers["POST /containers/c1/exec"] = {201, {}, R"({"Id":"e1"})"};
  Failure late{"no more came"};
  late.is = FailureClass::timeout;
  client_.stream = {late};
  DockerTarget container = target();
  EXPECT_EQ(exec_look({{"sleep", "1000"}}, container)(soon_enough()).what, "`sleep` did not end");
}

TEST_F(DockerTargetTest, PathsAreWhatTheirModeSays) {
  const auto look = [&](const std::string& encoded) {
    client_.answers["HEAD /archive"] = {200, {{"X-Docker-Container-Path-Stat", encoded}}, ""};
    return *target().look_at("/x", soon_enough());
  };
  EXPECT_EQ(look("eyJuYW1lIjoieCIsIm1vZGUiOjQyMH0="), PathIs::file);            // {"name":"x","mode":420}
  EXPECT_EQ(look("eyJuYW1lIjoieCIsIm1vZGUiOjIxNDc0ODQxNDF9"), PathIs::folder);  // …2147484141
  EXPECT_EQ(look("eyJuYW1lIjoieCIsIm1vZGUiOjE2Nzc3NjU0fQ=="), PathIs::socket);  // …16777654
  client_.answers.clear();
  EXPECT_EQ(*target().look_at("/x", soon_enough()), PathIs::missing);
  EXPECT_THAT(client_.asked.back(), HasSubstr("path=%2Fx"));
}

TEST_F(DockerTargetTest, LogIsReadFromItsFirstLineAndGoesOnWhereItWas) {
  client_.answers["GET /containers/c1/logs"] = {
      200,
      {},
      frame(1, "2026-03-04T05:06:07.499Z starting\n") + frame(2, "2026-03-04T05:06:09Z ready to accept\n")};
  DockerTarget container = target();
  const LogPiece piece = *container.log_after(0, soon_enough());
  EXPECT_THAT(client_.asked.back(), HasSubstr("since=0.000000000"))
      << "the first lines are stamped before what the engine calls the start";
  ASSERT_EQ(piece.lines.size(), 2u);
  EXPECT_EQ(piece.lines[0].text, "starting");
  EXPECT_TRUE(piece.lines[1].of_stderr);
  EXPECT_TRUE((*log_look({"^ready"}, container))(soon_enough()).good);
  ASSERT_TRUE(container.log_after(piece.next, soon_enough()));
  EXPECT_THAT(client_.asked.back(), HasSubstr("since=1772600769.000000001"));
}

TEST_F(DockerTargetTest, LogOfARestartedContainerBeginsWhereTheRunBeforeEnded) {
  client_.answers["GET /containers/c1/logs"] = {200, {}, ""};
  facts_["State"]["FinishedAt"] = "2026-03-04T05:06:07.25Z";
  ASSERT_TRUE(target().log_after(0, soon_enough()));
  EXPECT_THAT(client_.asked.back(), HasSubstr("since=1772600767.250000000"));
  facts_["State"]["FinishedAt"] = "2026-03-04T05:06:09Z";  // of this run
  ASSERT_TRUE(target().log_after(0, soon_enough()));
  EXPECT_THAT(client_.asked.back(), HasSubstr("since=1772600766.500000000"));
  facts_["State"]["FinishedAt"] = "0001-01-01T00:00:00Z";  // it has never ended
  ASSERT_TRUE(target().log_after(0, soon_enough()));
  EXPECT_THAT(client_.asked.back(), HasSubstr("since=0.000000000"));
}

TEST_F(DockerTargetTest, HealthIsAsInspected) {
  EXPECT_EQ(target().health(soon_enough())->is, HealthIs::unknown);
  facts_["State"]["Health"] = {{"Status", "unhealthy"}, {"Log", {{{"Output", "refused"}, {"ExitCode", 1}}}}};
  const Health health = *target().health(soon_enough());
  EXPECT_EQ(health.is, HealthIs::unhealthy);
  EXPECT_EQ(health.last_output, "refused");
}

TEST_F(DockerTargetTest, AContainerThatIsGoneIsSaidToBe) {
  DockerTarget gone({"test.db", "c2", {}}, engine_, on({}));
  EXPECT_EQ(gone.endpoints(80, soon_enough()).failure().message, "its container is gone");
}

TEST(LocalNetworks, AsksTheSystemOnceForEachNetwork) {
  int asked = 0;
  LocalNetworks local([&] {
    ++asked;
    return std::vector<LocalAddress>{{"172.20.0.1", "br-n1"}};
  });
  EXPECT_TRUE(local.has({"n1", "172.20.0.2", "172.20.0.1", {}}));
  EXPECT_TRUE(local.has({"n1", "172.20.0.3", "172.20.0.1", {}}));
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(local.has({"n2", "172.21.0.2", "172.21.0.1", {}}));
  EXPECT_EQ(asked, 2);
  // Without a container on it, it has no gateway yet; later it has one.
  EXPECT_FALSE(local.has({"n3", "", "", {}}));
  EXPECT_EQ(asked, 2);
}

TEST(LocalAddresses, HaveTheLoopback) {
  EXPECT_THAT(local_addresses(), Contains(testing::Field(&LocalAddress::address, "127.0.0.1")));
}

}  // namespace
}  // namespace cairn::reach
