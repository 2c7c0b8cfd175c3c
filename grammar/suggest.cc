#include "grammar/suggest.h"

#include <algorithm>

namespace cairn {

namespace {

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

std::size_t reach(std::size_t length) {
  if (length <= 3) return 1;
  if (length <= 8) return 2;
  return length <= 13 ? 3 : 4;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the usual table, the oldest one for swapped neighbours.
  std::vector<std::size_t> oldest(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = folded(a[i - 1]), y = folded(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2]);
      if (swapped) row[j] = std::min(row[j], oldest[j - 2] + 1);
    }
    oldest.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::optional<std::string> suggest(std::string_view name, const std::vector<std::string>& names) {
  std::optional<std::string> best;
  std::size_t best_distance = reach(name.size()) + 1;
  for (const std::string& each : names) {
    const std::size_t apart =
        each.size() > name.size() ? each.size() - name.size() : name.size() - each.size();
    if (each == name || apart >= best_distance) continue;
    const std::size_t distance = edit_distance(name, each);
    // A name that shares no letter with what was written is not meant.
    if (distance >= best_distance || distance >= std::max(name.size(), each.size())) continue;
    best_distance = distance;
    best = each;
  }
  return best;
}

}  // namespace cairn
