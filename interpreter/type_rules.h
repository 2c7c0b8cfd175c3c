// Which type fits where, and what a written type means (rules 26–29).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "interpreter/program.h"
#include "interpreter/type.h"

namespace cairn {

Type simple(Type::Form form);
Type list_of(Type element);
Type map_of(Type element);
Type node_of(std::string kind);
Type one_of(std::vector<Type> alternatives);  // flat, without repetitions; one alternative is itself
Type optional_of(Type type);

// A type as a file writes it; poison where a name is unknown (reported).
Type type_of(const syntax::Type& written, const Module& module, Program& program, Diagnostics& diagnostics);

// Whether a value of the first can be given where the second is wanted, conversions of rule 27 included. What
// is `any` or null somewhere in it is left to the value's own check.
bool fits(const Type& from, const Type& wanted, Program& program);

// The type of what can be either: int and float join to float, literals stay apart.
Type joined(const Type& a, const Type& b);
// As the type of a name: a literal is its string.
Type widened(const Type& type);
// Without null.
Type without_null(const Type& type);
bool accepts_null(const Type& type);
bool accepts_map(const Type& type);

// The kind, when the type is a reference to one (or to none, `T?`).
std::optional<std::string> node_type_in(const Type& type);

// A kind as a reference type: "run" or "postgres.server"; what stands behind `export self`, if anything.
const KindDecl* native_behind(const std::string& kind, Program& program);

// Settings of all nodes that an instance keeps for itself instead of handing them to the block it stands for.
bool belongs_to_instance(std::string_view setting);

}  // namespace cairn
