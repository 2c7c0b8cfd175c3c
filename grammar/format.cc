#include "grammar/format.h"

#include <algorithm>
#include <optional>

#include "grammar/format_literal.h"
#include "grammar/text_scan.h"

namespace cairn {

namespace {

using namespace syntax;

constexpr std::size_t line_limit = 120;

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    width += static_cast<std::size_t>(rune_width(rune.code));
    at += rune.bytes;
  }
  return width;
}

const char* sign_of(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return "+";
    case BinaryOp::subtract:
      return "-";
    case BinaryOp::multiply:
      return "*";
    case BinaryOp::divide:
      return "/";
    case BinaryOp::modulo:
      return "%";
    case BinaryOp::equal:
      return "==";
    case BinaryOp::not_equal:
      return "!=";
    case BinaryOp::less:
      return "<";
    case BinaryOp::less_equal:
      return "<=";
    case BinaryOp::greater:
      return ">";
    case BinaryOp::greater_equal:
      return ">=";
    case BinaryOp::logical_and:
      return "&&";
    case BinaryOp::logical_or:
      return "||";
  }
  return "";
}

using Flat = std::optional<std::string>;

class Formatter {
 public:
  Formatter(const Sources& sources, const File* file) : sources_(sources), file_(file) {
    if (file != nullptr && file->file != Span::no_file) text_ = sources.at(file->file).text;
  }

  std::string file() {
    body(file_->body, 0, 0);
    return std::move(out_);
  }

  std::string lone(const Expr& expr) {
    const Flat one_line = flat(expr);
    return one_line ? *one_line : value(expr, 0, 0);
  }

 private:
  // ---- the source
  // ----------------------------------------------------------------------------------------------
  std::string slice(std::uint32_t begin, std::uint32_t end) const {
    std::string out;
    for (std::uint32_t at = begin; at < end; ++at) {
      if (text_[at] != '\r') out += text_[at];
    }
    return out;
  }
  bool newline_between(std::uint32_t begin, std::uint32_t end) const {
    return !text_.empty() && begin < end &&
           text_.substr(begin, end - begin).find('\n') != std::string_view::npos;
  }
  std::size_t newlines_between(std::uint32_t begin, std::uint32_t end) const {
    if (begin >= end) return 0;
    return static_cast<std::size_t>(std::count(text_.begin() + begin, text_.begin() + end, '\n'));
  }
  std::string_view comment(std::size_t index) const {
    const Span span = file_->comments[index].span;
    return text_.substr(span.begin, span.end - span.begin);
  }
  std::uint32_t comment_begin() const {
    return next_ < comments() ? file_->comments[next_].span.begin : 0xffffffffU;
  }
  std::size_t comments() const { return file_ == nullptr ? 0 : file_->comments.size(); }
  // The index of the first comment at or behind `at`.
  std::size_t comment_from(std::uint32_t at) const {
    if (file_ == nullptr) return 0;
    const auto found =
        std::lower_bound(file_->comments.begin(), file_->comments.end(), at,
                         [](const Comment& c, std::uint32_t offset) { return c.span.begin < offset; });
    return static_cast<std::size_t>(found - file_->comments.begin());
  }
  bool holds_comment(Span span) const {
    return span.known() && comment_from(span.begin) != comment_from(span.end);
  }

  // ---- on one line
  // ------------------------------------------------------------------------------------------------
  Flat flat(const ExprPtr& expr) const { return flat(*expr); }

