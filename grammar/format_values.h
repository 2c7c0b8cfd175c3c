// Values over several lines, and the comments inside and around them. Private to the formatter.
#pragma once

#include <string>

#include "grammar/format_flat.h"

namespace cairn {

class ValueWriter : public FlatWriter {
 protected:
  using FlatWriter::FlatWriter;

  static std::string indented(std::size_t indent) { return std::string(indent, ' '); }
  // A value that begins in `column` of a line with this indentation. Takes the comments inside with it; when
  // one stands where no line can be kept for it, the value stays as it was written.
  std::string value(const syntax::Expr& expr, std::size_t indent, std::size_t column);
  std::string value(const syntax::ExprPtr& expr, std::size_t indent, std::size_t column);
  template <typename Node>
  std::string tall(const Node&, const syntax::Expr& expr, std::size_t, std::size_t) {
    return slice(expr.span.begin, expr.span.end);
  }
  std::string tall(const syntax::Text&, const syntax::Expr& expr, std::size_t indent, std::size_t);
  std::string tall(const syntax::ListLiteral& node, const syntax::Expr& expr, std::size_t indent,
                   std::size_t column);
  std::string tall(const syntax::MapLiteral& node, const syntax::Expr& expr, std::size_t indent,
                   std::size_t column);
  bool aligned(const syntax::MapEntry& entry, std::size_t indent) const;
  std::size_t aligned_keys(const syntax::MapLiteral& node) const;
  std::string arguments(const syntax::Arguments& node, std::size_t indent, std::size_t column);
  std::string tall(const syntax::Call& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string tall(const syntax::Member& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string tall(const syntax::Index& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string tall(const syntax::Unary& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string tall(const syntax::Group& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string tall(const syntax::Binary& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string tall(const syntax::Conditional& node, const syntax::Expr&, std::size_t indent,
                   std::size_t column);
  void append(std::string& out, const syntax::Expr& left, const syntax::Expr& right, std::size_t indent,
              std::size_t column);
  std::string tall(const syntax::ListFor& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string tall(const syntax::MapFor& node, const syntax::Expr&, std::size_t indent, std::size_t column);
  std::string each_line(const syntax::Each& each, std::size_t indent, std::size_t);
  // The column behind a text that began in `column`.
  static std::size_t after(const std::string& written, std::size_t column);
  // Elements between brackets. When only the last one needs several lines and none stood on a line of its
  // own, the bracket hugs it: `f("x", {`.
  template <typename Items, typename Write, typename SpanOf>
  std::string bracketed(const char* open, const Items& items, const char* close, Span span,
                        std::size_t indent, std::size_t column, const Write& write, const SpanOf& span_of);
  template <typename Items, typename Write, typename SpanOf>
  std::optional<std::string> hug(const char* open, const Items& items, const char* close, Span span,
                                 std::size_t indent, std::size_t column, const Write& write,
                                 const SpanOf& span_of);

  // ---- comments and empty lines
  bool blank_line_between(std::uint32_t last, std::uint32_t next) const;
  // A comment that follows on the same line.
  void beside(std::string& out, std::uint32_t& last, std::uint32_t limit);
  std::string slice_comment() const;
  // The comments before `limit`, each on a line of its own. Leaves an empty line where there was one, and
  // where a separator kept a comment apart from the statement that follows: it must not become its doc.
  void comments_above(std::string& out, std::uint32_t& last, std::uint32_t limit, std::size_t indent,
                      bool& first, bool statement = false);
  bool separated(std::uint32_t begin, std::uint32_t end) const;

  bool apart_ = false;
  bool odd_ = false;  // a comment was left out somewhere inside of what is being written
};

}  // namespace cairn
