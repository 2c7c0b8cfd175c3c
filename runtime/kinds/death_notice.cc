#include "runtime/kinds/death_notice.h"

#include <utility>

namespace cairn::kinds {

void DeathNotice::ended(execute::Death death) {
  std::unique_lock lock(mutex_);
  if (std::exchange(known_, true)) return;
  death_ = std::move(death);
  if (read_) return tell(std::move(lock));
  until_ = clock_.now() + patience;
  waits_ = true;
}

void DeathNotice::log_is_read() {
  std::unique_lock lock(mutex_);
  read_ = true;
  if (death_) tell(std::move(lock));
}

void DeathNotice::tell_if_late() {
  std::unique_lock lock(mutex_);
  if (death_ && clock_.now() >= until_) tell(std::move(lock));
}

void DeathNotice::tell(std::unique_lock<std::mutex> lock) {
  const execute::Death death = *std::exchange(death_, std::nullopt);
  waits_ = false;
  lock.unlock();
  watch_->died(death);
}

}  // namespace cairn::kinds
