#include "interpreter/evaluate.h"

#include <fmt/format.h>

#include <array>

#include "grammar/operator_sign.h"
#include "interpreter/extent.h"
#include "interpreter/map_builder.h"
#include "interpreter/operators.h"

namespace cairn {
namespace {

constexpr std::size_t deepest = 2000;  // nested lets, exports and instances; each level costs some stack
// A value is copied where it is read: all that is read and made together may hold this much.
constexpr std::size_t most_held = 20'000'000;
constexpr std::size_t deepest_value = 300;

bool is_scalar(const Value& value) {
  return value.as<std::string>() || value.as<std::int64_t>() || value.as<double>() || value.as<bool>() ||
         value.as<Duration>() || value.as<Size>() || value.as<Path>();
}

}  // namespace

Evaluator::Evaluator(Program& of_program, Inputs& from_inputs, std::map<std::string, Value> params,
                     bool allow_unknown)
    : sink(&of_program.diagnostics),
      program(of_program),
      inputs(from_inputs),
      params_(std::move(params)),
      allow_unknown_(allow_unknown) {}

Evaluator::~Evaluator() = default;

Diagnostic& Evaluator::error(std::string code, Span span, std::string message, std::string label) {
  return sink->error(std::move(code), span, std::move(message), std::move(label));
}

std::vector<Read> Evaluator::collect(const std::function<void()>& work) {
  std::vector<Read> found;
  std::vector<Read>* outer = reads_;
  reads_ = &found;
  work();
  reads_ = outer;
  return found;
}

Value Evaluator::late(const syntax::Expr& expression, const Where& place, const Lateness& because,
                      bool secret) const {
  auto made = std::make_shared<LateExpression>();
  made->expression = &expression;
  made->place = place;
  made->because = because;
  Value value = to_value(Late{std::move(made)});
  value.secret = secret;
  return value;
}

Value Evaluator::late_like(const syntax::Expr& expression, const Where& place,
                           std::span<const Value* const> operands) const {
  bool secret = false;
  const Late* first = nullptr;
  for (const Value* operand : operands) {
    secret = secret || operand->secret_anywhere();
    const Late* found = operand->as<Late>();
    // An unknown param explains less than anything else, and hides everything else.
    if (found != nullptr && (first == nullptr || found->expression->because.unknown)) first = found;
  }
  if (first != nullptr) return late(expression, place, first->expression->because, secret);
  Lateness nested;
  nested.span = expression.span;
  const auto look = [&](const auto& self, const Value& value) -> bool {
    if (const Late* found = value.as<Late>()) return nested = found->expression->because, true;
    if (const List* list = value.as<List>())
      for (const Value& element : *list)
        if (self(self, element)) return true;
    if (const Map* map = value.as<Map>())
      for (const auto& [key, element] : map->entries)
        if (self(self, element)) return true;
    if (const Made* made = value.as<Made>())
      for (const auto& [key, element] : made->arguments.entries)
        if (self(self, element)) return true;
    return false;
  };
  for (const Value* operand : operands)
    if (look(look, *operand)) break;
  return late(expression, place, nested, secret);
}

std::optional<Value> Evaluator::evaluate(const syntax::Expr& expression, const Where& place) {
  if (program.poisoned.contains(&expression)) return std::nullopt;
  if (depth_ >= deepest) {
    error("S0310", expression.span, "this value needs too many others",
          fmt::format("{} levels deep", deepest));
    return std::nullopt;
  }
  ++depth_;
  Maybe value = evaluate_inner(expression, place);
  if (value && !affordable(*value, expression.span)) value.reset();
  if (late_source != nullptr && value && value->late_anywhere()) value = forced(*value);
  --depth_;
  return value;
}

bool Evaluator::affordable(const Value& value, Span span) {
  const bool may_be_large =
      value.as<List>() || value.as<Map>() || value.as<Made>() || value.as<std::string>();
  if (!may_be_large) return true;
  if (out_of_steps_) return false;
  const Extent extent = extent_of(value, most_held, deepest_value);
  held_ += extent.elements;
  if (extent.depth > deepest_value) {
    error("S0311", span, fmt::format("this value nests more than {} levels deep", deepest_value));
    return false;
  }
  if (held_ <= most_held) return true;
  error("S0311", span, fmt::format("the values of this program hold more than {} elements", most_held),
        "the limit is reached here");
  out_of_steps_ = true;
  return false;
}

std::optional<Value> Evaluator::forced(const Value& value) {
  Value result = value;
  if (const Late* late = value.as<Late>()) {
    const LateExpression& is = *late->expression;
    if (is.expression == nullptr) return std::nullopt;
    Maybe known = evaluate(*is.expression, is.place);
    if (!known) return std::nullopt;
    known->secret = known->secret || value.secret;
    if (is.wanted)
      return convert(std::move(*known), *is.wanted, is.folder, is.expression->span, "this value");
    return known;
  }
  if (List* list = std::get_if<List>(&result.is)) {
    for (Value& element : *list) {
      Maybe known = element.late_anywhere() ? forced(element) : Maybe(std::move(element));
      if (!known) return std::nullopt;
      element = std::move(*known);
    }
  }
  Map* map = std::get_if<Map>(&result.is);
  if (Made* made = std::get_if<Made>(&result.is)) map = &made->arguments;
  if (map != nullptr)
    for (auto& [key, element] : map->entries) {
      Maybe known = element.late_anywhere() ? forced(element) : Maybe(std::move(element));
      if (!known) return std::nullopt;
      element = std::move(*known);
    }
  return result;
}

std::optional<Value> Evaluator::evaluate_inner(const syntax::Expr& expression, const Where& place) {
  struct Visit {
    Evaluator& self;
    const syntax::Expr& expression;
    const Where& place;
    Maybe operator()(const syntax::Poison&) { return std::nullopt; }
    Maybe operator()(const syntax::NullLiteral&) { return Value{}; }
    Maybe operator()(const syntax::BoolLiteral& is) { return to_value(is.value); }
    Maybe operator()(const syntax::IntLiteral& is) { return to_value(is.value); }
    Maybe operator()(const syntax::FloatLiteral& is) { return to_value(is.value); }
    Maybe operator()(const syntax::DurationLiteral& is) { return to_value(Duration{is.milliseconds}); }
    Maybe operator()(const syntax::SizeLiteral& is) { return to_value(Size{is.bytes}); }
    Maybe operator()(const syntax::Text& is) { return self.text(expression, is, place); }
    Maybe operator()(const syntax::ListLiteral& is) { return self.list(is, place); }
    Maybe operator()(const syntax::MapLiteral& is) { return self.map(is, place); }
    Maybe operator()(const syntax::ListFor& is) { return self.list_for(expression, is, place); }
    Maybe operator()(const syntax::MapFor& is) { return self.map_for(expression, is, place); }
    Maybe operator()(const syntax::NameRef& is) { return self.name(expression, is, place); }
    Maybe operator()(const syntax::Call& is) { return self.call(expression, is, place); }
    Maybe operator()(const syntax::Member& is) { return self.member(expression, is, place); }
    Maybe operator()(const syntax::Index& is) { return self.index(expression, is, place); }
    Maybe operator()(const syntax::Unary& is) { return self.unary(expression, is, place); }
    Maybe operator()(const syntax::Binary& is) { return self.binary(expression, is, place); }
    Maybe operator()(const syntax::Conditional& is) { return self.conditional(expression, is, place); }
    Maybe operator()(const syntax::Group& is) { return self.evaluate(*is.inner, place); }
  };
  return std::visit(Visit{*this, expression, place}, expression.is);
}

std::optional<Value> Evaluator::name(const syntax::Expr& expression, const syntax::NameRef& ref,
                                     const Where& place) {
  const std::string& wanted = ref.name.text;
  for (const Locals* local = place.locals.get(); local != nullptr; local = local->outer.get())
    if (local->name == wanted) return local->value;
  if (wanted == "self") {
    if (place.self == no_node) return std::nullopt;
    return to_value(NodeRef{place.self});
  }
  Environment& at = *place.environment;
  if (at.region == nullptr) {  // a default of a native kind: names are settings of its node
    const KindDecl* kind = native_kind(at.node);
    const ParamDecl* declared = kind == nullptr ? nullptr : kind->param(wanted);
    if (declared == nullptr) return std::nullopt;
    return setting(at.node, *declared);
  }
  const Resolved resolved = resolve(wanted, *at.region);
  switch (resolved.form) {
    case Resolved::Form::variable:
      for (Environment* around = &at; around != nullptr; around = around->parent)
        if (around->region == resolved.each) return around->variables[resolved.variable];
      return std::nullopt;
    case Resolved::Form::declaration:
      return value_of(*resolved.declarations, at, expression.span);
    case Resolved::Form::module:
    case Resolved::Form::nothing:
      return std::nullopt;  // the checker has said so
  }
  return std::nullopt;
}

std::optional<Value> Evaluator::text(const syntax::Expr& expression, const syntax::Text& text,
                                     const Where& place) {
  std::string joined;
  bool secret = false;
  bool failed = false;
  std::vector<Value> lates;
  for (const syntax::TextPart& part : text.parts) {
    if (!part.hole) {
      joined += part.text;
      continue;
    }
    Maybe value = evaluate(*part.hole, place);
    if (!value) {
      failed = true;
      continue;
    }
    secret = secret || value->secret;
    if (value->late()) {
      lates.push_back(std::move(*value));
    } else if (is_scalar(*value)) {
      joined += plain_text(*value);
    } else {
      Diagnostic& wrong = error("S0305", part.hole->span,
                                fmt::format("a hole takes one string, number or other single value, not {}",
                                            kind_of_value(*value)));
      if (value->as<List>()) wrong.help("join(list, \", \") makes one text of a list");
      if (value->as<NodeRef>()) wrong.help("read one of its exports, such as `.host`");
      failed = true;
    }
  }
  if (failed) return std::nullopt;
  if (!lates.empty()) {
    std::vector<const Value*> operands;
    for (const Value& value : lates) operands.push_back(&value);
    Value result = late_like(expression, place, operands);
    result.secret = result.secret || secret;
    return result;
  }
  Value result = to_value(std::move(joined));
  result.secret = secret;
  return result;
}

std::optional<Value> Evaluator::list(const syntax::ListLiteral& list, const Where& place) {
  List values;
  values.reserve(list.items.size());
  bool failed = false;
  for (const syntax::ExprPtr& item : list.items) {
    Maybe value = evaluate(*item, place);
    if (value)
      values.push_back(std::move(*value));
    else
      failed = true;
  }
  if (failed) return std::nullopt;
  return to_value(std::move(values));
}

std::optional<Value> Evaluator::map_key(const syntax::Expr& expression, const Where& place) {
  Maybe key = evaluate(expression, place);
  if (!key) return std::nullopt;
  if (key->secret) {
    error("S0306", expression.span, "a secret cannot be the key of a map",
          "would be shown wherever the map is")
        .help("`reveal(…)` says that it may be shown");
    return std::nullopt;
  }
  if (key->late()) return key;
  if (const std::int64_t* number = key->as<std::int64_t>()) return to_value(std::to_string(*number));
  if (key->as<std::string>() == nullptr) {
    error("S0302", expression.span, fmt::format("keys of a map are strings, not {}", kind_of_value(*key)));
    return std::nullopt;
  }
  return key;
}

std::optional<Value> Evaluator::map(const syntax::MapLiteral& map, const Where& place) {
  MapBuilder values;
  bool failed = false;
  for (const syntax::MapEntry& entry : map.entries) {
    Maybe key = map_key(*entry.key, place);
    Maybe value = evaluate(*entry.value, place);
    if (!key || !value) {
      failed = true;
      continue;
    }
    if (key->late()) {
      const Lateness& because = key->as<Late>()->expression->because;
      error("S0307", entry.key->span, "the keys of a map are known before the run",
            fmt::format("`{}` is not", because.text));
      failed = true;
      continue;
    }
    const std::string& text = *key->as<std::string>();
    if (!values.add(text, std::move(*value))) {
      if (!entry.word) error("S0202", entry.key->span, fmt::format("the key `{}` is given twice", text));
      failed = true;
    }
  }
  if (failed) return std::nullopt;
  return to_value(values.take());
}

std::optional<Value> Evaluator::unary(const syntax::Expr& expression, const syntax::Unary& unary,
                                      const Where& place) {
  Maybe operand = evaluate(*unary.operand, place);
  if (!operand) return std::nullopt;
  if (operand->late())
    return late(expression, place, operand->as<Late>()->expression->because, operand->secret);
  Computed computed = apply(unary.op, *operand);
  if (Value* value = std::get_if<Value>(&computed)) return std::move(*value);
  error("S0303", expression.span, std::get<Mismatch>(computed).message);
  return std::nullopt;
}

std::optional<Value> Evaluator::binary(const syntax::Expr& expression, const syntax::Binary& binary,
                                       const Where& place) {
  using syntax::BinaryOp;
  Maybe left = evaluate(*binary.left, place);
  if (binary.op == BinaryOp::logical_and || binary.op == BinaryOp::logical_or) {
    if (!left) return std::nullopt;
    const bool* is = left->as<bool>();
    if (is != nullptr && *is == (binary.op == BinaryOp::logical_or)) return left;
    Maybe right = evaluate(*binary.right, place);
    if (!right) return std::nullopt;
    if (left->late() || right->late()) {
      const std::array<const Value*, 2> operands{&*left, &*right};
      return late_like(expression, place, operands);
    }
    const bool* other = right->as<bool>();
    if (is == nullptr || other == nullptr) {
      const bool first = is == nullptr;
      error(
          "S0303", first ? binary.left->span : binary.right->span,
          fmt::format("`{}` takes bools, not {}", sign_of(binary.op), kind_of_value(first ? *left : *right)));
      return std::nullopt;
    }
    Value result = to_value(*other);
    result.secret = left->secret || right->secret;
    return result;
  }
  Maybe right = evaluate(*binary.right, place);
  if (!left || !right) return std::nullopt;
  const bool compares_null =
      (binary.op == BinaryOp::equal || binary.op == BinaryOp::not_equal) && (left->null() || right->null());
  const bool late_inside = (binary.op == BinaryOp::equal || binary.op == BinaryOp::not_equal) &&
                           (left->late_anywhere() || right->late_anywhere());
  if (left->late() || right->late() || (late_inside && !compares_null)) {
    const std::array<const Value*, 2> operands{&*left, &*right};
    return late_like(expression, place, operands);
  }
  Computed computed = apply(binary.op, *left, *right);
  if (Value* value = std::get_if<Value>(&computed)) return std::move(*value);
  const Mismatch& mismatch = std::get<Mismatch>(computed);
  Diagnostic& wrong =
      error("S0303", binary.op_span.known() ? binary.op_span : expression.span, mismatch.message);
  if (!mismatch.help.empty()) wrong.help(mismatch.help);
  return std::nullopt;
}

std::optional<Value> Evaluator::conditional(const syntax::Expr& expression, const syntax::Conditional& choice,
                                            const Where& place) {
  Maybe condition = evaluate(*choice.condition, place);
  if (!condition) return std::nullopt;
  if (condition->late()) {
    // Either can be taken: what both look at has to be there.
    Maybe then = evaluate(*choice.then, place);
    Maybe otherwise = evaluate(*choice.otherwise, place);
    if (!then || !otherwise) return std::nullopt;
    return late(expression, place, condition->as<Late>()->expression->because,
                condition->secret || then->secret_anywhere() || otherwise->secret_anywhere());
  }
  const bool* is = condition->as<bool>();
  if (is == nullptr) {
    error("S0303", choice.condition->span,
          fmt::format("the condition of `? :` is a bool, not {}", kind_of_value(*condition)));
    return std::nullopt;
  }
  Maybe value = evaluate(*is ? *choice.then : *choice.otherwise, place);
  if (value && condition->secret) value->secret = true;
  return value;
}

std::optional<Value> Evaluator::index(const syntax::Expr& expression, const syntax::Index& index,
                                      const Where& place) {
  if (std::optional<Maybe> direct = element(index, place)) return *direct;
  Maybe object = evaluate(*index.object, place);
  Maybe at = evaluate(*index.index, place);
  if (!object || !at) return std::nullopt;
  if (object->late() || at->late()) {
    const std::array<const Value*, 2> operands{&*object, &*at};
    return late_like(expression, place, operands);
  }
  const auto from_container = [&](Value value) {
    value.secret = value.secret || object->secret || at->secret;
    return value;
  };
  if (const List* list = object->as<List>()) {
    const std::int64_t* number = at->as<std::int64_t>();
    if (number == nullptr) {
      error("S0302", index.index->span,
            fmt::format("a list is read by a number, not {}", kind_of_value(*at)));
      return std::nullopt;
    }
    if (*number < 0 || static_cast<std::size_t>(*number) >= list->size()) {
      Diagnostic& wrong =
          error("S0304", index.index->span,
                *number < 0 ? "an index is not negative"
                            : fmt::format("there is no element {} in a list of {}", *number, list->size()));
      if (*number < 0)
        wrong.help("last(list) gives the last element");
      else if (!list->empty())
        wrong.note(fmt::format("the first is 0, the last {}", list->size() - 1));
      return std::nullopt;
    }
    return from_container((*list)[static_cast<std::size_t>(*number)]);
  }
  if (const Map* map = object->as<Map>()) {
    std::string key;
    if (const std::string* text = at->as<std::string>())
      key = *text;
    else if (const std::int64_t* number = at->as<std::int64_t>())
      key = std::to_string(*number);
    else {
      error("S0302", index.index->span, fmt::format("a map is read by a string, not {}", kind_of_value(*at)));
      return std::nullopt;
    }
    if (const Value* found = map->find(key)) return from_container(*found);
    error("S0304", index.index->span, fmt::format("the map has no key `{}`", key))
        .help("`lookup(map, key, default)` gives a default");
    return std::nullopt;
  }
  error("S0302", index.object->span,
        fmt::format("`[ ]` reads a list or a map, not {}", kind_of_value(*object)));
  return std::nullopt;
}

}  // namespace cairn
