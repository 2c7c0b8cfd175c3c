// What a node's settings and an instance's params are: written, taken over, or the declaration's default.
#include <fmt/format.h>

#include "interpreter/evaluate.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

const std::string& folder_of_module(const Module* module) {
  static const std::string nowhere;
  return module == nullptr ? nowhere : module->folder;
}

bool is_plain(const syntax::Expr& expression) {
  if (const syntax::ListLiteral* list = std::get_if<syntax::ListLiteral>(&expression.is))
    return list->items.empty();
  if (const syntax::MapLiteral* map = std::get_if<syntax::MapLiteral>(&expression.is))
    return map->entries.empty();
  if (const syntax::Text* text = std::get_if<syntax::Text>(&expression.is)) {
    for (const syntax::TextPart& part : text->parts)
      if (part.hole) return false;
    return true;
  }
  return expression.is.index() <= 6;  // the literals
}

}  // namespace

const Written* Evaluator::written_setting(NodeId node, std::string_view name) {
  for (const Written& setting : written(node))
    if (setting.name == name) return &setting;
  return nullptr;
}

// The stage around gives `in` and `engine` to all that does not say it itself.
std::optional<Value> Evaluator::from_stage(NodeId node, const ParamDecl& declared, Span* span) {
  if (declared.name != "in" && declared.name != "engine") return std::nullopt;
  const NodeId stage = state(node).environment->stage;
  if (stage == no_node || stage == node || native_kind(stage) == nullptr) return std::nullopt;
  const Written* theirs = written_setting(stage, declared.name);
  if (theirs == nullptr) return std::nullopt;
  if (declared.name == "in")
    if (const Written* image = written_setting(node, "image")) {
      Maybe value;
      collect([&] { value = evaluate(*image->value, image->place); });
      if (!value || !value->null()) return std::nullopt;
    }
  Maybe value = evaluate(*theirs->value, theirs->place);
  if (!value || value->null()) return std::nullopt;
  if (span != nullptr) *span = theirs->value->span;
  return convert(std::move(*value), declared.type, folder_of_module(theirs->module), theirs->value->span,
                 fmt::format("`{}`", declared.name));
}

std::optional<Value> Evaluator::setting(NodeId node, const ParamDecl& declared, Span* span,
                                        bool* was_written) {
  if (was_written != nullptr) *was_written = false;
  if (const Written* own = written_setting(node, declared.name)) {
    if (span != nullptr) *span = own->value->span;
    const bool grouped = whole_groups;
    whole_groups = declared.name == "after";
    Maybe value;
    if (declared.deferred)
      value = deferred(node, declared, *own);
    else
      value = evaluate(*own->value, own->place);
    whole_groups = grouped;
    if (!value) return std::nullopt;
    if (!value->null()) {
      if (was_written != nullptr) *was_written = true;
      if (declared.deferred) return value;
      value = convert(std::move(*value), declared.type, folder_of_module(own->module), own->value->span,
                      fmt::format("`{}`", declared.name));
      if (!value || own->below == nullptr) return value;
      // Given to an instance: its entries come over those of the block it stands for.
      Maybe below = evaluate(*own->below->value, own->below->place);
      if (below)
        below = convert(std::move(*below), declared.type, folder_of_module(own->below->module),
                        own->below->value->span, fmt::format("`{}`", declared.name));
      if (!below) return std::nullopt;
      Map* joined = std::get_if<Map>(&below->is);
      const Map* over = value->as<Map>();
      if (joined == nullptr || over == nullptr) return value;
      for (const auto& [key, entry] : over->entries) joined->set(key, entry);
      return below;
    }
  }
  if (Maybe given = from_stage(node, declared, span)) return given;
  return default_of(node, declared);
}

