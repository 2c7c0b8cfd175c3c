#include "runtime/http/reactor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <future>

#include "runtime/http/read_only_client.h"
#include "tests/http/small_server.h"

namespace cairn::http {
namespace {

using testing::HasSubstr;

Request to(const SmallServer& server, std::string method = "GET", std::string body = "") {
  return {.method = std::move(method),
          .url = "http://here/x",
          .unix_socket = server.path,
          .body = std::move(body)};
}

TEST(Reactor, SendsARequestAndGivesTheAnswer) {
  std::string seen;
  SmallServer server([&](int connection, const std::string& request) {
    seen = request;
    SmallServer::say(connection, "HTTP/1.1 201 Created\r\nX-Kind:  one \r\nContent-Length: 2\r\n\r\nhi");
    return true;
  });
  Reactor reactor;
  Request request = to(server, "POST", "{}");
  request.headers = {{"X-Mine", "1"}};
  const Result<Response> answer = reactor.send(request, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "hi");
  EXPECT_EQ(answer->header("x-kind"), "one ");
  EXPECT_THAT(seen, HasSubstr("POST /x HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Mine: 1\r\n"));
  EXPECT_THAT(seen, testing::Not(HasSubstr("Expect:")));
  EXPECT_THAT(seen, testing::Not(HasSubstr("urlencoded")));
}

TEST(Reactor, UsesConnectionsAgain) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  Reactor reactor;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(reactor.send(to(server), {}).ok());
  EXPECT_EQ(server.accepted, 1);
}

TEST(Reactor, ItsSocketsAreNotInherited) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  Reactor reactor;
  ASSERT_TRUE(reactor.send(to(server), {}).ok());
  int sockets = 0;
  for (int descriptor = 3; descriptor < 256; ++descriptor) {
    struct stat facts = {};
    if (fstat(descriptor, &facts) != 0 || !S_ISSOCK(facts.st_mode)) continue;
    int type = 0;
    socklen_t size = sizeof(type);
    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
    sockaddr_un peer = {};
    socklen_t peer_size = sizeof(peer);
    const bool connected = getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
    if (!connected || std::string(peer.sun_path) != server.path) continue;
    ++sockets;
    EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0) << descriptor;
  }
  EXPECT_EQ(sockets, 1);
}

TEST(Reactor, SaysForCertainThatNothingWasSent) {
  Reactor reactor;
  const Result<Response> answer =
      reactor.send({.method = "POST", .url = "http://here/x", .unix_socket = "/nowhere/s"}, {});
  ASSERT_FALSE(answer.ok());
  EXPECT_TRUE(answer.failure().nothing_done);
  EXPECT_EQ(answer.failure().is, FailureClass::endpoint);
  EXPECT_EQ(answer.failure().message, "could not connect to unix:///nowhere/s");
  EXPECT_THAT(answer.failure().causes, testing::ElementsAre("No such file or directory"));
}

TEST(Reactor, AChangingRequestIsSentOnceOnly) {
  // The second request finds the kept connection cut after it was sent: libcurl alone would send it again.
  SmallServer server([&](int connection, const std::string& request) {
    if (request.starts_with("POST")) return false;
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  Reactor reactor;
  ASSERT_TRUE(reactor.send(to(server), {}).ok());
  const Result<Response> answer = reactor.send(to(server, "POST"), {});
  ASSERT_FALSE(answer.ok());
  EXPECT_FALSE(answer.failure().nothing_done);
  EXPECT_EQ(answer.failure().is, FailureClass::endpoint);
  EXPECT_EQ(server.requests, 2);
}

TEST(Reactor, AStopEndsTheWaitAtOnce) {
  std::promise<void> arrived;
  SmallServer server([&](int, const std::string&) {
    arrived.set_value();
    return true;  // and never an answer
  });
  Reactor reactor;
  std::stop_source stop;
  std::future<Result<Response>> answer =
      std::async(std::launch::async, [&] { return reactor.send(to(server), stop.get_token()); });
  arrived.get_future().wait();
  stop.request_stop();
  const Result<Response> ended = answer.get();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.failure().is, FailureClass::cancelled);
  EXPECT_FALSE(ended.failure().nothing_done);
}

TEST(Reactor, AStopBeforeIsHonoured) {
  SmallServer server([](int, const std::string&) { return true; });
  Reactor reactor;
  std::stop_source stop;
  stop.request_stop();
  const Result<Response> ended = reactor.send(to(server), stop.get_token());
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.failure().is, FailureClass::cancelled);
}

TEST(Reactor, ATimeoutIsAFailureOfItsClass) {
  SmallServer server([](int, const std::string&) { return true; });
  Reactor reactor;
  Request request = to(server);
  request.timeout = std::chrono::milliseconds(20);
  const Result<Response> ended = reactor.send(request, {});
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.failure().is, FailureClass::timeout);
}

TEST(Reactor, RefusesAnAnswerThatIsTooLarge) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, SmallServer::ok(std::string(5000, 'x')));
    return true;
  });
  Reactor reactor;
  Request request = to(server);
  request.max_response = 1000;
  const Result<Response> ended = reactor.send(request, {});
  ASSERT_FALSE(ended.ok());
  EXPECT_THAT(ended.failure().message, HasSubstr("larger than 1000 bytes"));
}

