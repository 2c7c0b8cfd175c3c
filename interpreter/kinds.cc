#include "interpreter/kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/parse.h"
#include "interpreter/refinement.h"
#include "stdlib/stdlib.h"

namespace cairn {
namespace {

using Form = Type::Form;

// What constructors give: probes, reports, policies, mounts. Each is the result of some function of
// functions/.
constexpr std::array<std::string_view, 4> families = {"check", "report_file", "retry", "mount"};

// A base kind, or `service`, whose name says what all that inherits from it is to the executor. The nearest
// counts.
constexpr std::array<std::pair<std::string_view, NodeClass>, 5> classes = {{{"endpoint", NodeClass::endpoint},
                                                                            {"thing", NodeClass::thing},
                                                                            {"service", NodeClass::service},
                                                                            {"task", NodeClass::task},
                                                                            {"group", NodeClass::group}}};

constexpr std::string_view kinds_folder = "kinds/";
constexpr std::string_view base_folder = "kinds/base/";
constexpr std::string_view functions_folder = "functions/";

bool is_variable(std::string_view name) {
  return name.size() == 1 && name.front() >= 'A' && name.front() <= 'Z';
}

}  // namespace

std::optional<Type> made_type(std::string_view name) {
  if (std::find(families.begin(), families.end(), name) == families.end()) return std::nullopt;
  return Type{Form::made, std::string(name), {}};
}

const ParamDecl* KindDecl::param(std::string_view wanted) const {
  for (const ParamDecl& declared : params)
    if (declared.name == wanted) return &declared;
  return nullptr;
}

const ExportDecl* KindDecl::find_export(std::string_view wanted) const {
  for (const ExportDecl& declared : exports)
    if (declared.name == wanted) return &declared;
  return nullptr;
}

struct Vocabulary::State {
  explicit State(Sources& all) : sources(all) {}

  const KindDecl* kind(std::string_view name);
  void read_functions();

  Sources& sources;
  Diagnostics mistakes;
  std::vector<std::unique_ptr<syntax::File>> files;                     // own the default expressions
  std::map<std::string, std::unique_ptr<KindDecl>, std::less<>> kinds;  // null: there is none
  std::map<std::string, std::unique_ptr<FunctionDecl>, std::less<>> functions;
  bool has_functions = false;

