#include "interpreter/declare.h"

#include <fmt/format.h>

#include <array>

#include "interpreter/foreign.h"
#include "interpreter/suggestions.h"

namespace cairn {

std::string kind_text(const syntax::Block& block) {
  return block.member ? block.kind.text + "." + block.member->text : block.kind.text;
}

const syntax::Name& name_of(const syntax::Block& block) {
  if (block.name) return *block.name;
  return block.member ? *block.member : block.kind;
}

namespace {

constexpr std::array<std::string_view, 13> reserved_words = {
    "use", "as", "param", "let", "kind", "for", "in", "if", "else", "export", "true", "false", "null"};

std::string_view place_name(const Region& region) {
  switch (region.form) {
    case RegionForm::file:
      return "a file";
    case RegionForm::stage:
      return "a stage";
    case RegionForm::kind:
      return "a kind";
    case RegionForm::each:
      return "a `for`";
    case RegionForm::branch:
      return "an `if`";
  }
  return "";
}

// Both stand in branches of one `if` of which only one is taken.
bool exclude_each_other(const Declaration& a, const Declaration& b) {
  for (const Region* x = a.region; x != nullptr && x->form != RegionForm::file; x = x->parent)
    for (const Region* y = b.region; y != nullptr && y->form != RegionForm::file; y = y->parent)
      if (x->form == RegionForm::branch && x->statement == y->statement && x->form == y->form &&
          x->otherwise != y->otherwise)
        return true;
  return false;
}

class Declarer {
 public:
  Declarer(Program& program, Module& module)
      : program_(program), module_(module), diagnostics_(program.diagnostics) {}

  void declare_module() {
    Region& file = add_region(RegionForm::file, nullptr, module_.syntax.body, nullptr);
    module_.region = &file;
    check_uses();
    fill(file);
  }

 private:
  Region& add_region(RegionForm form, Region* parent, const syntax::Body& body,
                     const syntax::Statement* statement) {
    module_.regions.push_back(std::make_unique<Region>());
    Region& region = *module_.regions.back();
    region.form = form;
    region.module = &module_;
    region.parent = parent;
    region.scope = form == RegionForm::each || form == RegionForm::branch ? parent->scope : &region;
    region.body = &body;
    region.statement = statement;
    return region;
  }

