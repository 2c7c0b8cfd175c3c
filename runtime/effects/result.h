// What the world said no to, as a value. A mistake in a file is a Diagnostic; a bug of ours is an assertion.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cairn {

// How the failure counts: `step` ends a run with exit code 1, `endpoint` (an engine, array, registry, host or
// database that cannot be reached or misbehaves) with 3, `cancelled` with 130.
enum class FailureClass { step, endpoint, timeout, cancelled };

struct Failure {
  std::string message;  // "could not start `db`": lower case, no full stop, never a secret
  std::vector<std::string> causes =
      {};                 // outermost first: "the engine answered 500: no space left on device"
  std::string help = {};  // what to do next; may be empty
  FailureClass is = FailureClass::step;
  // True when it is certain that nothing happened out there, so that trying again is safe.
  bool nothing_done = false;

  Failure because(std::string cause) && {
    causes.push_back(std::move(cause));
    return std::move(*this);
  }
  // The same failure seen from further out: `message` becomes the first cause.
  Failure within(std::string outer) && {
    causes.insert(causes.begin(), std::move(message));
    message = std::move(outer);
    return std::move(*this);
  }
};

struct Done {};  // the value of a Result that has nothing to say

template <class T = Done>
class [[nodiscard]] Result {
 public:
  Result(T value) : is_(std::move(value)) {}
  Result(Failure failure) : is_(std::move(failure)) {}

  bool ok() const { return std::holds_alternative<T>(is_); }
  explicit operator bool() const { return ok(); }
  T& value() {
    assert(ok());
    return std::get<T>(is_);
  }
  const T& value() const {
    assert(ok());
    return std::get<T>(is_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Failure& failure() {
    assert(!ok());
    return std::get<Failure>(is_);
  }
  const Failure& failure() const {
    assert(!ok());
    return std::get<Failure>(is_);
  }

 private:
  std::variant<T, Failure> is_;
};

}  // namespace cairn
