// The words in which every view speaks of the same things. Texts are not sanitised here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/progress/event.h"

namespace cairn::progress {

std::string_view shown_outcome(Outcome outcome);  // "timed out"
std::string shown_place(const FilePlace& place);  // "shop.stack:12:3"
// "`test.db:ready`, lane `engine:local` (4 of 4 in use)" and, beyond `most`, "and 3 more".
std::string shown_waits(const std::vector<WaitsFor>& waits, std::size_t most);
std::string shown_tests(const TestTotals& tests);  // "31 tests, 2 failed, 1 skipped"; "no tests"
std::string shown_end(
    const RunFinished& end);  // "failed in 1m 02s: 12 succeeded, 1 failed, 3 skipped; 31 tests, 2 failed"

}  // namespace cairn::progress
