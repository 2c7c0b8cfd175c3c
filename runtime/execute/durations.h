// How long steps took, remembered from run to run in `.cairn/durations.json`, so that the longest way starts
// first and people are told when it will be over.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/effects/result.h"

namespace cairn::execute {

class Durations {
 public:
  // From the file's text; one that is not ours, or of another version, is as good as none.
  static Durations read(std::string_view text);
  static Durations load(const std::string& file);  // a missing file is empty
  // Written beside it and renamed, so that nobody reads half of it; of two runs that end together one counts.
  Result<Done> save(const std::string& file) const;
  std::string text() const;

  std::optional<double> seconds(const std::string& step) const;
  // Newer runs count more: half of what is remembered is the last one.
  void remember(const std::string& step, double seconds);

 private:
  static constexpr std::size_t most = 20'000;  // steps; beyond that new ones are not remembered
  std::map<std::string, double> seconds_;
};

}  // namespace cairn::execute
