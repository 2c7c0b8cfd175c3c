// The inside of a Relay: one thread, one poll over the agent's connection and all local ones.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/agent/wire.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/platform/docker/frames.h"
#include "runtime/reach/relay.h"

namespace cairn::reach {

class Relay::Loop {
 public:
  Loop(std::unique_ptr<http::Duplex> agent, std::string folder);
  ~Loop();

  Result<Done> wait_for_agent(const Attempt& attempt);
  Result<Done> try_connection(const Endpoint& endpoint, const Attempt& attempt);
  Result<std::string> socket_to(const Endpoint& endpoint);
  Result<int> port_to(const Endpoint& endpoint);
  std::optional<Failure> broken() const;

 private:
  // Somebody's question whether a connection can be made; guarded by mutex_.
  struct Question {
    bool answered = false;
    int error = 0;  // 0: it can
  };
  // A connection that has no stream yet.
  struct Wanted {
    agent::Dial where = {};
    std::shared_ptr<Question> question;  // or
    FileDescriptor local;
  };
  struct Stream {
    enum class Is { free, dialling, open, closing };
    Is is = Is::free;
    std::shared_ptr<Question> question;
    FileDescriptor local;
    std::string to_local;       // what the local end did not take yet
    std::uint32_t written = 0;  // to it since the last credit
    std::uint32_t credit = 0;   // what the agent takes still
    bool local_ended = false;   // it has said its last
    bool remote_ended = false, remote_closed = false;
  };
  struct Listener {
    FileDescriptor socket;
    agent::Dial where;
  };
  struct Slot;  // what one entry of the poll stands for

  void run();
  std::vector<Slot> to_be_polled();
  void take_orders();
  void dial_the_wanted();
  void accept_from(const Listener& listener);
  void say(agent::FrameIs is, std::uint32_t stream, std::string_view bytes = {});
  void say_number(agent::FrameIs is, std::uint32_t stream, std::uint32_t number);
  bool exchange_with_agent();  // false: it is gone
  void heard(const agent::FrameHead& head, std::string_view bytes);
  void read_local(std::uint32_t number);
  void write_local(std::uint32_t number);
  void close_stream(std::uint32_t number);
  void finish(std::uint32_t number, int error);
  void give_up(Failure why);
  Result<Done> add_listener(const Endpoint& endpoint, FileDescriptor socket);

  // The thread's own.
  const std::unique_ptr<http::Duplex> agent_;
  docker::FrameSplitter frames_{false};
  std::string heard_, unsaid_, complaints_;
  std::array<Stream, agent::most_streams> streams_;
  std::deque<Wanted> wanted_;
  std::vector<Listener> listeners_;

  const std::string folder_;
  const FileDescriptor wake_;  // eventfd: there are orders
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool greeted_ = false, ending_ = false;
  std::optional<Failure> broken_;
  std::deque<Wanted> orders_;
  std::vector<Listener> new_listeners_;
  std::vector<std::shared_ptr<Question>> withdrawn_;
  std::map<std::pair<std::string, int>, std::string> sockets_;
  std::map<std::pair<std::string, int>, int> ports_;
  std::jthread thread_;
};

}  // namespace cairn::reach
