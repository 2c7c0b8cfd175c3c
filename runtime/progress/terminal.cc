#include "runtime/progress/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace cairn::progress {

namespace {

class RealTerminal final : public Terminal {
 public:
  explicit RealTerminal(int file) : file_(file), is_tty_(::isatty(file) == 1) {
    if (!is_tty_) return;
    own_ =
        ::open(fmt::format("/proc/self/fd/{}", file).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  }
  RealTerminal(const RealTerminal&) = delete;
  RealTerminal& operator=(const RealTerminal&) = delete;
  ~RealTerminal() override {
    if (own_ >= 0) ::close(own_);
  }

  bool is_tty() const override { return is_tty_; }

  TerminalSize size() override {
    winsize window{};
    TerminalSize size;
    if (::ioctl(file_, TIOCGWINSZ, &window) == 0 && window.ws_col != 0 && window.ws_row != 0)
      size = {window.ws_row, window.ws_col};
    return size;
  }

  bool write(std::string_view text) override {
    if (!flush()) return false;
    pending_ = text;
    flush();
    return true;
  }

  bool drain(Milliseconds at_most) override {
    const Instant until = real_clock().now() + at_most;
    while (!flush()) {
      const auto left = std::chrono::ceil<Milliseconds>(until - real_clock().now());
      if (left <= Milliseconds(0) || broken_) return false;
      pollfd wait{target(), POLLOUT, 0};
      ::poll(&wait, 1, static_cast<int>(left.count()));
    }
    return true;
  }

 private:
  int target() const { return own_ >= 0 ? own_ : file_; }

  // Sends what is pending, as far as it goes now. A terminal that is gone takes everything.
  bool flush() {
    while (!pending_.empty()) {
      if (own_ < 0) {  // could not be opened again: ask first, and then in portions that fit into any buffer
        pollfd wait{file_, POLLOUT, 0};
        if (::poll(&wait, 1, 0) <= 0) return false;
      }
      const std::size_t portion = own_ >= 0 ? pending_.size() : std::min<std::size_t>(pending_.size(), 512);
      const ssize_t written = ::write(target(), pending_.data(), portion);
      if (written > 0) {
        pending_.erase(0, static_cast<std::size_t>(written));
      } else if (errno == EAGAIN) {
        return false;
      } else if (errno != EINTR) {
        broken_ = true;
        pending_.clear();
      }
    }
    return true;
  }

  const int file_;
  const bool is_tty_;
  int own_ = -1;
  bool broken_ = false;
  std::string pending_;
};

}  // namespace

std::unique_ptr<Terminal> real_terminal(int file) {
  return std::make_unique<RealTerminal>(file);
}

}  // namespace cairn::progress
