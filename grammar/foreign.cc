#include "grammar/foreign.h"

#include <array>
#include <string>

#include "grammar/text_scan.h"

namespace cairn {

namespace {

constexpr std::size_t size_limit = 64U << 20;

Span span(std::uint32_t file, std::size_t begin, std::size_t end) {
  return {file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

std::string hex(std::uint32_t value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (int shift = value > 0xFFFF ? 20 : value > 0xFF ? 12 : 4; shift >= 0; shift -= 4)
    out += digits[(value >> shift) & 15];
  return out;
}

// What the lines of a file look like, comments and empty lines left out.
struct Lines {
  std::size_t count = 0;
  std::size_t yaml = 0;      // `key:`, `key: value`, `- item`
  std::size_t settings = 0;  // `name =`
  std::size_t sections = 0;  // `[name]`
  std::string_view first;
  std::size_t first_at = 0;
  bool services = false;
};

bool is_yaml_line(std::string_view line) {
  if (line == "---" || line == "-" || line.starts_with("- ")) return true;
  std::size_t at = 0;
  while (at < line.size() &&
         (is_word_char(line[at]) || std::string_view("-./\"'$&*<").find(line[at]) != std::string_view::npos))
    ++at;
  return at > 0 && at < line.size() && line[at] == ':' && (at + 1 == line.size() || is_blank(line[at + 1]));
}

Lines look(std::string_view text) {
  Lines lines;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (at < text.size()) {
    const std::size_t begin = skip_blanks(text, at);
    const std::size_t end = std::max(line_stop(text, begin), begin);
    std::string_view line = text.substr(begin, end - begin);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') {
      if (lines.count == 0) lines.first = line, lines.first_at = begin;
      ++lines.count;
      const std::string_view word = word_at(line, 0);
      const std::size_t behind = skip_blanks(line, word.size());
      if (is_yaml_line(line)) ++lines.yaml;
      if (!word.empty() && behind < line.size() && line[behind] == '=') ++lines.settings;
      if (line.front() == '[' && line.back() == ']') ++lines.sections;
      if (line == "services:" && begin == at) lines.services = true;
    }
    const std::size_t newline = text.find('\n', begin);
    at = newline == std::string_view::npos ? text.size() : newline + 1;
  }
  return lines;
}

constexpr std::array<std::string_view, 12> docker_words{"FROM ",    "RUN ",    "COPY ",  "ADD ",
                                                        "ENV ",     "ARG ",    "CMD ",   "ENTRYPOINT ",
                                                        "WORKDIR ", "EXPOSE ", "LABEL ", "USER "};

bool has_docker_line(std::string_view text) {
  std::size_t found = 0;
  for (const std::string_view word : docker_words) {
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
      found += at == 0 || text[at - 1] == '\n' ? 1 : 0;
    }
  }
  return found >= 2;
}

}  // namespace

bool refuse_binary(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  if (text.size() > size_limit) {
    diagnostics
        .error("S0155", span(file, 0, 0),
               "this file is too large: " + std::to_string(text.size() >> 20) + " MiB")
        .note("a file has at most 64 MiB");
    return true;
  }
  const bool utf16 = text.size() >= 2 &&
                     ((text[0] == '\xFF' && text[1] == '\xFE') || (text[0] == '\xFE' && text[1] == '\xFF'));
  if (utf16) {
    diagnostics.error("S0150", span(file, 0, 0), "this file is UTF-16 text").help("save it as UTF-8");
    return true;
  }
  // Said of the whole file, before anything of what a program or a picture happens to begin with.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    diagnostics.error("S0150", span(file, nul, nul + 1), "this is not a text file: it holds a NUL byte")
        .note("at byte " + std::to_string(nul));
    return true;
  }
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x7F) {
      ++at;
      continue;
    }
    if (byte == '\n' || byte == '\t' || (byte == '\r' && at + 1 < text.size() && text[at + 1] == '\n')) {
      ++at;
      continue;
    }
    const Rune rune = rune_at(text, at);
    if (!rune.valid) {
      diagnostics
          .error("S0150", span(file, at, at + 1),
                 "this file is not UTF-8: byte 0x" + hex(byte) + " does not belong there")
          .help("save it as UTF-8");
      return true;
    }
    if (byte == '\r') {
      diagnostics.error("S0154", span(file, at, at + 1), "a carriage return stands alone")
          .help("lines end with LF or with CR LF");
      return true;
    }
    const bool bom = at == 0 && rune.code == 0xFEFF;
    if (unprintable(rune.code) && !bom) {
      diagnostics
          .error("S0154", span(file, at, at + rune.bytes),
                 "a control character stands in the text: U+" + std::string(rune.code < 0x100 ? "00" : "") +
                     hex(rune.code))
          .help("take it away; in a text between quotes write `\\u{" + hex(rune.code) + "}`");
      return true;
    }
    at += rune.bytes;
  }
  return false;
}

bool explain_foreign(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  const Lines lines = look(text);
  if (lines.count == 0) return false;
  const Span first = span(file, lines.first_at, lines.first_at + lines.first.size());
  const bool only_yaml = lines.yaml * 10 >= lines.count * 7 && lines.settings * 10 <= lines.count;
  if (only_yaml && (lines.count >= 2 || lines.first == "---")) {
    if (lines.services) {
      diagnostics.error("S0151", first, "this is a Compose file, not a `.stack` file")
          .help("each of its services is written `service name { … }` here")
          .note("a setting is written `name = value`, a list `[a, b]`");
    } else {
      diagnostics.error("S0151", first, "this is YAML, not a `.stack` file")
          .note("a setting is written `name = value`, a block `kind name { … }`, a list `[a, b]`");
    }
    return true;
  }
  const bool object = lines.first.starts_with('{') || lines.first.starts_with('[');
  if (object && text.find('"') != std::string_view::npos &&
      (text.find("\":") != std::string_view::npos || text.find("\" :") != std::string_view::npos)) {
    diagnostics.error("S0152", first, "this is JSON, not a `.stack` file")
        .note("a setting is written `name = value`, a block `kind name { … }`, a map `{ key = value }`")
        .help("params are read from JSON with `--params FILE`");
    return true;
  }
  const char* what = nullptr;
  if (lines.first.starts_with("#!")) what = "a script";
  if (text.starts_with("#!") && lines.settings * 2 < lines.count) what = "a script";
  if (has_docker_line(text) && text.find('{') == std::string_view::npos) what = "a Dockerfile";
  if (lines.sections > 0 && lines.first.front() == '[') what = "TOML or an INI file";
  if (lines.first.starts_with('<')) what = "XML or HTML";
  if (what == nullptr) return false;
  const bool script = text.starts_with("#!");
  diagnostics.error("S0153", script ? span(file, 0, line_stop(text, 0)) : first,
                    std::string("this is ") + what + ", not a `.stack` file");
  return true;
}

}  // namespace cairn
