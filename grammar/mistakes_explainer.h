// Says what is wrong where a must<> rule failed, by looking at the text around the place: one member function
// for each thing that had to stand there. Private to mistakes*.cc.
#pragma once

#include <string>
#include <string_view>

#include "grammar/mistakes.h"
#include "grammar/text_scan.h"

namespace cairn {

bool is_reserved(std::string_view word);
char closer(char kind);                // of an opening bracket
bool is_quoted_kind(char kind);        // an Opener's kind: a text
bool typographic(std::uint32_t code);  // “ ” „ ‘ ’ « » and the like

class Explainer {
 public:
  explicit Explainer(const Situation& situation)
      : s_(situation),
        text_(situation.text),
        at_(skip_blanks(situation.text, situation.at)),
        token_(token_at(text_, at_)) {}

  Explained run();

 private:
  // ---- what stands there, and what is said
  Diagnostic& error(std::string_view code, std::size_t begin, std::size_t end, std::string message,
                    std::string label = {});
  Span span(std::size_t begin, std::size_t end) const {
    return {s_.file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  std::string found() const { return named(text_, token_); }
  std::string_view written(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }
  bool ends() const { return token_.kind == Token::Kind::line_end || token_.kind == Token::Kind::file_end; }
  bool sign(std::string_view which) const;
  bool word(std::string_view which) const;
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }
  std::string_view rest_of_line(std::size_t from) const;
  std::size_t indentation(std::size_t at) const;
  // "expected A B, found C"
  Diagnostic& plain(const std::string& expected, const std::string& where);

  // ---- mistakes that look the same wherever they stand
  bool anywhere();
  bool is_value_start(char c) const;
  bool value_stands_before() const;
  // `n -1`, `n- 1`
  bool minus();
  bool dollar();
  // A line with a quote too few turns its texts inside out: `["a, "b"]`.
  bool missing_quote();
  // `postgres:16`, `8080:80`
  bool bare_colon();
  // `not x`
  bool after_not();
  // `a ?? b`, `1..3`, `n++`
  bool foreign_operator();
  // `f"hello {name}"`
  bool prefixed_text();
  // `5 m`
  bool unit_apart();

  // ---- texts and values
  void unclosed_text();
  void hole_close();
  bool default_of_shell();
  bool here_document();
  bool double_braces();
  void value();
  // Everything up to a blank or a mark that ends a value: a path, an image, an address.
  std::string_view bare_text(std::size_t from) const;
  void splat();
  void map_entry();
  void map_is();
  void each_colon();
  void member();

  // ---- brackets, and what stands between elements
  bool mismatched_close();
  void never_closed(const Opener& opener, const std::string& where);
  void closing();
  // Does the line that the mistake is on stand outside of the bracket, going by its indentation?
  bool outside(const Opener& opener);

  // ---- statements
  void name(const std::string& expected, const std::string& what);
  void body();
  void use_path();
  void let_is();
  // Is what stands between the beginning of the statement and here a head like `service db`?
  bool looks_like_head() const;
  std::string_view head_text() const;
  // `image: "x"`, `environment:`, `service front:`
  void colon();
  // What follows is a list in YAML's form.
  bool list_follows() const;
  // A value as YAML has it, as this language writes it.
  std::string as_value(std::string_view rest) const;
  void block_rest();
  void statement();
  // Is the line above a setting that this line, indented deeper, goes on with?
  bool continues() const;
  // Behind a statement, or behind a lone value.
  void after_value();
  // `while x {`, `foreach y in z {`
  bool foreign_loop();
  // `import "./lib.stack"`
  bool foreign_use();
  // `string name = "x"`, `set x = 1`
  void two_words();

  const Situation& s_;
  std::string_view text_;
  std::size_t at_;
  Token token_;
  Explained made_;
};

}  // namespace cairn
