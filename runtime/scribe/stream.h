// Where a line of a step's output came from.
#pragma once

#include <optional>
#include <string_view>

namespace cairn::scribe {

enum class Stream { out, err, tool };  // `tool`: cairn's own remark in the step's log

constexpr std::string_view name_of(Stream stream) {
  return stream == Stream::out ? "out" : stream == Stream::err ? "err" : "tool";
}
constexpr std::optional<Stream> stream_named(std::string_view name) {
  if (name == "out") return Stream::out;
  if (name == "err") return Stream::err;
  if (name == "tool") return Stream::tool;
  return std::nullopt;
}

}  // namespace cairn::scribe
