#include "grammar/format_values.h"

#include <algorithm>

namespace cairn {

using namespace syntax;

std::string ValueWriter::value(const Expr& expr, std::size_t indent, std::size_t column) {
  const Flat one_line = flat(expr);
  if (one_line && column + width_of(*one_line) <= line_limit) return *one_line;
  if (!expr.span.known() || text_.empty()) return one_line.value_or("");
  const bool left_out =
      next_ != comment_from(expr.span.begin);  // one before this value; who holds both has to mend it
  const std::size_t after = comment_from(expr.span.end);
  const bool odd_around = odd_ || left_out;
  odd_ = false;
  std::string out = std::visit([&](const auto& node) { return tall(node, expr, indent, column); }, expr.is);
  const bool whole = next_ == after && !odd_;
  odd_ = odd_around;
  if (whole) return out;
  next_ = after;
  apart_ = false;
  return slice(expr.span.begin, expr.span.end);
}

std::string ValueWriter::value(const ExprPtr& expr, std::size_t indent, std::size_t column) {
  return value(*expr, indent, column);
}

std::string ValueWriter::tall(const Text&, const Expr& expr, std::size_t indent, std::size_t) {
  next_ = comment_from(expr.span.end);  // those inside of holes
  return reindented(slice(expr.span.begin, expr.span.end), indent + 2);
}

std::string ValueWriter::tall(const ListLiteral& node, const Expr& expr, std::size_t indent,
                              std::size_t column) {
  return bracketed(
      "[", node.items, "]", expr.span, indent, column,
      [&](const ExprPtr& item, std::size_t in, std::size_t at) { return value(item, in, at); },
      [](const ExprPtr& item) { return item->span; });
}

std::string ValueWriter::tall(const MapLiteral& node, const Expr& expr, std::size_t indent,
                              std::size_t column) {
  const std::size_t widest = aligned_keys(node);
  return bracketed(
      "{", node.entries, "}", expr.span, indent, column,
      [&](const MapEntry& entry, std::size_t in, std::size_t at) {
        const std::string name = key(entry).value_or(slice(entry.key->span.begin, entry.key->span.end));
        const bool pad = in > indent && aligned(entry, in);
        std::string line = name + (pad ? indented(widest - width_of(name)) : "") + " = ";
        return line + (pad ? *flat(entry.value) : value(entry.value, in, at + width_of(line)));
      },
      [](const MapEntry& entry) { return cover(entry.key->span, entry.value->span); });
}

bool ValueWriter::aligned(const MapEntry& entry, std::size_t indent) const {
  const Flat line = flat(entry);
  return line && indent + width_of(*line) <= line_limit;
}

std::size_t ValueWriter::aligned_keys(const MapLiteral& node) const {
  std::size_t widest = 0;
  for (const MapEntry& entry : node.entries) {
    if (const Flat name = key(entry); name && flat(entry.value)) widest = std::max(widest, width_of(*name));
  }
  return widest;
}

std::string ValueWriter::arguments(const Arguments& node, std::size_t indent, std::size_t column) {
  return bracketed(
      "(", node.items, ")", node.span, indent, column,
      [&](const Argument& argument, std::size_t in, std::size_t at) {
        const std::string name = argument.name ? argument.name->text + " = " : "";
        return name + value(argument.value, in, at + width_of(name));
      },
      [](const Argument& argument) { return argument.span; });
}

std::string ValueWriter::tall(const Call& node, const Expr&, std::size_t indent, std::size_t column) {
  return node.function.text + arguments(node.arguments, indent, column + width_of(node.function.text));
}

std::string ValueWriter::tall(const Member& node, const Expr&, std::size_t indent, std::size_t column) {
  std::string out = value(node.object, indent, column) + "." + node.name.text;
  if (node.arguments) out += arguments(*node.arguments, indent, after(out, column));
  return out;
}

std::string ValueWriter::tall(const Index& node, const Expr&, std::size_t indent, std::size_t column) {
  std::string out = value(node.object, indent, column) + "[";
  out += value(node.index, indent, after(out, column));
  return out + "]";
}

std::string ValueWriter::tall(const Unary& node, const Expr&, std::size_t indent, std::size_t column) {
  return (node.op == UnaryOp::negate ? "-" : "!") + value(node.operand, indent, column + 1);
}

std::string ValueWriter::tall(const Group& node, const Expr&, std::size_t indent, std::size_t column) {
  return "(" + value(node.inner, indent, column + 1) + ")";
}

std::string ValueWriter::tall(const Binary& node, const Expr&, std::size_t indent, std::size_t column) {
  std::string out = value(node.left, indent, column) + " " + sign_of(node.op);
  append(out, *node.left, *node.right, indent, column);
  return out;
}

std::string ValueWriter::tall(const Conditional& node, const Expr&, std::size_t indent, std::size_t column) {
  std::string out = value(node.condition, indent, column) + " ?";
  append(out, *node.condition, *node.then, indent, column);
  out += " :";
  append(out, *node.then, *node.otherwise, indent, column);
  return out;
}

void ValueWriter::append(std::string& out, const Expr& left, const Expr& right, std::size_t indent,
                         std::size_t column) {
  if (broken(left, right)) {
    out += "\n" + indented(indent + 2) + value(right, indent + 2, indent + 2);
  } else {
    out += " ";
    out += value(right, indent, after(out, column));
  }
}

std::string ValueWriter::tall(const ListFor& node, const Expr&, std::size_t indent, std::size_t column) {
  const std::string head = each_line(node.each, indent, column);
  const std::string item = value(node.item, indent + 2, indent + 2);
  return "[\n" + indented(indent + 2) + head + "\n" + indented(indent + 2) + item + "\n" + indented(indent) +
         "]";
}

std::string ValueWriter::tall(const MapFor& node, const Expr&, std::size_t indent, std::size_t column) {
  std::string out =
      "{\n" + indented(indent + 2) + each_line(node.each, indent, column) + "\n" + indented(indent + 2);
  const std::string name = value(node.key, indent + 2, indent + 2) + " => ";
  out += name;
  out += value(node.value, indent + 2, after(name, indent + 2));
  return out + "\n" + indented(indent) + "}";
}

std::string ValueWriter::each_line(const Each& each, std::size_t indent, std::size_t) {
  std::string out = "for " + variables(each.variables) + " in ";
  out += value(each.source, indent + 2, after(out, indent + 2));
  if (each.condition != nullptr) {
    out += " if ";
    out += value(each.condition, indent + 2, after(out, indent + 2));
  }
  return out + ":";
}

std::size_t ValueWriter::after(const std::string& written, std::size_t column) {
  const std::size_t newline = written.rfind('\n');
  return newline == std::string::npos ? column + width_of(written)
                                      : width_of(std::string_view(written).substr(newline + 1));
}

template <typename Items, typename Write, typename SpanOf>
std::string ValueWriter::bracketed(const char* open, const Items& items, const char* close, Span span,
                                   std::size_t indent, std::size_t column, const Write& write,
                                   const SpanOf& span_of) {
  const std::uint32_t end = span.end - 1;
  if (items.empty() && comment_begin() >= end) return std::string(open) + close;
  const bool first_below = items.empty() || newline_between(span.begin, span_of(items.front()).begin);
  if (!first_below) {
    if (const auto hugged = hug(open, items, close, span, indent, column, write, span_of)) return *hugged;
  }
  std::string out = open;
  std::uint32_t last = span.begin + 1;
  beside(out, last, items.empty() ? end : span_of(items.front()).begin);
  bool first = true;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& item = items[i];
    const Span its = span_of(item);
    comments_above(out, last, its.begin, indent + 2, first);
    if (!first && blank_line_between(last, its.begin)) out += "\n";
    out += "\n" + indented(indent + 2);
    out += write(item, indent + 2, indent + 2);
    last = its.end;
    beside(out, last, i + 1 < items.size() ? span_of(items[i + 1]).begin : end);
    first = false;
  }
  comments_above(out, last, end, indent + 2, first);
  return out + "\n" + indented(indent) + close;
}

