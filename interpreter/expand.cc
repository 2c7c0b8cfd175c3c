// From blocks to nodes: `for`, `if` and kinds are unfolded, each block gets its path.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "interpreter/declare.h"
#include "interpreter/evaluate.h"
#include "interpreter/operators.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

constexpr std::size_t most_steps = 1'000'000;
constexpr std::size_t most_nodes = 250'000;
constexpr std::uint32_t most_instances_deep = 100;

std::string module_prefix(const Module& module) {
  if (module.main) return {};
  std::string name = module.name;
  if (const std::size_t slash = name.rfind('/'); slash != std::string::npos) name.erase(0, slash + 1);
  if (name.ends_with(".stack")) name.erase(name.size() - 6);
  return name + ".";
}

bool is_group(const Declaration& declaration) {
  return declaration.user != nullptr || declaration.inner != nullptr;
}

}  // namespace

bool Evaluator::spend(std::size_t steps, Span span) {
  steps_ += steps;
  if (steps_ <= most_steps) return true;
  if (!out_of_steps_)
    error("S0311", span, fmt::format("the program unfolds into more than {} elements", most_steps),
          "the limit is reached here");
  out_of_steps_ = true;
  return false;
}

// Known before anything is made: each block of the body is there once for each element.
bool Evaluator::room_for(std::size_t elements, const Region& body, Span span) {
  std::size_t blocks = 0;
  for (const Region::Item& item : body.items)
    blocks += item.declaration != nullptr && item.declaration->form == DeclarationForm::block;
  if (nodes_.size() + elements * blocks <= most_nodes) return true;
  if (!out_of_steps_)
    error("S0311", span, fmt::format("the program has more than {} nodes", most_nodes),
          fmt::format("gives {} elements", elements));
  out_of_steps_ = true;
  return false;
}

const KindDecl* Evaluator::native_kind(NodeId id) const {
  const Declaration* declaration = state(id).declaration;
  return declaration == nullptr ? nullptr : declaration->native;
}

Environment* Evaluator::file_environment(const Module& module) {
  for (const auto& [known, environment] : files_)
    if (known == &module) return environment.get();
  auto environment = std::make_unique<Environment>();
  environment->region = module.region;
  environment->prefix = module_prefix(module);
  environment->scope =
      module.main ? std::string() : module_prefix(module).substr(0, module_prefix(module).size() - 1);
  environment->cells.resize(module.region->declarations.size());
  environment->controls.resize(module.region->controls.size());
  // What a used module declares is made when it is asked for, not as a whole.
  environment->expanded = !module.main;
  files_.emplace_back(&module, std::move(environment));
  return files_.back().second.get();
}

std::unique_ptr<Environment> Evaluator::environment_for(const Region& region, Environment& parent) {
  auto environment = std::make_unique<Environment>();
  environment->region = &region;
  environment->parent = &parent;
  environment->node = parent.node;
  environment->group = parent.group;
  environment->stage = parent.stage;
  environment->prefix = parent.prefix;
  environment->key = parent.key;
  environment->scope = parent.scope;
  environment->depth = parent.depth;
  environment->cells.resize(region.declarations.size());
  environment->controls.resize(region.controls.size());
  return environment;
}

NodeId Evaluator::add_node(std::unique_ptr<NodeState> added) {
  const NodeId id{static_cast<std::uint32_t>(nodes_.size())};
  nodes_.push_back(std::move(added));
  return id;
}

NodeId Evaluator::loop_group(const Declaration& declaration, Environment& at, const std::string& key) {
  const std::string path = at.prefix + declaration.name + key;
  for (const auto& [known, id] : at.loops)
    if (known == path) return id;
  auto added = std::make_unique<NodeState>();
  added->environment = &at;
  added->path = path;
  added->key = key;
  added->group = at.group;
  const NodeId id = add_node(std::move(added));
  state(id).span_of = &declaration;
  at.loops.emplace_back(path, id);
  // A `for` in a `for`: the groups of the inner one are the members of the outer one's.
  for (Environment* around = &at; around != nullptr && around->region->scope != around->region;
       around = around->parent)
    if (around->region->form == RegionForm::each) {
      const NodeId outer = loop_group(declaration, *around->parent, around->parent->key);
      state(id).group = outer;
      state(outer).members.push_back(id);
      break;
    }
  return id;
}

