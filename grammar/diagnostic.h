// A mistake in a file, as a value: what is wrong (message), where (primary), why there (labels), which fact
// (notes), what to type instead (helps). Collected in a sink, rendered in one place (render.h).
//
// Codes: S01xx syntax, S02xx names and files, S03xx types and values, S04xx kinds and the graph, L0xxx lint,
// R0xxx run time. Every code has a page in docs/errors.md, a golden test and a text for `cairn explain`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "grammar/span.h"

namespace cairn {

enum class Severity { error, warning };

struct Label {
  Span span;
  std::string text;  // may be empty
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;
  std::string message;  // lower case, no full stop, names in backticks
  Label primary;
  std::vector<Label> labels;
  std::vector<std::string> notes;
  std::vector<std::string> helps;

  // For building one in a single expression.
  Diagnostic& label(Span span, std::string text) {
    labels.push_back({span, std::move(text)});
    return *this;
  }
  Diagnostic& note(std::string text) {
    notes.push_back(std::move(text));
    return *this;
  }
  Diagnostic& help(std::string text) {
    helps.push_back(std::move(text));
    return *this;
  }
};

class Diagnostics {
 public:
  // The returned reference is valid until the next call.
  Diagnostic& error(std::string code, Span span, std::string message, std::string label = {});
  Diagnostic& warning(std::string code, Span span, std::string message, std::string label = {});
  void add(Diagnostic diagnostic);

  bool has_errors() const;
  bool empty() const { return all_.empty(); }
  const std::vector<Diagnostic>& all() const { return all_; }
  // For a pass that knows more about what another one has told: to add a help.
  std::vector<Diagnostic>& all() { return all_; }
  // Whether the text there did not parse: then what seems to be missing in it may be what did not parse.
  bool has_syntax_error_within(Span span) const;
  // In the order of the text, exact repetitions dropped.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> all_;
};

}  // namespace cairn
