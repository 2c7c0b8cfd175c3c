// Names that lead to declarations, and what `.` reads.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "interpreter/evaluate.h"
#include "interpreter/late_source.h"
#include "interpreter/operators.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

constexpr std::array<std::string_view, 3> how_it_ended = {"outcome", "error", "seconds"};

// The regions from below `scope` down to the one that holds a declaration.
std::vector<const Region*> way_to(const Declaration& declaration) {
  std::vector<const Region*> way;
  for (const Region* region = declaration.region; region != region->scope; region = region->parent)
    way.push_back(region);
  std::reverse(way.begin(), way.end());
  return way;
}

bool is_self(const syntax::Member& member) {
  const syntax::NameRef* name = std::get_if<syntax::NameRef>(&member.object->is);
  return name != nullptr && name->name.text == "self";
}

std::string key_text(const Value& key) {
  if (const std::string* text = key.as<std::string>()) return *text;
  const std::int64_t* number = key.as<std::int64_t>();
  return number == nullptr ? std::string() : std::to_string(*number);
}

}  // namespace

std::optional<Value> Evaluator::cell_value(const Declaration& declaration, Environment& at, Span span) {
  Cell& cell = at.cells[declaration.index];
  if (cell.progress == Progress::busy) {
    std::string chain;
    const auto first = std::find(chain_.begin(), chain_.end(), declaration.name);
    for (auto step = first; step != chain_.end(); ++step) chain += *step + " → ";
    error("S0210", declaration.span,
          fmt::format("`{}` needs itself to be known: {}{}", declaration.name, chain, declaration.name),
          "needs its own value")
        .label(span, "read here");
    cell.progress = Progress::failed;
    return std::nullopt;
  }
  if (cell.progress == Progress::failed) return std::nullopt;
  if (cell.progress == Progress::untouched) {
    if (program.poisoned.contains(declaration.statement)) {
      cell.progress = Progress::failed;
      return std::nullopt;
    }
    cell.progress = Progress::busy;
    chain_.push_back(declaration.name);
    Maybe value;
    const bool waited = waits_;
    waits_ = true;
    const bool grouped = whole_groups;
    whole_groups = false;
    std::vector<Read> reads = collect([&] {
      if (const syntax::Let* let = declaration.let())
        value = evaluate(*let->value, Where{&at, nullptr, no_node});
      else
        value = param_value(declaration, at);
    });
    whole_groups = grouped;
    waits_ = waited;
    chain_.pop_back();
    if (late_source != nullptr) {
      // What is evaluated at run time belongs to its reader: nothing of it is kept.
      at.cells[declaration.index].progress = Progress::untouched;
      return value;
    }
    // Evaluating can have found that it needs itself.
    if (!value || at.cells[declaration.index].progress == Progress::failed) {
      at.cells[declaration.index].progress = Progress::failed;
      return std::nullopt;
    }
    Cell& done = at.cells[declaration.index];
    done.progress = Progress::done;
    done.value = std::move(*value);
    done.reads = std::move(reads);
  }
  const Cell& known = at.cells[declaration.index];
  if (reads_ != nullptr)
    for (Read read : known.reads) {
      read.waits = read.waits && waits_;
      reads_->push_back(std::move(read));
    }
  return known.value;
}

std::optional<Value> Evaluator::value_in(const Declaration& declaration, Environment& at, Span span) {
  if (declaration.form != DeclarationForm::block) {
    // At run time a late let has to be evaluated for its reader: what is kept is what was known before.
    return cell_value(declaration, at, span);
  }
  if (declaration.native == nullptr && declaration.user == nullptr && declaration.inner == nullptr)
    return std::nullopt;
  if (program.poisoned.contains(declaration.statement)) return std::nullopt;
  return to_value(NodeRef{instantiate(declaration, at)});
}

