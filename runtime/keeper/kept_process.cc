#include "runtime/keeper/kept_process.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace cairn::keeper {
namespace {

constexpr std::size_t kPiece = 64 << 10;
constexpr std::size_t kMostInPipe =
    4 << 20;  // more than a pipe holds: what comes after that is an escaped writer's

std::int64_t wall_clock_ms() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

void add_to_tail(std::string& tail, std::size_t most, std::string_view piece) {
  if (most == 0) return;
  tail.append(piece);
  if (tail.size() > most) tail.erase(0, tail.size() - most);
}

}  // namespace

bool OutputPipe::drain(LogWriter& log, std::string& tail, std::size_t tail_bytes, std::size_t most) {
  static std::array<char, kPiece> buffer;  // the keeper has one thread
  std::size_t done = 0;
  while (pipe_.open()) {
    if (done >= most) return true;
    const ssize_t got = read(pipe_.number(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return false;
    const std::string_view piece(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    const std::string masked = mask_ ? mask_(piece, got <= 0) : std::string();
    const std::string_view shown = mask_ ? std::string_view(masked) : piece;
    add_to_tail(tail, tail_bytes, shown);
    log.append(stream_, shown, wall_clock_ms());
    if (got <= 0) pipe_.close();
    done += piece.size();
  }
  return false;
}

void KeptProcess::drain_all() {
  for (OutputPipe& pipe : pipes) {
    pipe.drain(log, exit.tail, tail_bytes, kMostInPipe);
  }
}

}  // namespace cairn::keeper
