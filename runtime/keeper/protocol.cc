#include "runtime/keeper/protocol.h"

#include <type_traits>

#include "runtime/keeper/packet.h"

namespace cairn::keeper {
namespace {

// Both ends are the same program, but `up` leaves a keeper behind that a newer cairn may find.
constexpr std::uint64_t kVersion = 2;

void write(PacketWriter& to, const std::string& value) {
  to.text(value);
}
void write(PacketWriter& to, const Text& value) {
  to.number(value.secret() ? 1 : 0);
  to.text(value.exposed());
}
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T>
void write(PacketWriter& to, T value) {
  to.number(static_cast<std::uint64_t>(value));
}
void write(PacketWriter& to, const Nanoseconds& value) {
  write(to, value.count());
}

void read(PacketReader& from, std::string& value) {
  value = from.text();
}
void read(PacketReader& from, Text& value) {
  const bool secret = from.number() != 0;
  value = Text(from.text(), secret);
}
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T>
void read(PacketReader& from, T& value) {
  value = static_cast<T>(from.number());
}
void read(PacketReader& from, Nanoseconds& value) {
  value = Nanoseconds(static_cast<std::int64_t>(from.number()));
}

template <class Stream, class T>
void pass(Stream& stream, T& value);

// One description of each message serves both directions: `pass` writes or reads, by the type of the stream.
template <class Stream>
void fields(Stream& s, auto& m) {
  using M = std::remove_cvref_t<decltype(m)>;
  if constexpr (std::is_same_v<M, OriginalLimit>) {
    pass(s, m.resource), pass(s, m.soft), pass(s, m.hard);
  } else if constexpr (std::is_same_v<M, EnvironmentVariable>) {
    pass(s, m.name), pass(s, m.value);
  } else if constexpr (std::is_same_v<M, ProcessLimits>) {
    pass(s, m.memory_bytes), pass(s, m.processes);
  } else if constexpr (std::is_same_v<M, SpawnSpec>) {
    pass(s, m.step), pass(s, m.command), pass(s, m.environment), pass(s, m.working_dir), pass(s, m.input);
    pass(s, m.log_file), pass(s, m.masked), pass(s, m.tail_bytes), pass(s, m.stop_signal), pass(s, m.grace);
    pass(s, m.limits);
  } else if constexpr (std::is_same_v<M, Exit>) {
    pass(s, m.code), pass(s, m.signal), pass(s, m.tail);
  } else if constexpr (std::is_same_v<M, Process>) {
    pass(s, m.number), pass(s, m.pid), pass(s, m.step);
  } else if constexpr (std::is_same_v<M, Open>) {
    pass(s, m.project), pass(s, m.run), pass(s, m.folder), pass(s, m.scope), pass(s, m.limits);
  } else if constexpr (std::is_same_v<M, SpawnRequest>) {
    pass(s, m.request), pass(s, m.spec);
  } else if constexpr (std::is_same_v<M, SignalRequest>) {
    pass(s, m.request), pass(s, m.process), pass(s, m.signal), pass(s, m.whole_tree);
  } else if constexpr (std::is_same_v<M, Stay>) {
    pass(s, m.request);
  } else if constexpr (std::is_same_v<M, Answer>) {
    pass(s, m.request), pass(s, m.process), pass(s, m.pid), pass(s, m.failed_at), pass(s, m.error),
        pass(s, m.why);
  } else if constexpr (std::is_same_v<M, Ended>) {
    pass(s, m.process), pass(s, m.exit), pass(s, m.log_end);
  } else if constexpr (std::is_same_v<M, LogGrown>) {
    pass(s, m.process), pass(s, m.log_end);
  } else if constexpr (std::is_same_v<M, Ready>) {
    pass(s, m.keeper_pid), pass(s, m.running);
  } else {
    static_assert(std::is_empty_v<M>, "a message without a description");
  }
}

template <class T>
void pass_list(PacketWriter& to, const std::vector<T>& list) {
  to.number(list.size());
  for (const T& item : list) pass(to, item);
}
template <class T>
void pass_list(PacketReader& from, std::vector<T>& list) {
  const std::uint64_t count = from.number();
  for (std::uint64_t i = 0; i < count && from.good(); ++i) pass(from, list.emplace_back());
}
template <class T>
void pass_maybe(PacketWriter& to, const std::optional<T>& value) {
  to.number(value ? 1 : 0);
  if (value) pass(to, *value);
}
template <class T>
void pass_maybe(PacketReader& from, std::optional<T>& value) {
  if (from.number() != 0) pass(from, value.emplace());
}

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class Stream, class T>
void pass(Stream& stream, T& value) {
  using V = std::remove_cv_t<T>;
  if constexpr (IsVector<V>::value) {
    pass_list(stream, value);
  } else if constexpr (IsOptional<V>::value) {
    pass_maybe(stream, value);
  } else if constexpr (std::is_same_v<V, std::string> || std::is_same_v<V, Text> ||
                       std::is_same_v<V, Nanoseconds> || std::is_integral_v<V> || std::is_enum_v<V>) {
    if constexpr (std::is_same_v<Stream, PacketWriter>) {
      write(stream, value);
    } else {
      read(stream, value);
    }
  } else {
    fields(stream, value);
  }
}

template <class Message>
std::string encode_any(const Message& message) {
  PacketWriter to;
  to.number(kVersion).number(message.index());
  std::visit([&](const auto& is) { pass(to, is); }, message);
  return to.bytes();
}

template <class Message, std::size_t Index = 0>
bool read_alternative(PacketReader& from, std::uint64_t index, Message& message) {
  if constexpr (Index < std::variant_size_v<Message>) {
    if (index != Index) return read_alternative<Message, Index + 1>(from, index, message);
    pass(from, message.template emplace<Index>());
    return from.good() && from.at_end();
  } else {
    return false;
  }
}

template <class Message>
std::optional<Message> decode_any(std::string_view bytes) {
  PacketReader from(bytes);
  if (from.number() != kVersion) return std::nullopt;
  const std::uint64_t index = from.number();
  Message message;
  if (!from.good() || !read_alternative(from, index, message)) return std::nullopt;
  return message;
}

}  // namespace

std::string encode(const ToKeeper& message) {
  return encode_any(message);
}
std::string encode(const ToBrain& message) {
  return encode_any(message);
}
std::optional<ToKeeper> decode_to_keeper(std::string_view bytes) {
  return decode_any<ToKeeper>(bytes);
}
std::optional<ToBrain> decode_to_brain(std::string_view bytes) {
  return decode_any<ToBrain>(bytes);
}

}  // namespace cairn::keeper
