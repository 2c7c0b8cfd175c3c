// Each probe against the real thing: sockets, files and processes of this machine.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <thread>

#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/keeper_spawner.h"
#include "runtime/reach/dial.h"
#include "runtime/reach/host_target.h"
#include "runtime/reach/probes/exec.h"
#include "runtime/reach/probes/exists.h"
#include "runtime/reach/probes/healthy.h"
#include "runtime/reach/probes/http.h"
#include "runtime/reach/probes/log.h"
#include "runtime/reach/probes/socket.h"
#include "runtime/reach/probes/tcp.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::reach {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

Attempt soon(std::stop_token stop = {}) {
  return {real_clock().now() + std::chrono::seconds(20), std::move(stop)};
}

// A port of this machine on which somebody listens, or (once closed) nobody.
class Listener {
 public:
  explicit Listener(int family = AF_INET) : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (family == AF_INET) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      EXPECT_EQ(bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
      socklen_t size = sizeof address;
      getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size);
      port_ = ntohs(address.sin_port);
    } else {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
      works_ = bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      socklen_t size = sizeof address;
      getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size);
      port_ = ntohs(address.sin6_port);
    }
  }
  void listen() { EXPECT_EQ(::listen(socket_.number(), 8), 0); }
  int port() const { return port_; }
  bool works() const { return works_; }

 private:
  FileDescriptor socket_;
  int port_ = 0;
  bool works_ = true;
};

class Probes : public testing::Test {
 protected:
  void SetUp() override {
    keeper::KeeperSetup setup;
    setup.project = "p";
    setup.run = "r";
    setup.folder = folder_.path();
    keeper_ = std::move(*keeper::KeeperSpawner::start(setup));
    HostPlace place;
    place.name = "test.db";
    place.environment = {{"PATH", Text("/usr/bin:/bin")}, {"PASSWORD", Text("correct-horse", true)}};
    place.working_dir = folder_.path();
    place.masked = {Text("correct-horse", true)};
    place.log_file = folder_ / "log";
    target_ = std::make_unique<HostTarget>(place, *keeper_);
  }

  TemporaryFolder folder_;
  std::unique_ptr<keeper::KeeperSpawner> keeper_;
  std::unique_ptr<HostTarget> target_;
};

TEST_F(Probes, TcpSeesWhoListens) {
  Listener listener;
  listener.listen();
  const Seen seen = tcp_look({listener.port(), ""}, *target_)(soon());
  EXPECT_TRUE(seen.good);
  EXPECT_EQ(seen.what, "connected to 127.0.0.1:" + std::to_string(listener.port()));
}

TEST_F(Probes, TcpSeesWhoListensOnIpv6Only) {
  Listener listener(AF_INET6);
  if (!listener.works()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  listener.listen();
  EXPECT_TRUE(tcp_look({listener.port(), ""}, *target_)(soon()).good);
}

// R1. The port is bound, so nobody else can come to listen on it meanwhile.
TEST_F(Probes, TcpIsRefusedWhenNobodyListens) {
  Listener listener;
  const Seen seen = tcp_look({listener.port(), "127.0.0.1"}, *target_)(soon());
  EXPECT_FALSE(seen.good);
  EXPECT_EQ(seen.what, "127.0.0.1:" + std::to_string(listener.port()) + ": connection refused");
}

TEST_F(Probes, TcpEndsAtItsDeadlineAndWhenStopped) {
  // A queue that is full: further connections get no answer.
  Listener listener;
  std::vector<FileDescriptor> waiting;
  listener.listen();
  Result<FileDescriptor> last = Failure{""};
  for (int i = 0; i < 64; ++i) {
    last = dial({"127.0.0.1", listener.port()}, {real_clock().now() + Milliseconds(30), {}});
    if (!last) break;
    waiting.push_back(std::move(*last));
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.failure().message, "no answer");

  std::stop_source stop;
  std::jthread stopping([&] { stop.request_stop(); });
  const Result<FileDescriptor> stopped = dial({"127.0.0.1", listener.port()}, soon(stop.get_token()));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.failure().is, FailureClass::cancelled);
}

TEST_F(Probes, TcpNamesAHostWithoutAddress) {
  const Seen seen = tcp_look({80, "no-such-host.invalid"}, *target_)(soon());
  EXPECT_FALSE(seen.good);
  EXPECT_THAT(seen.what, HasSubstr("no address for `no-such-host.invalid`"));
}

// Notes what was asked and answers what the test wants.
class AnsweringClient final : public http::HttpClient {
 public:
  Result<http::Response> answer = http::Response{200, {}, ""};
  std::vector<http::Request> asked;