TEST(Reactor, AStreamGivesPiecesWhileTheyCome) {
  std::promise<void> go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  SmallServer server([&](int connection, const std::string&) {
    SmallServer::say(connection, "HTTP/1.1 200 OK\r\n\r\nfirst");
    may_go_on.wait();
    SmallServer::say(connection, "second");
    return false;
  });
  Reactor reactor;
  Result<std::unique_ptr<Stream>> stream = reactor.open(to(server), {});
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ((*stream)->status(), 200);
  EXPECT_EQ(*(*stream)->read({}), "first");
  // A deadline leaves the stream usable.
  const Result<std::string> late = (*stream)->read({}, Instant{});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.failure().is, FailureClass::timeout);
  go_on.set_value();
  EXPECT_EQ(*(*stream)->read({}), "second");
  EXPECT_EQ(*(*stream)->read({}), "");
}

TEST(Reactor, HeadersAreEnoughToOpenAStream) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    return true;  // the body never comes
  });
  Reactor reactor;
  const Result<std::unique_ptr<Stream>> stream = reactor.open(to(server), {});
  ASSERT_TRUE(stream.ok());
}

TEST(Reactor, HalfAnAnswerIsAFailure) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return false;
  });
  Reactor reactor;
  Result<std::unique_ptr<Stream>> stream = reactor.open(to(server), {});
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(*(*stream)->read({}), "half");
  const Result<std::string> rest = (*stream)->read({});
  ASSERT_FALSE(rest.ok());
  EXPECT_EQ(rest.failure().message, "the answer broke off");
}

TEST(Reactor, AReaderThatIsSlowLosesNothing) {
  const std::string large(20u << 20, 'y');
  SmallServer server([&](int connection, const std::string&) {
    SmallServer::say(connection, "HTTP/1.1 200 OK\r\n\r\n");
    SmallServer::say(connection, large);
    return false;
  });
  Reactor reactor;
  Result<std::unique_ptr<Stream>> stream = reactor.open(to(server), {});
  ASSERT_TRUE(stream.ok());
  // Others are served while it waits for its reader.
  SmallServer other([](int connection, const std::string&) {
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  ASSERT_TRUE(reactor.send(to(other), {}).ok());
  std::size_t size = 0;
  for (;;) {
    const Result<std::string> piece = (*stream)->read({});
    ASSERT_TRUE(piece.ok());
    if (piece->empty()) break;
    EXPECT_LE(piece->size(), std::size_t{2} << 20);
    size += piece->size();
  }
  EXPECT_EQ(size, large.size());
}

TEST(Reactor, ABodyComesFromASourceOnTheCallersThread) {
  std::string seen;
  SmallServer server([&](int connection, const std::string& request) {
    seen = request;
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  Reactor reactor;
  Request request = to(server, "PUT");
  int pieces = 0;
  bool same_thread = true;
  request.body_source = [&, caller = std::this_thread::get_id()] {
    same_thread = same_thread && std::this_thread::get_id() == caller;
    return ++pieces > 40 ? std::string() : std::string(100'000, 'z');
  };
  const Result<Response> answer = reactor.send(request, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(same_thread);
  EXPECT_THAT(seen, testing::StartsWith("PUT /x"));
  EXPECT_GT(seen.size(), 4'000'000u);
}

TEST(Reactor, ManyWaitAtOnce) {
  std::mutex mutex;
  std::condition_variable all_here;
  int here = 0;
  constexpr int many = 100;
  SmallServer server([&](int connection, const std::string&) {
    std::unique_lock lock(mutex);
    if (++here == many) all_here.notify_all();
    all_here.wait(lock, [&] { return here == many; });
    lock.unlock();
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  Reactor reactor;
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < many; ++i) {
    answers.push_back(std::async(std::launch::async, [&] { return reactor.send(to(server), {}).ok(); }));
  }
  for (std::future<bool>& answer : answers) EXPECT_TRUE(answer.get());
}

TEST(Reactor, ASocketsPathMayBeLong) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  const std::filesystem::path folder =
      std::filesystem::path(server.path).parent_path() / std::string(90, 'a') / std::string(90, 'b');
  std::filesystem::create_directories(folder);
  std::filesystem::create_symlink(server.path, folder / "s");
  Reactor reactor;
  Request request = to(server);
  request.unix_socket = (folder / "s").string();
  EXPECT_TRUE(reactor.send(request, {}).ok());
}

TEST(ReadOnlyClient, LetsOnlyReadersThrough) {
  SmallServer server([](int connection, const std::string&) {
    SmallServer::say(connection, SmallServer::ok("x"));
    return true;
  });
  Reactor reactor;
  ReadOnlyClient client(reactor);
  EXPECT_TRUE(client.send(to(server), {}).ok());
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    const Result<Response> refused = client.send(to(server, method), {});
    ASSERT_FALSE(refused.ok());
    EXPECT_TRUE(refused.failure().nothing_done);
    EXPECT_FALSE(client.open(to(server, method), {}).ok());
  }
  EXPECT_EQ(server.requests, 1);
}

}  // namespace
}  // namespace cairn::http