std::optional<Value> Evaluator::whole(const Declaration& declaration, Environment& at,
                                      const std::vector<const Region*>& way, std::size_t step, Span span) {
  if (step == way.size()) return value_in(declaration, at, span);
  const Region& region = *way[step];
  Control& found = control(region, at);
  if (found.progress == Progress::busy) {
    error("S0210", span, fmt::format("`{}` is needed to know whether it is there", declaration.name),
          "read here")
        .label(declaration.span, "declared within the `for` or `if` that asks");
    return std::nullopt;
  }
  if (found.progress == Progress::failed) return std::nullopt;
  if (region.form == RegionForm::branch) {
    if (found.iterations.empty()) return Value{};
    return whole(declaration, *found.iterations.front().environment, way, step + 1, span);
  }
  if (whole_groups && declaration.form == DeclarationForm::block) {
    const NodeId group = loop_group(declaration, at, at.key);
    for (const Iteration& iteration : found.iterations)
      whole(declaration, *iteration.environment, way, step + 1, span);
    return to_value(NodeRef{group});
  }
  bool counted = true;
  std::int64_t next = 0;
  Map by_key;
  for (const Iteration& iteration : found.iterations) {
    const std::int64_t* number = iteration.key.as<std::int64_t>();
    counted = counted && number != nullptr && *number == next++;
    Maybe value = whole(declaration, *iteration.environment, way, step + 1, span);
    if (!value) return std::nullopt;
    by_key.entries.emplace_back(key_text(iteration.key), std::move(*value));
  }
  if (!counted) {
    std::erase_if(by_key.entries, [](const auto& entry) { return entry.second.null(); });
    return to_value(std::move(by_key));
  }
  List list;
  for (auto& [key, value] : by_key.entries)
    if (!value.null()) list.push_back(std::move(value));
  return to_value(std::move(list));
}

std::optional<Value> Evaluator::value_of(const std::vector<Declaration*>& declarations, Environment& from,
                                         Span span) {
  Maybe last = Value{};
  for (const Declaration* declaration : declarations) {
    const std::vector<const Region*> way = way_to(*declaration);
    // The innermost environment around the reader that is on the way: inside a `for`, this iteration's.
    Environment* start = nullptr;
    std::size_t step = 0;
    for (Environment* around = &from; around != nullptr && start == nullptr; around = around->parent) {
      if (around->region == declaration->region->scope) {
        start = around;
      } else {
        for (std::size_t i = 0; i < way.size(); ++i)
          if (way[i] == around->region) start = around, step = i + 1;
      }
    }
    if (start == nullptr) return std::nullopt;
    last = whole(*declaration, *start, way, step, span);
    if (!last || !last->null()) return last;
  }
  return last;
}

std::optional<std::optional<Value>> Evaluator::element(const syntax::Index& index, const Where& place) {
  const syntax::NameRef* name = std::get_if<syntax::NameRef>(&index.object->is);
  if (name == nullptr || place.environment->region == nullptr) return std::nullopt;
  for (const Locals* local = place.locals.get(); local != nullptr; local = local->outer.get())
    if (local->name == name->name.text) return std::nullopt;
  const Resolved resolved = resolve(name->name.text, *place.environment->region);
  if (resolved.form != Resolved::Form::declaration || resolved.declarations->size() != 1) return std::nullopt;
  const Declaration& declaration = *resolved.declarations->front();
  const std::vector<const Region*> way = way_to(declaration);
  if (way.size() != 1 || way.front()->form != RegionForm::each) return std::nullopt;
  Environment* scope = place.environment;
  for (; scope != nullptr && scope->region != declaration.region->scope; scope = scope->parent)
    if (scope->region == way.front()) return std::nullopt;  // inside the loop the name is one node
  if (scope == nullptr) return std::nullopt;
  Maybe at = evaluate(*index.index, place);
  if (!at || at->late()) return std::nullopt;
  const Control& loop = control(*way.front(), *scope);
  if (loop.progress != Progress::done) return std::nullopt;
  const std::string key = key_text(*at);
  // Most loops count from 0: look there first.
  if (const std::int64_t* number = at->as<std::int64_t>();
      number != nullptr && *number >= 0 && static_cast<std::size_t>(*number) < loop.iterations.size()) {
    const Iteration& there = loop.iterations[static_cast<std::size_t>(*number)];
    if (key_text(there.key) == key) return value_in(declaration, *there.environment, index.object->span);
  }
  for (const Iteration& iteration : loop.iterations)
    if (key_text(iteration.key) == key)
      return value_in(declaration, *iteration.environment, index.object->span);
  std::vector<std::string> keys;
  for (const Iteration& iteration : loop.iterations) keys.push_back(key_text(iteration.key));
  Diagnostic& wrong =
      error("S0304", index.index->span, fmt::format("there is no `{}[{}]`", declaration.name, key));
  if (keys.empty())
    wrong.note(fmt::format("`{}` is empty: its `for` runs over nothing", declaration.name));
  else if (loop.iterations.front().key.as<std::int64_t>())
    wrong.note(fmt::format("the keys are {} to {}", keys.front(), keys.back()));
  else
    wrong.note(fmt::format("the keys are {}", fmt::join(keys, ", ")));
  return Maybe();
}

