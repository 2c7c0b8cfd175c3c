// Finds any of many texts in one pass (Aho and Corasick, "Efficient string matching", 1975).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::scribe {

// Immutable once built; may be read by many threads.
class Patterns {
 public:
  explicit Patterns(const std::vector<std::string>& texts);  // none of them empty

  static constexpr std::uint32_t start = 0;
  std::uint32_t step(std::uint32_t state, unsigned char byte) const;
  // How many of the bytes just read may be the beginning of one of the texts.
  std::uint32_t depth(std::uint32_t state) const { return nodes_[state].depth; }
  // Length of the longest text that ends here; 0 for none.
  std::uint32_t longest_match(std::uint32_t state) const { return nodes_[state].match; }
  // The next position at or after `from` whose byte can begin a text; text.size() if there is none.
  std::size_t next_beginning(std::string_view text, std::size_t from) const;

 private:
  struct Node {
    std::uint32_t depth = 0;
    std::uint32_t fail = 0;
    std::uint32_t match = 0;
    std::vector<std::pair<unsigned char, std::uint32_t>> next;  // sorted by byte
  };
  std::uint32_t child(std::uint32_t node, unsigned char byte) const;  // 0 if there is none

  std::vector<Node> nodes_;
  std::array<std::uint32_t, 256> roots_{};  // the root's children, as most bytes of a log meet only these
};

// Every form in which `value` may appear in output. Empty if it is shorter than Masker::shortest.
std::vector<std::string> forms_of_secret(std::string_view value);

}  // namespace cairn::scribe
