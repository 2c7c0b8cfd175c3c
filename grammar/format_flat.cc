#include "grammar/format_flat.h"

#include <algorithm>

#include "grammar/text_scan.h"

namespace cairn {

using namespace syntax;

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    width += static_cast<std::size_t>(rune_width(rune.code));
    at += rune.bytes;
  }
  return width;
}

std::string FlatWriter::slice(std::uint32_t begin, std::uint32_t end) const {
  std::string out;
  for (std::uint32_t at = begin; at < end; ++at) {
    if (text_[at] != '\r') out += text_[at];
  }
  return out;
}

bool FlatWriter::newline_between(std::uint32_t begin, std::uint32_t end) const {
  return !text_.empty() && begin < end &&
         text_.substr(begin, end - begin).find('\n') != std::string_view::npos;
}

std::size_t FlatWriter::newlines_between(std::uint32_t begin, std::uint32_t end) const {
  if (begin >= end) return 0;
  return static_cast<std::size_t>(std::count(text_.begin() + begin, text_.begin() + end, '\n'));
}

std::string_view FlatWriter::comment(std::size_t index) const {
  const Span span = file_->comments[index].span;
  return text_.substr(span.begin, span.end - span.begin);
}

std::size_t FlatWriter::comment_from(std::uint32_t at) const {
  if (file_ == nullptr) return 0;
  const auto found =
      std::lower_bound(file_->comments.begin(), file_->comments.end(), at,
                       [](const Comment& c, std::uint32_t offset) { return c.span.begin < offset; });
  return static_cast<std::size_t>(found - file_->comments.begin());
}

bool FlatWriter::holds_comment(Span span) const {
  return span.known() && comment_from(span.begin) != comment_from(span.end);
}

Flat FlatWriter::flat(const ExprPtr& expr) const {
  return flat(*expr);
}

Flat FlatWriter::flat(const Expr& expr) const {
  if (holds_comment(expr.span)) return std::nullopt;
  return std::visit([&](const auto& node) { return flat(node, expr.span); }, expr.is);
}

Flat FlatWriter::flat(const Poison&, Span) const {
  return std::nullopt;
}