std::optional<Value> Evaluator::member(const syntax::Expr& expression, const syntax::Member& member,
                                       const Where& place) {
  const std::string& wanted = member.name.text;
  if (const syntax::NameRef* name = std::get_if<syntax::NameRef>(&member.object->is);
      name != nullptr && place.environment->region != nullptr) {
    const Resolved resolved = resolve(name->name.text, *place.environment->region);
    if (resolved.form == Resolved::Form::module) {
      if (resolved.use->module == nullptr) return std::nullopt;
      const std::vector<Declaration*>* found = named_in(*resolved.use->module->region, wanted);
      if (found == nullptr) return std::nullopt;
      return value_of(*found, *file_environment(*resolved.use->module), expression.span);
    }
  }
  Maybe object = evaluate(*member.object, place);
  if (!object) return std::nullopt;
  if (object->late()) return late(expression, place, object->as<Late>()->expression->because, object->secret);
  if (const NodeRef* node = object->as<NodeRef>())
    return member_of_node(expression, member, node->node, place);
  if (const Map* map = object->as<Map>()) {
    if (const Value* found = map->find(wanted)) {
      Value value = *found;
      value.secret = value.secret || object->secret;
      return value;
    }
    error("S0304", member.name.span, fmt::format("the map has no key `{}`", wanted))
        .help("`lookup(map, key, default)` gives a default");
    return std::nullopt;
  }
  if (object->null()) {
    Diagnostic& wrong =
        error("S0308", member.name.span, fmt::format("`.{}` of a value that is null", wanted));
    if (const syntax::NameRef* name = std::get_if<syntax::NameRef>(&member.object->is);
        name != nullptr && place.environment->region != nullptr) {
      const Resolved resolved = resolve(name->name.text, *place.environment->region);
      if (resolved.form == Resolved::Form::declaration)
        for (const Region* region = resolved.declarations->front()->region; region != region->scope;
             region = region->parent)
          if (const syntax::If* branch = region->branch()) {
            const auto where =
                program.sources.place(branch->condition->span.file, branch->condition->span.begin);
            wrong.message = fmt::format("`{}` is not there: its `if` at {}:{} is {}", name->name.text,
                                        where.line, where.column, region->otherwise ? "true" : "false");
            wrong.primary.text = "read here";
            wrong.label(branch->condition->span, region->otherwise ? "this is true" : "this is false");
            break;
          }
    }
    return std::nullopt;
  }
  error("S0302", member.name.span, fmt::format("{} has no `.{}`", kind_of_value(*object), wanted));
  return std::nullopt;
}

std::optional<Value> Evaluator::member_of_node(const syntax::Expr& expression, const syntax::Member& member,
                                               NodeId node, const Where& place) {
  NodeState& of_node = state(node);
  const std::string& wanted = member.name.text;
  const bool group = of_node.declaration == nullptr || of_node.declaration->inner != nullptr ||
                     of_node.declaration->user != nullptr;
  if (group && std::find(how_it_ended.begin(), how_it_ended.end(), wanted) != how_it_ended.end() &&
      !(of_node.declaration != nullptr && of_node.declaration->user != nullptr &&
        of_node.declaration->user->find_export(wanted) != nullptr)) {
    if (reads_ != nullptr) reads_->push_back({node, wanted, {}, expression.span, is_self(member), waits_});
    if (late_source != nullptr) return ask(node, wanted, {}, member.name.span);
    return late(expression, place, Lateness{expression.span, of_node.path + "." + wanted, node, false},
                false);
  }
  if (of_node.declaration == nullptr) return std::nullopt;
  if (of_node.declaration->inner != nullptr) {
    const std::vector<Declaration*>* found = named_in(*of_node.declaration->inner, wanted);
    if (found == nullptr) return std::nullopt;
    return value_of(*found, *of_node.inner, expression.span);
  }
  if (of_node.declaration->user != nullptr) return exported_by_instance(expression, member, node, place);
  const KindDecl* kind = native_kind(node);
  const ExportDecl* declared = kind == nullptr ? nullptr : kind->find_export(wanted);
  if (declared == nullptr) return std::nullopt;
  return exported_by_native(expression, member, node, *declared, place);
}

