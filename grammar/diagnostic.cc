#include "grammar/diagnostic.h"

#include <algorithm>
#include <tuple>

namespace cairn {

namespace {

Diagnostic make(Severity severity, std::string code, Span span, std::string message, std::string label) {
  Diagnostic made;
  made.severity = severity;
  made.code = std::move(code);
  made.message = std::move(message);
  made.primary = {span, std::move(label)};
  return made;
}

bool same(const Diagnostic& a, const Diagnostic& b) {
  return a.code == b.code && a.primary.span == b.primary.span && a.message == b.message;
}

}  // namespace

Diagnostic& Diagnostics::error(std::string code, Span span, std::string message, std::string label) {
  all_.push_back(make(Severity::error, std::move(code), span, std::move(message), std::move(label)));
  return all_.back();
}

Diagnostic& Diagnostics::warning(std::string code, Span span, std::string message, std::string label) {
  all_.push_back(make(Severity::warning, std::move(code), span, std::move(message), std::move(label)));
  return all_.back();
}

void Diagnostics::add(Diagnostic diagnostic) {
  all_.push_back(std::move(diagnostic));
}

bool Diagnostics::has_syntax_error_within(Span span) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Diagnostic& one) {
    const Span place = one.primary.span;
    return one.code.starts_with("S01") && place.file == span.file && place.begin >= span.begin &&
           place.begin < std::max(span.end, span.begin + 1);
  });
}

bool Diagnostics::has_errors() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const Diagnostic& each) { return each.severity == Severity::error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  // Their places are sorted, not they themselves: a large program has many, and each holds a dozen texts.
  std::vector<const Diagnostic*> order;
  order.reserve(all_.size());
  for (const Diagnostic& one : all_) order.push_back(&one);
  std::stable_sort(order.begin(), order.end(), [](const Diagnostic* a, const Diagnostic* b) {
    const Span &left = a->primary.span, &right = b->primary.span;
    return std::tie(left.file, left.begin, left.end, a->code) <
           std::tie(right.file, right.begin, right.end, b->code);
  });
  std::vector<Diagnostic> sorted;
  sorted.reserve(order.size());
  for (const Diagnostic* one : order)
    if (sorted.empty() || !same(sorted.back(), *one)) sorted.push_back(*one);
  return sorted;
}

}  // namespace cairn