Flat FlatWriter::flat(const Text& node, Span span) const {
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

Flat FlatWriter::flat(const ListLiteral& node, Span span) const {
  if (!node.items.empty() && spread(span.begin, node.items.front()->span)) return std::nullopt;
  const Flat items = joined(node.items, [&](const ExprPtr& item) { return flat(item); });
  return items ? Flat("[" + *items + "]") : std::nullopt;
}

Flat FlatWriter::flat(const MapEntry& entry) const {
  const Flat key = this->key(entry);
  const Flat value = flat(entry.value);
  return key && value ? Flat(*key + " = " + *value) : std::nullopt;
}

Flat FlatWriter::key(const MapEntry& entry) const {
  if (!entry.word) return flat(entry.key);
  const auto& parts = std::get<Text>(entry.key->is).parts;
  return parts.empty() ? std::string() : parts.front().text;
}

Flat FlatWriter::flat(const MapLiteral& node, Span span) const {
  if (node.entries.empty()) return "{}";
  if (spread(span.begin, node.entries.front().key->span)) return std::nullopt;
  const Flat entries = joined(node.entries, [&](const MapEntry& entry) { return flat(entry); });
  return entries ? Flat("{ " + *entries + " }") : std::nullopt;
}

Flat FlatWriter::flat(const Each& each) const {
  const Flat source = flat(each.source);
  const Flat condition = each.condition == nullptr ? Flat("") : flat(each.condition);
  if (!source || !condition) return std::nullopt;
  return "for " + variables(each.variables) + " in " + *source +
         (condition->empty() ? "" : " if " + *condition) + ":";
}

std::string FlatWriter::variables(const std::vector<Name>& names) {
  std::string out;
  for (const Name& name : names) out += (out.empty() ? "" : ", ") + name.text;
  return out;
}

Flat FlatWriter::flat(const ListFor& node, Span span) const {
  const Flat each = flat(node.each);
  const Flat item = flat(node.item);
  if (!each || !item || spread(span.begin, node.each.variables.front().span)) return std::nullopt;
  return "[" + *each + " " + *item + "]";
}

Flat FlatWriter::flat(const MapFor& node, Span span) const {
  const Flat each = flat(node.each);
  const Flat key = flat(node.key);
  const Flat value = flat(node.value);
  if (!each || !key || !value || spread(span.begin, node.each.variables.front().span)) return std::nullopt;
  return "{ " + *each + " " + *key + " => " + *value + " }";
}

Flat FlatWriter::flat(const NameRef& node, Span) const {
  return node.name.text;
}

Flat FlatWriter::flat(const Argument& argument) const {
  const Flat value = flat(argument.value);
  return value ? Flat((argument.name ? argument.name->text + " = " : "") + *value) : std::nullopt;
}

Flat FlatWriter::flat(const Arguments& arguments) const {
  if (!arguments.items.empty() && spread(arguments.span.begin, arguments.items.front().span))
    return std::nullopt;
  if (holds_comment(arguments.span)) return std::nullopt;
  const Flat items = joined(arguments.items, [&](const Argument& argument) { return flat(argument); });
  return items ? Flat("(" + *items + ")") : std::nullopt;
}

Flat FlatWriter::flat(const Call& node, Span) const {
  const Flat arguments = flat(node.arguments);
  return arguments ? Flat(node.function.text + *arguments) : std::nullopt;
}

Flat FlatWriter::flat(const Member& node, Span) const {
  const Flat object = flat(node.object);
  const Flat arguments = node.arguments ? flat(*node.arguments) : Flat("");
  return object && arguments ? Flat(*object + "." + node.name.text + *arguments) : std::nullopt;
}

Flat FlatWriter::flat(const Index& node, Span) const {
  const Flat object = flat(node.object);
  const Flat index = flat(node.index);
  return object && index ? Flat(*object + "[" + *index + "]") : std::nullopt;
}

Flat FlatWriter::flat(const Unary& node, Span) const {
  const Flat operand = flat(node.operand);
  return operand ? Flat((node.op == UnaryOp::negate ? "-" : "!") + *operand) : std::nullopt;
}

bool FlatWriter::broken(const Expr& left, const Expr& right) const {
  return left.span.known() && newline_between(left.span.end, right.span.begin);
}

Flat FlatWriter::flat(const Binary& node, Span) const {
  const Flat left = flat(node.left);
  const Flat right = flat(node.right);
  if (!left || !right || broken(*node.left, *node.right)) return std::nullopt;
  return *left + " " + sign_of(node.op) + " " + *right;
}

Flat FlatWriter::flat(const Conditional& node, Span) const {
  const Flat condition = flat(node.condition);
  const Flat then = flat(node.then);
  const Flat otherwise = flat(node.otherwise);
  if (!condition || !then || !otherwise || broken(*node.condition, *node.then) ||
      broken(*node.then, *node.otherwise)) {
    return std::nullopt;
  }
  return *condition + " ? " + *then + " : " + *otherwise;
}

Flat FlatWriter::flat(const Group& node, Span) const {
  const Flat inner = flat(node.inner);
  return inner ? Flat("(" + *inner + ")") : std::nullopt;
}

std::string FlatWriter::type(const std::vector<TypeItem>& alternatives) {
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

std::string FlatWriter::takes(const std::vector<Field>& fields) const {
  std::string out;
  for (const Field& field : fields) {
    out += (out.empty() ? "" : ", ") + field.name.text + ": " + type(field.type.alternatives) +
           (field.variadic ? "..." : "");
    if (field.value != nullptr)
      out += " = " + flat(field.value).value_or(slice(field.value->span.begin, field.value->span.end));
  }
  return "(" + out + ")";
}

std::string FlatWriter::head(const Setting& node) const {
  return node.name.text;
}

std::string FlatWriter::head(const Use& node) const {
  return "use \"" + node.path + "\"" + (node.as ? " as " + node.as->text : "");
}

std::string FlatWriter::head(const Param& node) const {
  return std::string(node.known ? "known " : "") + "param " + declared(node);
}

std::string FlatWriter::head(const Export& node) const {
  return std::string(node.late ? "late " : "") + "export " + declared(node);
}

std::string FlatWriter::head(const Let& node) const {
  return "let " + node.name.text;
}

std::string FlatWriter::head(const Function& node) const {
  return "native function " + node.name.text + takes(node.takes) + ": " + type(node.result.alternatives);
}

std::string FlatWriter::head(const Kind& node) const {
  return std::string(node.native ? "native "
                     : node.base ? "base "
                                 : "") +
         "kind " + node.name.text + (node.inherits ? " : " + node.inherits->text : "");
}

std::string FlatWriter::head(const Block& node) const {
  return node.kind.text + (node.member ? "." + node.member->text : "") +
         (node.name ? " " + node.name->text : "");
}

Flat FlatWriter::flat_body(const Body& body) const {
  if (body.statements.empty()) return "{}";
  std::string out;
  for (const Statement& statement : body.statements) {
    const Flat one = flat(statement);
    if (!one) return std::nullopt;
    out += (out.empty() ? "" : " ; ") + *one;
  }
  return "{ " + out + " }";
}

Flat FlatWriter::flat(const Statement& statement) const {
  if (holds_comment(statement.span) || newline_between(statement.span.begin, statement.span.end))
    return std::nullopt;
  return std::visit([&](const auto& node) { return flat_statement(node); }, statement.is);
}

Flat FlatWriter::flat_statement(const Block& node) const {
  if (!node.has_body) return head(node);
  const Flat body = flat_body(node.body);
  return body ? Flat(head(node) + " " + *body) : std::nullopt;
}

Flat FlatWriter::flat_statement(const For& node) const {
  const Flat source = flat(node.source);
  const Flat body = flat_body(node.body);
  return source && body ? Flat("for " + variables(node.variables) + " in " + *source + " " + *body)
                        : std::nullopt;
}

Flat FlatWriter::flat_statement(const If& node) const {
  const Flat condition = flat(node.condition);
  const Flat then = flat_body(node.then);
  if (!condition || !then) return std::nullopt;
  std::string out = "if " + *condition + " " + *then;
  if (!node.has_else) return out;
  const bool chain = is_else_if(node);
  const Flat otherwise = chain ? flat(node.otherwise.statements.front()) : flat_body(node.otherwise);
  return otherwise ? Flat(out + " else " + *otherwise) : std::nullopt;
}

bool FlatWriter::is_else_if(const If& node) {
  return node.otherwise.statements.size() == 1 &&
         std::holds_alternative<If>(node.otherwise.statements.front().is) &&
         node.otherwise.span == node.otherwise.statements.front().span;
}

}  // namespace cairn
