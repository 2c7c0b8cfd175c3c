#include "grammar/show.h"

#include <charconv>

#include "grammar/json_text.h"

namespace cairn {

namespace {

using namespace syntax;

const char* word(UnaryOp op) {
  return op == UnaryOp::negate ? "negate" : "not";
}

const char* word(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return "add";
    case BinaryOp::subtract:
      return "subtract";
    case BinaryOp::multiply:
      return "multiply";
    case BinaryOp::divide:
      return "divide";
    case BinaryOp::modulo:
      return "modulo";
    case BinaryOp::equal:
      return "equal";
    case BinaryOp::not_equal:
      return "not-equal";
    case BinaryOp::less:
      return "less";
    case BinaryOp::less_equal:
      return "less-equal";
    case BinaryOp::greater:
      return "greater";
    case BinaryOp::greater_equal:
      return "greater-equal";
    case BinaryOp::logical_and:
      return "and";
    case BinaryOp::logical_or:
      return "or";
  }
  return "";
}

const char* word(TextForm form) {
  switch (form) {
    case TextForm::plain:
      return "text";
    case TextForm::raw:
      return "raw";
    case TextForm::long_plain:
      return "long";
    case TextForm::long_raw:
      return "long-raw";
  }
  return "";
}

// The shortest text that reads back as the same number.
std::string shortest(double value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc{} ? std::string(buffer, end) : "?";
}

class Shower {
 public:
  explicit Shower(bool spans) : spans_(spans) {}

  std::string file(const File& file) {
    line("file" + at(file.body.span));
    ++depth_;
    doc(file.doc);
    statements(file.body);
    return std::move(out_);
  }

  std::string expression(const Expr& expr) {
    return std::visit([&](const auto& node) { return show(node); }, expr.is) + at(expr.span);
  }

 private:
  void line(const std::string& text) { out_ += std::string(depth_ * 2, ' ') + text + "\n"; }
  std::string at(Span span) const {
    return spans_ ? "@" + std::to_string(span.begin) + ".." + std::to_string(span.end) : "";
  }
  void doc(const std::string& doc) {
    if (!doc.empty()) line("doc " + json_quote(doc));
  }

  // ---- expressions ----
  std::string of(const ExprPtr& expr) { return expr == nullptr ? "(missing)" : expression(*expr); }
  std::string show(const Poison&) { return "(poison)"; }
  std::string show(const NullLiteral&) { return "null"; }
  std::string show(const BoolLiteral& node) { return node.value ? "true" : "false"; }
  std::string show(const IntLiteral& node) { return std::to_string(node.value); }
  std::string show(const FloatLiteral& node) { return "(float " + shortest(node.value) + ")"; }
  std::string show(const DurationLiteral& node) {
    return "(duration " + std::to_string(node.milliseconds) + "ms)";
  }
  std::string show(const SizeLiteral& node) { return "(size " + std::to_string(node.bytes) + "B)"; }
  std::string show(const Text& node) {
    std::string out = std::string("(") + word(node.form);
    for (const TextPart& part : node.parts)
      out += " " + (part.hole == nullptr ? json_quote(part.text) : "(hole " + of(part.hole) + ")");
    return out + ")";
  }
  std::string show(const ListLiteral& node) {
    std::string out = "[";
    for (const ExprPtr& item : node.items) out += (out.size() > 1 ? ", " : "") + of(item);
    return out + "]";
  }
  std::string show(const MapLiteral& node) {
    std::string out = "{";
    for (const MapEntry& entry : node.entries) {
      out += (out.size() > 1 ? ", " : "") + std::string(entry.word ? "word " : "") + of(entry.key) + " = " +
             of(entry.value);
    }
    return out + "}";
  }
  std::string each(const Each& node) {
    std::string out = "for";
    for (const Name& name : node.variables) out += " " + name.text + at(name.span);
    out += " in " + of(node.source);
    if (node.condition != nullptr) out += " if " + of(node.condition);
    return out;
  }
  std::string show(const ListFor& node) { return "[" + each(node.each) + ": " + of(node.item) + "]"; }
  std::string show(const MapFor& node) {
    return "{" + each(node.each) + ": " + of(node.key) + " => " + of(node.value) + "}";
  }
  std::string show(const NameRef& node) { return node.name.text; }
  std::string arguments(const Arguments& node) {
    std::string out;
    for (const Argument& argument : node.items) {
      out += " " + (argument.name ? argument.name->text + at(argument.name->span) + "=" : "") +
             of(argument.value);
    }
    return out;
  }
  std::string show(const Call& node) {
    return "(call " + node.function.text + arguments(node.arguments) + ")";
  }
  std::string show(const Member& node) {
    std::string out = "(member " + of(node.object) + " " + node.name.text + at(node.name.span);
    if (node.arguments) out += " (with" + arguments(*node.arguments) + ")";
    return out + ")";
  }
  std::string show(const Index& node) { return "(index " + of(node.object) + " " + of(node.index) + ")"; }
  std::string show(const Unary& node) {
    return std::string("(") + word(node.op) + " " + of(node.operand) + ")";
  }
  std::string show(const Binary& node) {
    return std::string("(") + word(node.op) + at(node.op_span) + " " + of(node.left) + " " + of(node.right) +
           ")";
  }
  std::string show(const Conditional& node) {
    return "(choose " + of(node.condition) + " " + of(node.then) + " " + of(node.otherwise) + ")";
  }
  std::string show(const Group& node) { return "(group " + of(node.inner) + ")"; }