  Flat flat(const Expr& expr) const {
    if (holds_comment(expr.span)) return std::nullopt;
    return std::visit([&](const auto& node) { return flat(node, expr.span); }, expr.is);
  }
  template <typename Literal>
  Flat flat(const Literal& literal, Span span) const requires requires {
    write_literal(literal);
  }
  { return span.known() && !text_.empty() ? slice(span.begin, span.end) : write_literal(literal); }
  Flat flat(const Poison&, Span) const { return std::nullopt; }
  Flat flat(const Text& node, Span span) const {
    const bool known = span.known() && !text_.empty();
    if (!known) {
      std::string out = "\"";
      for (const TextPart& part : node.parts) {
        if (part.hole == nullptr) {
          out += write_escaped(part.text);
        } else if (const Flat hole = flat(part.hole)) {
          out += "${" + *hole + "}";
        }
      }
      return out + "\"";
    }
    std::string source = slice(span.begin, span.end);
    if (source.find('\n') != std::string::npos) return std::nullopt;
    return source;
  }
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

  Flat flat(const ListLiteral& node, Span span) const {
    if (!node.items.empty() && spread(span.begin, node.items.front()->span)) return std::nullopt;
    const Flat items = joined(node.items, [&](const ExprPtr& item) { return flat(item); });
    return items ? Flat("[" + *items + "]") : std::nullopt;
  }
  Flat flat(const MapEntry& entry) const {
    const Flat key = this->key(entry);
    const Flat value = flat(entry.value);
    return key && value ? Flat(*key + " = " + *value) : std::nullopt;
  }
  Flat key(const MapEntry& entry) const {
    if (!entry.word) return flat(entry.key);
    const auto& parts = std::get<Text>(entry.key->is).parts;
    return parts.empty() ? std::string() : parts.front().text;
  }
  Flat flat(const MapLiteral& node, Span span) const {
    if (node.entries.empty()) return "{}";
    if (spread(span.begin, node.entries.front().key->span)) return std::nullopt;
    const Flat entries = joined(node.entries, [&](const MapEntry& entry) { return flat(entry); });
    return entries ? Flat("{ " + *entries + " }") : std::nullopt;
  }
  Flat flat(const Each& each) const {
    const Flat source = flat(each.source);
    const Flat condition = each.condition == nullptr ? Flat("") : flat(each.condition);
    if (!source || !condition) return std::nullopt;
    return "for " + variables(each.variables) + " in " + *source +
           (condition->empty() ? "" : " if " + *condition) + ":";
  }
  static std::string variables(const std::vector<Name>& names) {
    std::string out;
    for (const Name& name : names) out += (out.empty() ? "" : ", ") + name.text;
    return out;
  }
  Flat flat(const ListFor& node, Span span) const {
    const Flat each = flat(node.each);
    const Flat item = flat(node.item);
    if (!each || !item || spread(span.begin, node.each.variables.front().span)) return std::nullopt;
    return "[" + *each + " " + *item + "]";
  }
  Flat flat(const MapFor& node, Span span) const {
    const Flat each = flat(node.each);
    const Flat key = flat(node.key);
    const Flat value = flat(node.value);
    if (!each || !key || !value || spread(span.begin, node.each.variables.front().span)) return std::nullopt;
    return "{ " + *each + " " + *key + " => " + *value + " }";
  }
  Flat flat(const NameRef& node, Span) const { return node.name.text; }
  Flat flat(const Argument& argument) const {
    const Flat value = flat(argument.value);
    return value ? Flat((argument.name ? argument.name->text + " = " : "") + *value) : std::nullopt;
  }
  Flat flat(const Arguments& arguments) const {
    if (!arguments.items.empty() && spread(arguments.span.begin, arguments.items.front().span))
      return std::nullopt;
    if (holds_comment(arguments.span)) return std::nullopt;
    const Flat items = joined(arguments.items, [&](const Argument& argument) { return flat(argument); });
    return items ? Flat("(" + *items + ")") : std::nullopt;
  }
  Flat flat(const Call& node, Span) const {
    const Flat arguments = flat(node.arguments);
    return arguments ? Flat(node.function.text + *arguments) : std::nullopt;
  }
  Flat flat(const Member& node, Span) const {
    const Flat object = flat(node.object);
    const Flat arguments = node.arguments ? flat(*node.arguments) : Flat("");
    return object && arguments ? Flat(*object + "." + node.name.text + *arguments) : std::nullopt;
  }
  Flat flat(const Index& node, Span) const {
    const Flat object = flat(node.object);
    const Flat index = flat(node.index);
    return object && index ? Flat(*object + "[" + *index + "]") : std::nullopt;
  }
  Flat flat(const Unary& node, Span) const {
    const Flat operand = flat(node.operand);
    return operand ? Flat((node.op == UnaryOp::negate ? "-" : "!") + *operand) : std::nullopt;
  }
  // A newline behind an operator is kept: it is the only way to break a long sum.
  bool broken(const Expr& left, const Expr& right) const {
    return left.span.known() && newline_between(left.span.end, right.span.begin);
  }
  Flat flat(const Binary& node, Span) const {
    const Flat left = flat(node.left);
    const Flat right = flat(node.right);
    if (!left || !right || broken(*node.left, *node.right)) return std::nullopt;
    return *left + " " + sign_of(node.op) + " " + *right;
  }
  Flat flat(const Conditional& node, Span) const {
    const Flat condition = flat(node.condition);
    const Flat then = flat(node.then);
    const Flat otherwise = flat(node.otherwise);
    if (!condition || !then || !otherwise || broken(*node.condition, *node.then) ||
        broken(*node.then, *node.otherwise)) {
      return std::nullopt;
    }
    return *condition + " ? " + *then + " : " + *otherwise;
  }
  Flat flat(const Group& node, Span) const {
    const Flat inner = flat(node.inner);
    return inner ? Flat("(" + *inner + ")") : std::nullopt;
  }

