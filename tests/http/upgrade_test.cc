// Connections that stop to speak HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "tests/http/small_server.h"

namespace cairn::http {
namespace {

using testing::HasSubstr;

Request attach(const SmallServer& server) {
  return {.method = "POST", .url = "http://docker/attach?stdin=1", .unix_socket = server.path};
}

// All that comes until the other side has ended, or until `wanted` is there.
std::string read_from(Duplex& connection, const std::string& wanted = "\n") {
  std::string text;
  while (text.find(wanted) == text.npos) {
    const Result<std::optional<std::string>> piece = connection.read_some();
    if (!piece || (*piece && (*piece)->empty())) break;
    if (*piece) {
      text += **piece;
      continue;
    }
    pollfd waiting{connection.descriptor(), POLLIN, 0};
    poll(&waiting, 1, 10'000);
  }
  return text;
}

TEST(Upgrade, GivesTheConnectionAway) {
  std::string seen;
  SmallServer server([&](int connection, const std::string& request) {
    seen = request;
    SmallServer::say(connection,
                     "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello\n");
    char byte = 0;
    while (read(connection, &byte, 1) == 1) SmallServer::say(connection, std::string(1, byte));
    SmallServer::say(connection, "bye\n");
    return false;
  });
  Reactor reactor;
  Result<Upgraded> upgraded = reactor.upgrade(attach(server), {});
  ASSERT_TRUE(upgraded.ok()) << upgraded.failure().message;
  EXPECT_EQ(upgraded->answer.status, 101);
  EXPECT_THAT(seen, HasSubstr("POST /attach?stdin=1 HTTP/1.1\r\nHost: docker\r\n"));
  EXPECT_THAT(seen, HasSubstr("Upgrade: tcp\r\n"));
  Duplex& connection = *upgraded->connection;
  EXPECT_EQ(read_from(connection), "hello\n");
  ASSERT_EQ(*connection.write_some("ping\n"), 5u);
  EXPECT_EQ(read_from(connection), "ping\n");
  EXPECT_TRUE(connection.end_writing());
  EXPECT_EQ(read_from(connection, "never"), "bye\n");
}

TEST(Upgrade, ANoIsAnAnswer) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n{\"message\":\"no\"}");
    return true;
  });
  Reactor reactor;
  const Result<Upgraded> upgraded = reactor.upgrade(attach(server), {});
  ASSERT_TRUE(upgraded.ok());
  EXPECT_EQ(upgraded->answer.status, 404);
  EXPECT_EQ(upgraded->answer.body, R"({"message":"no"})");
  EXPECT_EQ(upgraded->connection, nullptr);
}

TEST(Upgrade, AStopEndsTheWait) {
  std::stop_source stop;
  SmallServer server([&](int connection, const std::string&) {
    stop.request_stop();
    char byte = 0;
    (void)!read(connection, &byte, 1);
    return false;
  });
  Reactor reactor;
  const Result<Upgraded> upgraded = reactor.upgrade(attach(server), stop.get_token());
  ASSERT_FALSE(upgraded.ok());
  EXPECT_EQ(upgraded.failure().is, FailureClass::cancelled);
}

TEST(Upgrade, NobodyThereIsNothingDone) {
  Reactor reactor;
  const Result<Upgraded> upgraded =
      reactor.upgrade({.method = "POST", .url = "http://docker/x", .unix_socket = "/nowhere/s"}, {});
  ASSERT_FALSE(upgraded.ok());
  EXPECT_TRUE(upgraded.failure().nothing_done);
  EXPECT_THAT(upgraded.failure().message, HasSubstr("could not connect"));
}

TEST(Upgrade, IsNotForThoseWhoOnlyLook) {
  Reactor reactor;
  ReadOnlyClient reading(reactor);
  EXPECT_FALSE(reading.upgrade({.method = "POST", .url = "http://docker/x"}, {}).ok());
}

}  // namespace
}  // namespace cairn::http
