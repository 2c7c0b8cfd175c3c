// What cairn and its agent say to each other over the agent's stdin and stdout: frames of a head and `size`
// bytes. Both ends are built together, so there is one version, and numbers have the machine's own byte
// order: an agent runs only where its program does.
//
// Each stream is one connection that the agent makes. Neither side may have more than `window` bytes of a
// stream under way that the other has not given back with `credit`: so nobody ever has to stop reading.
#pragma once

#include <cstdint>

namespace cairn::agent {

enum class FrameIs : std::uint32_t {
  hello = 1,  // agent: I am here. Nothing in it
  dial,       // cairn: a Dial. Opens the stream
  opened,     // agent: it is connected
  failed,     // agent: it is not; Number{errno}. The stream is over
  data,       // both
  ended,      // both: nothing more from this side
  close,      // cairn: forget it; what is under way is lost. The stream is over, and its number is free again
              // once the agent has said the same
  closed,     // agent: the stream is over, after `close` or when both sides have ended; Number{errno or 0}
  credit,     // both: Number of bytes of data that were taken
};

struct FrameHead {
  FrameIs is;
  std::uint32_t stream;
  std::uint32_t size;  // of what follows
};

struct Dial {
  std::uint8_t address[16];  // network byte order; of IPv4 the first four bytes
  std::uint16_t port;
  std::uint16_t family;      // AF_INET, AF_INET6
  std::uint32_t timeout_ms;  // to connect
};

struct Number {
  std::uint32_t value;
};

constexpr std::uint32_t window = 64 << 10;
constexpr std::uint32_t largest_frame = 16 << 10;  // of data; others are smaller
constexpr std::uint32_t most_streams = 256;        // numbers 0 … most_streams - 1

}  // namespace cairn::agent
