#include "grammar/source.h"

#include <algorithm>

namespace cairn {

std::uint32_t Sources::add(std::string name, std::string path, std::string text) {
  Source source{std::move(name), std::move(path), std::move(text), {0}};
  source.one_byte_each = std::none_of(source.text.begin(), source.text.end(),
                                      [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; });
  for (std::size_t at = source.text.find('\n'); at != std::string::npos;
       at = source.text.find('\n', at + 1)) {
    source.line_starts.push_back(static_cast<std::uint32_t>(at + 1));
  }
  sources_.push_back(std::move(source));
  return static_cast<std::uint32_t>(sources_.size() - 1);
}

Place Sources::place(std::uint32_t file, std::uint32_t offset) const {
  const Source& source = at(file);
  const auto size = static_cast<std::uint32_t>(source.text.size());
  offset = std::min(offset, size);
  const auto next = std::upper_bound(source.line_starts.begin(), source.line_starts.end(), offset);
  const auto line = static_cast<std::uint32_t>(next - source.line_starts.begin());
  std::uint32_t at = source.line_starts[line - 1];
  if (line == 1 && source.text.starts_with("\xEF\xBB\xBF")) at = std::min<std::uint32_t>(3, offset);
  if (source.one_byte_each) return {line, offset - at + 1};
  const auto before =
      std::count_if(source.text.begin() + at, source.text.begin() + std::max(at, offset),
                    [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; });
  return {line, static_cast<std::uint32_t>(before) + 1};
}

std::string_view Sources::text(Span span) const {
  if (!span.known()) return {};
  const std::string_view all = at(span.file).text;
  if (span.begin >= all.size()) return {};
  return all.substr(span.begin, span.end - span.begin);
}

std::string_view Sources::line(std::uint32_t file, std::uint32_t line) const {
  const Source& source = at(file);
  if (line == 0 || line > source.line_starts.size()) return {};
  const std::string_view all = source.text;
  const std::size_t begin = source.line_starts[line - 1];
  const std::size_t end = line < source.line_starts.size() ? source.line_starts[line] - 1 : all.size();
  std::string_view found = all.substr(begin, end - begin);
  if (line == 1 && found.starts_with("\xEF\xBB\xBF")) found.remove_prefix(3);
  while (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

std::string Sources::show(Span span) const {
  if (!span.known()) return {};
  const Place place = this->place(span.file, span.begin);
  return at(span.file).name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace cairn
