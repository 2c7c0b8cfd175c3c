#include "runtime/progress/outlet.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace cairn::progress {
namespace {

constexpr std::size_t kMuch = 256 << 10;  // bytes that are not kept waiting for more

}  // namespace

struct Outlet::Shared {
  Shared(int its_file, std::size_t most, Milliseconds its_gather)
      : file(its_file), most_held(most), gather(its_gather) {}
  ~Shared() { ::close(file); }

  const int file;  // a duplicate: the thread may outlive the caller's
  const std::size_t most_held;
  const Milliseconds gather;
  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting;
  std::uint64_t unsaid = 0;  // dropped lines that no line tells of yet
  std::uint64_t dropped = 0;
  bool is_writing = false;
  bool is_hurried = false;  // somebody waits for the end, or much is held
  bool is_over = false;

  void run();
};

void Outlet::Shared::run() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return !waiting.empty() || is_over; });
    if (waiting.empty()) return;
    if (gather.count() > 0) changed.wait_for(lock, gather, [&] { return is_hurried || is_over; });
    is_hurried = false;
    std::string batch = std::exchange(waiting, {});
    if (unsaid != 0)
      batch += fmt::format("… {} lines not shown here; the logs of the steps have them\n",
                           std::exchange(unsaid, 0));
    is_writing = true;
    lock.unlock();
    for (std::size_t done = 0; done < batch.size();) {
      const ssize_t written = ::write(file, batch.data() + done, batch.size() - done);
      if (written > 0) {
        done += static_cast<std::size_t>(written);
      } else if (errno == EAGAIN) {  // somebody made it non-blocking
        pollfd wait{file, POLLOUT, 0};
        ::poll(&wait, 1, -1);
      } else if (errno != EINTR) {
        break;
      }
    }
    lock.lock();
    is_writing = false;
    changed.notify_all();
  }
}

Outlet::Outlet(int file, std::size_t most_held, Milliseconds gather)
    : shared_(std::make_shared<Shared>(::fcntl(file, F_DUPFD_CLOEXEC, 0), most_held, gather)) {
  // Detached, because nothing can end a write into a stopped terminal; it holds its own share of the state.
  std::thread([shared = shared_] { shared->run(); }).detach();
}

Outlet::~Outlet() {
  std::lock_guard lock(shared_->mutex);
  shared_->is_over = true;
  shared_->changed.notify_all();
}

void Outlet::write(std::string_view lines) {
  std::lock_guard lock(shared_->mutex);
  if (shared_->waiting.size() + lines.size() > shared_->most_held) {
    const auto count = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    shared_->unsaid += count;
    shared_->dropped += count;
    return;
  }
  const bool is_first = shared_->waiting.empty();
  shared_->waiting += lines;
  const bool is_much = shared_->waiting.size() >= kMuch && !shared_->is_hurried;
  if (is_much) shared_->is_hurried = true;
  if (is_first || is_much) shared_->changed.notify_all();
}

bool Outlet::finish(Milliseconds at_most) {
  std::unique_lock lock(shared_->mutex);
  shared_->is_hurried = true;
  shared_->changed.notify_all();
  return shared_->changed.wait_for(lock, at_most,
                                   [&] { return shared_->waiting.empty() && !shared_->is_writing; });
}

std::uint64_t Outlet::dropped_lines() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->dropped;
}

}  // namespace cairn::progress
