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

Control& Evaluator::control(const Region& region, Environment& at) {
  Control& found = at.controls[region.index];
  if (found.progress != Progress::untouched) return found;
  found.progress = Progress::busy;
  const Where place{&at, nullptr, no_node};
  std::vector<Iteration> iterations;
  bool failed = program.poisoned.contains(region.statement);
  const auto not_known = [&](const Late& late, const syntax::Expr& expression, std::string_view word) {
    const Lateness& because = late.expression->because;
    failed = true;
    if (region.otherwise) return;  // said of the first branch already
    if (because.unknown) {
      left_out_.push_back(region.statement->span);
      return;
    }
    Diagnostic& wrong =
        error("S0307", expression.span,
              fmt::format("`{}` needs a {} known before the run", word, word == "for" ? "list" : "condition"),
              "not known yet");
    if (because.node == no_node)
      wrong.note(fmt::format("`{}` is known when the run has begun", because.text));
    else
      wrong.note(fmt::format("`{}` is known when `{}` {}", because.text, state(because.node).path,
                             node_is(because.node, "service") ? "is ready" : "has ended"));
  };
  if (failed) {
  } else if (const syntax::If* branch = region.branch()) {
    Maybe condition;
    collect([&] { condition = evaluate(*branch->condition, place); });
    if (!condition) {
      failed = true;
    } else if (condition->secret) {
      if (!region.otherwise)
        error("S0306", branch->condition->span, "a secret cannot decide what is there",
              "computed from a secret")
            .help("`reveal(…)` says that it may be known");
      failed = true;
    } else if (const Late* is_late = condition->as<Late>()) {
      not_known(*is_late, *branch->condition, "if");
    } else if (const bool* is = condition->as<bool>()) {
      if (*is != region.otherwise) {
        iterations.push_back({Value{}, environment_for(region, at)});
      }
    } else {
      if (!region.otherwise)
        error("S0302", branch->condition->span,
              fmt::format("`if` takes a bool, not {}", kind_of_value(*condition)));
      failed = true;
    }
  } else {
    const syntax::For& each = *region.each();
    Maybe source;
    std::optional<std::vector<std::vector<Value>>> found_elements;
    collect([&] {
      source = evaluate(*each.source, place);
      if (source && !source->late()) found_elements = elements(*each.source, each.variables.size(), *source);
    });
    if (source && source->late()) {
      not_known(*source->as<Late>(), *each.source, "for");
    } else if (!found_elements) {
      failed = true;
    } else if (source->secret_anywhere()) {
      error("S0306", each.source->span, "a secret cannot decide what is there", "holds a secret")
          .help("`reveal(…)` says that it may be known");
      failed = true;
    } else if (spend(found_elements->size(), each.source->span)) {
      std::unordered_set<std::string> keys;
      for (std::vector<Value>& element : *found_elements) {
        const Value& key = element.front();
        const std::string* text = key.as<std::string>();
        const std::int64_t* number = key.as<std::int64_t>();
        if (text == nullptr && number == nullptr) {
          error("S0309", each.source->span,
                fmt::format("the elements of this list name what is made of them: strings or ints, not {}",
                            kind_of_value(key)))
              .help(fmt::format("for i, {} in …", each.variables.front().text));
          failed = true;
          break;
        }
        const std::string shown = text != nullptr ? *text : std::to_string(*number);
        if (!keys.insert(shown).second) {
          error("S0309", each.source->span, fmt::format("`{}` comes twice in this list", shown),
                "its elements name what is made of them")
              .help(fmt::format("`for i, {} in …` names by position, `distinct(…)` drops repetitions",
                                each.variables.front().text));
          failed = true;
          break;
        }
        Iteration iteration{key, environment_for(region, at)};
        iteration.environment->key = at.key + "[" + shown + "]";
        iteration.environment->scope = at.scope + "[" + shown + "]";
        iteration.environment->variables = std::move(element);
        iterations.push_back(std::move(iteration));
      }
    } else {
      failed = true;
    }
  }
  Control& done = at.controls[region.index];
  done.progress = failed ? Progress::failed : Progress::done;
  if (!failed) done.iterations = std::move(iterations);
  return done;
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

// The settings of a node's block, then those of what it is like, behind them what an instance hands through.
const std::vector<Written>& Evaluator::written(NodeId id) {
  if (state(id).has_written) return state(id).written;
  state(id).has_written = true;  // first: a `like` in a circle ends here
  std::vector<Written> found;
  const NodeState& of_node = state(id);
  if (of_node.declaration == nullptr) return state(id).written;
  const auto add = [&found](Written setting) {
    for (const Written& other : found)
      if (other.name == setting.name) return;
    found.push_back(std::move(setting));
  };
  if (of_node.stood_for_by != no_node) {
    const NodeId instance = of_node.stood_for_by;
    const UserKind& kind = *state(instance).declaration->user;
    for (const Written& handed : std::vector<Written>(written(instance))) {
      if (kind.param(handed.name) != nullptr || native_kind(id)->param(handed.name) == nullptr ||
          belongs_to_instance(handed.name))
        continue;
      Written copy = handed;
      copy.place.self = id;
      add(std::move(copy));
    }
  }
  const Region& region = *of_node.declaration->region;
  for (const syntax::Statement& statement : of_node.declaration->block()->body.statements) {
    const syntax::Setting* setting = std::get_if<syntax::Setting>(&statement.is);
    if (setting == nullptr || program.poisoned.contains(&statement)) continue;
    Written own{setting->name.text,   setting->name.span,
                setting->value.get(), Where{of_node.environment, nullptr, id},
                region.module,        nullptr};
    const ParamDecl* declared =
        of_node.declaration->native == nullptr ? nullptr : of_node.declaration->native->param(own.name);
    bool merged = false;
    for (Written& other : found)
      if (other.name == own.name) {
        merged = true;
        // Maps given to an instance add to those of the block it stands for.
        if (declared != nullptr && accepts_map(declared->type)) other.below = std::make_shared<Written>(own);
      }
    if (!merged) found.push_back(std::move(own));
  }
  const Written* like = nullptr;
  for (const Written& setting : found)
    if (setting.name == "like") like = &setting;
  if (like != nullptr) {
    Maybe value;
    collect([&] { value = evaluate(*like->value, like->place); });
    const NodeRef* other = value ? value->as<NodeRef>() : nullptr;
    NodeId of_other = other == nullptr ? no_node : other->node;
    if (of_other != no_node && state(of_other).stands_for != no_node) of_other = state(of_other).stands_for;
    if (of_other == id) {
      error("S0408", like->value->span, fmt::format("`{}` cannot be like itself", of_node.path));
    } else if (of_other != no_node) {
      const bool has_place = std::any_of(found.begin(), found.end(), [](const Written& own) {
        return own.name == "image" || own.name == "in";
      });
      for (const Written& theirs : std::vector<Written>(written(of_other))) {
        if (theirs.name == "after" || theirs.name == "ready" || theirs.name == "ports" ||
            theirs.name == "keep" || theirs.name == "like")
          continue;
        if (has_place && (theirs.name == "image" || theirs.name == "in")) continue;
        if (native_kind(id)->param(theirs.name) == nullptr) continue;
        Written copy = theirs;
        copy.place.self = id;
        add(std::move(copy));
      }
    }
  }
  state(id).written = std::move(found);
  return state(id).written;
}

}  // namespace cairn
