// The syntax tree: settings, blocks and a few words of control. It knows no vocabulary: what a `service` is,
// the checker reads from the declarations in stdlib/kinds. Plain data with spans; always walkable: a part
// that did not parse is a Poison expression or is missing, never a null pointer where one is not documented.
//
// A Compose file becomes the same tree, with spans into the YAML.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/span.h"

namespace cairn::syntax {

struct Name {
  std::string text;
  Span span;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;  // never null unless a field says so

// ---- expressions

struct Poison {};  // did not parse; already reported
struct NullLiteral {};
struct BoolLiteral {
  bool value = false;
};
struct IntLiteral {
  std::int64_t value = 0;
};
struct FloatLiteral {
  double value = 0;
};
struct DurationLiteral {
  std::int64_t milliseconds = 0;
};
struct SizeLiteral {
  std::int64_t bytes = 0;
};

// "…", '…', """…""", '''…'''. Escapes are resolved and common indentation is removed already.
enum class TextForm { plain, raw, long_plain, long_raw };
struct TextPart {
  std::string text;  // used when hole is null
  ExprPtr hole;      // may be null
  Span span;
};
struct Text {
  TextForm form = TextForm::plain;
  std::vector<TextPart> parts;  // none for an empty string; never two texts in a row
};

struct ListLiteral {
  std::vector<ExprPtr> items;
};
struct MapEntry {
  ExprPtr key;        // always a Text, also for a literal word
  bool word = false;  // the key was written as a bare word
  ExprPtr value;
};
struct MapLiteral {
  std::vector<MapEntry> entries;
};

// `for k, v in source if condition`, the head of a comprehension.
struct Each {
  std::vector<Name> variables;  // one or two
  ExprPtr source;
  ExprPtr condition;  // may be null
};
struct ListFor {
  Each each;
  ExprPtr item;
};
struct MapFor {
  Each each;
  ExprPtr key;
  ExprPtr value;
};

struct NameRef {
  Name name;
};
struct Argument {
  std::optional<Name> name;
  ExprPtr value;
  Span span;
};
struct Arguments {
  std::vector<Argument> items;
  Span span;  // from `(` to `)`
};
struct Call {
  Name function;
  Arguments arguments;
};
struct Member {
  ExprPtr object;
  Name name;
  std::optional<Arguments> arguments;  // `db.port(5432)`
};
struct Index {
  ExprPtr object;
  ExprPtr index;
};

enum class UnaryOp { negate, logical_not };
struct Unary {
  UnaryOp op = UnaryOp::negate;
  ExprPtr operand;
};
enum class BinaryOp {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or
};
struct Binary {
  BinaryOp op = BinaryOp::add;
  ExprPtr left;
  ExprPtr right;
  Span op_span;
};
struct Conditional {
  ExprPtr condition;
  ExprPtr then;
  ExprPtr otherwise;
};
struct Group {
  ExprPtr inner;
};  // kept for the formatter

struct Expr {
  Span span;
  std::variant<Poison, NullLiteral, BoolLiteral, IntLiteral, FloatLiteral, DurationLiteral, SizeLiteral, Text,
               ListLiteral, MapLiteral, ListFor, MapFor, NameRef, Call, Member, Index, Unary, Binary,
               Conditional, Group>
      is;
};

// ---- types

struct TypeItem {
  enum class Form { name, literal, applied } form = Form::name;
  Name name;                   // `string`, `list`; the text itself for a literal "a"
  std::optional<Name> member;  // `postgres.server`
  std::vector<TypeItem> of;    // for applied, `list(T | U)`: the alternatives of its argument
  bool optional = false;       // `T?`
  Span span;
};
struct Type {
  std::vector<TypeItem> alternatives;
  Span span;
};

// ---- statements

struct Statement;
struct Body {
  std::vector<Statement> statements;
  Span span;  // between the braces, or the whole file
};

struct Setting {
  Name name;
  ExprPtr value;
};
struct Use {
  std::string path;
  Span path_span;
  std::optional<Name> as;
};
struct Field {  // a parameter in `port(n: int = 1, rest: T...)`
  Name name;
  Type type;
  bool variadic = false;
  ExprPtr value;  // may be null
};
struct Param {
  bool known = false;
  Name name;
  std::vector<Field> takes;  // names an expression may use: `param until(response: answer): bool?`
  bool has_takes = false;
  std::optional<Type> type;
  ExprPtr value;  // may be null: no default
};
struct Let {
  Name name;
  ExprPtr value;
};
struct Function {
  Name name;
  std::vector<Field> takes;
  Type result;
};
struct Kind {
  bool native = false;
  bool base = false;
  Name name;
  std::optional<Name> inherits;
  Body body;
};
struct Export {
  bool late = false;
  Name name;
  std::vector<Field> takes;
  bool has_takes = false;
  std::optional<Type> type;
  ExprPtr value;  // may be null (native kinds)
};
struct For {
  std::vector<Name> variables;
  ExprPtr source;
  Body body;
};
struct If {
  ExprPtr condition;
  Body then;
  bool has_else = false;
  Body otherwise;  // `else if` is a body of one If
};
struct Block {
  Name kind;                   // `run`, or the module in `mysql.server`
  std::optional<Name> member;  // `server` in `mysql.server`
  std::optional<Name> name;    // missing: named like its kind (the member)
  bool has_body = false;
  Body body;
  Span head;  // kind and name
};

// `# cairn: allow L0412 because why`, attached to the statement it stands above or beside.
struct Allow {
  std::string code;
  std::string reason;
  Span span;
};

struct Statement {
  Span span;
  std::string doc;  // the `##` lines right above, without marks, joined by newlines
  std::vector<Allow> allows;
  std::variant<Setting, Use, Param, Let, Function, Kind, Export, For, If, Block> is;
};

struct Comment {
  Span span;             // from `#` to the last byte before the line end
  bool own_line = true;  // nothing but blanks and separators before it on its line
};

struct File {
  std::uint32_t file = Span::no_file;
  std::string doc;  // `##` lines at the top, before a blank line or a `use`
  Body body;
  std::vector<Comment> comments;  // all, in order; the formatter puts them back
};

}  // namespace cairn::syntax
