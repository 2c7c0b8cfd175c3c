// What stands on one line: every part of a file as text, or nothing when it was written over several lines or
// holds a comment. Private to the formatter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/format_literal.h"
#include "grammar/operator_sign.h"
#include "grammar/source.h"
#include "grammar/syntax.h"

namespace cairn {

constexpr std::size_t line_limit = 120;

// In columns of a terminal.
std::size_t width_of(std::string_view text);

using Flat = std::optional<std::string>;

class FlatWriter {
 protected:
  FlatWriter(const Sources& sources, const syntax::File* file) : file_(file) {
    if (file != nullptr && file->file != Span::no_file) text_ = sources.at(file->file).text;
  }

  // ---- the source
  std::string slice(std::uint32_t begin, std::uint32_t end) const;
  bool newline_between(std::uint32_t begin, std::uint32_t end) const;
  std::size_t newlines_between(std::uint32_t begin, std::uint32_t end) const;
  std::string_view comment(std::size_t index) const;
  std::uint32_t comment_begin() const {
    return next_ < comments() ? file_->comments[next_].span.begin : 0xffffffffU;
  }
  std::size_t comments() const { return file_ == nullptr ? 0 : file_->comments.size(); }
  // The index of the first comment at or behind `at`.
  std::size_t comment_from(std::uint32_t at) const;
  bool holds_comment(Span span) const;

  // ---- values
  Flat flat(const syntax::ExprPtr& expr) const;
  Flat flat(const syntax::Expr& expr) const;
  template <typename Literal>
  Flat flat(const Literal& literal, Span span) const requires requires {
    write_literal(literal);
  }
  { return span.known() && !text_.empty() ? slice(span.begin, span.end) : write_literal(literal); }
  Flat flat(const syntax::Poison&, Span) const;
  Flat flat(const syntax::Text& node, Span span) const;
  template <typename Items, typename Write>
  Flat joined(const Items& items, const Write& write) const {
    std::string out;
    for (const auto& item : items) {
      const Flat one = write(item);
      if (!one) return std::nullopt;
      out += (out.empty() ? "" : ", ") + *one;
    }
    return out;
  }
  // Was the first element written on a line of its own?
  bool spread(std::uint32_t bracket, Span first) const {
    return first.known() && newline_between(bracket, first.begin);
  }
  Flat flat(const syntax::ListLiteral& node, Span span) const;
  Flat flat(const syntax::MapEntry& entry) const;
  Flat key(const syntax::MapEntry& entry) const;
  Flat flat(const syntax::MapLiteral& node, Span span) const;
  Flat flat(const syntax::Each& each) const;
  static std::string variables(const std::vector<syntax::Name>& names);
  Flat flat(const syntax::ListFor& node, Span span) const;
  Flat flat(const syntax::MapFor& node, Span span) const;
  Flat flat(const syntax::NameRef& node, Span) const;
  Flat flat(const syntax::Argument& argument) const;
  Flat flat(const syntax::Arguments& arguments) const;
  Flat flat(const syntax::Call& node, Span) const;
  Flat flat(const syntax::Member& node, Span) const;
  Flat flat(const syntax::Index& node, Span) const;
  Flat flat(const syntax::Unary& node, Span) const;
  // A newline behind an operator is kept: it is the only way to break a long sum.
  bool broken(const syntax::Expr& left, const syntax::Expr& right) const;
  Flat flat(const syntax::Binary& node, Span) const;
  Flat flat(const syntax::Conditional& node, Span) const;
  Flat flat(const syntax::Group& node, Span) const;

  // ---- types
  static std::string type(const std::vector<syntax::TypeItem>& alternatives);
  std::string takes(const std::vector<syntax::Field>& fields) const;

  // ---- statements
  // The words before a statement's value or body.
  template <typename Node>
  std::string declared(const Node& node) const {
    return node.name.text + (node.has_takes ? takes(node.takes) : "") +
           (node.type ? ": " + type(node.type->alternatives) : "");
  }
  std::string head(const syntax::Setting& node) const;
  std::string head(const syntax::Use& node) const;
  std::string head(const syntax::Param& node) const;
  std::string head(const syntax::Export& node) const;
  std::string head(const syntax::Let& node) const;
  std::string head(const syntax::Function& node) const;
  std::string head(const syntax::Kind& node) const;
  std::string head(const syntax::Block& node) const;
  Flat flat_body(const syntax::Body& body) const;
  // A statement that was written on one line and holds no comment.
  Flat flat(const syntax::Statement& statement) const;
  template <typename Node>
  Flat flat_statement(const Node& node) const {
    if constexpr (requires { node.value; }) {
      if (node.value == nullptr) return head(node);
      const Flat value = flat(node.value);
      return value ? Flat(head(node) + " = " + *value) : std::nullopt;
    } else if constexpr (requires { node.body; }) {
      const Flat body = flat_body(node.body);
      return body ? Flat(head(node) + " " + *body) : std::nullopt;
    } else {
      return head(node);
    }
  }
  Flat flat_statement(const syntax::Block& node) const;
  Flat flat_statement(const syntax::For& node) const;
  Flat flat_statement(const syntax::If& node) const;
  static bool is_else_if(const syntax::If& node);

  const syntax::File* file_;
  std::string_view text_;
  std::size_t next_ = 0;  // the first comment that is not written yet
};

}  // namespace cairn
