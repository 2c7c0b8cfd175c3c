#include "interpreter/params.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "grammar/parse.h"
#include "grammar/suggest.h"
#include "interpreter/suggestions.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

Value value_of_json(const nlohmann::ordered_json& json) {
  Value value;
  if (json.is_boolean())
    value.is = json.get<bool>();
  else if (json.is_number_integer())
    value.is = json.get<std::int64_t>();
  else if (json.is_number())
    value.is = json.get<double>();
  else if (json.is_string())
    value.is = json.get<std::string>();
  else if (json.is_array()) {
    List list;
    for (const auto& element : json) list.push_back(value_of_json(element));
    value.is = std::move(list);
  } else if (json.is_object()) {
    Map map;
    for (const auto& [key, element] : json.items()) map.set(key, value_of_json(element));
    value.is = std::move(map);
  }
  return value;
}

bool takes_text_as_it_is(const Type& type) {
  const Type rest = without_null(type);
  if (rest.form == Type::Form::one_of) {
    for (const Type& each : rest.of)
      if (!takes_text_as_it_is(each)) return false;
    return true;
  }
  return rest.form == Type::Form::string || rest.form == Type::Form::path ||
         rest.form == Type::Form::secret || rest.form == Type::Form::literal;
}

Type type_of_default(const syntax::Expr& value);

struct TypeOfLiteral {
  using Form = Type::Form;
  Type operator()(const syntax::BoolLiteral&) { return simple(Form::boolean); }
  Type operator()(const syntax::IntLiteral&) { return simple(Form::integer); }
  Type operator()(const syntax::FloatLiteral&) { return simple(Form::floating); }
  Type operator()(const syntax::DurationLiteral&) { return simple(Form::duration); }
  Type operator()(const syntax::SizeLiteral&) { return simple(Form::size); }
  Type operator()(const syntax::Text&) { return simple(Form::string); }
  Type operator()(const syntax::ListLiteral& list) {
    if (list.items.empty()) return list_of(simple(Form::any));
    Type element = type_of_default(*list.items.front());
    for (const syntax::ExprPtr& item : list.items) element = joined(element, type_of_default(*item));
    return list_of(std::move(element));
  }
  Type operator()(const syntax::MapLiteral& map) {
    if (map.entries.empty()) return map_of(simple(Form::any));
    Type element = type_of_default(*map.entries.front().value);
    for (const syntax::MapEntry& entry : map.entries)
      element = joined(element, type_of_default(*entry.value));
    return map_of(std::move(element));
  }
  Type operator()(const syntax::Call& call) {
    return call.function.text == "secret" ? simple(Form::secret) : simple(Form::any);
  }
  Type operator()(const syntax::Group& group) { return type_of_default(*group.inner); }
  Type operator()(const syntax::Unary& unary) { return type_of_default(*unary.operand); }
  template <class Other>
  Type operator()(const Other&) {
    return simple(Form::any);
  }
};

// The type of a param that has none: that of its default, as far as a literal tells.
Type type_of_default(const syntax::Expr& value) {
  return std::visit(TypeOfLiteral{}, value.is);
}

Type type_of_param(const Declaration& declaration, Program& program) {
  const syntax::Param& param = *declaration.param();
  Diagnostics quiet;
  if (param.type) return type_of(*param.type, *declaration.region->module, program, quiet);
  return param.value ? type_of_default(*param.value) : simple(Type::Form::string);
}

class Giver {
 public:
  Giver(Program& program, Inputs& inputs, bool allow_missing, std::vector<syntax::ExprPtr>& kept)
      : program_(program),
        inputs_(inputs),
        evaluator_(program, inputs, {}, true),
        allow_missing_(allow_missing),
        kept_(kept) {}

