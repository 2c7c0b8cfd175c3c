#include <fmt/format.h>

#include <set>

#include "interpreter/lint/lint.h"

namespace cairn::lint {
namespace {

void unused_in(const Region& region, Diagnostics& findings) {
  // What stands directly in a file that others use may be meant for them.
  if (region.form == RegionForm::file && !region.module->main) return;
  for (const auto& declaration : region.declarations) {
    if (declaration->used || declaration->form == DeclarationForm::block) continue;
    findings.warning("L0601", declaration->span, fmt::format("nothing reads `{}`", declaration->name))
        .help("remove it, or use it");
  }
}

void hidden_in(const Region& region, Diagnostics& findings) {
  auto tell = [&](const std::string& name, Span span, Span outer) {
    findings.warning("L0604", span, fmt::format("`{0}` hides another `{0}`", name))
        .label(outer, "this one cannot be read in here")
        .help("give one of them another name");
  };
  // What stands in a `for` or an `if` belongs to the scope around it: only a scope further out can be hidden.
  const Region* outside = region.scope == nullptr ? nullptr : region.scope->parent;
  for (const auto& declaration : region.declarations) {
    if (outside == nullptr || declaration->form == DeclarationForm::block) continue;
    const Resolved outer = resolve(declaration->name, *outside);
    if (outer.form == Resolved::Form::declaration)
      tell(declaration->name, declaration->span, outer.declarations->front()->span);
    if (outer.form == Resolved::Form::module) tell(declaration->name, declaration->span, outer.use->span);
  }
  const syntax::For* each = region.each();
  if (each == nullptr || region.parent == nullptr) return;
  for (const syntax::Name& variable : each->variables) {
    const Resolved outer = resolve(variable.text, *region.parent);
    if (outer.form == Resolved::Form::declaration)
      tell(variable.text, variable.span, outer.declarations->front()->span);
    if (outer.form == Resolved::Form::variable)
      tell(variable.text, variable.span, outer.each->each()->variables[outer.variable].span);
  }
}

void unused_kinds(const Program& program, Diagnostics& findings) {
  std::set<const UserKind*> used;
  for (const auto& module : program.modules)
    for (const auto& region : module->regions)
      for (const auto& declaration : region->declarations) used.insert(declaration->user);
  for (const auto& kind : program.main().kinds)
    if (!used.contains(kind.get()))
      findings
          .warning("L0601", kind->syntax->name.span,
                   fmt::format("there is no block of kind `{}`", kind->name))
          .help("remove it, or use it");
}

}  // namespace

void find_names(const Program& program, Diagnostics& findings) {
  for (const auto& module : program.modules) {
    if (module->embedded) continue;
    for (const auto& region : module->regions) {
      unused_in(*region, findings);
      hidden_in(*region, findings);
    }
    for (const UseBinding& use : module->uses)
      if (!use.used && use.module != nullptr)
        findings.warning("L0601", use.span, fmt::format("nothing of `{}` is used", use.name))
            .help("remove the `use`");
  }
  unused_kinds(program, findings);
  find_in_texts(program, findings);
}

}  // namespace cairn::lint
