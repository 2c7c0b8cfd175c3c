// What another block's container is called, for settings that name it.
#pragma once

#include <string>

#include "interpreter/value.h"
#include "runtime/execute/performer.h"

namespace cairn::kinds {

// What the node exported as `id`; empty when it exported none.
std::string id_of(execute::StepContext& context, NodeId node);
// A mode of `network_mode`, `pid` or `ipc`: "host", or "container:ID" when the file names a service.
std::string namespace_of(execute::StepContext& context, const Value& value);

}  // namespace cairn::kinds
