#include "interpreter/lint/allow.h"

#include <fmt/format.h>

#include <algorithm>

namespace cairn::lint {
namespace {

struct Allowance {
  const syntax::Allow* allow = nullptr;
  Span statement;
  bool used = false;
};

void collect(const syntax::Body& body, std::vector<Allowance>& found) {
  for (const syntax::Statement& statement : body.statements) {
    for (const syntax::Allow& allow : statement.allows) found.push_back({&allow, statement.span, false});
    if (const auto* kind = std::get_if<syntax::Kind>(&statement.is)) collect(kind->body, found);
    if (const auto* each = std::get_if<syntax::For>(&statement.is)) collect(each->body, found);
    if (const auto* block = std::get_if<syntax::Block>(&statement.is)) collect(block->body, found);
    if (const auto* branch = std::get_if<syntax::If>(&statement.is)) {
      collect(branch->then, found);
      collect(branch->otherwise, found);
    }
  }
}

bool holds(Span outer, Span inner) {
  return inner.known() && outer.file == inner.file && outer.begin <= inner.begin && inner.end <= outer.end;
}

bool covers(const Allowance& allowance, const Diagnostic& finding) {
  if (allowance.allow->code != finding.code) return false;
  if (holds(allowance.statement, finding.primary.span)) return true;
  for (const Label& label : finding.labels)
    if (holds(allowance.statement, label.span)) return true;
  return false;
}

}  // namespace

std::vector<Diagnostic> without_allowed(const Program& program, const Diagnostics& findings) {
  std::vector<Allowance> allowances;
  for (const auto& module : program.modules)
    if (!module->embedded) collect(module->syntax.body, allowances);
  const auto embedded = [&](Span span) {
    return std::any_of(program.modules.begin(), program.modules.end(),
                       [&](const auto& module) { return module->embedded && module->file == span.file; });
  };
  std::vector<Diagnostic> kept;
  for (Diagnostic& finding : findings.sorted()) {
    bool allowed = embedded(finding.primary.span);  // the library's habits are ours to mend
    for (Allowance& allowance : allowances)
      if (covers(allowance, finding)) allowed = allowance.used = true;
    if (!allowed) kept.push_back(std::move(finding));
  }
  Diagnostics about_allowances;
  for (const Allowance& allowance : allowances) {
    if (allowance.allow->reason.empty())
      about_allowances
          .warning("L0603", allowance.allow->span,
                   fmt::format("`{}` is allowed without a reason", allowance.allow->code))
          .help(fmt::format("write `# cairn: allow {} because …`", allowance.allow->code));
    else if (!allowance.used)
      about_allowances
          .warning("L0602", allowance.allow->span,
                   fmt::format("there is no `{}` here to allow", allowance.allow->code))
          .help("remove the comment");
  }
  for (const Diagnostic& finding : about_allowances.all()) kept.push_back(finding);
  return kept;
}

}  // namespace cairn::lint
