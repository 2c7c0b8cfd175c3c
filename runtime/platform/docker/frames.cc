#include "runtime/platform/docker/frames.h"

namespace cairn::docker {
namespace {

constexpr std::size_t head = 8;

}  // namespace

void FrameSplitter::feed(std::string_view bytes) {
  waiting_.erase(0, taken_);
  taken_ = 0;
  waiting_ += bytes;
}

std::optional<OutputPiece> FrameSplitter::next() {
  const std::string_view frames = rest();
  if (tty_ && !frames.empty()) {
    OutputPiece piece{Output::standard, std::string(frames)};
    waiting_.clear();
    taken_ = 0;
    return piece;
  }
  const std::optional<std::size_t> size = size_of_frame(frames);
  if (!size) {
    if (frames.empty()) waiting_.clear(), taken_ = 0;
    return {};
  }
  taken_ += *size;
  return OutputPiece{frames[0] == 2 ? Output::error : Output::standard,
                     std::string(frames.substr(head, *size - head))};
}

bool FrameSplitter::has_one() const {
  return tty_ ? !rest().empty() : size_of_frame(rest()).has_value();
}

std::optional<std::size_t> FrameSplitter::size_of_frame(std::string_view rest) {
  if (rest.size() < head) return {};
  std::size_t size = 0;
  for (std::size_t i = 4; i < head; ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
  return rest.size() < head + size ? std::optional<std::size_t>() : head + size;
}

}  // namespace cairn::docker
