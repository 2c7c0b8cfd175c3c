#include "interpreter/check/check.h"

#include "interpreter/check/blocks.h"
#include "interpreter/check/typer.h"

namespace cairn {
namespace {

void check_region(Typer& typer, const Region& region) {
  Standing standing;
  standing.region = &region;
  for (const std::unique_ptr<Declaration>& declared : region.declarations) {
    typer.type_of_declaration(*declared);
    if (declared->form != DeclarationForm::block) continue;
    check_block(typer, *declared);
    check_code(typer, *declared);
  }
  for (const Region* control : region.controls) {
    if (const syntax::For* each = control->each())
      typer.variables_of(*each->source, each->variables.size(), standing);
    if (const syntax::If* branch = control->branch(); branch != nullptr && !control->otherwise)
      typer.expect(*branch->condition, simple(Type::Form::boolean), standing, "the condition of `if`");
  }
}

}  // namespace

void check(Program& program) {
  Typer typer(program);
  check_kinds(typer);
  for (const std::unique_ptr<Module>& module : program.modules)
    for (const std::unique_ptr<Region>& region : module->regions) check_region(typer, *region);
}

}  // namespace cairn
