#include "runtime/scribe/masker.h"

#include <algorithm>
#include <utility>

#include "runtime/scribe/patterns.h"

namespace cairn::scribe {

Masker::Masker() : patterns_(std::make_shared<const Patterns>(std::vector<std::string>{})) {}

bool Masker::add(std::string name, std::string_view value) {
  std::vector<std::string> forms = forms_of_secret(value);
  std::lock_guard lock(mutex_);
  if (forms.empty()) {
    // An empty value shows nothing, so that nobody need be told.
    if (!value.empty() && std::find(unmaskable_.begin(), unmaskable_.end(), name) == unmaskable_.end())
      unmaskable_.push_back(std::move(name));
    return false;
  }
  const std::size_t known = texts_.size();
  for (std::string& form : forms)
    if (std::find(texts_.begin(), texts_.end(), form) == texts_.end()) texts_.push_back(std::move(form));
  if (texts_.size() != known) patterns_ = std::make_shared<const Patterns>(texts_);
  return true;
}

std::vector<std::string> Masker::unmaskable() const {
  std::lock_guard lock(mutex_);
  return unmaskable_;
}

std::shared_ptr<const Patterns> Masker::patterns() const {
  std::lock_guard lock(mutex_);
  return patterns_;
}

std::string Masker::masked(std::string_view text) const {
  MaskedStream stream(*this);
  std::string result = stream.feed(text);
  result += stream.finish();
  return result;
}

bool Masker::finds_in(std::string_view text) const {
  const std::shared_ptr<const Patterns> patterns = this->patterns();
  std::uint32_t state = Patterns::start;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (state == Patterns::start) at = patterns->next_beginning(text, at);
    if (at == text.size()) break;
    state = patterns->step(state, static_cast<unsigned char>(text[at]));
    if (patterns->longest_match(state) != 0) return true;
  }
  return false;
}

std::string MaskedStream::feed(std::string_view piece) {
  if (std::shared_ptr<const Patterns> newest = masker_.patterns(); newest != patterns_) {
    // A secret that was added meanwhile may have begun in what is held back: read it again with the new
    // automaton.
    patterns_ = std::move(newest);
    state_ = Patterns::start;
    const std::string again = std::exchange(held_, {});
    const std::vector<bool> covered = std::exchange(covered_, {});
    advance(again);
    for (std::size_t i = 0; i < covered.size(); ++i) covered_[i] = covered_[i] || covered[i];
    some_covered_ = std::find(covered_.begin(), covered_.end(), true) != covered_.end();
  }
  // Most pieces have nothing that could begin a secret.
  if (held_.empty() && patterns_->next_beginning(piece, 0) == piece.size()) {
    inside_mask_ = inside_mask_ && piece.empty();
    return std::string(piece);
  }
  advance(piece);
  return release(held_.size() - patterns_->depth(state_));
}

void MaskedStream::advance(std::string_view piece) {
  const std::size_t before = held_.size();
  held_ += piece;
  covered_.resize(held_.size(), false);
  for (std::size_t at = before; at < held_.size(); ++at) {
    if (state_ == Patterns::start) at = patterns_->next_beginning(held_, at);
    if (at == held_.size()) break;
    state_ = patterns_->step(state_, static_cast<unsigned char>(held_[at]));
    const std::size_t match = patterns_->longest_match(state_);
    some_covered_ = some_covered_ || match != 0;
    for (std::size_t i = 0; i < match; ++i) covered_[at - i] = true;
  }
}

std::string MaskedStream::release(std::size_t bytes) {
  std::string result;
  if (!some_covered_) {
    result.assign(held_, 0, bytes);
    inside_mask_ = inside_mask_ && bytes == 0;
    held_.erase(0, bytes);
    covered_.resize(held_.size());
    return result;
  }
  result.reserve(bytes);
  for (std::size_t at = 0; at < bytes; ++at) {
    if (!covered_[at]) {
      result += held_[at];
    } else if (!inside_mask_) {
      result += Masker::mask;
    }
    inside_mask_ = covered_[at];
  }
  held_.erase(0, bytes);
  covered_.erase(covered_.begin(), covered_.begin() + static_cast<std::ptrdiff_t>(bytes));
  some_covered_ = std::find(covered_.begin(), covered_.end(), true) != covered_.end();
  return result;
}

std::string MaskedStream::finish() {
  std::string result = release(held_.size());
  state_ = Patterns::start;
  inside_mask_ = false;
  return result;
}

}  // namespace cairn::scribe
