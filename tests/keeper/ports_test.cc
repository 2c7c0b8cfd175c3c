#include "runtime/platform/host/ports.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>
#include <thread>

#include "tests/fakes/temporary_folder.h"

namespace cairn::host {
namespace {

using testing::HasSubstr;

class PortsTest : public testing::Test {
 protected:
  std::string registry() const { return folder_ / "cairn/ports"; }

  TemporaryFolder folder_;
};

FileDescriptor listener_on(int port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return FileDescriptor();
  if (listen(socket.number(), 1) != 0) return FileDescriptor();
  return socket;
}

TEST_F(PortsTest, AreFreeAndNotAmongThoseOfOutgoingConnections) {
  Ports ports(registry(), 1234);
  for (int i = 0; i < 20; ++i) {
    const Result<int> port = ports.pick();
    ASSERT_TRUE(port);
    EXPECT_FALSE(outgoing_ports().contains(*port));
    EXPECT_TRUE(listener_on(*port).open()) << *port;
  }
}

TEST_F(PortsTest, AreNeverHandedOutTwice) {
  Ports first(registry(), 7), second(registry(), 7);  // as two processes that begin at the same place
  std::set<int> picked;
  std::mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (Ports* ports : {&first, &first, &second, &second}) {
      threads.emplace_back([&, ports] {
        for (int i = 0; i < 10; ++i) {
          const Result<int> port = ports->pick();
          std::lock_guard lock(mutex);
          EXPECT_TRUE(picked.insert(*port).second) << *port;
        }
      });
    }
  }
  EXPECT_EQ(picked.size(), 40u);
}

TEST_F(PortsTest, OnesThatSomebodyListensOnArePassedOver) {
  int taken = 0;
  {
    Ports ports(registry(), 500);
    taken = *ports.pick();
  }
  const FileDescriptor listener = listener_on(taken);
  ASSERT_TRUE(listener.open());
  EXPECT_FALSE(nobody_listens(taken));
  Ports ports(registry(), static_cast<std::uint64_t>(taken - 10'000));
  EXPECT_NE(*ports.pick(), taken);
}

TEST_F(PortsTest, AReleasedOneCanBePickedAgain) {
  Ports ports(registry(), 900);
  const int port = *ports.pick();
  EXPECT_GE(ports.lock_of(port), 0);
  ports.release(port);
  EXPECT_EQ(ports.lock_of(port), -1);
  Ports again(registry(), static_cast<std::uint64_t>(port - 10'000));
  EXPECT_EQ(*again.pick(), port);
}

TEST_F(PortsTest, ARegistryThatCannotBeMadeIsNamed) {
  folder_.write("cairn", "a file");
  Ports ports(registry(), 1);
  const Result<int> port = ports.pick();
  ASSERT_FALSE(port);
  EXPECT_THAT(port.failure().message, HasSubstr(registry()));
}

TEST(PortRegistry, IsOfTheUserNotOfTheProject) {
  EXPECT_EQ(port_registry_folder("/run/user/7", "/home/ann"), "/run/user/7/cairn/ports");
  EXPECT_EQ(port_registry_folder("", "/home/ann"), "/home/ann/.cache/cairn/ports");
}

}  // namespace
}  // namespace cairn::host
