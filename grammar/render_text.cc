// The rustc-shaped text.
#include <algorithm>
#include <map>

#include "grammar/render.h"
#include "grammar/unicode.h"

namespace cairn {

namespace {

constexpr std::size_t tab_width = 4;
constexpr std::size_t widest = 160;                 // longer lines are cut around what is marked
constexpr std::size_t longest_looked_at = 2 << 10;  // bytes of a line; what is beyond is not shown anyway

struct Paint {
  bool on;
  std::string operator()(const char* style, const std::string& text) const {
    return on ? std::string("\x1b[") + style + "m" + text + "\x1b[0m" : text;
  }
};
constexpr const char* red = "1;31";
constexpr const char* yellow = "1;33";
constexpr const char* blue = "1;34";
constexpr const char* green = "1;32";
constexpr const char* bold = "1";

// Part of a label that lies on one line.
struct Mark {
  std::size_t from = 0;  // columns of the terminal
  std::size_t to = 0;
  bool primary = false;
  std::string text;
};

struct Shown {
  std::string text;
  std::vector<std::size_t> columns;  // where each byte of the line begins, and one past the last
};

Shown show_line(std::string_view line) {
  Shown shown;
  std::size_t column = 0;
  for (std::size_t at = 0; at < line.size();) {
    const Rune rune = rune_at(line, at);
    for (std::size_t i = 0; i < rune.bytes; ++i) shown.columns.push_back(column);
    if (rune.code == '\t') {
      shown.text.append(tab_width, ' ');
      column += tab_width;
    } else if (!rune.valid || unprintable(rune.code)) {
      shown.text += "\xEF\xBF\xBD";
      ++column;
    } else {
      shown.text += line.substr(at, rune.bytes);
      column += static_cast<std::size_t>(rune_width(rune.code));
    }
    at += rune.bytes;
  }
  shown.columns.push_back(column);
  return shown;
}

// The part of a line between two columns of the terminal.
std::string cut(const std::string& text, std::size_t from, std::size_t to) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    if (column >= from && column < to) out += std::string_view(text).substr(at, rune.bytes);
    column += static_cast<std::size_t>(rune_width(rune.code));
    at += rune.bytes;
  }
  return out;
}

class Snippet {
 public:
  Snippet(const Sources& sources, std::uint32_t file, Paint paint, const char* main_colour)
      : sources_(sources), file_(file), paint_(paint), main_colour_(main_colour) {}

  void add(const Label& label, bool primary) {
    const Place first = sources_.place(file_, label.span.begin);
    const std::uint32_t end = std::max(label.span.end, label.span.begin);
    const Place last = end > label.span.begin ? sources_.place(file_, end - 1) : first;
    if (last.line == first.line) {
      mark(first.line, label.span.begin, end, primary, printable(label.text));
      return;
    }
    mark(first.line, label.span.begin, ends(first.line), primary, {});
    mark(last.line, begins(last.line), end, primary, printable(label.text));
  }

  std::uint32_t last_line() const { return lines_.empty() ? 0 : lines_.rbegin()->first; }

  void write(std::string& out, std::size_t width) const {
    const std::string margin = std::string(width, ' ') + " " + paint_(blue, "|");
    std::uint32_t previous = 0;
    for (const auto& [number, marks] : lines_) {
      if (previous != 0 && number == previous + 2) write_line(out, width, previous + 1, {}, margin);
      if (previous != 0 && number > previous + 2) out += paint_(blue, "...") + "\n";
      write_line(out, width, number, marks, margin);
      previous = number;
    }
  }

 private:
  std::uint32_t start(std::uint32_t line) const {
    const std::uint32_t at = sources_.at(file_).line_starts[line - 1];
    const bool bom = line == 1 && sources_.at(file_).text.starts_with("\xEF\xBB\xBF");
    return bom ? at + 3 : at;
  }
  std::uint32_t ends(std::uint32_t line) const {
    return start(line) + static_cast<std::uint32_t>(sources_.line(file_, line).size());
  }
  // The first byte of a line that is no blank.
  std::uint32_t begins(std::uint32_t line) const {
    const std::string_view text = sources_.line(file_, line);
    const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
    return start(line) + static_cast<std::uint32_t>(first);
  }

