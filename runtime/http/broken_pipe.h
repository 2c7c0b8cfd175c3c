// Writing to a connection that the other side has closed is an error, not the end of cairn: OpenSSL writes
// without MSG_NOSIGNAL, and libcurl leaves SIGPIPE to its callers (CURLOPT_NOSIGNAL).
#pragma once

#include <csignal>
#include <ctime>

namespace cairn::http {

// For this thread, as long as it lives.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoBrokenPipe() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec now{};
    sigtimedwait(&pipe_, nullptr, &now);  // one that came meanwhile is forgotten
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

 private:
  sigset_t pipe_, before_;
};

}  // namespace cairn::http
