#include "runtime/keeper/log_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cairn::keeper {
namespace {

constexpr std::uint64_t kAtOnce = 256 << 10;

}  // namespace

Result<Done> LogReader::read_to(std::uint64_t until, const std::function<void(const LogLineView&)>& take) {
  const auto failed = [&] {
    return Failure{fmt::format("could not read the log `{}`", path_)}.because(std::strerror(errno));
  };
  if (until <= at_) return Done{};
  if (!file_.open()) file_ = FileDescriptor(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file_.open()) return failed();
  struct stat facts{};
  if (fstat(file_.number(), &facts) != 0) return failed();
  until = std::min(until, static_cast<std::uint64_t>(facts.st_size));
  std::uint64_t most = kAtOnce;
  while (at_ < until) {
    piece_.resize(static_cast<std::size_t>(std::min(until - at_, most)));
    const ssize_t got = pread(file_.number(), piece_.data(), piece_.size(), static_cast<off_t>(at_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    const std::string_view text = std::string_view(piece_).substr(0, static_cast<std::size_t>(got));
    const std::size_t whole = text.rfind('\n') + 1;
    if (whole == 0) {
      if (text.size() < piece_.size() || at_ + text.size() >= until) break;  // its end is still to come
      most *= 2;                                                             // one line longer than a piece
      continue;
    }
    each_log_line(text.substr(0, whole), take);
    at_ += whole;
  }
  return Done{};
}

}  // namespace cairn::keeper
