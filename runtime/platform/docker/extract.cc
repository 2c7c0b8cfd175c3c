// Unpacking what a container made: hostile until proven otherwise. Every step of a path is opened without
// following links, below the destination's own descriptor.

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "runtime/effects/file_descriptor.h"
#include "runtime/platform/docker/archive.h"

namespace cairn::docker {

namespace {

struct Source {
  const std::function<Result<std::string>()>& next_piece;
  std::string piece;
  std::optional<Failure> failed;
};

la_ssize_t read_source(struct archive*, void* data, const void** bytes) {
  Source& source = *static_cast<Source*>(data);
  Result<std::string> piece = source.next_piece();
  if (!piece) {
    source.failed = piece.failure();
    return -1;
  }
  source.piece = std::move(*piece);
  *bytes = source.piece.data();
  return static_cast<la_ssize_t>(source.piece.size());
}

struct Reader {
  explicit Reader(bool packed) : is(archive_read_new()) {
    archive_read_support_format_tar(is);
    if (!packed) return;
    archive_read_support_filter_all(is);
    archive_read_support_format_zip(is);
  }
  ~Reader() { archive_read_free(is); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  struct archive* is;
};

// The steps of a path; nothing when it leads, or may lead, out of the destination.
std::optional<std::vector<std::string>> steps_of(const std::string& path) {
  if (path.starts_with('/')) return {};
  std::vector<std::string> steps;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string step = path.substr(begin, end - begin);
    if (step == "..") return {};
    if (!step.empty() && step != ".") steps.push_back(step);
    begin = end + 1;
  }
  return steps;
}

Failure system_failure(const std::string& path) {
  return Failure{.message = fmt::format("could not write `{}`", path), .causes = {std::strerror(errno)}};
}

class Unpacking {
 public:
  explicit Unpacking(const Extraction& order) : order_(order) {}

  Result<> open() {
    std::error_code error;
    std::filesystem::create_directories(order_.destination, error);
    root_ = FileDescriptor(::open(order_.destination.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_.open()) return system_failure(order_.destination);
    return Done{};
  }

  Result<> entry(struct archive* reader, struct archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    const std::string path = name == nullptr ? "" : name;
    if (++entries_ > order_.limits.entries) {
      return Failure{.message = fmt::format("more than {} entries", order_.limits.entries)};
    }
    std::optional<std::vector<std::string>> steps = steps_of(path);
    if (!steps) return Failure{.message = fmt::format("the entry `{}` leads out of its folder", path)};
    if (!order_.strip_folder.empty() && !steps->empty() && steps->front() == order_.strip_folder) {
      steps->erase(steps->begin());
    }
    const mode_t type = archive_entry_filetype(entry);
    const bool is_link = archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
    if (is_link || (type != AE_IFREG && type != AE_IFDIR)) {
      result.left_out.push_back(path);
      return Done{};
    }
    if (type == AE_IFDIR) {
      const Result<FileDescriptor> folder = folder_at(*steps, steps->size());
      if (!folder) return folder.failure();
      return Done{};
    }
    if (steps->empty()) return Failure{.message = fmt::format("the entry `{}` has no name", path)};
    return file(reader, entry, *steps);
  }

  Extracted result;

 private:
  Failure too_many_bytes() const {
    return {.message = fmt::format("more than {} bytes", order_.limits.bytes)};
  }

  // The folder of the first `count` steps, made where it is missing.
  Result<FileDescriptor> folder_at(const std::vector<std::string>& steps, std::size_t count) {
    FileDescriptor folder(fcntl(root_.number(), F_DUPFD_CLOEXEC, 0));
    for (std::size_t i = 0; i < count; ++i) {
      if (mkdirat(folder.number(), steps[i].c_str(), 0755) != 0 && errno != EEXIST)
        return system_failure(steps[i]);
      FileDescriptor next(
          openat(folder.number(), steps[i].c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next.open()) return system_failure(steps[i]);
      folder = std::move(next);
    }
    return folder;
  }

  Result<> file(struct archive* reader, struct archive_entry* entry, const std::vector<std::string>& steps) {
    // What it claims to hold, holes and all, before anything is made of it.
    if (archive_entry_size(entry) > order_.limits.bytes - result.bytes) return too_many_bytes();
    const Result<FileDescriptor> folder = folder_at(steps, steps.size() - 1);
    if (!folder) return folder.failure();
    const std::string shown = fmt::format("{}", fmt::join(steps, "/"));
    // Never with set-id bits; always readable by the one who asked for it.
    const mode_t mode = (archive_entry_perm(entry) & 0777) | 0600;
    (void)unlinkat(folder->number(), steps.back().c_str(), 0);
    const FileDescriptor file(openat(folder->number(), steps.back().c_str(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file.open()) return system_failure(shown);
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int state = ARCHIVE_OK;
    while ((state = archive_read_data_block(reader, &bytes, &size, &offset)) == ARCHIVE_OK) {
      result.bytes += static_cast<std::int64_t>(size);
      if (result.bytes > order_.limits.bytes) return too_many_bytes();
      for (std::size_t done = 0; done < size;) {
        const ssize_t written = pwrite(file.number(), static_cast<const char*>(bytes) + done, size - done,
                                       offset + static_cast<la_int64_t>(done));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return system_failure(shown);
        done += static_cast<std::size_t>(written);
      }
    }
    if (state != ARCHIVE_EOF) return Failure{.message = fmt::format("the entry `{}` is cut off", shown)};
    if (ftruncate(file.number(), archive_entry_size(entry)) != 0) return system_failure(shown);
    result.files.push_back(shown);
    return Done{};
  }

  const Extraction& order_;
  FileDescriptor root_;
  std::int64_t entries_ = 0;
};

}  // namespace

Result<Extracted> extract(const std::function<Result<std::string>()>& next_piece, const Extraction& order) {
  const std::string what = fmt::format("could not unpack into `{}`", order.destination);
  Unpacking unpacking(order);
  if (Result<> opened = unpacking.open(); !opened) return Failure(opened.failure()).within(what);
  Source source{next_piece, {}, {}};
  const Reader reader(order.packed);
  int state = archive_read_open(reader.is, &source, nullptr, read_source, nullptr);
  struct archive_entry* entry = nullptr;
  while (state == ARCHIVE_OK || state == ARCHIVE_WARN) {
    state = archive_read_next_header(reader.is, &entry);
    if (state != ARCHIVE_OK && state != ARCHIVE_WARN) break;
    const Result<> done = unpacking.entry(reader.is, entry);
    if (source.failed) return std::move(*source.failed).within(what);
    if (!done) return Failure(done.failure()).within(what);
  }
  if (source.failed) return std::move(*source.failed).within(what);
  if (state != ARCHIVE_EOF) {
    const char* words = archive_error_string(reader.is);
    return Failure{
        .message = what,
        .causes = {words == nullptr ? order.packed ? "it is no tar and no zip" : "it is no tar" : words}};
  }
  return std::move(unpacking.result);
}

}  // namespace cairn::docker
