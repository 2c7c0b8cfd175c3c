#include "runtime/keeper/packet.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace cairn::keeper {
namespace {

constexpr std::size_t kLargestInline = 32 << 10;
constexpr off_t kLargestPayload = off_t{512} << 20;
constexpr std::size_t kMostFiles = 4;
constexpr char kInline = 'i';
constexpr char kInMemory = 'm';

FileDescriptor memory_file_with(std::string_view bytes) {
  FileDescriptor file(memfd_create("cairn-message", MFD_CLOEXEC));
  while (file.open() && !bytes.empty()) {
    const ssize_t written = write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileDescriptor();
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

bool read_whole(int file, std::string& into) {
  struct stat facts {};
  if (fstat(file, &facts) != 0 || facts.st_size > kLargestPayload) return false;
  into.resize(static_cast<std::size_t>(facts.st_size));
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = pread(file, into.data() + done, into.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

PacketWriter& PacketWriter::number(std::uint64_t value) {
  std::array<char, sizeof value> raw{};
  std::memcpy(raw.data(), &value, sizeof value);
  bytes_.append(raw.data(), raw.size());
  return *this;
}

PacketWriter& PacketWriter::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
  return *this;
}

std::uint64_t PacketReader::number() {
  std::uint64_t value = 0;
  if (rest_.size() < sizeof value) {
    good_ = false;
    rest_ = {};
    return 0;
  }
  std::memcpy(&value, rest_.data(), sizeof value);
  rest_.remove_prefix(sizeof value);
  return value;
}

std::string PacketReader::text() {
  const std::uint64_t size = number();
  if (size > rest_.size()) {
    good_ = false;
    rest_ = {};
    return {};
  }
  std::string value(rest_.substr(0, static_cast<std::size_t>(size)));
  rest_.remove_prefix(static_cast<std::size_t>(size));
  return value;
}

int send_packet(int socket, std::string_view bytes, int file) {
  const bool large = bytes.size() > kLargestInline;
  FileDescriptor memory;
  if (large) {
    memory = memory_file_with(bytes);
    if (!memory.open()) return errno != 0 ? errno : EIO;
  }
  std::array<int, 2> files{};
  std::size_t file_count = 0;
  if (large) files[file_count++] = memory.number();
  if (file >= 0) files[file_count++] = file;

  char form = large ? kInMemory : kInline;
  std::array<iovec, 2> parts{{{&form, 1}, {const_cast<char*>(bytes.data()), large ? 0 : bytes.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 2)> control{};
  if (file_count > 0) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * file_count);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * file_count);
    std::memcpy(CMSG_DATA(header), files.data(), sizeof(int) * file_count);
  }
  while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

Receipt receive_packet(int socket, Packet& into) {
  into.bytes.clear();
  into.files.clear();
  std::array<char, kLargestInline + 1> buffer;
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostFiles)> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Receipt::nothing;
  if (got <= 0) return Receipt::end;

  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
      into.files.emplace_back(number);
    }
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Receipt::end;
  if (buffer[0] == kInline) {
    into.bytes.assign(buffer.data() + 1, static_cast<std::size_t>(got) - 1);
    return Receipt::packet;
  }
  if (buffer[0] != kInMemory || into.files.empty()) return Receipt::end;
  if (!read_whole(into.files.front().number(), into.bytes)) return Receipt::end;
  into.files.erase(into.files.begin());
  return Receipt::packet;
}

}  // namespace cairn::keeper
