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
    expression(*setting.value);
    in_command_ = keys_are_paths_ = false;
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
            for (const TextPart& part : one.parts)
              if (part.hole != nullptr) expression(*part.hole);
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
  bool in_command_ = false, keys_are_paths_ = false;
};

}  // namespace

void find_in_texts(const Program& program, Diagnostics& findings) {
  for (const auto& module : program.modules)
    if (!module->embedded) Walker(*module, findings).body(module->syntax.body);
}

}  // namespace cairn::lint
