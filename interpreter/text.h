// A text that may be a secret. It has no formatter, no stream operator and no conversion: showing one by
// accident does not compile. What accepts secrets (an environment, a file, a header) asks for exposed().
#pragma once

#include <string>
#include <utility>

namespace cairn {

class Text {
 public:
  Text() = default;
  explicit Text(std::string text, bool secret = false) : text_(std::move(text)), secret_(secret) {}

  bool secret() const { return secret_; }
  const std::string& exposed() const { return text_; }  // for the sink that needs it, never for a log
  std::string shown() const { return secret_ ? std::string("•••") : text_; }  // for people
  bool operator==(const Text&) const = default;

 private:
  std::string text_;
  bool secret_ = false;
};

}  // namespace cairn
