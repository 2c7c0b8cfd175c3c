#include "runtime/execute/threads.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace cairn::execute {
namespace {

// Shared with every thread, so that one that was left behind finds it in place whenever it wakes.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::function<void()>> works;  // given to idle threads, not yet taken
  std::size_t idle = 0;                      // threads that wait, less the works that wait for them
  bool closed = false;
};

void work_on(const std::shared_ptr<Shared>& shared, std::function<void()> work) {
  while (true) {
    work();
    work = nullptr;  // what it owned goes now, not with the next work
    std::unique_lock lock(shared->mutex);
    ++shared->idle;
    shared->changed.wait(lock, [&] { return shared->closed || !shared->works.empty(); });
    if (shared->works.empty()) return;
    work = std::move(shared->works.back());
    shared->works.pop_back();
  }
}

class MachineThreads final : public Threads {
 public:
  ~MachineThreads() override {
    std::lock_guard lock(shared_->mutex);
    shared_->closed = true;
    shared_->changed.notify_all();
  }

  bool start(std::function<void()> work) override {
    {
      std::unique_lock lock(shared_->mutex);
      if (shared_->idle > 0) {
        --shared_->idle;
        shared_->works.push_back(std::move(work));
        lock.unlock();  // so that the woken thread need not wait for it
        shared_->changed.notify_one();
        return true;
      }
    }
    try {
      std::thread([shared = shared_, its_work = std::move(work)]() mutable {
        work_on(shared, std::move(its_work));
      }).detach();
    } catch (const std::system_error&) {  // EAGAIN: the limit of the user, the container or the machine
      return false;
    }
    return true;
  }

 private:
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace

std::unique_ptr<Threads> real_threads() {
  return std::make_unique<MachineThreads>();
}

}  // namespace cairn::execute
