#include "interpreter/lint/texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <type_traits>

#include "interpreter/lint/lint.h"

namespace cairn::lint {

bool is_literal_secret(std::string name, std::string_view text) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view harmless : {"", "yes", "no", "true", "false", "on", "off", "none", "0", "1"})
    if (text == harmless) return false;
  if (text.find("://") != std::string_view::npos || text.starts_with('/'))
    return false;  // where it is, not what it is
  for (const std::string_view word : {"password", "passwd", "secret", "token", "api_key", "apikey",
                                      "private_key", "access_key", "secret_key"})
    if (name.ends_with(word)) return true;
  return false;
}

namespace {

using namespace syntax;

// The first `$NAME` of a text, as a shell would read it; empty: none.
std::string_view shell_variable(std::string_view text) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    const std::string_view from = text.substr(at);
    std::size_t end = 1;
    while (end < from.size() && (from[end] == '_' || (from[end] >= 'A' && from[end] <= 'Z') ||
                                 (end > 1 && from[end] >= '0' && from[end] <= '9')))
      ++end;
    const bool longer = end < from.size() && std::islower(static_cast<unsigned char>(from[end]));
    if (end > 2 && !longer && (at == 0 || text[at - 1] != '$')) return from.substr(0, end);
  }
  return {};
}

bool is_plain(const Expr& value, std::string_view wanted) {
  const auto* text = std::get_if<syntax::Text>(&value.is);
  return text != nullptr && text->parts.size() == 1 && text->parts.front().hole == nullptr &&
         text->parts.front().text == wanted;
}

// Whether somebody reads the words of a command who knows `$NAME`.
bool has_a_shell(const Expr& command) {
  const auto* list = std::get_if<ListLiteral>(&command.is);
  return list == nullptr || std::any_of(list->items.begin(), list->items.end(),
                                        [](const ExprPtr& item) { return is_plain(*item, "-c"); });
}

class Walker {
 public:
  Walker(const Module& module, Diagnostics& findings) : findings_(findings) {
    for (const auto& region : module.regions) region_of_.emplace(region->body, region.get());
  }

  void body(const Body& body) {
    const Region* outer = region_;
    if (const auto found = region_of_.find(&body); found != region_of_.end()) region_ = found->second;
    for (const Statement& statement : body.statements) this->statement(statement);
    region_ = outer;
  }

 private:
  void statement(const Statement& statement) {
    if (const auto* setting = std::get_if<syntax::Setting>(&statement.is)) {
      this->setting(*setting);
    } else if (const auto* block = std::get_if<Block>(&statement.is)) {
      body(block->body);
    } else if (const auto* kind = std::get_if<Kind>(&statement.is)) {
      body(kind->body);
    } else if (const auto* each = std::get_if<For>(&statement.is)) {
      body(each->body);
    } else if (const auto* branch = std::get_if<If>(&statement.is)) {
      body(branch->then);
      if (branch->has_else) body(branch->otherwise);
    }
  }

  void setting(const syntax::Setting& setting) {
    const std::string& name = setting.name.text;
    const auto* text = std::get_if<syntax::Text>(&setting.value->is);
    if (text != nullptr && text->parts.size() == 1 && text->parts.front().hole == nullptr &&
        is_literal_secret(name, text->parts.front().text))
      findings_
          .warning("L0503", setting.value->span, fmt::format("`{}` is written in the file", name),
                   "whoever can read the file can read it")
          .help(
              "`secret(\"env:NAME\")` reads it from the environment when it is needed, "
              "`secret(\"generate:24\")` makes one for each run");
    in_command_ = name == "command" || name == "entrypoint" || name == "script";
    keys_are_paths_ = name == "mounts" || name == "files";
    const bool words = name == "command" || name == "entrypoint";
    nobody_expands_ =
        words ? !has_a_shell(*setting.value) : name == "env" || name == "user" || name == "working_dir";
    expression(*setting.value);
    in_command_ = keys_are_paths_ = nobody_expands_ = false;
  }

