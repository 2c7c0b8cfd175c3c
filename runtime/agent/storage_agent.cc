// The storage agent: the only program of a container that cairn starts on the machine of an engine which it
// cannot look into, to clone volumes there. Answers the questions of clone/told_storage.h over stdin and
// stdout, one after the other. It ends when stdin does, that is: with cairn, however cairn ends; what it was
// making then is removed first.
//
// Linked statically: it is alone in its image.
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "runtime/clone/told_storage.h"

namespace {

using namespace cairn::clone;

void say(const Message& message) {
  const std::string bytes = written(message);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t wrote = write(1, bytes.data() + at, bytes.size() - at);
    if (wrote <= 0 && errno != EINTR) _exit(1);
    if (wrote > 0) at += static_cast<std::size_t>(wrote);
  }
}

// Answers in a thread of its own, so that a stop is heard meanwhile.
class Desk {
 public:
  void put(Message question) {
    std::lock_guard lock(mutex_);
    question_ = std::move(question);
    stop_ = std::stop_source();
    changed_.notify_one();
  }
  void stop() {
    std::lock_guard lock(mutex_);
    stop_.request_stop();
  }
  void close() {
    stop();
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      changed_.notify_one();
    }
    thread_.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return closed_ || question_.has_value(); });
      if (closed_) return;
      const Message question = std::move(*question_);
      question_.reset();
      const std::stop_token stop = stop_.get_token();
      lock.unlock();
      const Message answer = answer_to(this_machine(), question, stop);
      lock.lock();
      if (!closed_) say(answer);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Message> question_;
  std::stop_source stop_;
  bool closed_ = false;
  std::thread thread_{[this] { work(); }};
};

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  Desk desk;
  say({greeting});
  std::string bytes;
  int code = 0;
  for (char buffer[1 << 14];;) {
    const ssize_t got = read(0, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
    for (;;) {
      cairn::Result<std::optional<Message>> message = take_message(bytes);
      if (!message.ok()) code = 2;
      if (!message.ok() || !*message) break;
      if (**message == Message{stop_asking})
        desk.stop();
      else
        desk.put(std::move(**message));
    }
    if (code != 0) break;
  }
  desk.close();
  return code;
}
