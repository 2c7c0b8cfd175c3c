// Idea 4: a value reaches a shell or a database as data, never as part of the text that they run.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "interpreter/check/blocks.h"

namespace cairn {
namespace {

const syntax::Expr* setting_of(const syntax::Block& block, std::string_view name) {
  for (const syntax::Statement& statement : block.body.statements)
    if (const syntax::Setting* setting = std::get_if<syntax::Setting>(&statement.is);
        setting != nullptr && setting->name.text == name)
      return setting->value.get();
  return nullptr;
}

const std::string* literal_text(const syntax::Expr& expression) {
  static const std::string empty;
  const syntax::Text* text = std::get_if<syntax::Text>(&expression.is);
  if (text == nullptr) return nullptr;
  if (text->parts.empty()) return &empty;
  return text->parts.size() == 1 && !text->parts.front().hole ? &text->parts.front().text : nullptr;
}

bool is_shell(const syntax::Expr& expression) {
  const std::string* text = literal_text(expression);
  if (text == nullptr) return false;
  const std::string name = text->substr(text->rfind('/') == std::string::npos ? 0 : text->rfind('/') + 1);
  constexpr std::array<std::string_view, 5> shells = {"sh", "bash", "dash", "ash", "zsh"};
  return std::find(shells.begin(), shells.end(), name) != shells.end();
}

// `-c`, `-ec`, `-lc`: what follows is code.
bool takes_code(const syntax::Expr& expression) {
  const std::string* text = literal_text(expression);
  return text != nullptr && text->size() >= 2 && text->front() == '-' && (*text)[1] != '-' &&
         text->back() == 'c';
}

class Code {
 public:
  Code(Program& program, const Declaration& declaration) : program_(program), block_(*declaration.block()) {}

  void check() {
    if (const syntax::Expr* script = setting_of(block_, "script"))
      refuse(*script, "a shell reads `script` as code", "give the value in `env` and write `\"$NAME\"` here");
    const syntax::Expr* command = setting_of(block_, "command");
    const syntax::Expr* entrypoint = setting_of(block_, "entrypoint");
    const syntax::ListLiteral* words =
        command == nullptr ? nullptr : std::get_if<syntax::ListLiteral>(&command->is);
    const syntax::ListLiteral* first =
        entrypoint == nullptr ? nullptr : std::get_if<syntax::ListLiteral>(&entrypoint->is);
    std::vector<const syntax::Expr*> line;
    if (first != nullptr)
      for (const syntax::ExprPtr& word : first->items) line.push_back(word.get());
    const std::size_t from_command = line.size();
    if (words != nullptr)
      for (const syntax::ExprPtr& word : words->items) line.push_back(word.get());
    for (std::size_t i = 0; i + 2 < line.size(); ++i) {
      const bool could_be_shell = i == 0 || i == from_command || i + 1 == from_command;
      if (!could_be_shell || !is_shell(*line[i])) continue;
      std::size_t option = i + 1;
      while (option < line.size() && !takes_code(*line[option])) {
        const std::string* text = literal_text(*line[option]);
        if (text == nullptr || text->empty() || text->front() != '-') return;
        ++option;
      }
      if (option + 1 < line.size())
        refuse(*line[option + 1],
               fmt::format("a shell reads the text after `{}` as code", *literal_text(*line[option])),
               "give the value in `env` and write `\"$NAME\"` here, or as a further argument, `\"$1\"`");
      return;
    }
    if (!block_.member && block_.kind.text == "sql")
      if (const syntax::Expr* text = setting_of(block_, "text"))
        refuse(*text, "a database reads `text` as code", "`vars = { name = value }` and `:name` here");
  }

 private:
  void refuse(const syntax::Expr& expression, const std::string& why, const std::string& help) {
    const syntax::Text* text = std::get_if<syntax::Text>(&expression.is);
    if (text == nullptr) {
      if (const syntax::Binary* sum = std::get_if<syntax::Binary>(&expression.is);
          sum != nullptr && sum->op == syntax::BinaryOp::add) {
        refuse(*sum->left, why, help);
        refuse(*sum->right, why, help);
      }
      return;
    }
    for (const syntax::TextPart& part : text->parts) {
      if (!part.hole) continue;
      program_.diagnostics
          .error("S0406", part.span.known() ? part.span : part.hole->span,
                 fmt::format("{}: no `${{ }}` in it", why), "would become code")
          .help(help);
      program_.poisoned.insert(part.hole.get());
    }
  }

  Program& program_;
  const syntax::Block& block_;
};

}  // namespace

void check_code(Typer& typer, const Declaration& declaration) {
  Code(typer.program(), declaration).check();
}

}  // namespace cairn
