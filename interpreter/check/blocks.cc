#include "interpreter/check/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/suggest.h"
#include "interpreter/declare.h"
#include "interpreter/foreign.h"
#include "interpreter/suggestions.h"
#include "stdlib/stdlib.h"

namespace cairn {
namespace {

using Form = Type::Form;

// A setting's declaration, wherever it comes from.
struct Accepted {
  Type type;
  bool deferred = false;
  std::vector<TakesDecl> takes;
};

class BlockCheck {
 public:
  BlockCheck(Typer& typer, const Declaration& declaration)
      : typer_(typer),
        program_(typer.program()),
        diagnostics_(program_.diagnostics),
        declaration_(declaration),
        block_(*declaration.block()) {}

  void check() {
    if (program_.poisoned.contains(declaration_.statement)) return;
    if (declaration_.native == nullptr && declaration_.user == nullptr && declaration_.inner == nullptr)
      return report_unknown_kind();
    standing_.region = declaration_.region;
    standing_.self = &declaration_;
    for (const syntax::Statement& statement : block_.body.statements) check_statement(statement);
    check_required();
  }

 private:
  void report_unknown_kind() {
    program_.poisoned.insert(declaration_.statement);
    if (in_syntax_error(diagnostics_, block_.kind.span)) return;
    const Module& module = *declaration_.region->module;
    if (block_.member) {
      const UseBinding* use = module.use(block_.kind.text);
      if (use != nullptr && use->module == nullptr) return;
      if (use == nullptr) {
        Diagnostic& error = diagnostics_.error(
            "S0212", block_.kind.span, fmt::format("no module named `{}`", block_.kind.text), "not found");
        std::vector<std::string> names;
        for (const UseBinding& known : module.uses) names.push_back(known.name);
        if (stdlib::text_of(block_.kind.text))
          error.help(fmt::format("use \"std/{}\"", block_.kind.text));
        else if (const auto near = suggest(block_.kind.text, names))
          error.help(fmt::format("did you mean `{}`?", *near));
        return;
      }
      std::vector<std::string> names;
      for (const std::unique_ptr<UserKind>& kind : use->module->kinds) names.push_back(kind->name);
      Diagnostic& error = diagnostics_.error(
          "S0212", block_.member->span,
          fmt::format("module `{}` has no kind `{}`", block_.kind.text, block_.member->text), "not found");
      if (const auto near = suggest(block_.member->text, names))
        error.help(fmt::format("did you mean `{}`?", *near));
      else if (!names.empty())
        error.note(fmt::format("it has {}", quoted_list(names)));
      return;
    }
    const ForeignName* known = foreign("", block_.kind.text);
    Diagnostic& error = instead_of_quotes(known != nullptr, "S0212", block_.kind.span, block_.head,
                                          fmt::format("no kind named `{}`", block_.kind.text), "not found");
    std::vector<std::string> names = program_.vocabulary.kind_names();
    for (const std::unique_ptr<UserKind>& kind : module.kinds) names.push_back(kind->name);
    if (known != nullptr)
      error.help(std::string(known->answer));
    else if (const auto near = suggest(block_.kind.text, names))
      error.help(fmt::format("did you mean `{}`?", *near));
    else if (stdlib::text_of(block_.kind.text))
      error.help(fmt::format("use \"std/{0}\" and `{0}.server {1}`", block_.kind.text, declaration_.name));
    else
      error.note(fmt::format("the kinds are {}", quoted_list(names, 40)));
  }

  // `resource "volume" "data" { … }`: that a name has no quotes is of no use to who has to write something
  // else. What is told of the head takes the place of that.
  Diagnostic& instead_of_quotes(bool better, std::string code, Span span, Span head, std::string message,
                                std::string label) {
    std::vector<Diagnostic>& all = diagnostics_.all();
    const auto quotes = std::find_if(all.begin(), all.end(), [&](const Diagnostic& one) {
      const Span its = one.primary.span;
      return one.code == "S0105" && its.file == head.file && its.begin >= head.begin && its.end <= head.end;
    });
    if (!better || quotes == all.end())
      return diagnostics_.error(std::move(code), span, std::move(message), std::move(label));
    *quotes = Diagnostic{
        Severity::error, std::move(code), std::move(message), {span, std::move(label)}, {}, {}, {}};
    return *quotes;
  }

