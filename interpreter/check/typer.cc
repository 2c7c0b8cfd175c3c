#include "interpreter/check/typer.h"

#include <fmt/format.h>

#include <algorithm>

#include "grammar/suggest.h"
#include "interpreter/declare.h"
#include "interpreter/refinement.h"

namespace cairn {
namespace {

using Form = Type::Form;

// Collections and nodes have no text; everything else that is not certain is left to its value.
bool can_be_text(const Type& type) {
  const Type rest = without_null(type);
  if (rest.form == Form::one_of) return std::any_of(rest.of.begin(), rest.of.end(), can_be_text);
  return rest.form != Form::list && rest.form != Form::map && rest.form != Form::node &&
         rest.form != Form::made && rest.form != Form::null;
}

// The regions of a declaration's scope that hold it, from the scope down.
std::vector<const Region*> way_to(const Declaration& declaration) {
  std::vector<const Region*> way;
  for (const Region* region = declaration.region; region != region->scope; region = region->parent)
    way.push_back(region);
  std::reverse(way.begin(), way.end());
  return way;
}

}  // namespace

Type Typer::poison(const syntax::Expr& expression) {
  program_.poisoned.insert(&expression);
  return simple(Form::poison);
}

Type Typer::type(const syntax::Expr& expression, const Standing& standing) {
  if (program_.poisoned.contains(&expression)) return simple(Form::poison);
  return infer(expression, standing);
}

Type Typer::infer(const syntax::Expr& expression, const Standing& standing) {
  struct Visit {
    Typer& self;
    const syntax::Expr& expression;
    const Standing& standing;
    Type operator()(const syntax::Poison&) { return self.poison(expression); }
    Type operator()(const syntax::NullLiteral&) { return simple(Form::null); }
    Type operator()(const syntax::BoolLiteral&) { return simple(Form::boolean); }
    Type operator()(const syntax::IntLiteral&) { return simple(Form::integer); }
    Type operator()(const syntax::FloatLiteral&) { return simple(Form::floating); }
    Type operator()(const syntax::DurationLiteral&) { return simple(Form::duration); }
    Type operator()(const syntax::SizeLiteral&) { return simple(Form::size); }
    Type operator()(const syntax::Text& text) { return self.type_of_text(text, standing); }
    Type operator()(const syntax::ListLiteral& list) {
      if (list.items.empty()) return list_of(simple(Form::poison));
      Type element = self.type(*list.items.front(), standing);
      for (std::size_t i = 1; i < list.items.size(); ++i)
        element = joined(element, self.type(*list.items[i], standing));
      return list_of(std::move(element));
    }
    Type operator()(const syntax::MapLiteral& map) { return self.type_of_map(map, standing); }
    Type operator()(const syntax::ListFor& each) {
      const Standing within = self.inside(each.each, standing);
      return list_of(self.type(*each.item, within));
    }
    Type operator()(const syntax::MapFor& each) {
      const Standing within = self.inside(each.each, standing);
      self.expect(*each.key, simple(Form::any), within, "the key");
      return map_of(self.type(*each.value, within));
    }
    Type operator()(const syntax::NameRef& name) {
      return plain(self.type_of_name(expression, name, standing));
    }
    Type operator()(const syntax::Call& call) { return self.type_of_call(expression, call, standing); }
    Type operator()(const syntax::Member& member) {
      return plain(self.type_of_member(expression, member, standing));
    }
    Type operator()(const syntax::Index& index) { return self.type_of_index(expression, index, standing); }
    Type operator()(const syntax::Unary& unary) { return self.type_of_unary(expression, unary, standing); }
    Type operator()(const syntax::Binary& binary) {
      return self.type_of_binary(expression, binary, standing);
    }
    Type operator()(const syntax::Conditional& choice) { return self.type_of_conditional(choice, standing); }
    Type operator()(const syntax::Group& group) { return self.type(*group.inner, standing); }
  };
  return std::visit(Visit{*this, expression, standing}, expression.is);
}

Type Typer::type_of_text(const syntax::Text& text, const Standing& standing) {
  bool holes = false;
  for (const syntax::TextPart& part : text.parts) {
    if (!part.hole) continue;
    holes = true;
    const Type hole = type(*part.hole, standing);
    if (hole.form == Form::poison || can_be_text(hole)) continue;
    if (in_syntax_error(diagnostics_, part.hole->span)) continue;  // `${{ x }}` was not meant as a map
    Diagnostic& wrong = diagnostics_.error(
        "S0305", part.hole->span,
        fmt::format("a hole takes one string, number or other single value, not {}", described(hole)));
    if (hole.form == Form::list) wrong.help("`join(list, \", \")` makes one text of a list");
    if (hole.form == Form::map) wrong.help("`json(map)` makes one text of a map");
    if (hole.form == Form::node) wrong.help("read one of its exports, such as `.host`");
    poison(*part.hole);
  }
  if (holes) return simple(Form::string);
  return Type{Form::literal, text.parts.empty() ? std::string() : text.parts.front().text, {}};
}

void Typer::given_once(const syntax::MapEntry& entry, const std::string& key, KeysSeen& seen) {
  const auto [first, fresh] = seen.emplace(key, &entry);
  if (fresh) return;
  diagnostics_.error("S0202", entry.key->span, fmt::format("the key `{}` is given twice", key), "given again")
      .label(first->second->key->span, "first given here");
  poison(*entry.key);
}

Type Typer::type_of_map(const syntax::MapLiteral& map, const Standing& standing) {
  std::optional<Type> element;
  KeysSeen seen;
  for (const syntax::MapEntry& entry : map.entries) {
    const Type key = type(*entry.key, standing);
    if (key.form == Form::literal) given_once(entry, key.text, seen);
    Type value = type(*entry.value, standing);
    element = element ? joined(*element, value) : std::move(value);
  }
  return map_of(element ? std::move(*element) : simple(Form::poison));
}

std::vector<Type> Typer::variables_of(const syntax::Expr& source, std::size_t count,
                                      const Standing& standing) {
  const Type found = without_null(type(source, standing));
  std::vector<Type> variables(count, simple(Form::poison));
  if (found.form == Form::list) {
    variables.back() = widened(found.of.front());
    if (count == 2) variables.front() = simple(Form::integer);
  } else if (found.form == Form::map) {
    variables.front() = simple(Form::string);
    if (count == 2) variables.back() = widened(found.of.front());
  } else if (found.form == Form::any) {
    for (Type& variable : variables) variable = simple(Form::any);
  } else if (found.form != Form::poison && found.form != Form::one_of && found.form != Form::variable) {
    Diagnostic& wrong = diagnostics_.error(
        "S0302", source.span, fmt::format("`for` runs over a list or a map, not {}", described(found)));
    if (found.form == Form::integer) wrong.help("`range(n)` is the list of 0 to n - 1");
    poison(source);
  }
  return variables;
}

Standing Typer::inside(const syntax::Each& each, const Standing& standing) {
  Standing within = standing;
  const std::vector<Type> types = variables_of(*each.source, each.variables.size(), standing);
  for (std::size_t i = 0; i < each.variables.size(); ++i)
    within.locals.emplace_back(each.variables[i].text, types[i]);
  if (each.condition) expect(*each.condition, simple(Form::boolean), within, "a condition");
  return within;
}

Type Typer::type_of_name(const syntax::Expr& expression, const syntax::NameRef& ref,
                         const Standing& standing) {
  const std::string& name = ref.name.text;
  for (auto local = standing.locals.rbegin(); local != standing.locals.rend(); ++local)
    if (local->first == name) return local->second;
  if (name == "self") {
    if (standing.self == nullptr) {
      diagnostics_.error("S0214", expression.span, "`self` is known inside the settings of a block only")
          .help("name the block that is meant");
      return poison(expression);
    }
    if (standing.self->user != nullptr) return node_of(standing.self->user->full_name);
    return standing.self->native == nullptr ? simple(Form::poison) : node_of(standing.self->native->name);
  }
  const Resolved resolved = resolve(name, *standing.region);
  switch (resolved.form) {
    case Resolved::Form::variable: {
      const syntax::For& each = *resolved.each->each();
      Standing around;
      around.region = resolved.each->parent;
      return variables_of(*each.source, each.variables.size(), around)[resolved.variable];
    }
    case Resolved::Form::declaration: {
      std::optional<Type> all;
      for (const Declaration* declaration : *resolved.declarations) {
        declaration->used = true;
        Type one = type_seen_from(*declaration, *standing.region);
        all = all ? joined(*all, one) : std::move(one);
      }
      return all ? *all : simple(Form::poison);
    }
    case Resolved::Form::module:
      resolved.use->used = true;
      if (resolved.use->module != nullptr)
        diagnostics_.error("S0302", expression.span, fmt::format("`{}` is a module, not a value", name))
            .help(fmt::format("read one of its names: `{}.x`", name));
      return poison(expression);
    case Resolved::Form::nothing:
      report_unknown_name(expression, ref.name, standing);
      return poison(expression);
  }
  return simple(Form::poison);
}

Type Typer::type_of_declaration(const Declaration& declaration) {
  switch (declaration.form) {
    case DeclarationForm::block:
      if (declaration.user != nullptr) return node_of(declaration.user->full_name);
      if (declaration.inner != nullptr) return node_of("stage");
      return declaration.native == nullptr ? simple(Form::poison) : node_of(declaration.native->name);
    case DeclarationForm::param:
    case DeclarationForm::let:
      break;
  }
  Known& known = declarations_[&declaration];
  if (known.state == State::done) return known.type;
  if (program_.poisoned.contains(declaration.statement)) return simple(Form::poison);
  if (known.state == State::busy) {
    std::string chain;
    const auto first = std::find(chain_.begin(), chain_.end(), &declaration);
    for (auto step = first; step != chain_.end(); ++step) chain += (*step)->name + " → ";
    Diagnostic& error = diagnostics_.error(
        "S0210", declaration.span,
        fmt::format("`{}` needs itself to be known: {}{}", declaration.name, chain, declaration.name),
        "needs its own value");
    if (chain_.end() - first == 1) {
      const Region* around = declaration.region->scope->parent;
      const Resolved outer = around == nullptr ? Resolved{} : resolve(declaration.name, *around);
      if (outer.form == Resolved::Form::declaration)
        error.label(outer.declarations->front()->span, "hides this one, also in its own value")
            .help("give it another name");
    } else {
      for (auto step = first + 1; step != chain_.end(); ++step)
        error.label((*step)->span, fmt::format("… which `{}` needs", (*(step - 1))->name));
    }
    for (auto step = first; step != chain_.end(); ++step) program_.poisoned.insert((*step)->statement);
    return simple(Form::poison);
  }
  // Deeper than values may be: the evaluator says so, and each level costs some stack here.
  constexpr std::size_t deepest = 2000;
  if (chain_.size() >= deepest) return simple(Form::any);
  known.state = State::busy;
  chain_.push_back(&declaration);
  Standing standing;
  standing.region = declaration.region;
  Type found;
  if (const syntax::Let* let = declaration.let()) {
    found = type(*let->value, standing);
  } else {
    const syntax::Param& param = *declaration.param();
    if (param.type) {
      found = type_of(*param.type, *declaration.region->module, program_, diagnostics_);
      if (param.value) expect(*param.value, found, standing, fmt::format("`{}`", declaration.name));
    } else if (param.value) {
      found = widened(type(*param.value, standing));
      const bool empty =
          (found.form == Form::list || found.form == Form::map) && found.of.front().form == Form::poison;
      if (empty) {
        const char* word = found.form == Form::list ? "list" : "map";
        diagnostics_
            .error("S0313", declaration.span,
                   fmt::format("the type of `{}` cannot be seen from an empty {}", declaration.name, word),
                   "needs a type")
            .help(fmt::format("param {}: {}(string) = {}", declaration.name, word,
                              found.form == Form::list ? "[]" : "{}"));
      }
    } else {
      diagnostics_
          .error("S0313", declaration.span,
                 fmt::format("the param `{}` needs a type or a default", declaration.name))
          .help(fmt::format("param {}: string", declaration.name));
      program_.poisoned.insert(declaration.statement);
      found = simple(Form::poison);
    }
  }
  chain_.pop_back();
  Known& done = declarations_[&declaration];
  done.state = State::done;
  done.type = program_.poisoned.contains(declaration.statement) ? simple(Form::poison) : std::move(found);
  return done.type;
}

Type Typer::type_seen_from(const Declaration& declaration, const Region& from) {
  Type found = type_of_declaration(declaration);
  if (found.form == Form::poison) return found;
  std::vector<const Region*> way = way_to(declaration);
  // What the reader stands in itself is this iteration's, this branch's.
  std::size_t shared = 0;
  for (const Region* around = &from; around != nullptr; around = around->parent)
    for (std::size_t i = shared; i < way.size(); ++i)
      if (way[i] == around) shared = i + 1;
  for (std::size_t i = way.size(); i > shared; --i) {
    const Region& region = *way[i - 1];
    if (region.form == RegionForm::branch) {
      found = optional_of(std::move(found));
      continue;
    }
    const syntax::For& each = *region.each();
    Standing around;
    around.region = region.parent;
    const Type key = variables_of(*each.source, each.variables.size(), around).front();
    found = key.form == Form::string                            ? map_of(without_null(found))
            : key.form == Form::integer                         ? list_of(without_null(found))
            : key.form == Form::poison || key.form == Form::any ? simple(Form::any)
                                                                : list_of(without_null(found));
  }
  return found;
}

Type Typer::type_of_export(const UserKind& kind, const syntax::Export& exported) {
  Known& known = exports_[&exported];
  if (known.state == State::done) return known.type;
  if (known.state == State::busy) {
    diagnostics_.error("S0210", exported.name.span,
                       fmt::format("`export {}` needs itself to be known", exported.name.text),
                       "needs its own value");
    program_.poisoned.insert(exported.value.get());
    return simple(Form::poison);
  }
  known.state = State::busy;
  Standing standing;
  standing.region = kind.region;
  for (const syntax::Field& field : exported.takes)
    standing.locals.emplace_back(field.name.text, type_of(field.type, *kind.module, program_, diagnostics_));
  Type found;
  if (exported.type) {
    found = type_of(*exported.type, *kind.module, program_, diagnostics_);
    expect(*exported.value, found, standing, fmt::format("`{}`", exported.name.text));
  } else {
    found = type(*exported.value, standing);
  }
  Known& done = exports_[&exported];
  done.state = State::done;
  done.type = found;
  return found;
}

}  // namespace cairn
