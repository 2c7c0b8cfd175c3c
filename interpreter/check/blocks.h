// Blocks against the declarations of their kinds: which settings there are, which are missing.
#pragma once

#include "interpreter/check/typer.h"

namespace cairn {

void check_block(Typer& typer, const Declaration& declaration);

// Kinds that contain themselves; params and exports that cannot be as they are.
void check_kinds(Typer& typer);

// `${ }` in a text that a shell or a database reads as code (rule "Shells" of section 9): `sh -c`, `script`,
// `sql.text`.
void check_code(Typer& typer, const Declaration& declaration);

}  // namespace cairn
