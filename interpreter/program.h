// A program as it was loaded: its modules, and which names each part of them declares. Built by load.h and
// declare.h; read by every later pass. Owns the syntax trees, so spans and expressions live as long as it
// does.
//
// A *region* is one `{ … }` that can hold declarations: a file, a stage's body, a kind's body, and the bodies
// of `for` and `if`. Files, stages and kinds are *scopes*; what stands in `for` and `if` belongs to the scope
// around it (rule 21), so that a scope's table has the names of all its regions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "grammar/diagnostic.h"
#include "grammar/source.h"
#include "grammar/syntax.h"
#include "interpreter/kinds.h"

namespace cairn {

struct Module;
struct Region;
struct UserKind;

enum class DeclarationForm { param, let, block };

struct Declaration {
  DeclarationForm form = DeclarationForm::let;
  std::string name;
  Span span;  // of the name; of the head for a block without one
  const syntax::Statement* statement = nullptr;
  Region* region = nullptr;          // where it stands
  std::uint32_t index = 0;           // in region->declarations
  Region* inner = nullptr;           // a stage's body
  const KindDecl* native = nullptr;  // a block's kind: one of these two, or neither when it is unknown
  const UserKind* user = nullptr;
  bool self_exported = false;  // `export self = …` of its kind names it
  mutable bool used = false;   // some name refers to it (lint)

  const syntax::Block* block() const;
  const syntax::Param* param() const;
  const syntax::Let* let() const;
};

enum class RegionForm { file, stage, kind, each, branch };

struct Region {
  RegionForm form = RegionForm::file;
  Module* module = nullptr;
  Region* parent = nullptr;  // a kind's parent is its file
  Region* scope = nullptr;   // the file, stage or kind around; itself for those
  const syntax::Body* body = nullptr;
  const syntax::Statement* statement = nullptr;  // the stage, kind, `for` or `if`; null for a file
  bool otherwise = false;                        // the `else` of an `if`
  std::uint32_t index = 0;                       // in parent->controls, for `for` and `if`
  std::vector<std::unique_ptr<Declaration>> declarations;
  std::vector<Region*> controls;  // the `for` bodies and `if` branches directly in here, in order
  // What the body holds in its order: a declaration or a control.
  struct Item {
    Declaration* declaration = nullptr;
    Region* control = nullptr;
  };
  std::vector<Item> items;
  // Of a scope: every name of it. More than one only for blocks in branches that exclude each other.
  std::unordered_map<std::string_view, std::vector<Declaration*>> names;

  const syntax::For* each() const;
  const syntax::If* branch() const;
};

struct UserKind {
  std::string name;       // "server"
  std::string full_name;  // "mysql.server": unique in the program, shown to people
  const syntax::Kind* syntax = nullptr;
  const syntax::Statement* statement = nullptr;
  Module* module = nullptr;
  Region* region = nullptr;
  std::vector<Declaration*> params;
  std::vector<const syntax::Statement*> exports;  // syntax::Export each, `self` not among them
  const syntax::Statement* export_self = nullptr;
  const Declaration* self_block = nullptr;  // the block that `export self` names

  const Declaration* param(std::string_view name) const;
  const syntax::Export* find_export(std::string_view name) const;
};

// `use "std/mysql" as db`: the name binds a module.
struct UseBinding {
  std::string name;
  Span span;
  Module* module = nullptr;  // null when it could not be loaded (reported)
  mutable bool used = false;
};

struct Module {
  std::string name;    // how people call it: "shop.stack", "std/mysql"
  std::string folder;  // paths in it are relative to this
  std::uint32_t file = Span::no_file;
  bool main = false;
  bool embedded = false;
  syntax::File syntax;
  std::vector<UseBinding> uses;
  std::vector<std::unique_ptr<Region>> regions;
  Region* region = nullptr;  // the file's
  std::vector<std::unique_ptr<UserKind>> kinds;

  const UseBinding* use(std::string_view name) const;
  const UserKind* kind(std::string_view name) const;
};

struct Program {
  Program(Sources& all, Diagnostics& sink) : sources(all), diagnostics(sink), vocabulary(all) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Sources& sources;
  Diagnostics& diagnostics;
  Vocabulary vocabulary;
  std::vector<std::unique_ptr<Module>> modules;  // the main one first
  // Expressions and statements that an error was reported for: what depends on them says nothing more.
  std::unordered_set<const void*> poisoned;

  Module& main() const { return *modules.front(); }
  const UserKind* user_kind(std::string_view full_name) const;
};

// What a name read in a region means (rule 21, 24): the innermost that declares it.
struct Resolved {
  enum class Form { nothing, variable, declaration, module } form = Form::nothing;
  const Region* each = nullptr;  // variable: of this `for`
  std::size_t variable = 0;      // variable: its place in the head
  const std::vector<Declaration*>* declarations = nullptr;
  const Region* scope = nullptr;  // declaration: found here
  const UseBinding* use = nullptr;
};
Resolved resolve(std::string_view name, const Region& from);

// The declarations of `name` directly in a scope (for `stage.x` and `module.x`); null when there are none.
const std::vector<Declaration*>* named_in(const Region& scope, std::string_view name);

}  // namespace cairn
