#include "grammar/literals.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "grammar/text_scan.h"

namespace cairn {

namespace {

constexpr std::int64_t int_max = std::numeric_limits<std::int64_t>::max();

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 10> size_units{{{"B", 1},
                                           {"kB", 1000},
                                           {"KB", 1000},
                                           {"MB", 1'000'000},
                                           {"GB", 1'000'000'000},
                                           {"TB", 1'000'000'000'000},
                                           {"KiB", 1LL << 10},
                                           {"MiB", 1LL << 20},
                                           {"GiB", 1LL << 30},
                                           {"TiB", 1LL << 40}}};

// A whole number and the letters right behind it, one part of `1h30m`.
struct Part {
  std::string_view digits;
  std::string_view unit;
};

std::vector<Part> split_parts(std::string_view text) {
  std::vector<Part> parts;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && (is_digit(text[at]) || text[at] == '_')) ++at;
    const std::size_t letters = at;
    while (at < text.size() && !is_digit(text[at]) && text[at] != '_') ++at;
    parts.push_back({text.substr(begin, letters - begin), text.substr(letters, at - letters)});
    if (at == begin) break;
  }
  return parts;
}

// Digits with `_` between them only.
bool well_spaced(std::string_view digits) {
  return !digits.empty() && digits.back() != '_' && digits.find("__") == std::string_view::npos;
}

std::optional<std::int64_t> whole(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) {
    if (c == '_') continue;
    const std::int64_t digit = c - '0';
    if (value > (int_max - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::string without_spacing(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '_') out += c;
  }
  return out;
}

template <std::size_t Count>
std::optional<std::size_t> find_unit(const std::array<Unit, Count>& units, std::string_view name) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (units[i].name == name) return i;
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) {
  return "`" + std::string(text) + "`";
}

class NumberReader {
 public:
  NumberReader(std::string_view text, Diagnostic& mistake, bool& wrong)
      : text_(text), mistake_(mistake), wrong_(wrong) {}

  Number read() {
    if (text_.find('-') != std::string_view::npos) return hyphen();
    const std::size_t dots = count('.');
    if (dots > 1) return dotted();
    if (dots == 1) return fraction();
    const std::vector<Part> parts = split_parts(text_);
    for (const Part& part : parts) {
      if (!well_spaced(part.digits)) {
        return wrong("S0122", "a `_` in a number stands between two digits").help("write " + quoted(tidy()));
      }
    }
    const Part& first = parts.front();
    if (first.digits.size() > 1 && first.digits.front() == '0') return leading_zero();
    if (parts.size() == 1 && first.unit.empty()) {
      if (const auto value = whole(first.digits)) return syntax::IntLiteral{*value};
      return too_large("a whole number is at most 9223372036854775807");
    }
    if (parts.size() == 1) {
      if (const auto unit = find_unit(size_units, first.unit)) {
        const auto value = whole(first.digits);
        if (!value || *value > int_max / size_units[*unit].factor)
          return too_large("a size is less than 8 EiB");
        return syntax::SizeLiteral{*value * size_units[*unit].factor};
      }
    }
    return duration(parts);
  }

 private:
  // Converts to any Number, so that a mistake can be returned in one expression.
  struct Wrong {
    Diagnostic& mistake;
    Wrong help(std::string text) const {
      mistake.help(std::move(text));
      return *this;
    }
    Wrong note(std::string text) const {
      mistake.note(std::move(text));
      return *this;
    }
    operator Number() const { return syntax::IntLiteral{}; }  // NOLINT: meant
  };

  Wrong wrong(std::string code, std::string message) {
    wrong_ = true;
    mistake_.code = std::move(code);
    mistake_.message = std::move(message);
    return {mistake_};
  }

  std::size_t count(char wanted) const {
    std::size_t found = 0;
    for (const char c : text_) found += c == wanted ? 1 : 0;
    return found;
  }

  std::string tidy() const {
    std::string out;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const bool between = i > 0 && is_digit(text_[i - 1]) && i + 1 < text_.size() && is_digit(text_[i + 1]);
      if (text_[i] != '_' || between) out += text_[i];
    }
    return out;
  }

  Number hyphen() {
    const std::size_t at = text_.find('-');
    return wrong("S0123", "a number ends before the `-` of " + quoted(text_))
        .help("quote it: `\"" + std::string(text_) + "\"`")
        .help("to subtract, put a blank on both sides: `" + std::string(text_.substr(0, at)) + " - " +
              std::string(text_.substr(at + 1)) + "`");
  }

  Number dotted() {
    return wrong("S0124", quoted(text_) + " is not a number")
        .help("quote it: `\"" + std::string(text_) + "\"`");
  }