  std::map<std::string, Value> give(const std::vector<GivenParam>& given,
                                    std::map<std::string, ParamOrigin>& origins) {
    std::map<std::string, const GivenParam*> strongest;
    for (const GivenParam& one : given) {
      const GivenParam*& known = strongest[one.name];
      if (known != nullptr && known->origin == one.origin)
        program_.diagnostics.error("S0202", Span{},
                                   fmt::format("`{}` is given twice ({})", one.name, show(one.origin)));
      if (known == nullptr || one.origin < known->origin) known = &one;
    }
    const std::vector<GivenParam> local = local_file();
    std::map<std::string, Value> values;
    std::vector<std::string> names;
    for (const std::unique_ptr<Declaration>& declared : program_.main().region->declarations) {
      if (declared->form != DeclarationForm::param) continue;
      names.push_back(declared->name);
      GivenParam from_environment;
      const GivenParam* one = nullptr;
      if (const auto found = strongest.find(declared->name); found != strongest.end()) {
        one = found->second;
      } else if (const auto text = inputs_.environment("CAIRN_PARAM_" + declared->name)) {
        from_environment = {declared->name, *text, ParamOrigin::environment};
        one = &from_environment;
      } else {
        for (const GivenParam& candidate : local)
          if (candidate.name == declared->name) one = &candidate;
      }
      if (one != nullptr) {
        if (std::optional<Value> value = converted(*declared, *one)) {
          values.emplace(declared->name, std::move(*value));
          origins[declared->name] = one->origin;
        }
        continue;
      }
      const syntax::Param& param = *declared->param();
      if (param.value || allow_missing_ || accepts_null(type_of_param(*declared, program_))) continue;
      if (program_.poisoned.contains(declared->statement)) continue;
      program_.diagnostics
          .error("S0217", declared->span, fmt::format("the param `{}` has no value", declared->name),
                 "no default")
          .help(fmt::format("-p {}=…", declared->name))
          .note(fmt::format("or `--params FILE`, the environment's CAIRN_PARAM_{}, cairn.local.json",
                            declared->name));
      program_.poisoned.insert(declared->statement);
    }
    for (const auto& [name, one] : strongest) report_unknown(name, one->origin, names);
    for (const GivenParam& one : local) report_unknown(one.name, one.origin, names);
    return values;
  }