  // What is looked at of a line: all of it, or of a very long one what is around its first mark.
  struct Excerpt {
    std::uint32_t begins = 0;
    std::string_view text;
    bool is_cut_before = false, is_cut_behind = false;
  };
  Excerpt excerpt(std::uint32_t line, std::uint32_t around) const {
    const std::string_view whole = sources_.line(file_, line);
    if (whole.size() <= longest_looked_at) return {start(line), whole};
    const auto begins_character = [&](std::size_t at) {
      return (static_cast<unsigned char>(whole[at]) & 0xC0) != 0x80;
    };
    const std::size_t wanted =
        around < start(line) ? 0 : std::min<std::size_t>(around - start(line), whole.size());
    std::size_t first = wanted < longest_looked_at / 2 ? 0 : wanted - longest_looked_at / 2;
    while (first > 0 && !begins_character(first)) --first;
    std::size_t last = std::min(first + longest_looked_at, whole.size());
    while (last < whole.size() && !begins_character(last)) ++last;
    return {start(line) + static_cast<std::uint32_t>(first), whole.substr(first, last - first), first > 0,
            last < whole.size()};
  }

  void mark(std::uint32_t line, std::uint32_t begin, std::uint32_t end, bool primary, std::string text) {
    const Excerpt seen = excerpts_.try_emplace(line, excerpt(line, begin)).first->second;
    const Shown shown = show_line(seen.text);
    const auto column = [&](std::uint32_t offset) {
      const std::size_t byte = offset < seen.begins ? 0 : offset - seen.begins;
      const std::size_t last = shown.columns.size() - 1;
      return byte <= last ? shown.columns[byte] : shown.columns[last] + (byte > last ? 1 : 0);
    };
    const std::size_t from = std::min(column(begin), shown.columns.back());
    const std::size_t to = std::max(std::min(column(end), shown.columns.back()), from + 1);
    lines_[line].push_back({from, to, primary, std::move(text)});
  }

  void write_line(std::string& out, std::size_t width, std::uint32_t number, std::vector<Mark> marks,
                  const std::string& margin) const {
    const auto known = excerpts_.find(number);
    const Excerpt seen = known == excerpts_.end() ? excerpt(number, 0) : known->second;
    const Shown shown = show_line(seen.text);
    std::size_t from = 0;
    std::size_t to = shown.columns.back();
    if (to > widest) {
      std::size_t first = to;
      for (const Mark& each : marks) first = std::min(first, each.from);
      from = marks.empty() || first < widest / 2 ? 0 : first - widest / 4;
      to = std::min(to, from + widest);
    }
    const std::string digits = std::to_string(number);
    std::string line = cut(shown.text, from, to);
    while (line.ends_with(' ')) line.pop_back();
    const bool cut_before = from > 0 || seen.is_cut_before;
    if (cut_before) line = "…" + line;
    if (to < shown.columns.back() || seen.is_cut_behind) line += "…";
    out += paint_(blue, std::string(width - digits.size(), ' ') + digits + " |") +
           (line.empty() ? "" : " " + line) + "\n";
    std::stable_sort(marks.begin(), marks.end(),
                     [](const Mark& a, const Mark& b) { return a.primary > b.primary; });
    for (const Mark& each : marks) {
      const std::size_t begin = std::min(std::max(each.from, from), to) - from + (cut_before ? 1 : 0);
      const std::size_t end = std::max(std::min(each.to, to + 1) - from + (cut_before ? 1 : 0), begin + 1);
      std::string drawn(end - begin, each.primary ? '^' : '-');
      if (!each.text.empty()) drawn += " " + each.text;
      out +=
          margin + " " + std::string(begin, ' ') + paint_(each.primary ? main_colour_ : blue, drawn) + "\n";
    }
  }