  Number fraction() {
    const std::size_t dot = text_.find('.');
    const std::string_view before = text_.substr(0, dot);
    const std::string_view after = text_.substr(dot + 1);
    std::size_t digits = 0;
    while (digits < after.size() && is_digit(after[digits])) ++digits;
    const std::string_view unit = after.substr(digits);
    const bool plain = before.find_first_not_of("0123456789_") == std::string_view::npos;
    if (!plain || (!unit.empty() && !find_unit(duration_units, unit) && !find_unit(size_units, unit)))
      return unknown_unit(unit);
    if (!unit.empty()) return fractional_unit(before, after.substr(0, digits), unit);
    if (!well_spaced(before))
      return wrong("S0122", "a `_` in a number stands between two digits").help("write " + quoted(tidy()));
    if (before.size() > 1 && before.front() == '0') return leading_zero();
    const std::string clean = without_spacing(text_);
    double value = 0;
    const auto [end, error] = std::from_chars(clean.data(), clean.data() + clean.size(), value);
    if (error != std::errc{} || end != clean.data() + clean.size())
      return too_large("it does not fit a floating-point number");
    return syntax::FloatLiteral{value};
  }

  // `1.5h` is 90m: the parts of a duration or size are whole numbers.
  Number fractional_unit(std::string_view before, std::string_view after, std::string_view unit) {
    const bool time = find_unit(duration_units, unit).has_value();
    Wrong made = wrong("S0125", "a " + std::string(time ? "duration" : "size") + " is made of whole numbers");
    const std::string clean = without_spacing(std::string(before) + "." + std::string(after));
    const double value = std::strtod(clean.c_str(), nullptr);
    if (time) {
      const double total =
          value * static_cast<double>(duration_units[*find_unit(duration_units, unit)].factor);
      if (total < 1e15)
        made.help("write " + quoted(written_duration(static_cast<std::int64_t>(total + 0.5))));
    } else {
      const bool binary = unit.find('i') != std::string_view::npos;
      const std::size_t index = *find_unit(size_units, unit);
      if (index == 0 || unit == "kB" || unit == "KB") return made;
      const Unit smaller = unit == "KiB" ? size_units[0] : size_units[index - 1];
      const double total = value * (binary ? 1024 : 1000);
      if (total < 1e15)
        made.help("write " +
                  quoted(std::to_string(static_cast<std::int64_t>(total + 0.5)) + std::string(smaller.name)));
    }
    return made;
  }

  Number leading_zero() {
    std::string_view rest = text_;
    while (rest.size() > 1 && rest.front() == '0' && is_digit(rest[1])) rest.remove_prefix(1);
    return wrong("S0121", "a number has no leading zero")
        .help("write " + quoted(rest) + " for the number, `\"" + std::string(text_) + "\"` for the text");
  }

  Number too_large(std::string why) {
    return wrong("S0126", quoted(text_) + " is too large").note(std::move(why));
  }

  Number unknown_unit(std::string_view unit) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 24> meant{
        {{"sec", "s"},    {"secs", "s"},    {"second", "s"}, {"seconds", "s"}, {"min", "m"},  {"mins", "m"},
         {"minute", "m"}, {"minutes", "m"}, {"hr", "h"},     {"hrs", "h"},     {"hour", "h"}, {"hours", "h"},
         {"day", "d"},    {"days", "d"},    {"msec", "ms"},  {"k", "KiB"},     {"K", "KiB"},  {"Ki", "KiB"},
         {"M", "MiB"},    {"Mi", "MiB"},    {"g", "GiB"},    {"G", "GiB"},     {"Gi", "GiB"}, {"Ti", "TiB"}}};
    const std::string number(text_.substr(0, text_.size() - unit.size()));
    Wrong made =
        wrong("S0127", unit.empty() ? quoted(text_) + " is not a number" : quoted(unit) + " is not a unit");
    for (const auto& [written, right] : meant) {
      if (unit == written) return made.help("write " + quoted(number + std::string(right)));
    }
    if (unit == "mb" || unit == "gb" || unit == "kb" || unit == "tb" || unit == "b") {
      std::string right(unit);
      for (char& c : right) c = static_cast<char>(c - 'a' + 'A');
      return made.help("write " + quoted(number + right));
    }
    made.note("durations: d h m s ms; sizes: B kB MB GB TB KiB MiB GiB TiB");
    return made.help("quote it when it is a text: `\"" + std::string(text_) + "\"`");
  }

  Number duration(const std::vector<Part>& parts) {
    std::int64_t total = 0;
    std::optional<std::size_t> last;
    bool ordered = true;
    for (const Part& part : parts) {
      const auto unit = find_unit(duration_units, part.unit);
      if (!unit)
        return part.unit.empty() ? missing_unit(parts)
                                 : unknown_unit(parts.size() == 1 ? part.unit : std::string_view{});
      if (part.digits.size() > 1 && part.digits.front() == '0') return leading_zero_inside(parts);
      ordered = ordered && (!last || *unit > *last);
      last = unit;
      const auto value = whole(part.digits);
      const std::int64_t factor = duration_units[*unit].factor;
      if (!value || *value > (int_max - total) / factor)
        return too_large("a duration is less than 292 million years");
      total += *value * factor;
    }
    if (!ordered) {
      return wrong("S0120", "the parts of a duration go from large to small, each once")
          .help("write " + quoted(written_duration(total)));
    }
    return syntax::DurationLiteral{total};
  }

  Number missing_unit(const std::vector<Part>& parts) {
    return wrong("S0127", quoted(parts.back().digits) + " at the end of " + quoted(text_) + " has no unit")
        .note("units of a duration: d h m s ms");
  }

  Number leading_zero_inside(const std::vector<Part>& parts) {
    std::string right;
    for (const Part& part : parts) {
      std::string_view digits = part.digits;
      while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
      right += std::string(digits) + std::string(part.unit);
    }
    return wrong("S0121", "a number has no leading zero").help("write " + quoted(right));
  }

  static std::string written_duration(std::int64_t total) {
    std::string out;
    for (const Unit& unit : duration_units) {
      if (total < unit.factor) continue;
      out += std::to_string(total / unit.factor) + std::string(unit.name);
      total %= unit.factor;
    }
    return out.empty() ? "0s" : out;
  }

  std::string_view text_;
  Diagnostic& mistake_;
  bool& wrong_;
};

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

