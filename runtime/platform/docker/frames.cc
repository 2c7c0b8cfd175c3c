#include "runtime/platform/docker/frames.h"

namespace cairn::docker {

void FrameSplitter::feed(std::string_view bytes) {
  waiting_.erase(0, taken_);
  taken_ = 0;
  waiting_ += bytes;
}

std::optional<OutputPiece> FrameSplitter::next() {
  constexpr std::size_t head = 8;
  const std::string_view rest = std::string_view(waiting_).substr(taken_);
  if (rest.empty()) {
    waiting_.clear();
    taken_ = 0;
    return {};
  }
  if (tty_) {
    OutputPiece piece{Output::standard, std::string(rest)};
    waiting_.clear();
    taken_ = 0;
    return piece;
  }
  if (rest.size() < head) return {};
  std::size_t size = 0;
  for (std::size_t i = 4; i < head; ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
  if (rest.size() < head + size) return {};
  OutputPiece piece{rest[0] == 2 ? Output::error : Output::standard, std::string(rest.substr(head, size))};
  taken_ += head + size;
  return piece;
}

}  // namespace cairn::docker