  const Sources& sources_;
  std::uint32_t file_;
  Paint paint_;
  const char* main_colour_;
  std::map<std::uint32_t, std::vector<Mark>> lines_;
  std::map<std::uint32_t, Excerpt> excerpts_;
};

// A note or help; the lines after its first stand under the first.
void remark(std::string& out, std::size_t width, const Paint& paint, const char* style, const char* word,
            const std::string& text) {
  const std::string pad(width, ' ');
  out += pad + " " + paint(blue, "=") + " " + paint(style, std::string(word) + ":") + " ";
  for (const char c : printable(text)) {
    out += c;
    if (c == '\n') out += pad + std::string(std::string_view(word).size() + 5, ' ');
  }
  out += '\n';
}

std::string counted(std::size_t count, const char* word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

}  // namespace

std::string render(const Sources& sources, const Diagnostic& diagnostic, bool colour) {
  const Paint paint{colour};
  const bool error = diagnostic.severity == Severity::error;
  const char* style = error ? red : yellow;
  std::string out = paint(style, std::string(error ? "error" : "warning") +
                                     (diagnostic.code.empty() ? "" : "[" + diagnostic.code + "]")) +
                    paint(bold, ": " + printable(diagnostic.message)) + "\n";

  std::vector<std::uint32_t> files;
  std::vector<Snippet> snippets;
  const auto snippet = [&](std::uint32_t file) -> Snippet& {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i] == file) return snippets[i];
    }
    files.push_back(file);
    return snippets.emplace_back(sources, file, paint, style);
  };
  if (diagnostic.primary.span.known()) snippet(diagnostic.primary.span.file).add(diagnostic.primary, true);
  for (const Label& label : diagnostic.labels) {
    if (label.span.known()) snippet(label.span.file).add(label, false);
  }
  std::uint32_t last = 0;
  for (const Snippet& each : snippets) last = std::max(last, each.last_line());
  const std::size_t width = snippets.empty() ? 1 : std::to_string(last).size();
  for (std::size_t i = 0; i < snippets.size(); ++i) {
    Span first = diagnostic.primary.span;
    if (i > 0 || !first.known()) {
      for (const Label& label : diagnostic.labels) {
        if (label.span.file == files[i]) {
          first = label.span;
          break;
        }
      }
    }
    out += std::string(width, ' ') + paint(blue, i == 0 ? "-->" : ":::") + " " +
           printable(sources.show(first)) + "\n";
    out += std::string(width, ' ') + " " + paint(blue, "|") + "\n";
    snippets[i].write(out, width);
  }
  for (const std::string& note : diagnostic.notes) remark(out, width, paint, bold, "note", note);
  for (const std::string& help : diagnostic.helps) remark(out, width, paint, green, "help", help);
  return out;
}

std::string render(const Sources& sources, const Diagnostics& diagnostics, bool colour) {
  std::string out;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const Diagnostic& each : diagnostics.sorted()) {
    ++(each.severity == Severity::error ? errors : warnings);
    out += render(sources, each, colour) + "\n";
  }
  if (errors + warnings == 0) return out;
  if (errors > 0) out += counted(errors, "error");
  if (errors > 0 && warnings > 0) out += ", ";
  if (warnings > 0) out += counted(warnings, "warning");
  return out + "\n";
}

std::string render_line(const Sources& sources, const Diagnostic& diagnostic) {
  std::string out;
  if (diagnostic.primary.span.known()) out += sources.show(diagnostic.primary.span) + ": ";
  out += diagnostic.severity == Severity::error ? "error" : "warning";
  if (!diagnostic.code.empty()) out += "[" + diagnostic.code + "]";
  out += ": " + diagnostic.message;
  std::string line = printable(out);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace cairn