Number read_number(std::string_view text, Diagnostic& mistake, bool& wrong) {
  wrong = false;
  return NumberReader(text, mistake, wrong).read();
}

bool read_escape(std::string_view escape, std::string& out) {
  switch (escape[1]) {
    case 'n':
      out += '\n';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'r':
      out += '\r';
      return true;
    case 'u':
      break;
    default:
      out += escape[1];
      return true;
  }
  const std::string_view digits = escape.substr(3, escape.size() - 4);
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (error != std::errc{} || end != digits.data() + digits.size() || code > 0x10FFFF || surrogate ||
      code == 0)
    return false;
  append_utf8(out, code);
  return true;
}

namespace {

std::size_t blanks_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  return end - at;
}

// The blanks that every line starts with, but for lines of nothing but blanks. The line of the closing quotes
// counts when nothing stands before them.
std::string shared_indentation(const std::vector<TextPiece>& pieces) {
  std::optional<std::string> shared;
  const auto share = [&shared](std::string_view blanks) {
    if (!shared) shared = std::string(blanks);
    std::size_t same = 0;
    while (same < shared->size() && same < blanks.size() && (*shared)[same] == blanks[same]) ++same;
    shared->resize(same);
  };
  bool line_begins = true;
  for (const TextPiece& piece : pieces) {
    if (piece.from != TextPiece::From::source) {
      if (line_begins) share({});
      line_begins = false;
      continue;
    }
    const std::string_view text = piece.text;
    std::size_t at = 0;
    while (true) {
      if (line_begins) {
        const std::size_t blanks = blanks_at(text, at);
        const std::string_view rest = text.substr(at + blanks);
        if (!rest.starts_with('\n') && !rest.starts_with("\r\n")) share(text.substr(at, blanks));
        line_begins = false;
      }
      const std::size_t newline = text.find('\n', at);
      if (newline == std::string_view::npos) break;
      at = newline + 1;
      line_begins = true;
      const bool held_back = at == text.size() && &piece != &pieces.back();
      if (held_back) break;
    }
  }
  return shared.value_or("");
}

}  // namespace

void remove_indentation(std::vector<TextPiece>& pieces) {
  const std::string prefix = shared_indentation(pieces);
  bool line_begins = true;
  for (TextPiece& piece : pieces) {
    if (piece.from != TextPiece::From::source) {
      line_begins = false;
      continue;
    }
    const std::string_view text = piece.text;
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      if (line_begins) {
        std::size_t same = 0;
        while (same < prefix.size() && at < text.size() && text[at] == prefix[same]) ++at, ++same;
      }
      const std::size_t newline = text.find('\n', at);
      const std::size_t end = newline == std::string_view::npos ? text.size() : newline;
      const bool closing_line = line_begins && newline == std::string_view::npos &&
                                &piece == &pieces.back() && blanks_at(text, at) == end - at;
      if (closing_line) break;
      const bool carriage = newline != std::string_view::npos && end > at && text[end - 1] == '\r';
      out.append(text.substr(at, end - at - (carriage ? 1 : 0)));
      line_begins = newline != std::string_view::npos;
      if (line_begins) out += '\n';
      at = line_begins ? newline + 1 : text.size();
    }
    piece.text = std::move(out);
  }
}

std::vector<syntax::TextPart> join_pieces(std::vector<TextPiece> pieces) {
  std::vector<syntax::TextPart> parts;
  for (TextPiece& piece : pieces) {
    if (piece.from == TextPiece::From::hole) {
      parts.push_back({{}, std::move(piece.hole), piece.span});
    } else if (!parts.empty() && parts.back().hole == nullptr) {
      parts.back().text += piece.text;
      parts.back().span.end = piece.span.end;
    } else if (!piece.text.empty()) {
      parts.push_back({std::move(piece.text), nullptr, piece.span});
    }
  }
  return parts;
}

}  // namespace cairn
