#include "runtime/platform/docker/build_trace.h"

#include <cstdint>
#include <optional>

namespace cairn::docker {

namespace {

// The fields of a protobuf message, one after another.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}
  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    number = static_cast<int>(key >> 3);
    bytes = {};
    value = 0;
    switch (key & 7) {
      case 0:
        value = varint();
        break;
      case 1:
        skip(8);
        break;
      case 2:
        bytes = take(varint());
        break;
      case 5:
        skip(4);
        break;
      default:
        broken = true;
    }
    return !broken;
  }
  int number = 0;
  std::string_view bytes;
  std::uint64_t value = 0;
  bool broken = false;

 private:
  std::uint64_t varint() {
    std::uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const unsigned char byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      result |= static_cast<std::uint64_t>(byte & 127) << shift;
      if (byte < 128) return result;
    }
    broken = true;
    return 0;
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      broken = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  void skip(std::uint64_t size) { (void)take(size); }

  std::string_view rest_;
};

}  // namespace

bool BuildTrace::feed(std::string_view bytes) {
  Fields fields(bytes);
  bool whole = true;
  while (fields.next()) {
    if (fields.number == 1) whole = vertex(fields.bytes) && whole;
    if (fields.number == 3) whole = log(fields.bytes) && whole;
  }
  return whole && !fields.broken;
}

bool BuildTrace::vertex(std::string_view bytes) {
  std::string digest, name, error;
  bool cached = false, started = false, completed = false;
  Fields fields(bytes);
  while (fields.next()) {
    switch (fields.number) {
      case 1:
        digest = fields.bytes;
        break;
      case 3:
        name = fields.bytes;
        break;
      case 4:
        cached = fields.value != 0;
        break;
      case 5:
        started = true;
        break;
      case 6:
        completed = true;
        break;
      case 7:
        error = fields.bytes;
        break;
      default:
        break;
    }
  }
  if (fields.broken) return false;
  Vertex& known = vertices_[digest];
  if (!name.empty()) known.name = name;
  if (name.starts_with("[internal]")) return true;
  if (started && !known.said_started && !cached) {
    known.said_started = true;
    line_(known.name);
  }
  if (completed && !known.said_ended && (cached || !error.empty())) {
    known.said_ended = true;
    line_(known.name + (error.empty() ? ": cached" : ": " + error));
  }
  return true;
}

bool BuildTrace::log(std::string_view bytes) {
  std::string digest;
  std::string_view text;
  Fields fields(bytes);
  while (fields.next()) {
    if (fields.number == 1) digest = fields.bytes;
    if (fields.number == 4) text = fields.bytes;
  }
  if (fields.broken) return false;
  std::string& unfinished = unfinished_[digest];
  unfinished += text;
  for (std::size_t end; (end = unfinished.find('\n')) != std::string::npos;) {
    line_("| " + unfinished.substr(0, end));
    unfinished.erase(0, end + 1);
  }
  return true;
}

}  // namespace cairn::docker
