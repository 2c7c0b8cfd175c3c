// How much a value holds: what a few lines of a file unfold into has to end somewhere.
#pragma once

#include <cstddef>

#include "interpreter/value.h"

namespace cairn {

struct Extent {
  std::size_t elements = 0;  // single values, keys, and every 64 bytes of a text
  std::size_t depth = 0;     // of lists and maps in each other
};

// Looks no further once there are more than `most` elements or levels; never deeper than the value nests.
Extent extent_of(const Value& value, std::size_t most_elements, std::size_t deepest);

}  // namespace cairn
