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
  using AtOnce = std::function<std::optional<StepResult>(const StepRequest&)>;

  explicit KindTable(std::map<std::string, PerformKind, std::less<>> kinds, AtOnce at_once = {})
      : kinds_(std::move(kinds)), at_once_(std::move(at_once)) {}

  StepResult perform(const StepRequest& request, StepContext& context) override;
  std::optional<StepResult> at_once(const StepRequest& request) override {
    return at_once_ ? at_once_(request) : std::nullopt;
  }

 private:
  const std::map<std::string, PerformKind, std::less<>> kinds_;  // by native kind
  const AtOnce at_once_;
};

}  // namespace cairn::execute
