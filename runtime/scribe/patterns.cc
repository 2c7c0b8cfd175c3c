#include "runtime/scribe/patterns.h"

#include <algorithm>
#include <deque>

namespace cairn::scribe {

Patterns::Patterns(const std::vector<std::string>& texts) : nodes_(1) {
  for (const std::string& text : texts) {
    std::uint32_t at = start;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      std::uint32_t next = child(at, byte);
      if (next == 0) {
        next = static_cast<std::uint32_t>(nodes_.size());
        const std::uint32_t depth = nodes_[at].depth + 1;
        nodes_.push_back({depth, 0, 0, {}});
        auto& edges = nodes_[at].next;
        const auto place = std::lower_bound(edges.begin(), edges.end(), std::pair(byte, std::uint32_t{0}));
        edges.insert(place, {byte, next});
      }
      at = next;
    }
    nodes_[at].match = nodes_[at].depth;
  }
  for (const auto& [byte, node] : nodes_[start].next) roots_[byte] = node;

  // Breadth first, so that a node's fail link is complete before its children need it.
  std::deque<std::uint32_t> queue;
  for (const auto& [byte, node] : nodes_[start].next) queue.push_back(node);
  while (!queue.empty()) {
    const std::uint32_t at = queue.front();
    queue.pop_front();
    for (const auto& [byte, node] : nodes_[at].next) {
      nodes_[node].fail = step(nodes_[at].fail, byte);
      nodes_[node].match = std::max(nodes_[node].match, nodes_[nodes_[node].fail].match);
      queue.push_back(node);
    }
  }
}

std::uint32_t Patterns::child(std::uint32_t node, unsigned char byte) const {
  const auto& edges = nodes_[node].next;
  const auto found = std::lower_bound(edges.begin(), edges.end(), std::pair(byte, std::uint32_t{0}));
  return found != edges.end() && found->first == byte ? found->second : 0;
}

std::uint32_t Patterns::step(std::uint32_t state, unsigned char byte) const {
  while (state != start) {
    if (const std::uint32_t next = child(state, byte); next != 0) return next;
    state = nodes_[state].fail;
  }
  return roots_[byte];
}

std::size_t Patterns::next_beginning(std::string_view text, std::size_t from) const {
  while (from < text.size() && roots_[static_cast<unsigned char>(text[from])] == 0) ++from;
  return from;
}

}  // namespace cairn::scribe
