// The settings that hold for a node: its block's own, those that an instance hands through, those of `like`.
#include <fmt/format.h>

#include <algorithm>

#include "interpreter/declare.h"
#include "interpreter/evaluate.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

bool has(const std::vector<Written>& settings, std::string_view name) {
  return std::any_of(settings.begin(), settings.end(),
                     [name](const Written& setting) { return setting.name == name; });
}

// What makes a block this one and not the other: `like` leaves it alone.
bool belongs_to_its_block(std::string_view name) {
  return name == "after" || name == "ready" || name == "ports" || name == "keep" || name == "like";
}

bool says_where(std::string_view name) {
  return name == "image" || name == "in";
}

}  // namespace

const std::vector<Written>& Evaluator::written(NodeId id) {
  if (state(id).has_written) return state(id).written;
  state(id).has_written = true;  // first: a `like` in a circle ends here
  if (state(id).declaration == nullptr) return state(id).written;
  std::vector<Written> found = handed_through(id);
  add_own(id, found);
  add_like(id, found);
  state(id).written = std::move(found);
  return state(id).written;
}

// What is written at an instance of a user kind and means the block that stands for it.
std::vector<Written> Evaluator::handed_through(NodeId id) {
  std::vector<Written> found;
  const NodeId instance = state(id).stood_for_by;
  if (instance == no_node) return found;
  const UserKind& kind = *state(instance).declaration->user;
  for (Written handed : std::vector<Written>(written(instance))) {
    const bool means_the_kind = kind.param(handed.name) != nullptr || belongs_to_instance(handed.name);
    if (means_the_kind || native_kind(id)->param(handed.name) == nullptr || has(found, handed.name)) continue;
    handed.place.self = id;
    found.push_back(std::move(handed));
  }
  return found;
}

void Evaluator::add_own(NodeId id, std::vector<Written>& found) {
  const NodeState& node = state(id);
  for (const syntax::Statement& statement : node.declaration->block()->body.statements) {
    const syntax::Setting* setting = std::get_if<syntax::Setting>(&statement.is);
    if (setting == nullptr || program.poisoned.contains(&statement)) continue;
    Written own{setting->name.text,
                setting->name.span,
                setting->value.get(),
                Where{node.environment, nullptr, id},
                node.declaration->region->module,
                nullptr};
    const auto handed = std::find_if(found.begin(), found.end(),
                                     [&](const Written& other) { return other.name == own.name; });
    if (handed == found.end()) {
      found.push_back(std::move(own));
      continue;
    }
    // Maps given to an instance add to those of the block it stands for.
    const KindDecl* native = node.declaration->native;
    const ParamDecl* declared = native == nullptr ? nullptr : native->param(own.name);
    if (declared != nullptr && accepts_map(declared->type)) handed->below = std::make_shared<Written>(own);
  }
}

void Evaluator::add_like(NodeId id, std::vector<Written>& found) {
  const auto like =
      std::find_if(found.begin(), found.end(), [](const Written& setting) { return setting.name == "like"; });
  if (like == found.end()) return;
  const Written asked = *like;
  Maybe value;
  collect([&] { value = evaluate(*asked.value, asked.place); });
  const NodeRef* reference = value ? value->as<NodeRef>() : nullptr;
  if (reference == nullptr || reference->node == no_node) return;
  NodeId other = reference->node;
  if (state(other).stands_for != no_node) other = state(other).stands_for;
  if (other == id) {
    error("S0408", asked.value->span, fmt::format("`{}` cannot be like itself", state(id).path));
    return;
  }
  const bool has_place =
      std::any_of(found.begin(), found.end(), [](const Written& own) { return says_where(own.name); });
  for (Written theirs : std::vector<Written>(written(other))) {
    if (belongs_to_its_block(theirs.name) || (has_place && says_where(theirs.name))) continue;
    if (native_kind(id)->param(theirs.name) == nullptr || has(found, theirs.name)) continue;
    theirs.place.self = id;
    found.push_back(std::move(theirs));
  }
}

}  // namespace cairn
