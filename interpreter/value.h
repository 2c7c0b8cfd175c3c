// The values of the language. Plain data: copyable, comparable, printable in a stable form.
//
// A value may be *late*: known only at run time (rule 33). Lists and maps may hold late elements; everything
// computed from a late value is late. A value may be *secret*: the bit is set by any secret operand and
// cleared by reveal() only (rule 30); what is secret is never printed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cairn {

struct Null {
  bool operator==(const Null&) const = default;
};
struct Duration {
  std::int64_t milliseconds = 0;
  auto operator<=>(const Duration&) const = default;
};
struct Size {
  std::int64_t bytes = 0;
  auto operator<=>(const Size&) const = default;
};
// A path as it was written, and the folder that it is relative to: that of the file its text is in (rule 28).
struct Path {
  std::string text;
  std::string folder;
  bool operator==(const Path&) const = default;
};

// Index into Graph::nodes. During expansion and in the frozen graph alike.
enum class NodeId : std::uint32_t {};
constexpr NodeId no_node{0xffffffff};

// A node, or an instance of a user kind (a group node).
struct NodeRef {
  NodeId node = no_node;
  bool operator==(const NodeRef&) const = default;
};

struct Value;
using List = std::vector<Value>;

// Keeps the order in which its entries were written (rule 16).
struct Map {
  std::vector<std::pair<std::string, Value>> entries;
  // Defined where Value is whole: clang looks into them while it is not.
  Map();
  Map(const Map&);
  Map(Map&&) noexcept;
  Map& operator=(const Map&);
  Map& operator=(Map&&) noexcept;
  ~Map();
  const Value* find(std::string_view key) const;  // null when absent
  void set(std::string key, Value value);         // replaces, or appends
};

// What a constructor function gives: a probe (`tcp(5432, within = 1m)`), a report (`junit("…")`),
// `retries(3)`, `readonly(x)`, `subpath(x, p)`. Arguments are by name, defaults filled in, in the order of
// the declaration.
struct Made {
  std::string function;
  Map arguments;
};

// An expression with everything it needs to be evaluated once its inputs exist. Defined in evaluate.h.
struct LateExpression;
struct Late {
  std::shared_ptr<const LateExpression> expression;
};

struct Value {
  std::variant<Null, bool, std::int64_t, double, std::string, Duration, Size, Path, List, Map, NodeRef, Made,
               Late>
      is;
  bool secret = false;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&is);
  }
  bool null() const { return std::holds_alternative<Null>(is); }
  bool late() const { return std::holds_alternative<Late>(is); }
  bool late_anywhere() const;    // itself, or any element
  bool secret_anywhere() const;  // itself, or any element
};

template <class T>
Value to_value(T is) {
  Value value;
  value.is = std::move(is);
  return value;
}
inline Value to_value(std::string_view text) {
  return to_value(std::string(text));
}

bool equal(const Value& a,
           const Value& b);  // structural; late values are equal when they are the same expression

// As a literal of the language, on one line, stable; a secret is `•••`, a late value is `<late>`.
std::string show(const Value& value);
// As text in a hole or an environment (rule 18): scalars only. Durations and sizes as their literals.
std::string plain_text(const Value& value);

}  // namespace cairn
