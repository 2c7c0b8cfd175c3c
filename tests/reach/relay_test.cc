// The relay and the agent's real program, which runs here as a child instead of in a container.
#include "runtime/reach/relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "runtime/agent/program.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/reach/probes/http.h"
#include "runtime/reach/probes/tcp.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::reach {
namespace {

using testing::HasSubstr;

Attempt within(Milliseconds time) {
  return {std::chrono::steady_clock::now() + time, {}};
}

// What an engine gives who attaches to a container: all that comes is in frames of its own.
class Attached final : public http::Duplex {
 public:
  explicit Attached(int socket) : socket_(socket) {}
  int descriptor() const override { return socket_.number(); }
  Result<std::size_t> write_some(std::string_view bytes) override {
    const ssize_t sent = send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return std::size_t{0};
    return Failure{std::strerror(errno)};
  }
  Result<std::optional<std::string>> read_some() override {
    std::string piece(9000, '\0');
    const ssize_t got = recv(socket_.number(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0) return std::optional<std::string>();
    piece.resize(static_cast<std::size_t>(got));
    if (got == 0) return std::optional<std::string>("");
    const std::string head{1, 0, 0, 0, 0, 0, static_cast<char>(got >> 8), static_cast<char>(got & 0xff)};
    return std::optional<std::string>(head + piece);
  }
  bool end_writing() override { return shutdown(socket_.number(), SHUT_WR) == 0; }

 private:
  const FileDescriptor socket_;
};

// A TCP server of loopback that answers with what it is told, after the other side has said its last.
class EchoServer {
 public:
  EchoServer() : listening_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listening_.number(), reinterpret_cast<sockaddr*>(&address), size);
    listen(listening_.number(), 1024);
    getsockname(listening_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~EchoServer() {
    shutdown(listening_.number(), SHUT_RDWR);
    thread_.join();
    for (std::thread& each : serving_) each.join();
  }
  int port = 0;
  std::atomic<int> accepted = 0;

 private:
  void serve() {
    for (;;) {
      const int connection = accept4(listening_.number(), nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      ++accepted;
      serving_.emplace_back([connection] {
        const FileDescriptor held(connection);
        std::string text;
        std::string piece(64 << 10, '\0');
        for (ssize_t got; (got = read(connection, piece.data(), piece.size())) > 0;)
          text.append(piece.data(), static_cast<std::size_t>(got));
        for (std::size_t done = 0; done < text.size();) {
          const ssize_t sent = send(connection, text.data() + done, text.size() - done, MSG_NOSIGNAL);
          if (sent <= 0) return;
          done += static_cast<std::size_t>(sent);
        }
      });
    }
  }
  const FileDescriptor listening_;
  std::thread thread_;
  std::vector<std::thread> serving_;
};

FileDescriptor connected_to(const std::string& path) {
  FileDescriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(connect(connection.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return connection;
}

// Says `text`, then its last, and gives what came back.
std::string talked(const FileDescriptor& connection, const std::string& text) {
  std::thread saying([&] {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t sent = send(connection.number(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) break;
      done += static_cast<std::size_t>(sent);
    }
    shutdown(connection.number(), SHUT_WR);
  });
  std::string heard, piece(64 << 10, '\0');
  for (ssize_t got; (got = read(connection.number(), piece.data(), piece.size())) > 0;)
    heard.append(piece.data(), static_cast<std::size_t>(got));
  saying.join();
  return heard;
}

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string program = folder_.path() + "/cairn-agent";
    std::ofstream(program, std::ios::binary) << agent::program();
    chmod(program.c_str(), 0700);
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::array<char*, 2> arguments{const_cast<char*>("cairn-agent"), nullptr};
    ASSERT_EQ(posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments.data(), nullptr), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    relay_ = std::make_shared<Relay>(std::make_unique<Attached>(ends[0]), folder_.path());
    ASSERT_TRUE(relay_->wait_for_agent(within(std::chrono::seconds(20))).ok());
  }
  void TearDown() override {
    relay_.reset();
    int status = 0;
    waitpid(child_, &status, 0);
    EXPECT_TRUE(killed_ || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << status;
  }
  void kill_agent() {
    killed_ = true;
    kill(child_, SIGKILL);
  }

  TemporaryFolder folder_;
  pid_t child_ = 0;
  bool killed_ = false;
  std::shared_ptr<Relay> relay_;
};

TEST_F(RelayTest, TellsAnOpenPortFromAClosedOne) {
  int port = 0;
  {
    EchoServer server;
    port = server.port;
    EXPECT_TRUE(relay_->try_connection({"127.0.0.1", port}, within(std::chrono::seconds(20))).ok());
  }
  const Result<Done> closed = relay_->try_connection({"127.0.0.1", port}, within(std::chrono::seconds(20)));
  ASSERT_FALSE(closed.ok());
  EXPECT_EQ(closed.failure().message, "connection refused");
}

TEST_F(RelayTest, OneThatDoesNotAnswerIsGivenUpInTime) {
  // A full queue: the kernel lets no more in.
  const FileDescriptor full(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(full.number(), reinterpret_cast<sockaddr*>(&address), size);
  listen(full.number(), 0);
  getsockname(full.number(), reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<FileDescriptor> queued;
  for (int i = 0; i < 3; ++i) {
    queued.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)connect(queued.back().number(), reinterpret_cast<sockaddr*>(&address), size);
  }
  const Result<Done> late =
      relay_->try_connection({"127.0.0.1", ntohs(address.sin_port)}, within(Milliseconds(50)));
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(late.failure().message, testing::AnyOf("no answer", "the agent does not answer"));
  std::stop_source stop;
  stop.request_stop();
  const Result<Done> stopped =
      relay_->try_connection({"127.0.0.1", ntohs(address.sin_port)},
                             {std::chrono::steady_clock::now() + std::chrono::minutes(10), stop.get_token()});
  EXPECT_EQ(stopped.failure().is, FailureClass::cancelled);
}

TEST_F(RelayTest, CarriesMoreThanAnyBufferHolds) {
  EchoServer server;
  const Result<std::string> socket = relay_->socket_to({"127.0.0.1", server.port});
  ASSERT_TRUE(socket.ok());
  EXPECT_EQ(*relay_->socket_to({"127.0.0.1", server.port}), *socket);
  std::string text;
  for (int i = 0; text.size() < (5u << 20); ++i) text += std::to_string(i) + " ";
  EXPECT_EQ(talked(connected_to(*socket), text), text);
}

TEST_F(RelayTest, MoreConnectionsThanStreamsWaitForTheirTurn) {
  EchoServer server;
  const std::string path = *relay_->socket_to({"127.0.0.1", server.port});
  std::vector<std::thread> talking;
  std::atomic<int> good = 0;
  for (int i = 0; i < 300; ++i)
    talking.emplace_back([&, i] {
      const std::string text = "number " + std::to_string(i);
      if (talked(connected_to(path), text) == text) ++good;
    });
  for (std::thread& each : talking) each.join();
  EXPECT_EQ(good, 300);
  EXPECT_EQ(server.accepted, 300);
}

TEST_F(RelayTest, APortOfLoopbackLeadsThereAndIsResetWhenNobodyListens) {
  int closed = 0;
  {
    EchoServer server;
    closed = server.port;
    const int port = *relay_->port_to({"127.0.0.1", server.port});
    const FileDescriptor connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    ASSERT_EQ(connect(connection.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(talked(connection, "ping"), "ping");
  }
  const FileDescriptor connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(*relay_->port_to({"127.0.0.1", closed})));
  ASSERT_EQ(connect(connection.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  char byte = 0;
  EXPECT_EQ(read(connection.number(), &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(RelayTest, WithoutItsAgentEverythingFailsAndSaysSo) {
  EchoServer server;
  const std::string path = *relay_->socket_to({"127.0.0.1", server.port});
  const FileDescriptor open_connection = connected_to(path);
  ASSERT_EQ(write(open_connection.number(), "x", 1), 1);
  kill_agent();
  char byte = 0;
  EXPECT_LE(read(open_connection.number(), &byte, 1), 0);
  const Result<Done> after =
      relay_->try_connection({"127.0.0.1", server.port}, within(std::chrono::seconds(20)));
  ASSERT_FALSE(after.ok());
  EXPECT_EQ(after.failure().is, FailureClass::endpoint);
  EXPECT_EQ(relay_->broken()->message, "the agent has ended");
}

// A target whose ports are reached through a relay.
class FarTarget final : public ProbeTarget {
 public:
  explicit FarTarget(std::shared_ptr<Relay> relay) : relay_(std::move(relay)) {}
  std::string name() const override { return "far"; }
  Result<std::vector<Endpoint>> endpoints(int port, const Attempt&) override {
    return std::vector<Endpoint>{{"127.0.0.1", port, relay_}};
  }
  Result<CommandEnd> run(const std::vector<std::string>&, const Attempt&) override { return CommandEnd{}; }
  Result<PathIs> look_at(const std::string&, const Attempt&) override { return PathIs::missing; }
  Result<LogPiece> log_after(std::uint64_t, const Attempt&) override { return LogPiece{}; }
  Result<Health> health(const Attempt&) override { return Health{}; }

 private:
  std::shared_ptr<Relay> relay_;
};

class SocketIn final : public http::HttpClient {
 public:
  Result<http::Response> send(const http::Request& request, std::stop_token) override {
    asked = request;
    return http::Response{503, {}, ""};
  }
  Result<std::unique_ptr<http::Stream>> open(const http::Request&, std::stop_token) override {
    return Failure{"no streams here"};
  }
  http::Request asked;
};

TEST_F(RelayTest, ProbesSeeWhatIsThere) {
  FarTarget far(relay_);
  SocketIn client;
  int port = 0;
  {
    EchoServer server;
    port = server.port;
    EXPECT_TRUE(tcp_look({server.port, {}}, far)(within(std::chrono::seconds(20))).good);
    HttpProbe probe;
    probe.port = server.port;
    probe.path = "/health";
    EXPECT_EQ(http_look(probe, far, client)(within(std::chrono::seconds(20))).what, "answered 503");
    EXPECT_EQ(client.asked.url, "http://127.0.0.1:" + std::to_string(port) + "/health");
    EXPECT_EQ(client.asked.unix_socket, *relay_->socket_to({"127.0.0.1", port}));
  }
  HttpProbe probe;
  probe.port = port;
  EXPECT_THAT(http_look(probe, far, client)(within(std::chrono::seconds(20))).what,
              HasSubstr("connection refused"));
  EXPECT_THAT(tcp_look({port, {}}, far)(within(std::chrono::seconds(20))).what,
              HasSubstr("connection refused"));
}

}  // namespace
}  // namespace cairn::reach