  Result<http::Response> send(const http::Request& request, std::stop_token) override {
    asked.push_back(request);
    return answer;
  }
  Result<std::unique_ptr<http::Stream>> open(const http::Request&, std::stop_token) override {
    return Failure{"not used"};
  }
};

TEST_F(Probes, HttpComparesStatusAndBody) {
  AnsweringClient client;
  HttpProbe probe;
  probe.port = 8000;
  probe.path = "/todos?x=1";
  EXPECT_TRUE(http_look(probe, *target_, client)(soon()).good);
  EXPECT_EQ(client.asked[0].url, "http://127.0.0.1:8000/todos?x=1");
  ASSERT_TRUE(client.asked[0].timeout);

  client.answer = http::Response{503, {}, ""};
  EXPECT_EQ(http_look(probe, *target_, client)(soon()).what, "answered 503");
  probe.status = {404, 503};
  EXPECT_TRUE(http_look(probe, *target_, client)(soon()).good);
  probe.contains = "ready";
  EXPECT_EQ(http_look(probe, *target_, client)(soon()).what, "answered 503, without `ready`");
  client.answer = Failure{"could not reach it"}.because("connection refused");
  EXPECT_EQ(http_look(probe, *target_, client)(soon()).what, "connection refused");
}

TEST_F(Probes, HttpAsksTheOutsideWhereToldTo) {
  AnsweringClient client;
  HttpProbe probe;
  probe.port = 443;
  probe.host = "example.test";
  probe.https = true;
  EXPECT_TRUE(http_look(probe, *target_, client)(soon()).good);
  EXPECT_EQ(client.asked[0].url, "https://example.test:443/");
}

TEST_F(Probes, ExecIsTheExitCodeOfACommandInItsPlace) {
  EXPECT_TRUE(exec_look({{"sh", "-c", "test \"$PWD\" = " + folder_.path()}}, *target_)(soon()).good);
  const Seen seen = exec_look({{"sh", "-c", "echo first; echo no server >&2; exit 2"}}, *target_)(soon());
  EXPECT_FALSE(seen.good);
  EXPECT_EQ(seen.what, "exited 2: no server");
  EXPECT_EQ(exec_look({{"false"}}, *target_)(soon()).what, "exited 1");
  EXPECT_EQ(exec_look({{"no-such-program"}}, *target_)(soon()).what,
            "no program `no-such-program` in PATH (/usr/bin:/bin)");
}

TEST_F(Probes, ExecShowsNoSecret) {
  EXPECT_EQ(exec_look({{"sh", "-c", "echo bad password $PASSWORD; exit 1"}}, *target_)(soon()).what,
            "exited 1: bad password ***");
}

TEST_F(Probes, ExecThatDoesNotEndIsKilled) {
  const Seen seen = exec_look({{"sleep", "1000"}}, *target_)({real_clock().now(), {}});
  EXPECT_FALSE(seen.good);
  EXPECT_EQ(seen.what, "`sleep` did not end");
  EXPECT_TRUE(keeper_->end()) << "and does not hold the run up";
}

TEST_F(Probes, LogFindsALineOfEitherStream) {
  keeper::SpawnSpec spec;
  spec.step = "test.db";
  spec.command = {"sh", "-c", "echo starting; echo 'ready to accept connections' >&2; printf 'password: '"};
  spec.environment = {{"PATH", Text("/usr/bin:/bin")}};
  spec.working_dir = folder_.path();
  spec.log_file = folder_ / "log";
  ASSERT_TRUE(keeper_->wait(*keeper_->spawn(spec), {}));
  EXPECT_TRUE((*log_look({"ready to .* connections"}, *target_))(soon()).good);
  EXPECT_TRUE((*log_look({"^password: $"}, *target_))(soon()).good) << "a prompt has no end of line";
  EXPECT_FALSE((*log_look({"starting ready"}, *target_))(soon()).good) << "lines do not run into each other";
}

TEST_F(Probes, LogReadsOnWhereItWas) {
  folder_.write("log", "2026-03-04T05:06:07.890Z out | one\n2026-03-04T05:06:07.890Z out + tw");
  const Look look = *log_look({"^two$"}, *target_);
  const Seen first = look(soon());
  EXPECT_FALSE(first.good);
  EXPECT_EQ(first.what, "no such line, the last of 1 is `one`");
  std::ofstream(folder_ / "log", std::ios::app)
      << "\n2026-03-04T05:06:07.890Z err | oh\n2026-03-04T05:06:07.890Z out | o\n";
  EXPECT_TRUE(look(soon()).good) << "pieces of a line belong together, whatever stands between";
}

