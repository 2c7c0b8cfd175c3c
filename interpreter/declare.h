// Which names a program's parts declare: fills the regions, scopes and kinds of its modules. Reports names
// given twice, names that cannot be read again, and statements that stand where they may not.
#pragma once

#include "interpreter/program.h"

namespace cairn {

void declare(Program& program);

// "run", "postgres.server": the head's kind as written.
std::string kind_text(const syntax::Block& block);
// The block's own name, or the last word of its kind (rule 10).
const syntax::Name& name_of(const syntax::Block& block);

}  // namespace cairn
