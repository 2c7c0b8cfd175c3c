// The type of every expression (rule 26), with what is wrong about it reported once. An expression that was
// reported has the type poison, which fits everywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "interpreter/program.h"
#include "interpreter/type_rules.h"

namespace cairn {

// Where an expression stands, as far as its type depends on it.
struct Standing {
  const Region* region = nullptr;
  const Declaration* self = nullptr;  // whose setting it is
  std::vector<std::pair<std::string, Type>>
      locals;  // of comprehensions and deferred settings, innermost last
};

class Typer {
 public:
  explicit Typer(Program& program) : program_(program), diagnostics_(program.diagnostics) {}

  Type type(const syntax::Expr& expression, const Standing& standing);
  // Reports unless the expression fits; `what` names the place: "`memory`".
  void expect(const syntax::Expr& expression, const Type& wanted, const Standing& standing,
              const std::string& what);

  Type type_of_declaration(const Declaration& declaration);  // as its own scope sees it, without loops
  Type type_seen_from(const Declaration& declaration, const Region& from);  // with the loops and ifs between
  Type type_of_export(const UserKind& kind, const syntax::Export& exported);
  std::vector<Type> variables_of(const syntax::Expr& source, std::size_t count, const Standing& standing);

  Program& program() { return program_; }

 private:
  enum class State { untouched, busy, done };
  struct Known {
    State state = State::untouched;
    Type type;
  };

  // typer.cc
  Type infer(const syntax::Expr& expression, const Standing& standing);
  Type type_of_name(const syntax::Expr& expression, const syntax::NameRef& name, const Standing& standing);
  Type type_of_text(const syntax::Text& text, const Standing& standing);
  Type type_of_map(const syntax::MapLiteral& map, const Standing& standing);
  using KeysSeen = std::unordered_map<std::string, const syntax::MapEntry*>;
  void given_once(const syntax::MapEntry& entry, const std::string& key, KeysSeen& seen);
  Standing inside(const syntax::Each& each, const Standing& standing);
  // names.cc
  void report_unknown_name(const syntax::Expr& expression, const syntax::Name& name,
                           const Standing& standing);
  std::vector<std::string> visible_names(const Standing& standing) const;
  Type poison(const syntax::Expr& expression);

  // members.cc
  Type type_of_member(const syntax::Expr& expression, const syntax::Member& member, const Standing& standing);
  Type type_of_index(const syntax::Expr& expression, const syntax::Index& index, const Standing& standing);
  Type member_of_node(const syntax::Expr& expression, const syntax::Member& member, const std::string& kind,
                      const Standing& standing);
  Type member_of_scope(const syntax::Expr& expression, const syntax::Member& member, const Region& scope,
                       const std::string& shown);
  const Declaration* stage_named(const syntax::Expr& expression, const Standing& standing) const;
  std::vector<std::string> exports_of(const std::string& kind);
  void check_arguments(const syntax::Member& member, const std::vector<TakesDecl>& takes,
                       const Standing& standing);

  // calls.cc
  Type type_of_call(const syntax::Expr& expression, const syntax::Call& call, const Standing& standing);
  struct Bound {
    std::vector<const syntax::Expr*> of;
    bool failed = false;
  };

  // operators.cc
  Type type_of_unary(const syntax::Expr& expression, const syntax::Unary& unary, const Standing& standing);
  Type type_of_binary(const syntax::Expr& expression, const syntax::Binary& binary, const Standing& standing);
  Type type_of_conditional(const syntax::Conditional& choice, const Standing& standing);

  // fitting.cc
  bool descend(const syntax::Expr& expression, const Type& wanted, const Standing& standing,
               const std::string& what);
  bool refuse_number(const syntax::Expr& expression, const Type& wanted, const std::string& what);
  class Mismatch;
  void report_mismatch(const syntax::Expr& expression, const Type& found, const Type& wanted,
                       const Standing& standing, const std::string& what);

  Program& program_;
  Diagnostics& diagnostics_;
  std::unordered_map<const Declaration*, Known> declarations_;
  std::unordered_map<const syntax::Export*, Known> exports_;
  std::vector<const Declaration*> chain_;
  const Type* expected_ = nullptr;  // of the name that is being read
};

// Whether a syntax error covers this place: what is there was not meant as it was read.
bool in_syntax_error(const Diagnostics& diagnostics, Span span);

// "a size", "a list", "a `run`", "a port or a list of them": for messages.
std::string described(const Type& type);

// The alternative of `type` that has this form; null: there is none.
const Type* alternative(const Type& type, Type::Form form);

}  // namespace cairn
