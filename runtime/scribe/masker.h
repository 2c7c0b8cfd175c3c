// Takes secrets out of what a run says, before anything is written or shown.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::scribe {

class Patterns;  // an immutable automaton of everything to be masked

// The secrets of a run. A value is found as it is, in base64 (standard and URL alphabet, at any offset within
// what was encoded), percent-encoded and JSON-escaped; of a value with several lines also each long line by
// itself. Thread-safe; what is added applies to everything fed from then on.
class Masker {
 public:
  static constexpr std::size_t shortest = 8;  // bytes; anything shorter would blank half of every log
  static constexpr std::string_view mask = "•••";

  Masker();
  // `name` is what people call the secret. False, and `name` is added to unmaskable(), if the value is too
  // short.
  bool add(std::string name, std::string_view value);
  std::vector<std::string> unmaskable() const;
  // One whole text with every secret replaced. Occurrences that touch or overlap become one mask.
  std::string masked(std::string_view text) const;
  bool finds_in(std::string_view text) const;

  std::shared_ptr<const Patterns> patterns() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
  std::vector<std::string> unmaskable_;
  std::shared_ptr<const Patterns> patterns_;
};

// Masks a stream that arrives in pieces: a secret cut in two by the pieces is found as well. Bytes that may
// be the beginning of a secret are held back until the next piece, or until finish(). Used by one thread at a
// time.
class MaskedStream {
 public:
  explicit MaskedStream(const Masker& masker) : masker_(masker) {}
  std::string feed(std::string_view piece);
  std::string finish();

 private:
  void advance(std::string_view piece);
  std::string release(std::size_t bytes);  // the first `bytes` of held_, masked

  const Masker& masker_;
  std::shared_ptr<const Patterns> patterns_;
  std::uint32_t state_ = 0;
  std::string held_;           // raw bytes not yet given out
  std::vector<bool> covered_;  // for each of them: part of a secret
  bool some_covered_ = false;  // any of them is
  bool inside_mask_ = false;   // the last byte given out was part of a secret
};

}  // namespace cairn::scribe
