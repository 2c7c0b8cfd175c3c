#include "interpreter/lint/order.h"

#include <algorithm>

namespace cairn::lint {

std::vector<bool> comes_before(const Graph& graph, const std::vector<Question>& questions) {
  std::vector<bool> answers(questions.size(), false);
  std::vector<std::size_t> by_source(questions.size());
  for (std::size_t i = 0; i < by_source.size(); ++i) by_source[i] = i;
  std::sort(by_source.begin(), by_source.end(),
            [&](std::size_t a, std::size_t b) { return questions[a].from < questions[b].from; });

  std::vector<std::uint64_t> reached(graph.steps.size());
  for (std::size_t first = 0; first < by_source.size();) {
    // The next up to 64 distinct sources and all their questions.
    std::size_t last = first, sources = 0;
    std::vector<StepId> source_of_bit;
    std::vector<std::uint8_t> bit_of(by_source.size() - first);
    while (last < by_source.size()) {
      const StepId from = questions[by_source[last]].from;
      if (source_of_bit.empty() || source_of_bit.back() != from) {
        if (sources == 64) break;
        source_of_bit.push_back(from);
        ++sources;
      }
      bit_of[last - first] = static_cast<std::uint8_t>(sources - 1);
      ++last;
    }
    std::fill(reached.begin(), reached.end(), 0);
    for (std::size_t bit = 0; bit < source_of_bit.size(); ++bit)
      reached[index(source_of_bit[bit])] |= std::uint64_t{1} << bit;
    for (StepId step : graph.order) {
      const std::uint64_t bits = reached[index(step)];
      if (bits == 0) continue;
      for (std::uint32_t e : graph.edges_from[index(step)]) reached[index(graph.edges[e].to)] |= bits;
    }
    for (std::size_t i = first; i < last; ++i) {
      const Question& question = questions[by_source[i]];
      answers[by_source[i]] =
          question.from != question.to && (reached[index(question.to)] >> bit_of[i - first] & 1) != 0;
    }
    first = last;
  }
  return answers;
}

}  // namespace cairn::lint