 private:
  void report_unknown(const std::string& name, ParamOrigin origin, const std::vector<std::string>& names) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    Diagnostic& error = program_.diagnostics.error(
        "S0218", Span{}, fmt::format("no param named `{}` ({})", name, show(origin)));
    if (const auto near = suggest(name, names))
      error.help(fmt::format("did you mean `{}`?", *near));
    else if (names.empty())
      error.note(fmt::format("{} has no params", program_.main().name));
    else
      error.note(fmt::format("the params are {}", quoted_list(names)));
  }

  std::vector<GivenParam> local_file() {
    std::vector<GivenParam> found;
    const std::string& folder = program_.main().folder;
    const std::string path = folder.empty() ? "cairn.local.json" : folder + "/cairn.local.json";
    if (!inputs_.exists(path)) return found;
    const ReadAnswer answer = inputs_.read_file(path);
    if (!answer.text) {
      program_.diagnostics.error("S0204", Span{}, fmt::format("cannot read `{}`: {}", path, answer.why_not));
      return found;
    }
    const auto json = nlohmann::ordered_json::parse(*answer.text, nullptr, false);
    if (!json.is_object()) {
      program_.diagnostics.error("S0204", Span{}, fmt::format("`{}` is no JSON object", path))
          .help("{ \"name\": \"value\" }");
      return found;
    }
    for (const auto& [name, value] : json.items())
      found.push_back({name, value_of_json(value), ParamOrigin::local_file});
    return found;
  }

  std::optional<Value> converted(const Declaration& declared, const GivenParam& given) {
    const Type type = type_of_param(declared, program_);
    const std::string what = fmt::format("`{}` ({})", declared.name, show(given.origin));
    const std::string& folder = program_.main().folder;
    const bool outside =
        given.origin == ParamOrigin::command_line || given.origin == ParamOrigin::environment;
    const std::string& relative_to = outside ? empty_ : folder;
    if (const Value* value = std::get_if<Value>(&given.value)) {
      // JSON has no durations and sizes: they come as their literals.
      const std::string* text = value->as<std::string>();
      if (text == nullptr || takes_text_as_it_is(type) || type.form == Type::Form::any)
        return evaluator_.convert(*value, type, relative_to, declared.span, what);
      return from_literal(declared, *text, type, relative_to, what);
    }
    const std::string& text = std::get<std::string>(given.value);
    if (!takes_text_as_it_is(type)) return from_literal(declared, text, type, relative_to, what);
    Value value;
    value.is = text;
    return evaluator_.convert(std::move(value), type, relative_to, declared.span, what);
  }

  std::optional<Value> from_literal(const Declaration& declared, const std::string& text, const Type& type,
                                    const std::string& relative_to, const std::string& what) {
    const std::uint32_t file = program_.sources.add(what, {}, text);
    kept_.push_back(parse_expression(program_.sources, file, program_.diagnostics));
    const syntax::Expr& expression = *kept_.back();
    if (!is_literal(expression)) {
      if (!std::holds_alternative<syntax::Poison>(expression.is))
        program_.diagnostics.error("S0302", expression.span,
                                   fmt::format("{} is {}, given as a literal", what, show(type)),
                                   "not a literal");
      program_.poisoned.insert(declared.statement);
      return std::nullopt;
    }
    Environment nowhere;
    std::optional<Value> value = evaluator_.evaluate(expression, Where{&nowhere, nullptr, no_node});
    if (value) value = evaluator_.convert(std::move(*value), type, relative_to, expression.span, what);
    if (!value) program_.poisoned.insert(declared.statement);
    return value;
  }

  static bool is_literal(const syntax::Expr& expression) {
    if (const auto* list = std::get_if<syntax::ListLiteral>(&expression.is))
      return std::all_of(list->items.begin(), list->items.end(),
                         [](const syntax::ExprPtr& item) { return is_literal(*item); });
    if (const auto* map = std::get_if<syntax::MapLiteral>(&expression.is))
      return std::all_of(map->entries.begin(), map->entries.end(),
                         [](const syntax::MapEntry& entry) { return is_literal(*entry.value); });
    if (const auto* text = std::get_if<syntax::Text>(&expression.is))
      return std::all_of(text->parts.begin(), text->parts.end(),
                         [](const syntax::TextPart& part) { return !part.hole; });
    if (const auto* unary = std::get_if<syntax::Unary>(&expression.is)) return is_literal(*unary->operand);
    return !std::holds_alternative<syntax::Poison>(expression.is) && expression.is.index() <= 6;
  }

  Program& program_;
  Inputs& inputs_;
  Evaluator evaluator_;  // for literals only
  bool allow_missing_;
  std::vector<syntax::ExprPtr>& kept_;
  const std::string empty_;
};

}  // namespace

std::string show(ParamOrigin origin) {
  switch (origin) {
    case ParamOrigin::command_line:
      return "-p";
    case ParamOrigin::params_file:
      return "--params";
    case ParamOrigin::environment:
      return "environment";
    case ParamOrigin::local_file:
      return "cairn.local.json";
    case ParamOrigin::standard:
      return "default";
    case ParamOrigin::missing:
      return "not given";
  }
  return "";
}

std::map<std::string, Value> give_params(Program& program, Inputs& inputs,
                                         const std::vector<GivenParam>& given, bool allow_missing,
                                         std::map<std::string, ParamOrigin>& origins,
                                         std::vector<syntax::ExprPtr>& kept) {
  return Giver(program, inputs, allow_missing, kept).give(given, origins);
}

std::vector<ParamListing> list_params(Evaluator& evaluator,
                                      const std::map<std::string, ParamOrigin>& origins) {
  std::vector<ParamListing> listed;
  for (const std::unique_ptr<Declaration>& declared : evaluator.program.main().region->declarations) {
    if (declared->form != DeclarationForm::param) continue;
    ParamListing listing;
    listing.name = declared->name;
    listing.type = show(type_of_param(*declared, evaluator.program));
    listing.doc = declared->statement->doc;
    listing.span = declared->span;
    const auto given = origins.find(declared->name);
    if (given != origins.end())
      listing.origin = given->second;
    else if (declared->param()->value)
      listing.origin = ParamOrigin::standard;
    if (std::optional<Value> value = evaluator.param(*declared)) listing.value = std::move(*value);
    listed.push_back(std::move(listing));
  }
  return listed;
}

}  // namespace cairn
