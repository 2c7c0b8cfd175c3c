#include "runtime/report/xml_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "runtime/scribe/sanitise.h"

namespace cairn::report {

namespace {

// UTF-16 and Latin-1 are pugixml's to decode; everything else is taken for UTF-8 and mended.
bool is_another_encoding(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return true;
  if (text.starts_with(std::string_view("<\0", 2)) || text.starts_with(std::string_view("\0<", 2)))
    return true;
  const std::string_view head = text.substr(0, std::min(text.find("?>"), std::size_t{200}));
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.find("iso-8859-1") != std::string::npos || lower.find("latin1") != std::string::npos;
}

// XML 1.0 has no control characters, but test programs print them.
std::string mended(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string valid = scribe::valid_utf8(text);
  for (char& c : valid)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') c = '?';
  return valid;
}

std::string shown_position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_begins = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("line {}, column {}", line, before.size() - line_begins + 1);
}

}  // namespace

Result<XmlDocument> XmlDocument::parse(std::string_view text, const std::string& name, std::string_view what,
                                       Doctype doctype) {
  XmlDocument xml;
  xml.name_ = name;
  xml.what_ = what;
  xml.text_ = is_another_encoding(text) ? std::string(text) : mended(text);
  xml.document_ = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result parsed = xml.document_->load_buffer(xml.text_.data(), xml.text_.size(),
                                                                   pugi::parse_default | pugi::parse_doctype);
  const auto fail = [&](std::string cause, std::string help = {}) {
    return Failure{
        fmt::format("`{}` is no readable {} report", name, what), {std::move(cause)}, std::move(help)};
  };
  if (!parsed) {
    const auto offset = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, parsed.offset));
    const bool at_end = offset + 16 >= xml.text_.size();
    return fail(fmt::format("{}: {}", shown_position(xml.text_, offset), parsed.description()),
                at_end ? "the file seems to be cut off: was the test program ended while it wrote?" : "");
  }
  for (const pugi::xml_node node : xml.document_->children()) {
    if (node.type() != pugi::node_doctype) continue;
    const std::string_view declared = node.value();
    const bool plain = declared.find('[') == std::string_view::npos;
    if (doctype == Doctype::refused || !plain)
      return fail("it has a DOCTYPE, which could define entities; that is refused",
                  "write the report without a DOCTYPE");
  }
  if (!xml.root()) return fail("it has no element");
  return xml;
}

Failure XmlDocument::wrong(pugi::xml_node at, std::string_view why) const {
  const std::ptrdiff_t offset = at.offset_debug();
  const std::string where = offset < 0 ? "" : shown_position(text_, static_cast<std::size_t>(offset)) + ": ";
  return {fmt::format("`{}` is no readable {} report", name_, what_), {where + std::string(why)}, {}};
}

double seconds_of(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ',' && c != ' ') digits += c;
  double seconds = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (problem != std::errc() || !std::isfinite(seconds) || seconds < 0) return 0;
  const std::string_view unit(end, static_cast<std::size_t>(digits.data() + digits.size() - end));
  return unit == "ms" ? seconds / 1000 : unit == "m" ? seconds * 60 : seconds;
}

double seconds_of_clock(std::string_view text) {
  double seconds = 0;
  while (true) {
    const std::size_t colon = text.find(':');
    seconds = seconds * 60 + seconds_of(text.substr(0, colon));
    if (colon == std::string_view::npos) return seconds;
    text.remove_prefix(colon + 1);
  }
}

std::string text_of(pugi::xml_node node) {
  std::string text;
  for (const pugi::xml_node child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  return text;
}

std::string first_line_of(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) continue;
    return std::string(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
  }
  return {};
}

CodePlace place_in(std::string_view text) {
  const auto number_at = [&](std::size_t at) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [after, problem] = std::from_chars(text.data() + at, end, value);
    return problem == std::errc() && after != text.data() + at ? value : 0U;
  };
  // Python names the innermost frame last.
  for (std::size_t at = text.rfind("File \""); at != std::string_view::npos;) {
    const std::size_t name_ends = text.find('"', at + 6);
    constexpr std::string_view between = "\", line ";
    if (name_ends != std::string_view::npos && text.substr(name_ends, between.size()) == between)
      if (const std::uint32_t line = number_at(name_ends + between.size()); line != 0)
        return {std::string(text.substr(at + 6, name_ends - at - 6)), line};
    break;
  }
  // Everybody else: a name with an ending, a colon, a line; the first one.
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    const std::uint32_t line = number_at(colon + 1);
    if (line == 0) continue;
    std::size_t begin = colon;
    while (begin > 0 && std::string_view(" \t\n\r(\"'`").find(text[begin - 1]) == std::string_view::npos)
      --begin;
    std::string_view file = text.substr(begin, colon - begin);
    if (file.starts_with("file://")) file.remove_prefix(7);
    const std::size_t dot = file.rfind('.');
    const bool has_ending = dot != std::string_view::npos && dot > 0 && dot + 1 < file.size() &&
                            file.size() - dot <= 6 &&
                            std::all_of(file.begin() + static_cast<std::ptrdiff_t>(dot) + 1, file.end(),
                                        [](unsigned char c) { return std::isalpha(c) != 0; });
    if (has_ending && file.find("://") == std::string_view::npos) return {std::string(file), line};
  }
  return {};
}

}  // namespace cairn::report
