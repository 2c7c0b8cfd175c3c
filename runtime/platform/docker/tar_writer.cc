#include "runtime/platform/docker/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "runtime/effects/file_descriptor.h"

namespace cairn::docker {

namespace {

la_ssize_t collect(struct archive*, void* data, const void* bytes, std::size_t size) {
  static_cast<std::string*>(data)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

constexpr std::size_t piece_size = 256u << 10;

}  // namespace

struct TarWriter::State {
  std::vector<TarEntry> entries;
  bool timeless = false;
  std::size_t position = 0;
  std::string made;  // and not handed out yet
  struct archive* writer = nullptr;
  FileDescriptor open_file;
  std::int64_t left = 0;  // bytes of open_file that its header has promised
  bool closed = false;
  std::optional<Failure> failure;

  void fail(const std::string& path, const std::string& cause) {
    failure = Failure{.message = fmt::format("could not read `{}`", path), .causes = {cause}};
  }

  void begin(const TarEntry& what) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, what.path.c_str());
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_mtime(entry, 0, 0);
    left = 0;
    if (what.folder) {
      archive_entry_set_filetype(entry, AE_IFDIR);
      archive_entry_set_perm(entry, static_cast<mode_t>(what.mode));
    } else if (what.from.empty()) {
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_perm(entry, static_cast<mode_t>(what.mode));
      archive_entry_set_size(entry, static_cast<la_int64_t>(what.content.exposed().size()));
    } else {
      describe(what, entry);
    }
    if (!failure && archive_write_header(writer, entry) != ARCHIVE_OK) {
      fail(what.path, archive_error_string(writer));
    }
    archive_entry_free(entry);
    if (!failure && !what.folder && what.from.empty()) {
      const std::string& text = what.content.exposed();
      archive_write_data(writer, text.data(), text.size());
    }
  }

  void describe(const TarEntry& what, struct archive_entry* entry) {
    struct stat facts = {};
    if (lstat(what.from.c_str(), &facts) != 0) return fail(what.from, std::strerror(errno));
    archive_entry_set_perm(entry, facts.st_mode & 07777);
    if (!timeless) archive_entry_set_mtime(entry, facts.st_mtim.tv_sec, 0);
    if (S_ISDIR(facts.st_mode)) {
      archive_entry_set_filetype(entry, AE_IFDIR);
    } else if (S_ISLNK(facts.st_mode)) {
      std::string target(4096, '\0');
      const ssize_t size = readlink(what.from.c_str(), target.data(), target.size());
      if (size < 0) return fail(what.from, std::strerror(errno));
      target.resize(static_cast<std::size_t>(size));
      archive_entry_set_filetype(entry, AE_IFLNK);
      archive_entry_set_symlink(entry, target.c_str());
    } else if (S_ISREG(facts.st_mode)) {
      open_file = FileDescriptor(::open(what.from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
      if (!open_file.open()) return fail(what.from, std::strerror(errno));
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_size(entry, facts.st_size);
      left = facts.st_size;
    } else {
      fail(what.from, "it is neither a file nor a folder nor a link");
    }
  }

  void go_on() {
    std::string buffer(piece_size, '\0');
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::int64_t>(left, piece_size));
    const ssize_t size = left == 0 ? 0 : read(open_file.number(), buffer.data(), wanted);
    if (size < 0) return fail(entries[position - 1].from, std::strerror(errno));
    if (size == 0) {
      // libarchive fills up with zeros: a file that shrank meanwhile must not break the tar.
      open_file.close();
      left = 0;
      return;
    }
    archive_write_data(writer, buffer.data(), static_cast<std::size_t>(size));
    left -= size;
  }
};

TarWriter::TarWriter(std::vector<TarEntry> entries, bool timeless) : state_(std::make_unique<State>()) {
  state_->entries = std::move(entries);
  state_->timeless = timeless;
  state_->writer = archive_write_new();
  archive_write_set_format_pax_restricted(state_->writer);
  archive_write_set_bytes_per_block(state_->writer, 0);
  archive_write_open(state_->writer, &state_->made, nullptr, collect, nullptr);
}

TarWriter::~TarWriter() {
  archive_write_free(state_->writer);
}

std::string TarWriter::next() {
  State& state = *state_;
  while (!state.failure && !state.closed && state.made.size() < piece_size) {
    if (state.open_file.open()) {
      state.go_on();
    } else if (state.position < state.entries.size()) {
      state.begin(state.entries[state.position++]);
    } else {
      archive_write_close(state.writer);
      state.closed = true;
    }
  }
  if (state.failure) return {};
  std::string piece = std::move(state.made);
  state.made.clear();
  return piece;
}

const std::optional<Failure>& TarWriter::failure() const {
  return state_->failure;
}

}  // namespace cairn::docker