  void unexpanded(const TextPart& part, Span span) {
    const std::string_view variable = shell_variable(part.text);
    if (!nobody_expands_ || variable.empty()) return;
    findings_
        .warning("L0518", span, fmt::format("nobody puts a value in the place of `{}`", variable),
                 "handed on as it stands: no shell reads it")
        .help(
            in_command_
                ? fmt::format(
                      "`script = \"…{0}…\"` is read by a shell; `${{env(\"{1}\")}}` is cairn's own variable",
                      variable, variable.substr(1))
                : fmt::format("`${{env(\"{}\")}}` is the value that cairn's own environment has",
                              variable.substr(1)));
  }

  void revealed(const Call& call, Span span) {
    if (!in_command_ || call.function.text != "reveal") return;
    findings_
        .warning("L0504", span, "a secret on a command line",
                 "every user of the machine can read it in its list of processes")
        .help("hand it over in `env`, or as a file in `files`");
  }

  void key(const MapEntry& entry) {
    const auto* text = std::get_if<syntax::Text>(&entry.key->is);
    if (!entry.word || text == nullptr || text->parts.size() != 1 || region_ == nullptr) return;
    const std::string& word = text->parts.front().text;
    const Resolved meant = resolve(word, *region_);
    const bool variable = meant.form == Resolved::Form::variable;
    const bool value = meant.form == Resolved::Form::declaration &&
                       meant.declarations->front()->form != DeclarationForm::block;
    // `{ version = version }` means what it says. Where a key is a path, no bare word is one.
    const auto* same = std::get_if<NameRef>(&entry.value->is);
    if (same != nullptr && same->name.text == word) return;
    if (!variable && !(value && keys_are_paths_)) return;
    findings_
        .warning("L0605", entry.key->span,
                 fmt::format("the key is the text `{0}`, not the value of `{0}`", word))
        .help(fmt::format("write `\"${{{0}}}\"` for its value, `\"{0}\"` for the text", word));
  }

  void expressions(const std::vector<ExprPtr>& all) {
    for (const ExprPtr& one : all) expression(*one);
  }
  void arguments(const Arguments& all) {
    for (const Argument& one : all.items) expression(*one.value);
  }
  void each(const Each& head) {
    expression(*head.source);
    if (head.condition != nullptr) expression(*head.condition);
  }

  void expression(const Expr& whole) {
    std::visit(
        [&](const auto& one) {
          using Form = std::decay_t<decltype(one)>;
          if constexpr (std::is_same_v<Form, syntax::Text>) {
            for (const TextPart& part : one.parts) {
              if (part.hole != nullptr)
                expression(*part.hole);
              else
                unexpanded(part, whole.span);
            }
          } else if constexpr (std::is_same_v<Form, ListLiteral>) {
            expressions(one.items);
          } else if constexpr (std::is_same_v<Form, MapLiteral>) {
            for (const MapEntry& entry : one.entries) {
              key(entry);
              expression(*entry.value);
            }
          } else if constexpr (std::is_same_v<Form, ListFor>) {
            each(one.each);
            expression(*one.item);
          } else if constexpr (std::is_same_v<Form, MapFor>) {
            each(one.each);
            expression(*one.key);
            expression(*one.value);
          } else if constexpr (std::is_same_v<Form, Call>) {
            revealed(one, whole.span);
            arguments(one.arguments);
          } else if constexpr (std::is_same_v<Form, Member>) {
            expression(*one.object);
            if (one.arguments) arguments(*one.arguments);
          } else if constexpr (std::is_same_v<Form, Index>) {
            expression(*one.object);
            expression(*one.index);
          } else if constexpr (std::is_same_v<Form, Unary>) {
            expression(*one.operand);
          } else if constexpr (std::is_same_v<Form, Binary>) {
            expression(*one.left);
            expression(*one.right);
          } else if constexpr (std::is_same_v<Form, Conditional>) {
            expression(*one.condition);
            expression(*one.then);
            expression(*one.otherwise);
          } else if constexpr (std::is_same_v<Form, Group>) {
            expression(*one.inner);
          }
        },
        whole.is);
  }

  Diagnostics& findings_;
  std::map<const Body*, const Region*> region_of_;
  const Region* region_ = nullptr;
  bool in_command_ = false, keys_are_paths_ = false, nobody_expands_ = false;
};

}  // namespace

void find_in_texts(const Program& program, Diagnostics& findings) {
  for (const auto& module : program.modules)
    if (!module->embedded) Walker(*module, findings).body(module->syntax.body);
}

}  // namespace cairn::lint
