#include "runtime/database/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace cairn::database {

Result<Library> Library::open(const std::vector<std::string>& names, const std::string& package) {
  Library library;
  std::string why;
  for (const std::string& name : names) {
    library.handle_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library.handle_ != nullptr) return library;
    if (why.empty()) why = dlerror();
  }
  return Failure{.message = fmt::format("the library `{}` is not installed", names.front()),
                 .causes = {why},
                 .help = fmt::format("install `{}`", package),
                 .is = FailureClass::endpoint,
                 .nothing_done = true};
}

void* Library::symbol(const char* name) {
  void* found = dlsym(handle_, name);
  if (found == nullptr && missing_.empty()) missing_ = name;
  return found;
}

}  // namespace cairn::database