NodeId Evaluator::instantiate(const Declaration& declaration, Environment& at) {
  Cell& cell = at.cells[declaration.index];
  if (cell.node != no_node) return cell.node;
  if (nodes_.size() >= most_nodes) {
    if (!out_of_steps_)
      error("S0311", declaration.span, fmt::format("the program has more than {} nodes", most_nodes),
            "the limit is reached here");
    out_of_steps_ = true;
  }
  auto added = std::make_unique<NodeState>();
  NodeState& made = *added;
  made.declaration = &declaration;
  made.environment = &at;
  made.key = at.key;
  made.path = at.prefix + declaration.name + at.key;
  made.group = at.group;
  made.span_of = &declaration;
  // The nodes of a `for` are one group, so that waiting for all of them is one edge each.
  NodeId loop = no_node;
  for (Environment* around = &at;
       around != nullptr && around->region->scope != around->region && loop == no_node;
       around = around->parent)
    if (around->region->form == RegionForm::each)
      loop = loop_group(declaration, *around->parent, around->parent->key);
  cell.node = add_node(std::move(added));
  const NodeId id = cell.node;
  if (loop != no_node) {
    state(id).group = loop;
    state(loop).members.push_back(id);
  }
  if (declaration.self_exported && at.node != no_node && at.region->form == RegionForm::kind) {
    state(at.node).stands_for = id;
    state(id).stood_for_by = at.node;
  }
  if (!is_group(declaration)) return id;
  NodeState& group = state(id);
  const Region& region = declaration.inner != nullptr ? *declaration.inner : *declaration.user->region;
  Environment& parent = declaration.inner != nullptr ? at : *file_environment(*declaration.user->module);
  group.inner = environment_for(region, parent);
  Environment& inner = *group.inner;
  inner.node = id;
  inner.group = id;
  inner.stage = declaration.inner != nullptr ? id : at.stage;
  inner.prefix = group.path + ".";
  inner.key.clear();
  inner.scope = at.scope.empty() ? declaration.name : at.scope + "." + declaration.name;
  inner.depth = at.depth + 1;
  if (inner.depth > most_instances_deep) {
    error("S0311", declaration.span,
          fmt::format("instances are nested more than {} deep", most_instances_deep));
    inner.expanded = true;
  }
  if (!out_of_steps_) unexpanded_.push_back(&inner);
  return id;
}

void Evaluator::expand(Environment& environment) {
  if (environment.expanded || out_of_steps_) return;
  environment.expanded = true;
  with_lets_.push_back(&environment);
  for (const Region::Item& item : environment.region->items) {
    if (item.control != nullptr) {
      const Region& region = *item.control;
      // Iterations are reached by index: what is expanded in one can look at the others.
      for (std::size_t i = 0; i < control(region, environment).iterations.size(); ++i)
        expand(*environment.controls[region.index].iterations[i].environment);
      continue;
    }
    const Declaration& declaration = *item.declaration;
    if (declaration.form != DeclarationForm::block ||
        (declaration.native == nullptr && declaration.user == nullptr && declaration.inner == nullptr))
      continue;
    if (program.poisoned.contains(declaration.statement)) continue;
    const NodeId id = instantiate(declaration, environment);
    if (state(id).inner != nullptr) expand(*state(id).inner);
  }
}

void Evaluator::expand_all() {
  expand(*file_environment(program.main()));
  while (!unexpanded_.empty()) {
    std::vector<Environment*> now;
    now.swap(unexpanded_);
    for (Environment* environment : now) expand(*environment);
  }
}

void Evaluator::evaluate_lets() {
  for (std::size_t i = 0; i < with_lets_.size(); ++i)
    for (const std::unique_ptr<Declaration>& declared : with_lets_[i]->region->declarations)
      if (declared->form == DeclarationForm::let)
        collect([&] { cell_value(*declared, *with_lets_[i], declared->span); });
}

}  // namespace cairn