  // ---- over several lines
  // -------------------------------------------------------------------------------------------
  static std::string indented(std::size_t indent) { return std::string(indent, ' '); }

  // A value that begins in `column` of a line with this indentation. Takes the comments inside with it; when
  // one stands where no line can be kept for it, the value stays as it was written.
  std::string value(const Expr& expr, std::size_t indent, std::size_t column) {
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
  std::string value(const ExprPtr& expr, std::size_t indent, std::size_t column) {
    return value(*expr, indent, column);
  }

  template <typename Node>
  std::string tall(const Node&, const Expr& expr, std::size_t, std::size_t) {
    return slice(expr.span.begin, expr.span.end);
  }
  std::string tall(const Text&, const Expr& expr, std::size_t indent, std::size_t) {
    next_ = comment_from(expr.span.end);  // those inside of holes
    return reindented(slice(expr.span.begin, expr.span.end), indent + 2);
  }
  std::string tall(const ListLiteral& node, const Expr& expr, std::size_t indent, std::size_t column) {
    return bracketed(
        "[", node.items, "]", expr.span, indent, column,
        [&](const ExprPtr& item, std::size_t in, std::size_t at) { return value(item, in, at); },
        [](const ExprPtr& item) { return item->span; });
  }
  std::string tall(const MapLiteral& node, const Expr& expr, std::size_t indent, std::size_t column) {
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
  bool aligned(const MapEntry& entry, std::size_t indent) const {
    const Flat line = flat(entry);
    return line && indent + width_of(*line) <= line_limit;
  }
  std::size_t aligned_keys(const MapLiteral& node) const {
    std::size_t widest = 0;
    for (const MapEntry& entry : node.entries) {
      if (const Flat name = key(entry); name && flat(entry.value)) widest = std::max(widest, width_of(*name));
    }
    return widest;
  }
  std::string arguments(const Arguments& node, std::size_t indent, std::size_t column) {
    return bracketed(
        "(", node.items, ")", node.span, indent, column,
        [&](const Argument& argument, std::size_t in, std::size_t at) {
          const std::string name = argument.name ? argument.name->text + " = " : "";
          return name + value(argument.value, in, at + width_of(name));
        },
        [](const Argument& argument) { return argument.span; });
  }
  std::string tall(const Call& node, const Expr&, std::size_t indent, std::size_t column) {
    return node.function.text + arguments(node.arguments, indent, column + width_of(node.function.text));
  }
  std::string tall(const Member& node, const Expr&, std::size_t indent, std::size_t column) {
    std::string out = value(node.object, indent, column) + "." + node.name.text;
    if (node.arguments) out += arguments(*node.arguments, indent, after(out, column));
    return out;
  }
  std::string tall(const Index& node, const Expr&, std::size_t indent, std::size_t column) {
    std::string out = value(node.object, indent, column) + "[";
    out += value(node.index, indent, after(out, column));
    return out + "]";
  }
  std::string tall(const Unary& node, const Expr&, std::size_t indent, std::size_t column) {
    return (node.op == UnaryOp::negate ? "-" : "!") + value(node.operand, indent, column + 1);
  }
  std::string tall(const Group& node, const Expr&, std::size_t indent, std::size_t column) {
    return "(" + value(node.inner, indent, column + 1) + ")";
  }
  std::string tall(const Binary& node, const Expr&, std::size_t indent, std::size_t column) {
    std::string out = value(node.left, indent, column) + " " + sign_of(node.op);
    append(out, *node.left, *node.right, indent, column);
    return out;
  }
  std::string tall(const Conditional& node, const Expr&, std::size_t indent, std::size_t column) {
    std::string out = value(node.condition, indent, column) + " ?";
    append(out, *node.condition, *node.then, indent, column);
    out += " :";
    append(out, *node.then, *node.otherwise, indent, column);
    return out;
  }
  void append(std::string& out, const Expr& left, const Expr& right, std::size_t indent, std::size_t column) {
    if (broken(left, right)) {
      out += "\n" + indented(indent + 2) + value(right, indent + 2, indent + 2);
    } else {
      out += " ";
      out += value(right, indent, after(out, column));
    }
  }
  std::string tall(const ListFor& node, const Expr&, std::size_t indent, std::size_t column) {
    const std::string head = each_line(node.each, indent, column);
    const std::string item = value(node.item, indent + 2, indent + 2);
    return "[\n" + indented(indent + 2) + head + "\n" + indented(indent + 2) + item + "\n" +
           indented(indent) + "]";
  }
  std::string tall(const MapFor& node, const Expr&, std::size_t indent, std::size_t column) {
    std::string out =
        "{\n" + indented(indent + 2) + each_line(node.each, indent, column) + "\n" + indented(indent + 2);
    const std::string name = value(node.key, indent + 2, indent + 2) + " => ";
    out += name;
    out += value(node.value, indent + 2, after(name, indent + 2));
    return out + "\n" + indented(indent) + "}";
  }
  std::string each_line(const Each& each, std::size_t indent, std::size_t) {
    std::string out = "for " + variables(each.variables) + " in ";
    out += value(each.source, indent + 2, after(out, indent + 2));
    if (each.condition != nullptr) {
      out += " if ";
      out += value(each.condition, indent + 2, after(out, indent + 2));
    }
    return out + ":";
  }
  // The column behind a text that began in `column`.
  static std::size_t after(const std::string& written, std::size_t column) {
    const std::size_t newline = written.rfind('\n');
    return newline == std::string::npos ? column + width_of(written)
                                        : width_of(std::string_view(written).substr(newline + 1));
  }

  // Elements between brackets. When only the last one needs several lines and none stood on a line of its
  // own, the bracket hugs it: `f("x", {`.
  template <typename Items, typename Write, typename SpanOf>
  std::string bracketed(const char* open, const Items& items, const char* close, Span span,
                        std::size_t indent, std::size_t column, const Write& write, const SpanOf& span_of) {
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
  std::optional<std::string> hug(const char* open, const Items& items, const char* close, Span span,
                                 std::size_t indent, std::size_t column, const Write& write,
                                 const SpanOf& span_of) {
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

  // ---- comments and empty lines
  // -----------------------------------------------------------------------------------------
  bool blank_line_between(std::uint32_t last, std::uint32_t next) const {
    return newlines_between(last, next) >= 2;
  }

  // A comment that follows on the same line.
  void beside(std::string& out, std::uint32_t& last, std::uint32_t limit) {
    while (comment_begin() < limit && !newline_between(last, comment_begin())) {
      out += "  " + slice_comment();
      last = file_->comments[next_].span.end;
      ++next_;
    }
  }
  std::string slice_comment() const { return std::string(comment(next_)); }

  // The comments before `limit`, each on a line of its own. Leaves an empty line where there was one, and
  // where a separator kept a comment apart from the statement that follows: it must not become its doc.
  void comments_above(std::string& out, std::uint32_t& last, std::uint32_t limit, std::size_t indent,
                      bool& first, bool statement = false) {
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
  bool separated(std::uint32_t begin, std::uint32_t end) const {
    const std::string_view between = text_.substr(begin, end - begin);
    return between.find_first_of(";,") != std::string_view::npos && newline_between(begin, end);
  }

  // ---- types
  // ------------------------------------------------------------------------------------------------------------
  static std::string type(const std::vector<TypeItem>& alternatives) {
    std::string out;
    for (const TypeItem& item : alternatives) {
      if (!out.empty()) out += " | ";
      out += item.form == TypeItem::Form::literal ? "\"" + item.name.text + "\"" : item.name.text;
      if (item.member) out += "." + item.member->text;
      if (item.form == TypeItem::Form::applied) out += "(" + type(item.of) + ")";
      if (item.optional) out += "?";
    }
    return out;
  }
  std::string takes(const std::vector<Field>& fields) const {
    std::string out;
    for (const Field& field : fields) {
      out += (out.empty() ? "" : ", ") + field.name.text + ": " + type(field.type.alternatives) +
             (field.variadic ? "..." : "");
      if (field.value != nullptr)
        out += " = " + flat(field.value).value_or(slice(field.value->span.begin, field.value->span.end));
    }
    return "(" + out + ")";
  }

  // ---- statements
  // -------------------------------------------------------------------------------------------------------
  // The words before a statement's value or body.
  template <typename Node>
  std::string declared(const Node& node) const {
    return node.name.text + (node.has_takes ? takes(node.takes) : "") +
           (node.type ? ": " + type(node.type->alternatives) : "");
  }
  std::string head(const Setting& node) const { return node.name.text; }
  std::string head(const Use& node) const {
    return "use \"" + node.path + "\"" + (node.as ? " as " + node.as->text : "");
  }
  std::string head(const Param& node) const {
    return std::string(node.known ? "known " : "") + "param " + declared(node);
  }
  std::string head(const Export& node) const {
    return std::string(node.late ? "late " : "") + "export " + declared(node);
  }
  std::string head(const Let& node) const { return "let " + node.name.text; }
  std::string head(const Function& node) const {
    return "native function " + node.name.text + takes(node.takes) + ": " + type(node.result.alternatives);
  }
  std::string head(const Kind& node) const {
    return std::string(node.native ? "native "
                       : node.base ? "base "
                                   : "") +
           "kind " + node.name.text + (node.inherits ? " : " + node.inherits->text : "");
  }
  std::string head(const Block& node) const {
    return node.kind.text + (node.member ? "." + node.member->text : "") +
           (node.name ? " " + node.name->text : "");
  }

  Flat flat_body(const Body& body) const {
    if (body.statements.empty()) return "{}";
    std::string out;
    for (const Statement& statement : body.statements) {
      const Flat one = flat(statement);
      if (!one) return std::nullopt;
      out += (out.empty() ? "" : " ; ") + *one;
    }
    return "{ " + out + " }";
  }
  // A statement that was written on one line and holds no comment.
  Flat flat(const Statement& statement) const {
    if (holds_comment(statement.span) || newline_between(statement.span.begin, statement.span.end))
      return std::nullopt;
    return std::visit([&](const auto& node) { return flat_statement(node); }, statement.is);
  }
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
  Flat flat_statement(const Block& node) const {
    if (!node.has_body) return head(node);
    const Flat body = flat_body(node.body);
    return body ? Flat(head(node) + " " + *body) : std::nullopt;
  }
  Flat flat_statement(const For& node) const {
    const Flat source = flat(node.source);
    const Flat body = flat_body(node.body);
    return source && body ? Flat("for " + variables(node.variables) + " in " + *source + " " + *body)
                          : std::nullopt;
  }
  Flat flat_statement(const If& node) const {
    const Flat condition = flat(node.condition);
    const Flat then = flat_body(node.then);
    if (!condition || !then) return std::nullopt;
    std::string out = "if " + *condition + " " + *then;
    if (!node.has_else) return out;
    const bool chain = is_else_if(node);
    const Flat otherwise = chain ? flat(node.otherwise.statements.front()) : flat_body(node.otherwise);
    return otherwise ? Flat(out + " else " + *otherwise) : std::nullopt;
  }
  static bool is_else_if(const If& node) {
    return node.otherwise.statements.size() == 1 &&
           std::holds_alternative<If>(node.otherwise.statements.front().is) &&
           node.otherwise.span == node.otherwise.statements.front().span;
  }

  // A setting that takes part in the alignment: its line fits without any.
  Flat alignable(const Statement& statement, std::size_t indent) const {
    const auto* setting = std::get_if<Setting>(&statement.is);
    if (setting == nullptr || setting->value == nullptr || holds_comment(statement.span)) return std::nullopt;
    const Flat value = flat(setting->value);
    const bool fits = value && indent + width_of(setting->name.text) + 3 + width_of(*value) <= line_limit;
    return fits ? value : std::nullopt;
  }

  void body(const Body& body, std::size_t indent, std::uint32_t begin) {
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

  // The settings from `from` on that follow each other without an empty line: one behind the last, and the
  // widest name.
  std::pair<std::size_t, std::size_t> group(const std::vector<Statement>& statements, std::size_t from,
                                            std::size_t indent) const {
    std::size_t end = from;
    std::size_t widest = 0;
    while (end < statements.size() && alignable(statements[end], indent)) {
      if (end > from && gap_between(statements[end - 1].span.end, statements[end].span.begin)) break;
      widest = std::max(widest, width_of(std::get<Setting>(statements[end].is).name.text));
      ++end;
    }
    return {end, widest};
  }
  // An empty line somewhere between two statements.
  bool gap_between(std::uint32_t begin, std::uint32_t end) const {
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
        if (text_[at] == '#')
          at = static_cast<std::uint32_t>(std::min(text_.find('\n', at), text_.size())) - 1;
      }
    }
    return false;
  }

  void write(const Statement& statement, std::size_t indent) {
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
  void tall_statement(const Block& node, std::size_t indent) {
    out_ += head(node);
    if (node.has_body) braces(node.body, indent);
  }
  void tall_statement(const For& node, std::size_t indent) {
    out_ += "for " + variables(node.variables) + " in ";
    out_ += value(node.source, indent, column());
    braces(node.body, indent);
  }
  void tall_statement(const If& node, std::size_t indent) {
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
  // Where the word `else` begins, comments before it skipped.
  std::size_t else_word(std::size_t at) const {
    while (at < text_.size() && text_[at] != 'e')
      at = text_[at] == '#' ? std::min(text_.find('\n', at), text_.size()) : at + 1;
    return at;
  }
  void braces(const Body& inner, std::size_t indent) {
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
  std::size_t column() const {
    const std::size_t newline = out_.rfind('\n');
    return width_of(std::string_view(out_).substr(newline == std::string::npos ? 0 : newline + 1));
  }

  const Sources& sources_;
  const File* file_;
  std::string_view text_;
  std::string out_;
  std::size_t next_ = 0;  // the first comment that is not written yet
  bool apart_ = false;
  bool odd_ = false;  // a comment was left out somewhere inside of what is being written
};

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
