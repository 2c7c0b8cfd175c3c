// Kinds and functions as the declarations in stdlib/ say: their settings, types, defaults, docs and exports.
// The checker, `explain`, `doc`, completion and did-you-mean read nothing else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/diagnostic.h"
#include "grammar/source.h"
#include "grammar/syntax.h"
#include "interpreter/graph.h"
#include "interpreter/type.h"

namespace cairn {

struct TakesDecl {
  std::string name;
  Type type;
  bool variadic = false;
  const syntax::Expr* default_value = nullptr;  // owned by the declaration's file; null: required
};

struct ParamDecl {
  std::string name;
  Type type;
  bool known = false;                           // must be known before the run (rule 33)
  const syntax::Expr* default_value = nullptr;  // null: required, unless the type is optional
  std::vector<TakesDecl> takes;  // names the expression may use: it is evaluated later, once per answer
  bool deferred = false;         // has takes, even if empty
  std::string doc;
  Span span;
};

struct ExportDecl {
  std::string name;
  Type type;
  bool late = false;
  bool callable = false;  // `port(n: int)`
  std::vector<TakesDecl> takes;
  std::string doc;
  Span span;
};

struct KindDecl {
  std::string name;
  std::string inherits;  // empty for a root
  bool native = false;
  bool base = false;  // cannot be instantiated
  NodeClass node_class = NodeClass::thing;
  std::vector<ParamDecl> params;    // own and inherited
  std::vector<ExportDecl> exports;  // own and inherited
  std::string doc;
  Span span;

  const ParamDecl* param(std::string_view name) const;
  const ExportDecl* find_export(std::string_view name) const;
};

struct FunctionDecl {
  std::string name;
  std::vector<TakesDecl> takes;
  Type result;
  std::string doc;
  Span span;
};

// What constructors give, as a type: `check` (probes), `report_file`, `retry`, `mount`; nothing: no such type.
std::optional<Type> made_type(std::string_view name);

// The built-in vocabulary: stdlib/kinds and stdlib/functions. A kind's file is parsed when a program first
// names it. Not thread-safe; one per program. `sources` receives the embedded texts, so that spans can be
// shown.
class Vocabulary {
 public:
  explicit Vocabulary(Sources& sources);
  ~Vocabulary();

  const KindDecl* kind(std::string_view name);  // null when there is none
  const FunctionDecl* function(std::string_view name);
  std::vector<std::string> kind_names() const;                  // without base kinds, sorted
  std::vector<std::string> function_names() const;              // sorted
  bool inherits(std::string_view kind, std::string_view base);  // reflexive

  // What is wrong with the declarations that were read so far. Always empty in a cairn that passed its tests.
  const Diagnostics& mistakes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
