#include "grammar/parse_context.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr int depth_limit = 200;
constexpr std::size_t mistakes_limit = 1000;

bool blank(char c) {
  return c == ' ' || c == '\t';
}

char closer_of(char kind) {
  return kind == '(' ? ')' : kind == '[' ? ']' : '}';
}
bool is_text(char kind) {
  return kind == '"' || kind == '\'' || kind == '3' || kind == 'r';
}

}  // namespace

Context::Context(std::string_view text, std::uint32_t file, Diagnostics& diagnostics)
    : text_(text), file_(file), diagnostics_(diagnostics) {}

void Context::comment(std::uint32_t begin, std::uint32_t end) {
  // Rules that were tried in vain saw the same comments before.
  if (!comments_.empty() && begin <= comments_.back().span.begin) return;
  while (end > begin && (text_[end - 1] == '\r' || blank(text_[end - 1]))) --end;
  // A separator before it on its line is nothing that it could stand beside.
  std::uint32_t before = begin;
  while (before > 0 && (blank(text_[before - 1]) || text_[before - 1] == ';' || text_[before - 1] == ','))
    --before;
  comments_.push_back({span(begin, end), begins_line(before)});
}

void Context::close(std::size_t to) {
  while (open_.size() > to) {
    if (open_.back().betrayed != 0) suspects_.push_back(open_.back());
    open_.pop_back();
  }
}

void Context::enter(std::uint32_t at) {
  if (depth_ == depth_limit) {
    failed_at_ = at;
    failed_open_ = open_;
    failed_head_ = false;
    diagnostics_.error("S0160", span(at, at + 1), "this is nested too deeply", "level 201")
        .note("values and blocks may stand inside each other 200 levels deep");
    throw Mistake{};
  }
  ++depth_;
}

void Context::too_long(Span where) {
  failed_at_ = where.end;
  failed_open_ = open_;
  failed_head_ = false;
  diagnostics_
      .error("S0161", span(where.begin, where.begin + 1), "this value has too many operators in a row")
      .note("at most 1000 may follow each other");
  throw Mistake{};
}

std::uint32_t Context::indent(std::uint32_t at) const {
  std::size_t begin = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  if (begin == 0 && text_.starts_with("\xEF\xBB\xBF")) begin = 3;
  std::size_t end = begin;
  while (end < text_.size() && blank(text_[end])) ++end;
  return static_cast<std::uint32_t>(end - begin);
}

bool Context::begins_line(std::uint32_t at) const {
  std::size_t before = at;
  while (before > 0 && blank(text_[before - 1])) --before;
  return before == 0 || text_[before - 1] == '\n' || (before == 3 && text_.starts_with("\xEF\xBB\xBF"));
}

bool Context::leaves(std::uint32_t line_end, std::uint32_t indentation) const {
  std::size_t at = line_end;
  while (at < text_.size()) {
    std::size_t begin = at + 1;
    std::size_t first = begin;
    while (first < text_.size() && blank(text_[first])) ++first;
    const bool nothing =
        first >= text_.size() || text_[first] == '\n' || text_[first] == '\r' || text_[first] == '#';
    if (!nothing) {
      const char c = text_[first];
      const bool closes = c == ']' || c == ')' || c == '}';
      const auto its = static_cast<std::uint32_t>(first - begin);
      return closes ? its < indentation : its <= indentation;
    }
    at = std::min(text_.find('\n', begin), text_.size());
  }
  return false;
}

Context::Mark Context::begin_recoverable(Level level, const char* at) {
  const std::uint32_t begin = offset(at);
  if (level == Level::statement) statement_ = begin;
  if (level != Level::value && !open_.empty() && open_.back().betrayed == 0 && begins_line(begin)) {
    Opener& opener = open_.back();
    const bool own_line = text_.find('\n', opener.offset) < begin;
    if (own_line && indent(begin) <= indent(opener.offset)) opener.betrayed = begin;
  }
  return {begin, open_.size(), depth_};
}

const char* Context::resume(Level level, const Mark& mark) {
  depth_ = mark.depth;
  close(mark.open);
  if (diagnostics_.all().size() >= mistakes_limit) {
    if (level != Level::statement) return nullptr;
    if (!gave_up_) {
      diagnostics_.error("S0162",
                         span(failed_at_, std::min(failed_at_ + 1, static_cast<std::uint32_t>(text_.size()))),
                         "too many mistakes; the rest of this file was not read");
    }
    gave_up_ = unclosed_reported_ = true;
    return text_.data() + text_.size();
  }
  // Walks on from the mistake, through what was open there, to where this level can go on.
  std::string open;
  for (std::size_t i = mark.open; i < failed_open_.size(); ++i) open += failed_open_[i].kind;
  const std::uint32_t indentation = indent(mark.begin);
  const std::uint32_t bracket = mark.open == 0 ? 0 : indent(open_[mark.open - 1].offset);
  const std::size_t size = text_.size();
  std::size_t at = failed_at_;
  while (at < size) {
    const char c = text_[at];
    const char inside = open.empty() ? 0 : open.back();
    if (is_text(inside)) {
      const bool is_long = inside == '3' || inside == 'r';
      const bool raw = inside == '\'' || inside == 'r';
      if (!is_long && c == '\n') {
        // The text ends with its line, and so do the holes and texts around it.
        while (!open.empty() && (is_text(open.back()) || open.back() == 'h')) open.pop_back();
        continue;
      }
      if (!raw && c == '\\') {
        at += at + 1 < size && text_[at + 1] != '\n' ? 2 : 1;
      } else if (!raw && c == '$' && text_.substr(at, 2) == "${") {
        open += 'h';
        at += 2;
      } else if (is_long && text_.substr(at, 3) == (raw ? "'''" : "\"\"\"")) {
        open.pop_back();
        at += 3;
      } else {
        if (!is_long && c == inside) open.pop_back();
        ++at;
      }
      continue;
    }
    if (c == '"' || c == '\'') {
      const bool is_long = text_.substr(at, 3) == "\"\"\"" || text_.substr(at, 3) == "'''";
      open += is_long ? (c == '"' ? '3' : 'r') : c;
      at += is_long ? 3 : 1;
    } else if (c == '#') {
      at = std::min(text_.find('\n', at), size);
    } else if (c == '(' || c == '[' || c == '{') {
      open += c;
      ++at;
    } else if (c == ')' || c == ']' || c == '}') {
      std::size_t match = open.size();
      while (match > 0 && closer_of(open[match - 1]) != c) --match;
      if (match > 0) {
        open.resize(match - 1);
        ++at;
      } else if (level == Level::element) {
        const char own = mark.open == 0 ? 0 : closer_of(open_[mark.open - 1].kind);
        return c == own ? text_.data() + at : nullptr;
      } else if (c == '}') {
        break;
      } else {
        ++at;
      }
    } else if (c == '\n') {
      // A hole stays on its line.
      while (!open.empty() && open.back() == 'h') open.pop_back();
      const bool left = leaves(static_cast<std::uint32_t>(at), indentation);
      if (level == Level::element) {
        if (leaves(static_cast<std::uint32_t>(at), bracket)) return nullptr;
        if (open.empty() || left) return text_.data() + at;
      } else if (open.empty() || left) {
        if (!failed_head_) break;
        if (left) break;
      }
      ++at;
    } else if ((c == ',' || c == ';') && open.empty() && !failed_head_) {
      break;
    } else {
      ++at;
    }
  }
  if (at >= size && level == Level::element) return nullptr;
  return text_.data() + std::min(at, size);
}

}  // namespace cairn
