// What one parse knows while it runs: the text, the brackets that are open, and where to go on after a
// mistake. Private to the parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/diagnostic.h"
#include "grammar/syntax.h"

namespace cairn {

// Thrown when a rule that had to match did not; the diagnostic is reported already.
struct Mistake {};

// Where a mistake ends: with the element of a bracketed value, with the value of a setting, with the
// statement.
enum class Level { element, value, statement };

// What stood to be read where a must<> rule failed.
enum class Wanted {
  value,
  operand,
  element_end,
  list_close,
  map_close,
  call_close,
  takes_close,
  group_close,
  index_close,
  text_close,
  raw_close,
  long_close,
  hole_close,
  variable,
  word_in,
  body,
  each_colon,
  choice_colon,
  map_entry,
  map_is,
  map_arrow,
  member,
  type,
  type_close,
  field,
  field_colon,
  use_path,
  use_name,
  param_name,
  let_name,
  let_is,
  function_name,
  takes,
  function_colon,
  kind_name,
  export_name,
  block_rest,
  statement,
  statement_end,
  lone_end
};

// One of `{` `[` `(`, `h` for the `${` of a hole, `"` `'` for texts, `3` and `r` for """ and '''.
struct Opener {
  char kind = 0;
  std::uint32_t offset = 0;
  std::uint32_t betrayed =
      0;  // the first line inside that is not indented deeper than the opener's line; 0: none
};

class Context {
 public:
  struct Mark {
    std::uint32_t begin = 0;
    std::size_t open = 0;
    int depth = 0;
  };

  Context(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

  std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - text_.data()); }
  Span span(std::uint32_t begin, std::uint32_t end) const { return {file_, begin, end}; }
  std::string_view text() const { return text_; }
  std::uint32_t file() const { return file_; }
  Diagnostics& diagnostics() { return diagnostics_; }

  void comment(std::uint32_t begin, std::uint32_t end);
  std::vector<syntax::Comment> take_comments() { return std::move(comments_); }

  void open(char kind, std::uint32_t offset) { open_.push_back({kind, offset, 0}); }
  void close(std::size_t to);
  const std::vector<Opener>& opened() const { return open_; }

  // One more level of nesting at `offset`; the caller pairs it with leave(). Throws beyond the limit.
  void enter(std::uint32_t offset);
  void leave() { --depth_; }

  Mark begin_recoverable(Level level, const char* at);
  // Where to go on, or null: the level around has to decide.
  const char* resume(Level level, const Mark& mark);
  // Reports what is wrong at `offset`, where `wanted` had to stand.
  [[noreturn]] void fail(Wanted wanted, std::uint32_t offset);
  void chained_comparison(Span left, Span middle, Span op, Span right);
  [[noreturn]] void too_long(Span span);
  // A mistake that is read on from as meant; once a line and code.
  Diagnostic& slip(const char* code, std::uint32_t begin, std::uint32_t end, std::string message);
  void bad_escape(std::uint32_t begin);
  void long_text_start(std::uint32_t begin);
  void map_colon(Span key, std::uint32_t colon);
  void quoted_head(Span head, Span quoted);
  void sign_before_body(Span head, std::uint32_t sign);
  void body_on_next_line(std::uint32_t head_end, std::uint32_t brace);
  void stray_brace(std::uint32_t at);
  // Reports once which of the brackets that are open at the end of the text lost its closing one.
  void unclosed();

 private:
  std::uint32_t indent(std::uint32_t offset) const;  // of the line that holds `offset`, in bytes
  bool begins_line(std::uint32_t offset) const;
  // The next line that holds something, seen from the end of a line: does it stand outside of a bracket
  // opened on a line with this indentation?
  bool leaves(std::uint32_t line_end, std::uint32_t indentation) const;

  void report(Diagnostic diagnostic);
  bool is_block(const Opener& opener) const;

  std::string_view text_;
  std::uint32_t file_;
  Diagnostics& diagnostics_;
  std::vector<syntax::Comment> comments_;
  std::vector<Opener> open_;
  std::vector<Opener> suspects_;  // closed, but betrayed by their indentation
  int depth_ = 0;
  bool unclosed_reported_ = false;
  bool gave_up_ = false;
  std::uint32_t statement_ = 0;  // where the one that is being read begins
  std::string habit_;            // the last foreign habit that was seen, and where
  std::uint32_t habit_at_ = 0;
  std::uint32_t misread_map_ =
      0;  // one more than the offset of the map whose `:` or missing `=` was reported last

  // The last mistake: where to go on from, which brackets were open, whether deeper lines belong to it.
  std::uint32_t failed_at_ = 0;
  std::vector<Opener> failed_open_;
  bool failed_head_ = false;
};

}  // namespace cairn
