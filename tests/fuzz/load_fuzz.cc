// Any program of several files: what stands behind a line `=== NAME` is the file NAME, what stands before the
// first is main.stack.
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/compiled.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::map<std::string, std::string> files;
  std::string name = "main.stack";
  for (;;) {
    const std::size_t mark = rest.starts_with("=== ") ? 0 : rest.find("\n=== ");
    const std::size_t begin = mark == 0 ? 0 : mark + 1;
    files[name] = rest.substr(0, mark == std::string_view::npos ? mark : begin);
    if (mark == std::string_view::npos) break;
    rest.remove_prefix(begin + 4);
    const std::size_t end = rest.find('\n');
    name = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  cairn::fuzz::check_program(files);
  return 0;
}
