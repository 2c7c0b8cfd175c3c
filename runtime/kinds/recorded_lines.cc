#include "runtime/kinds/recorded_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/effects/file_descriptor.h"

namespace cairn::kinds {

Result<Done> record_line(const std::string& path, const std::string& line) {
  const std::string text = line + "\n";
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.open() || write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fdatasync(file.number()) != 0)
    return Failure{
        .message = fmt::format("cannot write `{}`", path), .causes = {std::strerror(errno)}, .help = {}};
  return Done{};
}

}  // namespace cairn::kinds
