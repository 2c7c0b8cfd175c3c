// At run time: late values become values, for the node that is about to start.
//
//   Settled ready = settle(compiled, node, source);
//   if (!ready.mistakes.empty()) …               // diagnostics with spans, R03xx and S03xx
//   PgSpec spec = bind(fields, ready.settings);  // every value known
//
// May be called from any thread, one at a time is let through; a LateSource must not call back into it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interpreter/compile.h"
#include "interpreter/late_source.h"

namespace cairn {

struct Settled {
  // In the order of the node's settings. Conditions that are asked during the step (`until`, `expect`) stay
  // late.
  std::vector<Setting> settings;
  std::vector<Diagnostic> mistakes;  // not empty: the node cannot start

  const Value& value(std::string_view name) const;  // null when there is no such setting
};
Settled settle(const Compiled& compiled, NodeId node, LateSource& source);

// A condition asked about one answer: `until = self.status == 200`. The exports of `self` come from the
// source; `names` are what the setting's declaration lets its expression use (`until(response: answer)`).
struct Asked {
  Value value;                       // true, false; null when the setting is not given
  std::vector<Diagnostic> mistakes;  // not empty: it could not be evaluated
};
Asked ask(const Compiled& compiled, NodeId node, std::string_view setting, LateSource& source,
          const std::vector<std::pair<std::string, Value>>& names = {});

}  // namespace cairn
