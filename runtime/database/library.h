// A shared library of a driver, opened when it is needed.
#pragma once

#include <string>
#include <vector>

#include "runtime/effects/result.h"

namespace cairn::database {

class Library {
 public:
  // The first of `names` that is there ("libpq.so.5"). `package` is what Debian calls it, for the Failure.
  static Result<Library> open(const std::vector<std::string>& names, const std::string& package);

  // The function of that name; null, and missing() tells it, when the library has none.
  template <class Function>
  Function* function(const char* name) {
    return reinterpret_cast<Function*>(symbol(name));
  }
  const std::string& missing() const { return missing_; }

 private:
  void* symbol(const char* name);
  void* handle_ = nullptr;  // stays open: the process ends with it
  std::string missing_;
};

}  // namespace cairn::database
