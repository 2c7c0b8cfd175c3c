// The two streams of a container in one: frames of {1 or 2, 0, 0, 0, size as 4 bytes, big end first} and the
// bytes (Docker Engine API 1.41, POST /containers/{id}/attach). A TTY has no frames: all is output.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn::docker {

enum class Output { standard, error };

struct OutputPiece {
  Output from = Output::standard;
  std::string bytes;
};

class FrameSplitter {
 public:
  explicit FrameSplitter(bool tty) : tty_(tty) {}
  void feed(std::string_view bytes);
  // The next whole frame (of a TTY: all there is); nothing until more is fed.
  std::optional<OutputPiece> next();
  // Whether next() has one, without more being fed.
  bool has_one() const;
  bool torn() const { return !waiting_.empty(); }  // at the end: something was cut off

 private:
  std::string_view rest() const { return std::string_view(waiting_).substr(taken_); }
  // Of the frame at the front of `rest`, its head included; nothing: not even that is whole.
  static std::optional<std::size_t> size_of_frame(std::string_view rest);

  bool tty_;
  std::string waiting_;
  std::size_t taken_ = 0;  // of waiting_, from its front
};

}  // namespace cairn::docker
