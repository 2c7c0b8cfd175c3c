// Messages between brain and keeper as bytes: numbers and texts in a row, sent as one SOCK_SEQPACKET packet,
// or in a memfd when they are large (a packet is limited by the socket's buffer, an environment is not).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/file_descriptor.h"

namespace cairn::keeper {

class PacketWriter {
 public:
  PacketWriter& number(std::uint64_t value);
  PacketWriter& text(std::string_view value);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reading past the end or a text longer than the rest makes good() false and gives zeros from then on.
class PacketReader {
 public:
  explicit PacketReader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t number();
  std::string text();
  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Packet {
  std::string bytes;
  std::vector<FileDescriptor> files;
};

// 0, or the errno: EAGAIN when the socket is non-blocking and full, EPIPE when nobody is there. `file` is
// passed along when it is not negative.
int send_packet(int socket, std::string_view bytes, int file = -1);

enum class Receipt { packet, nothing, end };

// Blocks only if the socket does. An unreadable packet counts as the end: the peer is not ours.
Receipt receive_packet(int socket, Packet& into);

}  // namespace cairn::keeper