TEST_F(Probes, LogDoesNotSeeWhatWasSaidBeforeTheStart) {
  const std::string before = "2026-03-04T05:06:07.890Z out | ready\n";
  folder_.write("log", before + "2026-03-04T05:06:07.890Z out | starting\n");
  HostPlace place;
  place.name = "test.db";
  place.log_file = folder_ / "log";
  place.log_begins_at = before.size();
  HostTarget restarted(place, *keeper_);
  EXPECT_FALSE((*log_look({"ready"}, restarted))(soon()).good);
}

TEST_F(Probes, LogSurvivesLinesOfAnyLength) {
  folder_.write("log", "2026-03-04T05:06:07.890Z out | " + std::string(1'000'000, 'a') + "\n");
  EXPECT_FALSE((*log_look({"^(a|b)*c"}, *target_))(soon()).good);
}

TEST_F(Probes, LogRefusesABrokenPattern) {
  const Result<Look> look = log_look({"(unclosed"}, *target_);
  ASSERT_FALSE(look);
  EXPECT_EQ(look.failure().message, "`(unclosed` is no regular expression");
}

TEST_F(Probes, ExistsAndSocketLookAtPaths) {
  EXPECT_EQ(exists_look({"file"}, *target_)(soon()).what, "`file` is not there");
  const std::string file = folder_.write("file", "");
  EXPECT_TRUE(exists_look({"file"}, *target_)(soon()).good) << "relative to the working folder";
  EXPECT_TRUE(exists_look({file}, *target_)(soon()).good);
  EXPECT_EQ(socket_look({"file"}, *target_)(soon()).what, "`file` is there, but is no socket");
  EXPECT_EQ(socket_look({"sock"}, *target_)(soon()).what, "`sock` is not there");

  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder_ / "sock").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(socket_look({"sock"}, *target_)(soon()).good);
}

TEST_F(Probes, HealthyIsHopelessForAHostProcess) {
  const Seen seen = healthy_look(*target_)(soon());
  EXPECT_TRUE(seen.hopeless);
  EXPECT_THAT(seen.what, HasSubstr("it has no healthcheck"));
}

// A target whose health the test sets.
class PatientTarget final : public ProbeTarget {
 public:
  Health is;
  std::string name() const override { return "patient"; }
  Result<std::vector<Endpoint>> endpoints(int, const Attempt&) override { return Failure{"no address"}; }
  Result<CommandEnd> run(const std::vector<std::string>&, const Attempt&) override { return CommandEnd{}; }
  Result<PathIs> look_at(const std::string&, const Attempt&) override { return PathIs::missing; }
  Result<LogPiece> log_after(std::uint64_t, const Attempt&) override { return LogPiece{}; }
  Result<Health> health(const Attempt&) override { return is; }
};

TEST(Healthy, IsWhatTheHealthcheckSays) {
  PatientTarget target;
  target.is = {HealthIs::starting, ""};
  EXPECT_EQ(healthy_look(target)(soon()).what, "still starting");
  target.is = {HealthIs::unhealthy, "no route"};
  EXPECT_EQ(healthy_look(target)(soon()).what, "unhealthy, its healthcheck said `no route`");
  EXPECT_FALSE(healthy_look(target)(soon()).hopeless) << "it may recover";
  target.is = {HealthIs::healthy, ""};
  EXPECT_TRUE(healthy_look(target)(soon()).good);
}

// The whole way: a service that begins to listen late, and one that dies instead.
TEST_F(Probes, AServiceThatListensLateIsFound) {
  Listener listener;
  WakeUp wake_up;
  const Look look = tcp_look({listener.port(), "127.0.0.1"}, *target_);
  int looks = 0;
  const Result<Found> found = probe_until(
      real_clock(), "tcp",
      [&](const Attempt& attempt) {
        if (++looks == 3) listener.listen();
        return look(attempt);
      },
      {}, {}, wake_up);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->looks, 3);
}

TEST_F(Probes, AServiceThatDiesFailsItsProbeAtOnce) {
  Listener nobody;
  keeper::SpawnSpec spec;
  spec.step = "test.db";
  spec.command = {"sh", "-c", "exit 37"};
  spec.environment = {{"PATH", Text("/usr/bin:/bin")}};
  spec.working_dir = folder_.path();
  const auto wake_up = std::make_shared<WakeUp>();
  const Result<keeper::Process> service = keeper_->spawn(spec);
  keeper_->when_ended(*service, [wake_up](const keeper::Exit& exit) {
    wake_up->give_up(Failure{"`test.db` " + exit.says()});
  });
  Timing timing;
  timing.within = std::chrono::hours(1);
  timing.every = std::chrono::hours(1);
  const Result<Found> found = probe_until(
      real_clock(), "tcp", tcp_look({nobody.port(), "127.0.0.1"}, *target_), timing, {}, *wake_up);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().message, "`test.db` exited 37");
}

}  // namespace
}  // namespace cairn::reach