  // ---- types ----
  std::string alternatives(const std::vector<TypeItem>& items) {
    std::string out;
    for (const TypeItem& item : items) {
      if (!out.empty()) out += " | ";
      out += item.form == TypeItem::Form::literal ? json_quote(item.name.text) : item.name.text;
      if (item.member) out += "." + item.member->text;
      if (item.form == TypeItem::Form::applied) out += "(" + alternatives(item.of) + ")";
      if (item.optional) out += "?";
      out += at(item.span);
    }
    return out;
  }
  std::string type(const Type& type) { return alternatives(type.alternatives) + at(type.span); }
  std::string takes(const std::vector<Field>& fields) {
    std::string out = "(";
    for (const Field& field : fields) {
      out += (out.size() > 1 ? ", " : "") + field.name.text + at(field.name.span) + ": " + type(field.type) +
             (field.variadic ? "..." : "");
      if (field.value != nullptr) out += " = " + of(field.value);
    }
    return out + ")";
  }

  // ---- statements ----
  void statements(const Body& body) {
    for (const Statement& statement : body.statements) {
      span_ = statement.span;
      marks_ = {&statement.doc, &statement.allows};
      std::visit([&](const auto& node) { show_statement(node); }, statement.is);
    }
  }
  // The line of a statement, and below it its doc and what it allows.
  void head(const std::string& text) {
    line(text + at(span_));
    ++depth_;
    doc(*marks_.doc);
    for (const Allow& allow : *marks_.allows)
      line("allow " + allow.code + " because " + json_quote(allow.reason));
    --depth_;
  }
  void body(const Body& body) {
    ++depth_;
    statements(body);
    --depth_;
  }
  std::string named(const Name& name) { return " " + name.text + at(name.span); }
  std::string valued(const ExprPtr& value) { return value == nullptr ? "" : " = " + expression(*value); }

  void show_statement(const Setting& node) { head("setting" + named(node.name) + valued(node.value)); }
  void show_statement(const Use& node) {
    head("use " + json_quote(node.path) + at(node.path_span) + (node.as ? " as" + named(*node.as) : ""));
  }
  template <typename Node>
  std::string declaration(const Node& node) {
    return named(node.name) + (node.has_takes ? takes(node.takes) : "") +
           (node.type ? ": " + type(*node.type) : "") + valued(node.value);
  }
  void show_statement(const Param& node) {
    head(std::string(node.known ? "known " : "") + "param" + declaration(node));
  }
  void show_statement(const Export& node) {
    head(std::string(node.late ? "late " : "") + "export" + declaration(node));
  }
  void show_statement(const Let& node) { head("let" + named(node.name) + valued(node.value)); }
  void show_statement(const Function& node) {
    head("native function" + named(node.name) + takes(node.takes) + ": " + type(node.result));
  }
  void show_statement(const Kind& node) {
    head(std::string(node.native ? "native " : "") + (node.base ? "base " : "") + "kind" + named(node.name) +
         (node.inherits ? " :" + named(*node.inherits) : ""));
    body(node.body);
  }
  void show_statement(const For& node) {
    std::string text = "for";
    for (const Name& name : node.variables) text += named(name);
    head(text + " in " + of(node.source));
    body(node.body);
  }
  void show_statement(const If& node) {
    head("if " + of(node.condition));
    body(node.then);
    if (!node.has_else) return;
    line("else");
    body(node.otherwise);
  }
  void show_statement(const Block& node) {
    head("block" + named(node.kind) + (node.member ? "." + node.member->text + at(node.member->span) : "") +
         (node.name ? named(*node.name) : "") + (node.has_body ? " {}" : ""));
    body(node.body);
  }

  struct Marks {
    const std::string* doc = nullptr;
    const std::vector<Allow>* allows = nullptr;
  };

  bool spans_;
  std::string out_;
  std::size_t depth_ = 0;
  Span span_;
  Marks marks_;
};

}  // namespace

std::string show_syntax(const File& file, bool spans) {
  return Shower(spans).file(file);
}
std::string show_syntax(const Expr& expression, bool spans) {
  return Shower(spans).expression(expression);
}

bool equal(const File& a, const File& b) {
  return show_syntax(a) == show_syntax(b);
}

}  // namespace cairn