std::optional<Value> Evaluator::exported_by_instance(const syntax::Expr& expression,
                                                     const syntax::Member& member, NodeId node,
                                                     const Where& place) {
  const UserKind& kind = *state(node).declaration->user;
  const std::string& wanted = member.name.text;
  const syntax::Export* exported = kind.find_export(wanted);
  Environment& inner = *state(node).inner;
  if (exported == nullptr) {
    if (kind.self_block == nullptr) return std::nullopt;
    const std::vector<Declaration*> self{const_cast<Declaration*>(kind.self_block)};
    Maybe main = value_of(self, inner, expression.span);
    if (!main || main->as<NodeRef>() == nullptr) return std::nullopt;
    Maybe value;
    std::vector<Read> behind =
        collect([&] { value = member_of_node(expression, member, main->as<NodeRef>()->node, place); });
    if (reads_ != nullptr) {
      reads_->push_back({node, wanted, {}, expression.span, is_self(member), waits_});
      for (Read& read : behind) {
        read.waits = false;
        reads_->push_back(std::move(read));
      }
    }
    return value;
  }
  Where inside{&inner, nullptr, no_node};
  if (exported->has_takes) {
    std::size_t position = 0;
    for (const syntax::Field& field : exported->takes) {
      Maybe given;
      if (member.arguments) {
        const syntax::Argument* found = nullptr;
        std::size_t unnamed = 0;
        for (const syntax::Argument& argument : member.arguments->items)
          if (argument.name ? argument.name->text == field.name.text : unnamed++ == position)
            found = &argument;
        if (found != nullptr) given = evaluate(*found->value, place);
        if (found != nullptr && !given) return std::nullopt;
      }
      if (!given && field.value) given = evaluate(*field.value, Where{&inner, nullptr, no_node});
      if (!given) return std::nullopt;
      inside.locals =
          std::make_shared<const Locals>(Locals{field.name.text, std::move(*given), inside.locals});
      ++position;
    }
  }
  if (std::find(chain_.begin(), chain_.end(), "export " + wanted + "@" + state(node).path) != chain_.end()) {
    error("S0210", exported->name.span, fmt::format("`export {}` needs itself to be known", wanted),
          "needs its own value");
    return std::nullopt;
  }
  chain_.push_back("export " + wanted + "@" + state(node).path);
  Maybe value;
  std::vector<Read> behind = collect([&] { value = evaluate(*exported->value, inside); });
  chain_.pop_back();
  if (reads_ != nullptr) {
    reads_->push_back({node, wanted, {}, expression.span, is_self(member), waits_});
    for (Read& read : behind) {
      // An edge onto an export is onto the whole instance; what lies behind says only which address is read.
      read.waits = false;
      reads_->push_back(std::move(read));
    }
  }
  return value;
}

std::optional<Value> Evaluator::answered(LateAnswer answer, const std::string& what, Span span) {
  if (Value* value = std::get_if<Value>(&answer)) return std::move(*value);
  const Unanswered& why = std::get<Unanswered>(answer);
  Diagnostic& wrong = error("R0301", span, fmt::format("{} is not known: {}", what, why.message));
  for (const std::string& cause : why.causes) wrong.note(cause);
  if (!why.help.empty()) wrong.help(why.help);
  return std::nullopt;
}

std::optional<Value> Evaluator::ask(NodeId node, const std::string& name, const List& arguments, Span span) {
  return answered(late_source->exported(node, name, arguments, reader),
                  fmt::format("`{}.{}`", state(node).path, name), span);
}

