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
  if (started) work_ = begun;
  return started;
}

void Companion::ask_to_stop() {
  if (work_ != nullptr) work_->stop.request_stop();
}

void Companion::wait() {
  if (work_ == nullptr) return;
  while (!work_->ended.stop_requested()) clock_.sleep_until(Instant::max(), work_->ended.get_token());
  work_ = nullptr;
}

}  // namespace cairn::execute
