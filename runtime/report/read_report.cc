#include "runtime/report/read_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace cairn::report {

namespace {

constexpr std::array<std::string_view, 5> format_names = {"junit", "tap", "trx", "cobertura", "gotest"};

Failure unreadable(const std::string& name, std::string cause) {
  return {fmt::format("the report `{}` cannot be read", name), {std::move(cause)}, {}};
}

Failure too_large(const std::string& name, std::uint64_t bytes) {
  Failure failure = unreadable(name, fmt::format("it has {} bytes, the limit is {}", bytes, largest_report));
  failure.help = "let the tests print less, or split the report into several files";
  return failure;
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }
  int file() const { return file_; }

 private:
  const int file_;
};

}  // namespace

std::string_view name_of(Format format) {
  return format_names[static_cast<std::size_t>(format)];
}

std::optional<Format> format_named(std::string_view name) {
  for (std::size_t i = 0; i < format_names.size(); ++i)
    if (format_names[i] == name) return static_cast<Format>(i);
  return std::nullopt;
}

Result<TestReport> read_report(Format format, std::string_view text, const std::string& name) {
  if (text.size() > largest_report) return too_large(name, text.size());
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    Failure failure = unreadable(name, "it is empty");
    failure.help = "the test program was probably ended before it wrote its results: see the step's log";
    return failure;
  }
  switch (format) {
    case Format::junit:
      return read_junit(text, name);
    case Format::tap:
      return read_tap(text, name);
    case Format::trx:
      return read_trx(text, name);
    case Format::cobertura:
      return read_cobertura(text, name);
    case Format::gotest:
      return read_gotest(text, name);
  }
  return unreadable(name, "no such format");
}

Result<TestReport> read_report_file(Format format, const std::string& path) {
  const auto reason = [] { return std::generic_category().message(errno); };
  const OpenFile file(path);
  if (file.file() < 0) return unreadable(path, errno == ELOOP ? "it is a symbolic link" : reason());
  struct stat about {};
  if (::fstat(file.file(), &about) != 0) return unreadable(path, reason());
  if (!S_ISREG(about.st_mode)) return unreadable(path, "it is no regular file");
  if (static_cast<std::uint64_t>(about.st_size) > largest_report)
    return too_large(path, static_cast<std::uint64_t>(about.st_size));
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() <= largest_report) {
    const ssize_t count = ::read(file.file(), buffer.data(), buffer.size());
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(path, reason());
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return read_report(format, text, path);
}

Failure missing_report(Format format, const std::string& pattern, const std::string& where) {
  return {fmt::format("a promised {} report is missing", name_of(format)),
          {fmt::format("no file matches `{}`{}{}", pattern, where.empty() ? "" : " ", where)},
          "check the path the test program writes to; a report that may be absent should not be promised"};
}

std::string_view name_of(TestOutcome outcome) {
  constexpr std::array<std::string_view, 4> names = {"passed", "failed", "error", "skipped"};
  return names[static_cast<std::size_t>(outcome)];
}

progress::TestTotals totals_of(const std::vector<TestCase>& cases) {
  progress::TestTotals totals;
  for (const TestCase& test : cases) {
    switch (test.outcome) {
      case TestOutcome::passed:
        ++totals.passed;
        break;
      case TestOutcome::failed:
        ++totals.failed;
        break;
      case TestOutcome::error:
        ++totals.errors;
        break;
      case TestOutcome::skipped:
        ++totals.skipped;
        break;
    }
  }
  return totals;
}

}  // namespace cairn::report
