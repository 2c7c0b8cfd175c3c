// sql(text, on = database): a database answers a query.
#pragma once

#include "runtime/kinds/world.h"
#include "runtime/reach/probe_loop.h"

namespace cairn::kinds {

// `on` is a `database` block; its settings are evaluated now, its address is looked for at every look.
Result<reach::Look> sql_look(World& world, const std::string& text, NodeId on, execute::StepContext& context);

}  // namespace cairn::kinds
