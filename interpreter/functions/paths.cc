// Paths as texts: `/` separates, on every machine.
#include "interpreter/functions/families.h"

namespace cairn::functions {
namespace {

// Without separators at the end, but for that of the root.
std::string_view without_end(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view last_part(std::string_view path) {
  path = without_end(path);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

FunctionResult basename(Arguments arguments, Inputs&) {
  return to_value(last_part(text_in(arguments[0])));
}

FunctionResult dirname(Arguments arguments, Inputs&) {
  const std::string_view path = without_end(text_in(arguments[0]));
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return to_value(".");
  return to_value(slash == 0 ? std::string_view("/") : without_end(path.substr(0, slash)));
}

FunctionResult extension(Arguments arguments, Inputs&) {
  const std::string_view name = last_part(text_in(arguments[0]));
  const std::size_t point = name.rfind('.');
  return to_value(point == std::string_view::npos || point == 0 ? std::string_view()
                                                                : name.substr(point + 1));
}

constexpr Row paths_rows[] = {{"basename", basename}, {"dirname", dirname}, {"extension", extension}};

}  // namespace

std::span<const Row> paths() {
  return paths_rows;
}

}  // namespace cairn::functions
