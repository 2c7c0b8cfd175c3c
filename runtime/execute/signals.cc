#include "runtime/execute/signals.h"

#include <pthread.h>

namespace cairn::execute {
namespace {

constexpr int wake_up = SIGUSR2;  // sent by us to the signal thread alone, when it is to end

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  struct sigaction hang_up {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void block_ending_signals() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalThread::SignalThread(std::function<void(int, int)> taken) {
  sigset_t set = ending_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  sigaddset(&set, wake_up);
  pthread_sigmask(SIG_BLOCK, &set, &before);  // inherited by the thread
  thread_ = std::thread([set, its_taken = std::move(taken)] {
    int signal = 0;
    for (int count = 1; sigwait(&set, &signal) == 0 && signal != wake_up; ++count) its_taken(signal, count);
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

SignalThread::~SignalThread() {
  pthread_kill(thread_.native_handle(), wake_up);
  thread_.join();
}

}  // namespace cairn::execute
