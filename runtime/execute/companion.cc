#include "runtime/execute/companion.h"

namespace cairn::execute {

bool Companion::start(std::function<void(std::stop_token)> work) {
  wait();
  const std::shared_ptr<Work> begun = std::make_shared<Work>();
  const bool started = threads_.start([begun, its_work = std::move(work)]() mutable {
    its_work(begun->stop.get_token());
    its_work = nullptr;  // what it owned goes before anybody is told
    begun->ended.request_stop();
  });
  const std::lock_guard lock(mutex_);
  if (started) work_ = begun;
  return started;
}

std::shared_ptr<Companion::Work> Companion::now() const {
  const std::lock_guard lock(mutex_);
  return work_;
}

bool Companion::busy() const {
  return now() != nullptr;
}

void Companion::ask_to_stop() {
  if (const std::shared_ptr<Work> work = now()) work->stop.request_stop();
}

bool Companion::wait_until(Instant when, std::stop_token stop) {
  const std::shared_ptr<Work> work = now();
  if (work == nullptr) return true;
  std::stop_source wake;  // by either of the two
  const std::stop_callback when_ended(work->ended.get_token(), [&wake] { wake.request_stop(); });
  const std::stop_callback when_stopped(std::move(stop), [&wake] { wake.request_stop(); });
  while (!wake.stop_requested())
    if (clock_.sleep_until(when, wake.get_token()) && when < Instant::max()) break;
  if (!work->ended.stop_requested()) return false;
  const std::lock_guard lock(mutex_);
  if (work_ == work) work_ = nullptr;
  return true;
}

}  // namespace cairn::execute
