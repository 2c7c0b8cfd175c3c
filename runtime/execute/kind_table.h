// A Performer that looks up who performs a kind.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "runtime/execute/performer.h"

namespace cairn::execute {

using PerformKind = std::function<StepResult(const StepRequest&, StepContext&)>;

class KindTable final : public Performer {
 public:
  explicit KindTable(std::map<std::string, PerformKind, std::less<>> kinds) : kinds_(std::move(kinds)) {}

  StepResult perform(const StepRequest& request, StepContext& context) override;

 private:
  const std::map<std::string, PerformKind, std::less<>> kinds_;  // by native kind
};

}  // namespace cairn::execute