template <typename Items, typename Write, typename SpanOf>
std::optional<std::string> ValueWriter::hug(const char* open, const Items& items, const char* close,
                                            Span span, std::size_t indent, std::size_t column,
                                            const Write& write, const SpanOf& span_of) {
  const std::size_t before = next_;
  const bool odd = odd_;
  const Span last = span_of(items.back());
  const std::size_t inside_last = comment_from(last.begin);
  const bool map = *open == '{';
  if (comment_from(span.begin) != inside_last || comment_from(last.end) != comment_from(span.end))
    return std::nullopt;
  std::string out = std::string(open) + (map ? " " : "");
  for (const auto& item : items) {
    const bool is_last = &item == &items.back();
    const std::string one = write(item, indent, after(out, column));
    const bool tall = one.find('\n') != std::string::npos;
    if (tall != is_last) {
      next_ = before;
      odd_ = odd;
      return std::nullopt;
    }
    out += one + (is_last ? "" : ", ");
  }
  // What had to be cut into lines does not help when the line before the cut is too long all the same.
  if (column + width_of(out.substr(0, out.find('\n'))) > line_limit) {
    next_ = before;
    odd_ = odd;
    return std::nullopt;
  }
  return out + (map ? " " : "") + close;
}

bool ValueWriter::blank_line_between(std::uint32_t last, std::uint32_t next) const {
  return newlines_between(last, next) >= 2;
}

void ValueWriter::beside(std::string& out, std::uint32_t& last, std::uint32_t limit) {
  while (comment_begin() < limit && !newline_between(last, comment_begin())) {
    out += "  " + slice_comment();
    last = file_->comments[next_].span.end;
    ++next_;
  }
}

std::string ValueWriter::slice_comment() const {
  return std::string(comment(next_));
}

void ValueWriter::comments_above(std::string& out, std::uint32_t& last, std::uint32_t limit,
                                 std::size_t indent, bool& first, bool statement) {
  while (comment_begin() < limit) {
    const Span span = file_->comments[next_].span;
    const bool behind_mark = !file_->comments[next_].own_line;  // `; # c`
    if (!first && (blank_line_between(last, span.begin) || apart_)) out += "\n";
    out += "\n" + indented(indent) + slice_comment();
    ++next_;
    last = span.end;
    first = false;
    apart_ = statement && (behind_mark || separated(last, std::min(comment_begin(), limit)));
  }
  if (apart_ && !first && !blank_line_between(last, limit)) out += "\n";
  apart_ = false;
}

bool ValueWriter::separated(std::uint32_t begin, std::uint32_t end) const {
  const std::string_view between = text_.substr(begin, end - begin);
  return between.find_first_of(";,") != std::string_view::npos && newline_between(begin, end);
}

}  // namespace cairn
