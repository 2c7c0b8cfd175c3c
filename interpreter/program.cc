#include "interpreter/program.h"

namespace cairn {

const syntax::Block* Declaration::block() const {
  return std::get_if<syntax::Block>(&statement->is);
}
const syntax::Param* Declaration::param() const {
  return std::get_if<syntax::Param>(&statement->is);
}
const syntax::Let* Declaration::let() const {
  return std::get_if<syntax::Let>(&statement->is);
}

const syntax::For* Region::each() const {
  return form == RegionForm::each ? std::get_if<syntax::For>(&statement->is) : nullptr;
}
const syntax::If* Region::branch() const {
  return form == RegionForm::branch ? std::get_if<syntax::If>(&statement->is) : nullptr;
}

const Declaration* UserKind::param(std::string_view wanted) const {
  for (const Declaration* candidate : params)
    if (candidate->name == wanted) return candidate;
  return nullptr;
}

const syntax::Export* UserKind::find_export(std::string_view wanted) const {
  for (const syntax::Statement* candidate : exports) {
    const syntax::Export& found = std::get<syntax::Export>(candidate->is);
    if (found.name.text == wanted) return &found;
  }
  return nullptr;
}

const UseBinding* Module::use(std::string_view wanted) const {
  for (const UseBinding& candidate : uses)
    if (candidate.name == wanted) return &candidate;
  return nullptr;
}

const UserKind* Module::kind(std::string_view wanted) const {
  for (const std::unique_ptr<UserKind>& candidate : kinds)
    if (candidate->name == wanted) return candidate.get();
  return nullptr;
}

const UserKind* Program::user_kind(std::string_view full_name) const {
  for (const std::unique_ptr<Module>& module : modules)
    for (const std::unique_ptr<UserKind>& kind : module->kinds)
      if (kind->full_name == full_name) return kind.get();
  return nullptr;
}

const std::vector<Declaration*>* named_in(const Region& scope, std::string_view name) {
  const auto found = scope.names.find(name);
  return found == scope.names.end() ? nullptr : &found->second;
}

Resolved resolve(std::string_view name, const Region& from) {
  Resolved resolved;
  for (const Region* region = &from; region != nullptr; region = region->parent) {
    if (const syntax::For* each = region->each()) {
      for (std::size_t i = 0; i < each->variables.size(); ++i)
        if (each->variables[i].text == name) {
          resolved.form = Resolved::Form::variable;
          resolved.each = region;
          resolved.variable = i;
          return resolved;
        }
      continue;
    }
    if (region->scope != region) continue;
    if (const std::vector<Declaration*>* declarations = named_in(*region, name)) {
      resolved.form = Resolved::Form::declaration;
      resolved.declarations = declarations;
      resolved.scope = region;
      return resolved;
    }
    if (region->form != RegionForm::file) continue;
    if (const UseBinding* use = region->module->use(name)) {
      resolved.form = Resolved::Form::module;
      resolved.use = use;
      return resolved;
    }
  }
  return resolved;
}

}  // namespace cairn
