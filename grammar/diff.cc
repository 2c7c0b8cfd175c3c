#include "grammar/diff.h"

#include <algorithm>
#include <vector>

namespace cairn {

namespace {

constexpr std::size_t context = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

struct Edit {
  char mark;  // ' ', '-' or '+'
  std::string_view line;
};

// E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): the greedy one, its fronts kept to
// walk back.
std::vector<Edit> edits(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  const auto n = static_cast<std::ptrdiff_t>(a.size());
  const auto m = static_cast<std::ptrdiff_t>(b.size());
  const std::ptrdiff_t most = n + m;
  std::vector<std::vector<std::ptrdiff_t>> fronts;
  std::vector<std::ptrdiff_t> front(static_cast<std::size_t>(2 * most + 2), 0);
  const auto at = [&](std::vector<std::ptrdiff_t>& f, std::ptrdiff_t k) -> std::ptrdiff_t& {
    return f[static_cast<std::size_t>(k + most)];
  };
  const auto goes_down = [&](std::vector<std::ptrdiff_t>& f, std::ptrdiff_t d, std::ptrdiff_t k) {
    return k == -d || (k != d && at(f, k - 1) < at(f, k + 1));
  };
  for (std::ptrdiff_t d = 0; d <= most; ++d) {
    fronts.push_back(front);
    bool done = false;
    for (std::ptrdiff_t k = -d; k <= d && !done; k += 2) {
      std::ptrdiff_t x = d == 0 ? 0 : goes_down(front, d, k) ? at(front, k + 1) : at(front, k - 1) + 1;
      while (x < n && x - k < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) ++x;
      at(front, k) = x;
      done = x >= n && x - k >= m;
    }
    if (done) break;
  }
  std::vector<Edit> out;
  std::ptrdiff_t x = n;
  std::ptrdiff_t y = m;
  for (auto d = static_cast<std::ptrdiff_t>(fronts.size()) - 1; d >= 0; --d) {
    std::vector<std::ptrdiff_t>& before = fronts[static_cast<std::size_t>(d)];
    const std::ptrdiff_t k = x - y;
    const bool down = d > 0 && goes_down(before, d, k);
    const std::ptrdiff_t from_x = d == 0 ? 0 : at(before, down ? k + 1 : k - 1);
    const std::ptrdiff_t from_y = d == 0 ? 0 : from_x - (down ? k + 1 : k - 1);
    while (x > from_x && y > from_y &&
           !(d > 0 && x == from_x + (down ? 0 : 1) && y == from_y + (down ? 1 : 0))) {
      out.push_back({' ', a[static_cast<std::size_t>(--x)]});
      --y;
    }
    if (d == 0) break;
    if (down) {
      out.push_back({'+', b[static_cast<std::size_t>(--y)]});
    } else {
      out.push_back({'-', a[static_cast<std::size_t>(--x)]});
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::string range(std::size_t begin, std::size_t count) {
  return std::to_string(count == 0 ? begin : begin + 1) + (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

std::string unified_diff(std::string_view name, std::string_view before, std::string_view after) {
  if (before == after) return {};
  std::vector<std::string_view> a = lines_of(before);
  std::vector<std::string_view> b = lines_of(after);
  // What both begin and end with needs no search.
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  std::vector<Edit> all;
  for (std::size_t i = 0; i < head; ++i) all.push_back({' ', a[i]});
  const auto cut = [&](const std::vector<std::string_view>& lines) {
    return std::vector<std::string_view>(lines.begin() + static_cast<std::ptrdiff_t>(head),
                                         lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  for (const Edit& edit : edits(cut(a), cut(b))) all.push_back(edit);
  for (std::size_t i = a.size() - tail; i < a.size(); ++i) all.push_back({' ', a[i]});

  std::string out = "--- " + std::string(name) + "\n+++ " + std::string(name) + "\n";
  std::size_t line_a = 0;
  std::size_t line_b = 0;
  std::size_t done = 0;  // edits counted into line_a and line_b
  for (std::size_t i = 0; i < all.size();) {
    if (all[i].mark == ' ') {
      ++i;
      continue;
    }
    const std::size_t begin = i < done + context ? done : i - context;
    std::size_t end = i;  // one behind the last change of the hunk
    for (std::size_t j = i; j < all.size() && j < end + 2 * context + 1; ++j) {
      if (all[j].mark != ' ') end = j + 1;
    }
    end = std::min(end + context, all.size());
    for (; done < begin; ++done) ++line_a, ++line_b;
    std::size_t count_a = 0;
    std::size_t count_b = 0;
    std::string body;
    for (std::size_t j = begin; j < end; ++j) {
      count_a += all[j].mark != '+' ? 1 : 0;
      count_b += all[j].mark != '-' ? 1 : 0;
      body += all[j].mark + std::string(all[j].line);
      if (!all[j].line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
    }
    out += "@@ -" + range(line_a, count_a) + " +" + range(line_b, count_b) + " @@\n" + body;
    line_a += count_a;
    line_b += count_b;
    done = i = end;
  }
  return out;
}

}  // namespace cairn
