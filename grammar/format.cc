#include "grammar/format.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "grammar/format_values.h"
#include "grammar/text_scan.h"

namespace cairn {

namespace {

using namespace syntax;

// Statements and bodies.
class Formatter : public ValueWriter {
 public:
  Formatter(const Sources& sources, const File* file) : ValueWriter(sources, file) {}

  std::string file();
  std::string lone(const Expr& expr);

 private:
  // A setting that takes part in the alignment: its line fits without any.
  Flat alignable(const Statement& statement, std::size_t indent) const;
  void body(const Body& body, std::size_t indent, std::uint32_t begin);
  // The settings from `from` on that follow each other without an empty line: one behind the last, and the
  // widest name.
  std::pair<std::size_t, std::size_t> group(const std::vector<Statement>& statements, std::size_t from,
                                            std::size_t indent) const;
  // An empty line somewhere between two statements.
  bool gap_between(std::uint32_t begin, std::uint32_t end) const;
  void write(const Statement& statement, std::size_t indent);
  template <typename Node>
  void tall_statement(const Node& node, std::size_t indent) {
    out_ += head(node);
    if constexpr (requires { node.value; }) {
      if (node.value == nullptr) return;
      out_ += " = ";
      out_ += value(node.value, indent, column());
    } else if constexpr (requires { node.body; }) {
      braces(node.body, indent);
    }
  }
  void tall_statement(const Block& node, std::size_t indent);
  void tall_statement(const For& node, std::size_t indent);
  void tall_statement(const If& node, std::size_t indent);
  // Where the word `else` begins, comments before it skipped.
  std::size_t else_word(std::size_t at) const;
  void braces(const Body& inner, std::size_t indent);
  std::size_t column() const;