std::optional<Value> Evaluator::default_of(NodeId node, const ParamDecl& declared) {
  if (declared.default_value == nullptr || declared.deferred) return Value{};
  if (const auto known = defaults_.find(&declared); known != defaults_.end()) return known->second;
  NodeState& of_node = state(node);
  if (of_node.defaults == nullptr) {
    of_node.defaults = std::make_unique<Environment>();
    of_node.defaults->node = node;
  }
  Maybe value = evaluate(*declared.default_value, Where{of_node.defaults.get(), nullptr, node});
  if (value)
    value = convert(std::move(*value), declared.type, {}, declared.default_value->span,
                    fmt::format("`{}`", declared.name));
  if (value && is_plain(*declared.default_value)) defaults_.emplace(&declared, *value);
  return value;
}

std::optional<Value> Evaluator::known_now(const Value& value,
                                          const std::vector<std::pair<std::string, Value>>& names) {
  held_ = 0;  // each reader at run time has what the whole program had before
  out_of_steps_ = false;
  const Late* late = value.as<Late>();
  if (late == nullptr || names.empty()) return forced(value);
  const LateExpression& is = *late->expression;
  Where where = is.place;
  for (const auto& [name, known] : names)
    where.locals = std::make_shared<const Locals>(Locals{name, known, where.locals});
  Maybe result = evaluate(*is.expression, where);
  if (result && is.wanted)
    return convert(std::move(*result), *is.wanted, is.folder, is.expression->span, "this value");
  return result;
}

// A condition like `until` is asked again and again while the step runs: it is kept as it is. Evaluating it
// once with unknown answers shows what else it looks at.
std::optional<Value> Evaluator::deferred(NodeId node, const ParamDecl& declared, const Written& own) {
  Where place = own.place;
  const Lateness because{own.value->span, declared.name, node, false};
  for (const TakesDecl& takes : declared.takes)
    place.locals = std::make_shared<const Locals>(
        Locals{takes.name, late(*own.value, own.place, because, false), place.locals});
  if (late_source == nullptr) {
    Maybe value = evaluate(*own.value, place);
    if (!value) return std::nullopt;
    if (value->null()) return value;
  }
  Value kept = late(*own.value, own.place, because, false);
  auto copy = std::make_shared<LateExpression>(*kept.as<Late>()->expression);
  copy->wanted = declared.type;
  copy->folder = folder_of_module(own.module);
  kept.is = Late{std::move(copy)};
  return kept;
}

std::optional<Value> Evaluator::param_value(const Declaration& declaration, Environment& at) {
  const syntax::Param& param = *declaration.param();
  const Module& module = *declaration.region->module;
  std::optional<Type> type;
  if (param.type) type = known_type(*param.type, module);
  const auto converted = [&](Maybe value, const std::string& folder, Span span) -> Maybe {
    if (!value || !type) return value;
    return convert(std::move(*value), *type, folder, span, fmt::format("`{}`", declaration.name));
  };
  if (declaration.region->form == RegionForm::file) {
    if (const auto given = params_.find(declaration.name); given != params_.end()) return given->second;
  } else if (const Written* given = written_setting(at.node, declaration.name)) {
    Maybe value = evaluate(*given->value, given->place);
    if (!value) return std::nullopt;
    if (!value->null())
      return converted(std::move(value), folder_of_module(given->module), given->value->span);
  }
  if (param.value)
    return converted(evaluate(*param.value, Where{&at, nullptr, no_node}), module.folder, param.value->span);
  if (type && accepts_null(*type)) return Value{};
  if (declaration.region->form != RegionForm::file || !allow_unknown_)
    return std::nullopt;  // reported where it is missing
  auto unknown = std::make_shared<LateExpression>();
  unknown->because = Lateness{declaration.span, declaration.name, no_node, true};
  unknown->wanted = type;
  Value value;
  value.is = Late{std::move(unknown)};
  return value;
}

const Type& Evaluator::known_type(const syntax::Type& written, const Module& module) {
  const auto known = types_.find(&written);
  if (known != types_.end()) return known->second;
  // The checker has reported what is wrong with it: here it is only read.
  Diagnostics quiet;
  Type type = type_of(written, module, program, quiet);
  return types_.emplace(&written, std::move(type)).first->second;
}

std::optional<Value> Evaluator::param(const Declaration& declaration) {
  return cell_value(declaration, *file_environment(*declaration.region->module), declaration.span);
}

}  // namespace cairn