  void check_statement(const syntax::Statement& statement) {
    if (const syntax::Setting* setting = std::get_if<syntax::Setting>(&statement.is))
      return check_setting(statement, *setting);
    if (declaration_.inner != nullptr) return;  // a stage holds declarations: they are checked on their own
    const std::string kind = kind_text(block_);
    if (const syntax::Block* inner = std::get_if<syntax::Block>(&statement.is)) {
      Diagnostic& error =
          instead_of_quotes(true, "S0206", inner->head, inner->head,
                            fmt::format("a `{}` holds settings, not blocks", kind), "a block");
      if (accepted(inner->kind.text) && !inner->member && !inner->name)
        error.help(fmt::format("`{} = {{ … }}`", inner->kind.text));
      else if (const ForeignName* known = foreign(kind, inner->kind.text); known != nullptr && !inner->member)
        error.help(std::string(known->answer));
      return;
    }
    const char* what = std::holds_alternative<syntax::For>(statement.is)   ? "`for`"
                       : std::holds_alternative<syntax::If>(statement.is)  ? "`if`"
                       : std::holds_alternative<syntax::Let>(statement.is) ? "`let`"
                                                                           : "this";
    Diagnostic& error = diagnostics_.error(
        "S0206", statement.span, fmt::format("a `{}` holds settings: {} stands around it", kind, what));
    if (std::holds_alternative<syntax::If>(statement.is))
      error.help("a setting that depends on a condition is `c ? value : null`");
  }

  std::optional<Accepted> accepted(const std::string& name) {
    if (const UserKind* user = declaration_.user) {
      if (const Declaration* param = user->param(name))
        return Accepted{typer_.type_of_declaration(*param), false, {}};
      if (user->self_block != nullptr && !belongs_to_instance(name)) {
        const KindDecl* behind = native_behind(user->full_name, program_);
        if (behind != nullptr)
          if (const ParamDecl* declared = behind->param(name))
            return Accepted{declared->type, declared->deferred, declared->takes};
        return std::nullopt;
      }
      if (!belongs_to_instance(name)) return std::nullopt;
      for (const std::string_view common : {"stage", "run"})
        if (const KindDecl* kind = program_.vocabulary.kind(common))
          if (const ParamDecl* declared = kind->param(name)) return Accepted{declared->type, false, {}};
      return std::nullopt;
    }
    const KindDecl* kind = declaration_.native;
    const ParamDecl* declared = kind == nullptr ? nullptr : kind->param(name);
    if (declared == nullptr) return std::nullopt;
    return Accepted{declared->type, declared->deferred, declared->takes};
  }

  std::vector<std::string> setting_names() {
    std::vector<std::string> names;
    const KindDecl* kind = declaration_.native;
    if (const UserKind* user = declaration_.user) {
      for (const Declaration* param : user->params) names.push_back(param->name);
      kind = user->self_block == nullptr ? nullptr : native_behind(user->full_name, program_);
    }
    if (kind != nullptr)
      for (const ParamDecl& declared : kind->params) names.push_back(declared.name);
    return names;
  }

  void check_setting(const syntax::Statement& statement, const syntax::Setting& setting) {
    const std::string& name = setting.name.text;
    for (const auto& [known, span] : given_)
      if (known == name) {
        diagnostics_
            .error("S0202", setting.name.span, fmt::format("`{}` is given twice", name), "given again")
            .label(span, "first given here");
        program_.poisoned.insert(&statement);
        return;
      }
    given_.emplace_back(name, setting.name.span);
    const std::optional<Accepted> found = accepted(name);
    if (!found) {
      report_unknown_setting(setting);
      program_.poisoned.insert(&statement);
      type_of_what_goes(*setting.value);
      return;
    }
    if (std::holds_alternative<syntax::NullLiteral>(setting.value->is)) return;
    Standing standing = standing_;
    for (const TakesDecl& takes : found->takes) standing.locals.emplace_back(takes.name, takes.type);
    typer_.expect(*setting.value, found->type, standing, fmt::format("`{}`", name));
  }