std::optional<Value> Evaluator::exported_by_native(const syntax::Expr& expression,
                                                   const syntax::Member& member, NodeId node,
                                                   const ExportDecl& declared, const Where& place) {
  Read read{node, declared.name, {}, expression.span, is_self(member), waits_};
  if (declared.name == "stopped") {
    // Not a value but a moment: what reads it waits for it, and there is nothing to hand on.
    if (reads_ != nullptr) reads_->push_back(std::move(read));
    return Value{};
  }
  if (!declared.late && late_source == nullptr)
    if (const ParamDecl* same = native_kind(node)->param(declared.name)) {
      // What was set is known before the run: `pg.name` of a database.
      Maybe value;
      collect([&] { value = setting(node, *same); });
      if (value && !value->null()) {
        if (reads_ != nullptr) reads_->push_back(std::move(read));
        return value;
      }
    }
  if (const std::optional<std::string> family = node_type_in(declared.type)) {
    // A step hands on what it acted on: the setting that holds such a node.
    Maybe handed = handed_on(node, *family);
    if (handed) {
      if (reads_ != nullptr) reads_->push_back(std::move(read));
      return handed;
    }
  }
  List arguments;
  std::vector<Value> late_arguments;
  if (member.arguments)
    for (const syntax::Argument& argument : member.arguments->items) {
      Maybe value = evaluate(*argument.value, place);
      if (!value) return std::nullopt;
      if (value->late()) late_arguments.push_back(*value);
      if (const std::int64_t* port = value->as<std::int64_t>()) read.ports.push_back(*port);
      arguments.push_back(std::move(*value));
    }
  for (std::size_t i = arguments.size(); i < declared.takes.size(); ++i) {
    if (declared.takes[i].default_value == nullptr) break;
    Environment nowhere;
    Maybe value = evaluate(*declared.takes[i].default_value, Where{&nowhere, nullptr, no_node});
    if (!value) break;
    if (const std::int64_t* port = value->as<std::int64_t>()) read.ports.push_back(*port);
    arguments.push_back(std::move(*value));
  }
  if (reads_ != nullptr) reads_->push_back(std::move(read));
  const bool secret = declared.type.form == Type::Form::secret;
  if (late_source != nullptr) {
    if (!late_arguments.empty()) return std::nullopt;
    Maybe value = ask(node, declared.name, arguments, member.name.span);
    if (value && secret) value->secret = true;
    return value;
  }
  std::string text = state(node).declaration->name + "." + declared.name;
  return late(expression, place, Lateness{expression.span, std::move(text), node, false}, secret);
}

std::optional<Value> Evaluator::handed_on(NodeId node, const std::string& family) {
  const KindDecl& kind = *native_kind(node);
  const auto fitting = [&](const ParamDecl& declared) -> Maybe {
    if (declared.name == "after" || declared.name == "like" || declared.deferred) return std::nullopt;
    Maybe value;
    collect([&] { value = setting(node, declared); });
    if (!value) return std::nullopt;
    const List one{*value};
    const List* list = value->as<List>();
    for (const Value& candidate : list == nullptr ? one : *list)
      if (const NodeRef* ref = candidate.as<NodeRef>(); ref != nullptr && node_is(ref->node, family))
        return candidate;
    return std::nullopt;
  };
  for (const std::string_view usual : {"on", "in", "service", "changes"})
    if (const ParamDecl* declared = kind.param(usual))
      if (Maybe found = fitting(*declared)) return found;
  for (const ParamDecl& declared : kind.params)
    if (node_type_in(declared.type))
      if (Maybe found = fitting(declared)) return found;
  return std::nullopt;
}

bool Evaluator::node_is(NodeId node, const std::string& kind) {
  const NodeState& of_node = state(node);
  if (kind.empty()) return true;
  if (of_node.declaration == nullptr) return false;
  if (const UserKind* user = of_node.declaration->user) {
    if (user->full_name == kind) return true;
    return user->self_block != nullptr && user->self_block->native != nullptr &&
           program.vocabulary.inherits(user->self_block->native->name, kind);
  }
  const KindDecl* native = native_kind(node);
  return native != nullptr && program.vocabulary.inherits(native->name, kind);
}

}  // namespace cairn