 private:
  const syntax::File& parse_embedded(std::string_view name, std::string_view text);
  std::unique_ptr<KindDecl> declared(const syntax::Statement& statement, const syntax::Kind& kind);
  Type type(const syntax::Type& written);
  Type type(const syntax::TypeItem& item);
  std::vector<TakesDecl> takes(const std::vector<syntax::Field>& fields);
  bool is_kind(std::string_view name) const;
};

const syntax::File& Vocabulary::State::parse_embedded(std::string_view name, std::string_view text) {
  const std::uint32_t file = sources.add(fmt::format("std/{}", name), "", std::string(text));
  files.push_back(std::make_unique<syntax::File>(parse(sources, file, mistakes)));
  return *files.back();
}

bool Vocabulary::State::is_kind(std::string_view name) const {
  return stdlib::text_of(fmt::format("{}{}", kinds_folder, name)) ||
         stdlib::text_of(fmt::format("{}{}", base_folder, name));
}

Type Vocabulary::State::type(const syntax::TypeItem& item) {
  Type result;
  const std::string& name = item.name.text;
  if (item.form == syntax::TypeItem::Form::literal) {
    result = Type{Form::literal, name, {}};
  } else if (item.form == syntax::TypeItem::Form::applied) {
    syntax::Type inner;
    inner.span = item.span;
    inner.alternatives = item.of;
    result = Type{name == "list" ? Form::list : Form::map, {}, {type(inner)}};
    if (name != "list" && name != "map")
      mistakes.error("S0301", item.span, fmt::format("no type named `{}`", name));
  } else if (std::optional<Type> known = named_type(name)) {
    result = std::move(*known);
  } else if (std::optional<Type> made = made_type(name)) {
    result = std::move(*made);
  } else if (is_variable(name)) {
    result = Type{Form::variable, name, {}};
  } else if (name == "node") {
    result = Type{Form::node, {}, {}};
  } else {
    if (!is_kind(name)) mistakes.error("S0301", item.span, fmt::format("no type named `{}`", name));
    result = Type{Form::node, name, {}};
  }
  if (!item.optional) return result;
  return Type{Form::one_of, {}, {std::move(result), Type{Form::null, {}, {}}}};
}

Type Vocabulary::State::type(const syntax::Type& written) {
  if (written.alternatives.size() == 1) return type(written.alternatives.front());
  Type result{Form::one_of, {}, {}};
  const auto add = [&](const auto& self, Type alternative) -> void {
    if (alternative.form == Form::one_of) {
      for (Type& inner : alternative.of) self(self, std::move(inner));
    } else if (std::find(result.of.begin(), result.of.end(), alternative) == result.of.end()) {
      result.of.push_back(std::move(alternative));
    }
  };
  for (const syntax::TypeItem& item : written.alternatives) add(add, type(item));
  return result;
}

std::vector<TakesDecl> Vocabulary::State::takes(const std::vector<syntax::Field>& fields) {
  std::vector<TakesDecl> all;
  for (const syntax::Field& field : fields)
    all.push_back({field.name.text, type(field.type), field.variadic, field.value.get()});
  return all;
}

std::unique_ptr<KindDecl> Vocabulary::State::declared(const syntax::Statement& statement,
                                                      const syntax::Kind& kind) {
  auto result = std::make_unique<KindDecl>();
  result->name = kind.name.text;
  result->inherits = kind.inherits ? kind.inherits->text : std::string();
  result->native = kind.native;
  result->base = kind.base;
  result->doc = statement.doc;
  result->span = kind.name.span;
  for (const auto& [name, node_class] : classes)
    if (name == result->name) result->node_class = node_class;
  const bool names_class =
      std::any_of(classes.begin(), classes.end(), [&](const auto& row) { return row.first == result->name; });
  std::vector<ParamDecl> own_params;
  std::vector<ExportDecl> own_exports;
  for (const syntax::Statement& inner : kind.body.statements) {
    if (const syntax::Param* param = std::get_if<syntax::Param>(&inner.is)) {
      ParamDecl one;
      one.name = param->name.text;
      if (param->type)
        one.type = type(*param->type);
      else
        mistakes.error("S0301", param->name.span,
                       fmt::format("`{}` of `{}` has no type", one.name, result->name));
      one.known = param->known;
      one.default_value = param->value.get();
      one.takes = takes(param->takes);
      one.deferred = param->has_takes;
      one.doc = inner.doc;
      one.span = param->name.span;
      own_params.push_back(std::move(one));
    } else if (const syntax::Export* exported = std::get_if<syntax::Export>(&inner.is)) {
      ExportDecl one;
      one.name = exported->name.text;
      if (exported->type)
        one.type = type(*exported->type);
      else
        mistakes.error("S0301", exported->name.span,
                       fmt::format("`{}` of `{}` has no type", one.name, result->name));
      one.late = exported->late;
      one.callable = exported->has_takes;
      one.takes = takes(exported->takes);
      one.doc = inner.doc;
      one.span = exported->name.span;
      own_exports.push_back(std::move(one));
    } else {
      mistakes.error("S0206", inner.span,
                     fmt::format("native kind `{}` holds params and exports only", result->name));
    }
  }
  if (!result->inherits.empty()) {
    if (const KindDecl* parent = this->kind(result->inherits)) {
      if (!names_class) result->node_class = parent->node_class;
      result->params = parent->params;
      result->exports = parent->exports;
    } else {
      mistakes.error("S0203", kind.inherits->span, fmt::format("no kind named `{}`", result->inherits));
    }
  }
  // Own ones stand first; one that is declared again takes the place of what is inherited.
  const auto join = [](auto& inherited, auto& own) {
    std::erase_if(inherited, [&](const auto& old) {
      return std::any_of(own.begin(), own.end(), [&](const auto& is) { return is.name == old.name; });
    });
    own.insert(own.end(), std::make_move_iterator(inherited.begin()),
               std::make_move_iterator(inherited.end()));
    inherited = std::move(own);
  };
  join(result->params, own_params);
  join(result->exports, own_exports);
  return result;
}

const KindDecl* Vocabulary::State::kind(std::string_view name) {
  if (const auto known = kinds.find(name); known != kinds.end()) return known->second.get();
  std::unique_ptr<KindDecl>& place = kinds[std::string(name)];
  if (name.find('/') != std::string_view::npos) return nullptr;
  std::string file = fmt::format("{}{}", kinds_folder, name);
  std::optional<std::string_view> text = stdlib::text_of(file);
  if (!text) {
    file = fmt::format("{}{}", base_folder, name);
    text = stdlib::text_of(file);
  }
  if (!text) return nullptr;
  const syntax::File& parsed = parse_embedded(file, *text);
  for (const syntax::Statement& statement : parsed.body.statements)
    if (const syntax::Kind* written = std::get_if<syntax::Kind>(&statement.is);
        written != nullptr && written->name.text == name)
      place = declared(statement, *written);
  return place.get();
}

void Vocabulary::State::read_functions() {
  if (has_functions) return;
  has_functions = true;
  for (const stdlib::Embedded& embedded : stdlib::all()) {
    if (!embedded.name.starts_with(functions_folder)) continue;
    const syntax::File& parsed = parse_embedded(embedded.name, embedded.text);
    for (const syntax::Statement& statement : parsed.body.statements) {
      const syntax::Function* written = std::get_if<syntax::Function>(&statement.is);
      if (written == nullptr) continue;
      functions[written->name.text] = std::make_unique<FunctionDecl>(
          FunctionDecl{written->name.text, takes(written->takes), type(written->result), statement.doc,
                       written->name.span});
    }
  }
}

Vocabulary::Vocabulary(Sources& sources) : state_(std::make_unique<State>(sources)) {}
Vocabulary::~Vocabulary() = default;

const KindDecl* Vocabulary::kind(std::string_view name) {
  return state_->kind(name);
}

const FunctionDecl* Vocabulary::function(std::string_view name) {
  state_->read_functions();
  const auto found = state_->functions.find(name);
  return found == state_->functions.end() ? nullptr : found->second.get();
}

std::vector<std::string> Vocabulary::kind_names() const {
  std::vector<std::string> names;
  for (const stdlib::Embedded& embedded : stdlib::all())
    if (embedded.name.starts_with(kinds_folder) && !embedded.name.starts_with(base_folder))
      names.emplace_back(embedded.name.substr(kinds_folder.size()));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Vocabulary::function_names() const {
  state_->read_functions();
  std::vector<std::string> names;
  for (const auto& [name, declared] : state_->functions) names.push_back(name);
  return names;
}

bool Vocabulary::inherits(std::string_view kind, std::string_view base) {
  for (const KindDecl* is = state_->kind(kind); is != nullptr; is = state_->kind(is->inherits)) {
    if (is->name == base) return true;
    if (is->inherits.empty()) return false;
  }
  return false;
}

const Diagnostics& Vocabulary::mistakes() const {
  return state_->mistakes;
}

}  // namespace cairn