  // The value of a setting that is not known is rewritten with it: what is wrong inside is no mistake of its
  // own. The names that it reads are read.
  void type_of_what_goes(const syntax::Expr& value) {
    std::vector<Diagnostic>& all = diagnostics_.all();
    const std::size_t before = all.size();
    typer_.type(value, standing_);
    all.erase(std::remove_if(all.begin() + static_cast<std::ptrdiff_t>(before), all.end(),
                             [&](const Diagnostic& one) {
                               const Span span = one.primary.span;
                               return span.file == value.span.file && span.begin >= value.span.begin &&
                                      span.end <= value.span.end;
                             }),
              all.end());
  }

  void report_unknown_setting(const syntax::Setting& setting) {
    const std::string& name = setting.name.text;
    const std::string kind = kind_text(block_);
    Diagnostic& error =
        diagnostics_.error("S0411", setting.name.span,
                           fmt::format("no setting named `{}` in `{}`", name, kind), "not a setting");
    unknown_.push_back({diagnostics_.all().size() - 1, &setting});
    const std::vector<std::string> names = setting_names();
    if (const ForeignName* known = foreign(kind, name))
      error.help(std::string(known->answer));
    else if (const auto near = suggest(name, names))
      error.help(fmt::format("did you mean `{}`?", *near));
    else
      error.note(fmt::format("`{}` takes {}", kind, quoted_list(names, 12)));
  }

  bool is_given(std::string_view name) const {
    return std::any_of(given_.begin(), given_.end(), [&](const auto& one) { return one.first == name; });
  }

  void check_required() {
    if (is_given("like")) return;
    std::vector<std::string> missing;
    if (const UserKind* user = declaration_.user) {
      for (const Declaration* param : user->params) {
        const syntax::Param& syntax = *param->param();
        if (syntax.value || is_given(param->name) || accepts_null(typer_.type_of_declaration(*param)))
          continue;
        missing.push_back(param->name);
      }
    } else if (declaration_.native != nullptr && !declaration_.self_exported) {
      for (const ParamDecl& declared : declaration_.native->params)
        if (declared.default_value == nullptr && !accepts_null(declared.type) && !is_given(declared.name) &&
            !declared.deferred)
          missing.push_back(declared.name);
    }
    if (missing.empty() || diagnostics_.has_syntax_error_within(declaration_.statement->span)) return;
    program_.poisoned.insert(declaration_.statement);
    if (missing.size() == 1 && was_meant(missing.front())) return;
    diagnostics_
        .error("S0404", block_.head,
               fmt::format("`{} {}` needs {}", kind_text(block_), declaration_.name, quoted_list(missing)),
               "not given")
        .help(fmt::format("{} = …", missing.front()));
  }

  // The one setting that is not known is the one that is missing, by another name: one mistake.
  bool was_meant(const std::string& missing) {
    if (unknown_.size() != 1) return false;
    const auto [place, setting] = unknown_.front();
    Diagnostic& told = diagnostics_.all()[place];
    const std::string suggested = fmt::format("did you mean `{}`?", missing);
    const bool other_name = !told.helps.empty() && told.helps.front().starts_with("did you mean");
    // A name of two letters or three is near to many.
    if (other_name && setting->name.text.size() > 3) return told.helps.front() == suggested;
    told.helps = {fmt::format("`{}` is what a `{}` needs: `{} = {}`", missing, kind_text(block_), missing,
                              shortened(program_.sources.text(setting->value->span)))};
    told.notes.clear();
    return true;
  }

  static std::string shortened(std::string_view value) {
    return value.size() > 40 || value.find('\n') != std::string_view::npos ? "…" : std::string(value);
  }

  Typer& typer_;
  Program& program_;
  Diagnostics& diagnostics_;
  const Declaration& declaration_;
  const syntax::Block& block_;
  Standing standing_;
  std::vector<std::pair<std::string, Span>> given_;
  std::vector<std::pair<std::size_t, const syntax::Setting*>> unknown_;  // its place among the diagnostics
};

}  // namespace

void check_block(Typer& typer, const Declaration& declaration) {
  BlockCheck(typer, declaration).check();
}

}  // namespace cairn
