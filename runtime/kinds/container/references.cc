#include "runtime/kinds/container/references.h"

#include "runtime/kinds/binding.h"

namespace cairn::kinds {

std::string id_of(execute::StepContext& context, NodeId node) {
  const Value id = context.exported(node, "id");
  return id.as<std::string>() == nullptr ? std::string() : *id.as<std::string>();
}

std::string namespace_of(execute::StepContext& context, const Value& value) {
  if (const NodeRef* other = value.as<NodeRef>()) return "container:" + id_of(context, other->node);
  return value.null() ? std::string() : As<std::string>::take(value);
}

}  // namespace cairn::kinds
