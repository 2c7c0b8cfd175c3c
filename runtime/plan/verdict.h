// What a plan says about one step.
#pragma once

#include <cstdint>
#include <string_view>

namespace cairn::plan {

enum class Verdict : std::uint8_t {
  perform,     // Do: it is to be done
  keep,        // what it would make is there and right: it is looked at, nothing is changed
  replace,     // what is there is ours and not right: it is removed and made again
  undo,        // a finaliser of something that is there already
  not_needed,  // this goal does not want it
};
std::string_view name_of(Verdict verdict);  // "do", "keep", "replace", "undo", "not needed"

}  // namespace cairn::plan
