// Values into the type that is wanted of them (rules 27, 28, 31).
#include <fmt/format.h>

#include <algorithm>

#include "interpreter/evaluate.h"
#include "interpreter/operators.h"
#include "interpreter/refinement.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

using Form = Type::Form;

class Converter {
 public:
  Converter(Evaluator& evaluator, const std::string& folder) : evaluator_(evaluator), folder_(folder) {}

  // Changes the value into the wanted type; false when it does not fit.
  bool convert(Value& value, const Type& wanted) {
    if (wanted.form == Form::any || wanted.form == Form::poison || wanted.form == Form::variable) return true;
    if (const Late* late = value.as<Late>()) {
      auto copy = std::make_shared<LateExpression>(*late->expression);
      copy->wanted = wanted;
      copy->folder = folder_;
      value.is = Late{std::move(copy)};
      return true;
    }
    if (wanted.form == Form::one_of) return convert_to_one(value, wanted);
    if (const Refinement* refined = refinement(wanted)) return convert_refined(value, *refined);
    if (is_exactly(value, wanted.form)) {
      if (wanted.form == Form::literal) return *value.as<std::string>() == wanted.text;
      if (wanted.form == Form::node) return evaluator_.node_is(value.as<NodeRef>()->node, wanted.text);
      if (wanted.form == Form::list) return convert_list(value, wanted.of.front());
      if (wanted.form == Form::map) return convert_map(value, wanted.of.front());
      return true;
    }
    if (wanted.form == Form::list && holds_node(wanted.of.front()) && value.as<Map>() != nullptr) {
      List nodes;
      for (auto& [key, element] : std::get<Map>(value.is).entries) nodes.push_back(std::move(element));
      value.is = std::move(nodes);
      return convert_list(value, wanted.of.front());
    }
    if (wanted.form == Form::floating && value.as<std::int64_t>() != nullptr) {
      value.is = static_cast<double>(*value.as<std::int64_t>());
      return true;
    }
    if (wanted.form == Form::path && value.as<std::string>() != nullptr) {
      value.is = Path{*value.as<std::string>(), folder_};
      return true;
    }
    if (wanted.form == Form::secret && value.as<std::string>() != nullptr) {
      value.secret = true;
      return true;
    }
    return false;
  }

  // Why a value that has the right form was not taken all the same; empty when none was.
  const std::string& refusal() const { return refusal_; }
  const std::string& refused() const { return refused_; }

 private:
  bool convert_refined(Value& value, const Refinement& refined) {
    if (!convert(value, Type{refined.base, {}, {}})) return false;
    std::optional<std::string> why = refined.refuses(value);
    if (!why) return true;
    refusal_ = std::move(*why);
    refused_ = value.secret ? std::string("this secret") : show(value);
    return false;
  }

  static bool is_exactly(const Value& value, Form form) {
    switch (form) {
      case Form::null:
        return value.null();
      case Form::boolean:
        return value.as<bool>() != nullptr;
      case Form::integer:
        return value.as<std::int64_t>() != nullptr;
      case Form::floating:
        return value.as<double>() != nullptr;
      case Form::string:
      case Form::literal:
        return value.as<std::string>() != nullptr;
      case Form::duration:
        return value.as<Duration>() != nullptr;
      case Form::size:
        return value.as<Size>() != nullptr;
      case Form::path:
        return value.as<Path>() != nullptr;
      case Form::secret:
        return value.as<std::string>() != nullptr && value.secret;
      case Form::list:
        return value.as<List>() != nullptr;
      case Form::map:
        return value.as<Map>() != nullptr;
      case Form::node:
        return value.as<NodeRef>() != nullptr;
      case Form::made:
        return value.as<Made>() != nullptr;
      default:
        return true;
    }
  }

  bool convert_to_one(Value& value, const Type& wanted) {
    // As it is, if an alternative takes it so: "5432" stays a string where string | path is wanted.
    for (const Type& alternative : wanted.of)
      if (is_exactly(value, alternative.form) && attempt(value, alternative)) return true;
    for (const Type& alternative : wanted.of)
      if (alternative.form != Form::list && attempt(value, alternative)) return true;
    for (const Type& alternative : wanted.of)
      if (alternative.form == Form::list && value.as<List>() == nullptr &&
          attempt(value, alternative.of.front()))
        return true;
    return false;
  }

  bool attempt(Value& value, const Type& alternative) {
    Value copy = value;
    if (!convert(copy, alternative)) return false;
    value = std::move(copy);
    return true;
  }

  bool convert_list(Value& value, const Type& element) {
    if (holds_node(element)) flatten(value);
    List& list = std::get<List>(value.is);
    return std::all_of(list.begin(), list.end(), [&](Value& each) { return convert(each, element); });
  }

  // Lists of nodes hold nodes only: what is not there is dropped, all of a `for` stands for each.
  static void flatten(Value& value) {
    List flat;
    const auto add = [&flat](const auto& self, Value element) -> void {
      if (List* list = std::get_if<List>(&element.is)) {
        for (Value& inner : *list) self(self, std::move(inner));
      } else if (Map* map = std::get_if<Map>(&element.is)) {
        for (auto& [key, inner] : map->entries) self(self, std::move(inner));
      } else if (!element.null()) {
        flat.push_back(std::move(element));
      }
    };
    for (Value& element : std::get<List>(value.is)) add(add, std::move(element));
    value.is = std::move(flat);
  }

  static bool holds_node(const Type& type) {
    return type.form == Form::node ||
           (type.form == Form::one_of && std::any_of(type.of.begin(), type.of.end(), holds_node));
  }

  bool convert_map(Value& value, const Type& element) {
    Map& map = std::get<Map>(value.is);
    if (!accepts_null(element))
      std::erase_if(map.entries, [](const auto& entry) { return entry.second.null(); });
    return std::all_of(map.entries.begin(), map.entries.end(),
                       [&](auto& entry) { return convert(entry.second, element); });
  }

  Evaluator& evaluator_;
  const std::string& folder_;
  std::string refusal_, refused_;
};

// `T | list(T)` holds one or several: what is kept is always the list. Of `bool | path | list(path)` a bool stays
// what it is.
void several(Converter& converter, Value& value, const Type& wanted) {
  if (wanted.form != Form::one_of || value.null() || value.late() || value.as<List>() != nullptr) return;
  const auto list = std::find_if(wanted.of.begin(), wanted.of.end(),
                                 [](const Type& each) { return each.form == Form::list; });
  if (list == wanted.of.end()) return;
  Value element = value;
  if (!converter.convert(element, list->of.front())) return;
  List one;
  one.push_back(std::move(element));
  value = Value{};
  value.is = std::move(one);
}

}  // namespace

std::optional<Value> Evaluator::convert(Value value, const Type& wanted, const std::string& folder, Span span,
                                        const std::string& what) {
  const Value before = value;
  Converter converter(*this, folder);
  if (converter.convert(value, wanted)) {
    several(converter, value, wanted);
    return value;
  }
  if (!converter.refusal().empty()) {
    error("S0302", span, fmt::format("{} cannot be {}", what, converter.refused()), converter.refusal());
    return std::nullopt;
  }
  error("S0302", span,
        fmt::format(
            "{} is {}, found {}", what, show(without_null(wanted)),
            before.as<std::string>() && !before.secret ? "`" + show(before) + "`" : kind_of_value(before)));
  return std::nullopt;
}

}  // namespace cairn