  std::string out_;
};

std::string Formatter::file() {
  body(file_->body, 0, 0);
  return std::move(out_);
}

std::string Formatter::lone(const Expr& expr) {
  const Flat one_line = flat(expr);
  return one_line ? *one_line : value(expr, 0, 0);
}

Flat Formatter::alignable(const Statement& statement, std::size_t indent) const {
  const auto* setting = std::get_if<Setting>(&statement.is);
  if (setting == nullptr || setting->value == nullptr || holds_comment(statement.span)) return std::nullopt;
  const Flat value = flat(setting->value);
  const bool fits = value && indent + width_of(setting->name.text) + 3 + width_of(*value) <= line_limit;
  return fits ? value : std::nullopt;
}

void Formatter::body(const Body& body, std::size_t indent, std::uint32_t begin) {
  std::uint32_t last = begin;
  bool first = true;
  const std::vector<Statement>& statements = body.statements;
  std::size_t group_end = 0;
  std::size_t widest = 0;
  const bool top = out_.empty();
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const Statement& statement = statements[i];
    comments_above(out_, last, statement.span.begin, indent, first, true);
    if (!first && blank_line_between(last, statement.span.begin)) out_ += "\n";
    out_ += "\n" + indented(indent);
    if (i >= group_end) std::tie(group_end, widest) = group(statements, i, indent);
    const bool aligned = i < group_end;
    if (aligned) {
      const std::string& name = std::get<Setting>(statement.is).name.text;
      out_ += name + indented(widest - width_of(name)) + " = " + *alignable(statement, indent);
    } else {
      write(statement, indent);
    }
    last = statement.span.end;
    const std::uint32_t limit = i + 1 < statements.size() ? statements[i + 1].span.begin : body.span.end;
    beside(out_, last, limit);
    first = false;
  }
  comments_above(out_, last, body.span.end, indent, first);
  if (top) {
    const std::size_t text = std::min(out_.find_first_not_of('\n'), out_.size());
    out_.erase(0, text);
    if (!out_.empty()) out_ += "\n";
  }
}

std::pair<std::size_t, std::size_t> Formatter::group(const std::vector<Statement>& statements,
                                                     std::size_t from, std::size_t indent) const {
  std::size_t end = from;
  std::size_t widest = 0;
  while (end < statements.size() && alignable(statements[end], indent)) {
    if (end > from && gap_between(statements[end - 1].span.end, statements[end].span.begin)) break;
    widest = std::max(widest, width_of(std::get<Setting>(statements[end].is).name.text));
    ++end;
  }
  return {end, widest};
}

bool Formatter::gap_between(std::uint32_t begin, std::uint32_t end) const {
  std::size_t newlines = 0;
  bool below = false;    // on a later line than the first statement
  bool comment = false;  // one that stands there
  for (std::uint32_t at = begin; at < end; ++at) {
    if (text_[at] == '\n') {
      below = true;
      if (++newlines == 2) return true;
    } else if (!is_blank(text_[at]) && text_[at] != '\r') {
      newlines = 0;
      // comments_above puts one where a separator follows a comment.
      if (comment && (text_[at] == ';' || text_[at] == ',')) return true;
      comment = comment || (below && text_[at] == '#');
      if (text_[at] == '#') at = static_cast<std::uint32_t>(std::min(text_.find('\n', at), text_.size())) - 1;
    }
  }
  return false;
}

void Formatter::write(const Statement& statement, std::size_t indent) {
  const Flat one_line = flat(statement);
  if (one_line && indent + width_of(*one_line) <= line_limit) {
    out_ += *one_line;
    return;
  }
  const std::size_t length = out_.size();
  const std::size_t end = comment_from(statement.span.end);
  std::visit([&](const auto& node) { tall_statement(node, indent); }, statement.is);
  if (next_ == end && !odd_) return;
  // A comment stands where no line can be kept for it.
  next_ = end;
  odd_ = apart_ = false;
  out_.resize(length);
  out_ += slice(statement.span.begin, statement.span.end);
}

void Formatter::tall_statement(const Block& node, std::size_t indent) {
  out_ += head(node);
  if (node.has_body) braces(node.body, indent);
}

void Formatter::tall_statement(const For& node, std::size_t indent) {
  out_ += "for " + variables(node.variables) + " in ";
  out_ += value(node.source, indent, column());
  braces(node.body, indent);
}

void Formatter::tall_statement(const If& node, std::size_t indent) {
  out_ += "if ";
  out_ += value(node.condition, indent, column());
  braces(node.then, indent);
  if (!node.has_else) return;
  // Comments between `}` and `else` keep their lines.
  std::uint32_t last = node.then.span.end + 1;
  const std::uint32_t word = static_cast<std::uint32_t>(else_word(last));
  const bool kept = comment_begin() < word;
  beside(out_, last, word);
  bool first = true;
  comments_above(out_, last, word, indent, first);
  out_ += kept ? "\n" + indented(indent) + "else" : " else";
  if (!is_else_if(node)) {
    braces(node.otherwise, indent);
    return;
  }
  out_ += " ";
  tall_statement(std::get<If>(node.otherwise.statements.front().is), indent);
}

std::size_t Formatter::else_word(std::size_t at) const {
  while (at < text_.size() && text_[at] != 'e')
    at = text_[at] == '#' ? std::min(text_.find('\n', at), text_.size()) : at + 1;
  return at;
}

void Formatter::braces(const Body& inner, std::size_t indent) {
  out_ += " {";
  if (inner.statements.empty() && comment_begin() >= inner.span.end) {
    out_ += "}";
    return;
  }
  std::uint32_t last = inner.span.begin;
  beside(out_, last, inner.statements.empty() ? inner.span.end : inner.statements.front().span.begin);
  body(inner, indent + 2, last);
  out_ += "\n" + indented(indent) + "}";
}

std::size_t Formatter::column() const {
  const std::size_t newline = out_.rfind('\n');
  return width_of(std::string_view(out_).substr(newline == std::string::npos ? 0 : newline + 1));
}

}  // namespace

std::string format(const Sources& sources, const File& file) {
  return Formatter(sources, &file).file();
}

std::string format(const Sources& sources, const Expr& expression) {
  File around;
  around.file = expression.span.file;
  return Formatter(sources, &around).lone(expression);
}

}  // namespace cairn