  void check_uses() {
    for (std::size_t i = 0; i < module_.uses.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (module_.uses[i].name == module_.uses[j].name)
          twice(module_.uses[i].name, module_.uses[i].span, module_.uses[j].span)
              .help("give one of them another name with `as`");
  }

  bool is_of_no_kind(const Declaration& declaration) {
    const syntax::Block* block = declaration.block();
    return block != nullptr && !block->member && program_.vocabulary.kind(block->kind.text) == nullptr &&
           module_.kind(block->kind.text) == nullptr && foreign("", block->kind.text) != nullptr;
  }

  Diagnostic& twice(std::string_view name, Span second, Span first) {
    return diagnostics_.error("S0202", second, fmt::format("`{}` is defined twice", name), "defined again")
        .label(first, "first defined here");
  }

  void fill(Region& region) {
    for (const syntax::Statement& statement : region.body->statements)
      std::visit([&](const auto& is) { declare_one(region, statement, is); }, statement.is);
  }

  void misplaced(const syntax::Statement& statement, Span span, std::string message, std::string help) {
    Diagnostic& error = diagnostics_.error("S0206", span, std::move(message));
    if (!help.empty()) error.help(std::move(help));
    program_.poisoned.insert(&statement);
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::Setting& setting) {
    if (region.form == RegionForm::stage) return;
    std::string help;
    if (region.form == RegionForm::each || region.form == RegionForm::branch)
      help =
          "settings stand directly in their block; for a setting that depends on a condition write `c ? "
          "value : null`";
    else if (const ForeignName* known = foreign("", setting.name.text))
      help = known->answer;
    else
      help = fmt::format("`let {0} = …` names a value, `param {0} = …` one that can be given from outside",
                         setting.name.text);
    misplaced(statement, setting.name.span, fmt::format("{} holds no settings", place_name(region)), help);
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::Use& use) {
    if (region.form != RegionForm::file)
      misplaced(statement, use.path_span, "`use` stands directly in the file", "");
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::Param& param) {
    if (region.form != RegionForm::file && region.form != RegionForm::kind)
      return misplaced(statement, param.name.span, "`param` stands directly in the file or in a kind",
                       "a value that is computed is a `let`");
    if (region.form == RegionForm::file && !module_.main)
      return misplaced(statement, param.name.span, "a file that is used by another has no params",
                       "make it a `let`, or a `kind` with this param");
    if (param.known || param.has_takes)
      misplaced(statement, param.name.span,
                fmt::format("{} stands in cairn's own declarations only",
                            param.known ? "`known`" : "a param with `( )`"),
                "");
    add(region, statement, DeclarationForm::param, param.name);
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::Let& let) {
    add(region, statement, DeclarationForm::let, let.name);
  }

  void declare_one(Region&, const syntax::Statement& statement, const syntax::Function& function) {
    misplaced(statement, function.name.span, "functions are native: a file cannot declare one",
              "a `let` names a value, a `kind` a group of blocks");
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::Kind& kind) {
    if (region.form != RegionForm::file)
      return misplaced(statement, kind.name.span, "`kind` stands directly in the file", "");
    if (kind.native || kind.base)
      return misplaced(
          statement, kind.name.span,
          fmt::format("`{}` stands in cairn's own declarations only", kind.native ? "native" : "base"),
          "write `kind` alone");
    if (kind.inherits)
      misplaced(statement, kind.inherits->span, "only native kinds inherit",
                "hand a block on with `export self = …`");
    if (program_.vocabulary.kind(kind.name.text) != nullptr || kind.name.text == "stage") {
      diagnostics_.error("S0202", kind.name.span, fmt::format("`{}` is a built-in kind", kind.name.text),
                         "needs another name");
      program_.poisoned.insert(&statement);
      return;
    }
    if (const UserKind* first = module_.kind(kind.name.text)) {
      twice(kind.name.text, kind.name.span, first->syntax->name.span);
      program_.poisoned.insert(&statement);
      return;
    }
    module_.kinds.push_back(std::make_unique<UserKind>());
    UserKind& declared = *module_.kinds.back();
    declared.name = kind.name.text;
    declared.syntax = &kind;
    declared.statement = &statement;
    declared.module = &module_;
    declared.region = &add_region(RegionForm::kind, &region, kind.body, &statement);
    kind_ = &declared;
    fill(*declared.region);
    kind_ = nullptr;
    for (const std::unique_ptr<Declaration>& inner : declared.region->declarations)
      if (inner->form == DeclarationForm::param) declared.params.push_back(inner.get());
    find_self(declared);
  }

  void find_self(UserKind& kind) {
    if (kind.export_self == nullptr) return;
    const syntax::Export& self = std::get<syntax::Export>(kind.export_self->is);
    const syntax::NameRef* name = self.value ? std::get_if<syntax::NameRef>(&self.value->is) : nullptr;
    const std::vector<Declaration*>* found =
        name == nullptr ? nullptr : named_in(*kind.region, name->name.text);
    if (found == nullptr || found->front()->form != DeclarationForm::block ||
        found->front()->region != kind.region) {
      if (self.value)
        diagnostics_
            .error("S0216", self.value->span, "`export self` names one block of this kind",
                   "not a block that stands directly in the kind")
            .note("the instance then stands for that block: links, edges, exports and settings go to it");
      kind.export_self = nullptr;
      return;
    }
    found->front()->used = true;
    found->front()->self_exported = true;
    kind.self_block = found->front();
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::Export& exported) {
    if (region.form != RegionForm::kind)
      return misplaced(statement, exported.name.span, "`export` stands directly in a kind",
                       region.form == RegionForm::file
                           ? "blocks, lets and kinds of a file can be read from outside as they are"
                           : "");
    if (exported.late)
      misplaced(statement, exported.name.span, "`late` stands in cairn's own declarations only",
                "what is late is known from the value");
    if (!exported.value) {
      diagnostics_
          .error("S0216", exported.name.span, fmt::format("`export {}` needs a value", exported.name.text))
          .help(fmt::format("export {0} = …", exported.name.text));
      return;
    }
    if (exported.name.text == "self") {
      if (kind_->export_self != nullptr)
        twice("self", exported.name.span, std::get<syntax::Export>(kind_->export_self->is).name.span);
      else
        kind_->export_self = &statement;
      return;
    }
    if (!is_readable_name(exported.name)) return;
    for (const syntax::Statement* other : kind_->exports) {
      const syntax::Export& first = std::get<syntax::Export>(other->is);
      if (first.name.text != exported.name.text) continue;
      diagnostics_
          .error("S0202", exported.name.span, fmt::format("`{}` is exported twice", exported.name.text),
                 "exported again")
          .label(first.name.span, "first exported here");
      return;
    }
    kind_->exports.push_back(&statement);
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::For& each) {
    for (const syntax::Name& variable : each.variables) is_readable_name(variable);
    if (each.variables.size() == 2 && each.variables[0].text == each.variables[1].text)
      twice(each.variables[1].text, each.variables[1].span, each.variables[0].span);
    add_control(region, RegionForm::each, each.body, statement, false);
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::If& choice) {
    add_control(region, RegionForm::branch, choice.then, statement, false);
    if (choice.has_else) add_control(region, RegionForm::branch, choice.otherwise, statement, true);
  }

  void add_control(Region& region, RegionForm form, const syntax::Body& body,
                   const syntax::Statement& statement, bool otherwise) {
    Region& inner = add_region(form, &region, body, &statement);
    inner.otherwise = otherwise;
    inner.index = static_cast<std::uint32_t>(region.controls.size());
    region.controls.push_back(&inner);
    region.items.push_back({nullptr, &inner});
    fill(inner);
  }

  void declare_one(Region& region, const syntax::Statement& statement, const syntax::Block& block) {
    const bool stage = !block.member && block.kind.text == "stage";
    const bool trigger = !block.member && block.kind.text == "trigger";
    if ((stage || trigger) && region.form != RegionForm::file)
      return misplaced(statement, block.head,
                       fmt::format("`{}` stands directly in the file", block.kind.text),
                       stage && region.form == RegionForm::stage ? "order stages with `after`" : "");
    if ((stage || trigger) && !module_.main)
      return misplaced(statement, block.head,
                       fmt::format("a file that is used by another has no {}s", block.kind.text), "");
    Declaration& declared = add(region, statement, DeclarationForm::block, name_of(block));
    declared.span = block.name ? block.name->span : block.head;
    if (stage) {
      declared.inner = &add_region(RegionForm::stage, &region, block.body, &statement);
      fill(*declared.inner);
    }
  }

  bool is_readable_name(const syntax::Name& name) {
    for (const std::string_view word : reserved_words)
      if (name.text == word) {
        diagnostics_.error("S0203", name.span,
                           fmt::format("`{}` is a reserved word and cannot name a value", name.text),
                           "needs another name");
        return false;
      }
    if (name.text == "self") {
      diagnostics_.error("S0203", name.span, "`self` is the block itself and cannot name a value",
                         "needs another name");
      return false;
    }
    if (name.text.find('-') == std::string::npos) return true;
    diagnostics_.error("S0203", name.span, "names of values have no `-`", "read as a subtraction by people")
        .help(fmt::format("`{}`", with_underscores(name.text)));
    return false;
  }

  Declaration& add(Region& region, const syntax::Statement& statement, DeclarationForm form,
                   const syntax::Name& name) {
    auto owned = std::make_unique<Declaration>();
    Declaration& declared = *owned;
    declared.form = form;
    declared.name = name.text;
    declared.span = name.span;
    declared.statement = &statement;
    declared.region = &region;
    declared.index = static_cast<std::uint32_t>(region.declarations.size());
    region.items.push_back({&declared, nullptr});
    region.declarations.push_back(std::move(owned));
    if (form != DeclarationForm::block)
      is_readable_name(name);
    else if (name.text == "self")
      is_readable_name(name);
    std::vector<Declaration*>& same = region.scope->names[declared.name];
    for (const Declaration* other : same) {
      if (exclude_each_other(*other, declared)) {
        if (form == DeclarationForm::block && other->form == form &&
            kind_text(*other->block()) == kind_text(*declared.block()))
          continue;
        diagnostics_
            .error("S0202", declared.span,
                   fmt::format("`{}` is one thing in one branch and another in the other", declared.name),
                   "declared here as another kind")
            .label(other->span, "and here");
      } else if (is_of_no_kind(declared) || is_of_no_kind(*other)) {
        continue;  // `variable "x"` and `output "x"`: that there is no such kind is what counts
      } else {
        twice(declared.name, declared.span, other->span);
      }
      program_.poisoned.insert(&statement);
      return declared;
    }
    if (const UseBinding* use = region.scope == module_.region ? module_.use(declared.name) : nullptr)
      twice(declared.name, declared.span, use->span).help("give the module another name with `as`");
    same.push_back(&declared);
    return declared;
  }

  Program& program_;
  Module& module_;
  Diagnostics& diagnostics_;
  UserKind* kind_ = nullptr;  // whose body is being filled
};

// Which kind each block is of: needs all modules declared.
void bind_kinds(Program& program, Module& module) {
  for (const std::unique_ptr<Region>& region : module.regions)
    for (const std::unique_ptr<Declaration>& declared : region->declarations) {
      if (declared->form != DeclarationForm::block) continue;
      const syntax::Block& block = *declared->block();
      if (block.member) {
        const UseBinding* use = module.use(block.kind.text);
        if (use == nullptr) continue;
        use->used = true;
        if (use->module != nullptr) declared->user = use->module->kind(block.member->text);
        continue;
      }
      declared->user = module.kind(block.kind.text);
      if (declared->user == nullptr) declared->native = program.vocabulary.kind(block.kind.text);
      if (declared->native != nullptr && declared->native->base) declared->native = nullptr;
    }
}

}  // namespace

void declare(Program& program) {
  for (const std::unique_ptr<Module>& module : program.modules) Declarer(program, *module).declare_module();
  for (const std::unique_ptr<Module>& module : program.modules) {
    std::string prefix = module->main ? std::string() : module->name;
    if (prefix.starts_with("std/"))
      prefix.erase(0, 4);
    else if (const std::size_t slash = prefix.rfind('/'); slash != std::string::npos)
      prefix.erase(0, slash + 1);
    if (prefix.ends_with(".stack")) prefix.erase(prefix.size() - 6);
    for (const std::unique_ptr<UserKind>& kind : module->kinds) {
      std::string name = prefix.empty() ? kind->name : prefix + "." + kind->name;
      // Two files of one name in different folders: the whole path tells them apart.
      if (program.user_kind(name) != nullptr) name = module->name + "." + kind->name;
      kind->full_name = std::move(name);
    }
  }
  for (const std::unique_ptr<Module>& module : program.modules) bind_kinds(program, *module);
}

}  // namespace cairn
