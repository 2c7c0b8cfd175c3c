#include "interpreter/lint/order.h"

#include <algorithm>

namespace cairn::lint {

std::vector<bool> comes_before(const Graph& graph, const std::vector<Question>& questions) {
  std::vector<bool> answers(questions.size(), false);
  std::vector<std::uint32_t> place(graph.steps.size());
  for (std::size_t i = 0; i < graph.order.size(); ++i)
    place[index(graph.order[i])] = static_cast<std::uint32_t>(i);
  // What stands behind in the order cannot come before: only the others are looked at, from the front on.
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < questions.size(); ++i)
    if (place[index(questions[i].from)] < place[index(questions[i].to)]) asked.push_back(i);
  std::sort(asked.begin(), asked.end(), [&](std::size_t a, std::size_t b) {
    return place[index(questions[a].from)] < place[index(questions[b].from)];
  });

  std::vector<std::uint64_t> reached(graph.order.size());  // by place
  for (std::size_t first = 0; first < asked.size();) {
    // The next up to 64 distinct sources and all their questions; between the first of them and the last
    // place that is asked for lies all that counts.
    const std::uint32_t begin = place[index(questions[asked[first]].from)];
    std::size_t last = first, sources = 0;
    std::uint32_t end = begin, source = begin;
    std::vector<std::uint8_t> bit_of;
    for (; last < asked.size(); ++last) {
      const Question& question = questions[asked[last]];
      const std::uint32_t from = place[index(question.from)];
      if (sources == 0 || from != source) {
        if (sources == 64) break;
        source = from;
        ++sources;
      }
      bit_of.push_back(static_cast<std::uint8_t>(sources - 1));
      end = std::max(end, place[index(question.to)]);
    }
    std::fill(reached.begin() + begin, reached.begin() + end + 1, 0);
    for (std::size_t i = first; i < last; ++i)
      reached[place[index(questions[asked[i]].from)]] |= std::uint64_t{1} << bit_of[i - first];
    for (std::uint32_t at = begin; at < end; ++at) {
      const std::uint64_t bits = reached[at];
      if (bits == 0) continue;
      for (const std::uint32_t e : graph.edges_from[index(graph.order[at])])
        if (const std::uint32_t next = place[index(graph.edges[e].to)]; next <= end) reached[next] |= bits;
    }
    for (std::size_t i = first; i < last; ++i)
      answers[asked[i]] = (reached[place[index(questions[asked[i]].to)]] >> bit_of[i - first] & 1) != 0;
    first = last;
  }
  return answers;
}

}  // namespace cairn::lint
