#include "runtime/scribe/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cairn::scribe {

namespace {

class RealLogFile final : public LogFile {
 public:
  explicit RealLogFile(int file) : file_(file) {}
  RealLogFile(const RealLogFile&) = delete;
  RealLogFile& operator=(const RealLogFile&) = delete;
  ~RealLogFile() override { ::close(file_); }

  Written append(std::string_view bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t written = ::write(file_, bytes.data() + done, bytes.size() - done);
      if (written > 0) {
        done += static_cast<std::size_t>(written);
      } else if (written < 0 && errno != EINTR) {
        return {done, std::generic_category().message(errno)};
      }
    }
    return {done, {}};
  }

 private:
  const int file_;
};

class RealLogFolder final : public LogFolder {
 public:
  explicit RealLogFolder(std::string folder) : folder_(std::move(folder)) {}

  Result<std::unique_ptr<LogFile>> open(const std::string& name) override {
    const std::string path = folder_ + "/" + name;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
      const std::string problem = std::generic_category().message(errno);
      return Failure{
          fmt::format("could not open the log `{}`", path), {problem}, {}, FailureClass::step, true};
    }
    return std::unique_ptr<LogFile>(std::make_unique<RealLogFile>(file));
  }

 private:
  const std::string folder_;
};

}  // namespace

std::unique_ptr<LogFolder> real_log_folder(std::string folder) {
  return std::make_unique<RealLogFolder>(std::move(folder));
}

}  // namespace cairn::scribe
