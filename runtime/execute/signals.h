// Ctrl-C and its kin, taken by one thread that waits for them, so that no code of ours ever runs in a
// handler.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace cairn::execute {

// Keeps INT, TERM and HUP from interrupting; to be called before the first thread is made, since every thread
// inherits it. A HUP that was ignored when the program began (nohup) stays ignored.
void block_ending_signals();

// From construction to destruction. One in a program.
class SignalThread {
 public:
  // `taken` is told the signal and how many of them there have been (1, 2, 3 …), on the signal thread.
  explicit SignalThread(std::function<void(int signal, int count)> taken);
  ~SignalThread();
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

 private:
  std::thread thread_;
};

}  // namespace cairn::execute
