#include "tests/sim/engine/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <fmt/format.h>

#include "runtime/platform/docker/base64.h"
#include "tests/sim/engine/program.h"

namespace cairn::sim {
namespace {

std::string entry_name(const std::string& path) {
  return path == "/" ? path : path.substr(path.rfind('/') + 1);
}

// Go's os.FileMode.
std::uint64_t mode_of(const FileNode& node) {
  std::uint64_t mode = static_cast<std::uint64_t>(node.mode & 0777);
  if (node.is == FileNode::Is::folder) mode |= std::uint64_t{1} << 31;
  if (node.is == FileNode::Is::link) mode |= std::uint64_t{1} << 27;
  if (node.is == FileNode::Is::pipe) mode |= std::uint64_t{1} << 25;
  return mode;
}

Reply absent(const Container& container, const std::string& path) {
  return refused(404, fmt::format("Could not find the file {} in container {}", path, container.id));
}

http::Header stat_header(const std::string& path, const FileNode& node) {
  const std::string target =
      node.is == FileNode::Is::link ? absolute_path(node.content, path.substr(0, path.rfind('/'))) : "";
  const Json stat = {{"name", entry_name(path)},
                     {"size", node.content.size()},
                     {"mode", mode_of(node)},
                     {"mtime", "2023-11-14T22:13:20Z"},
                     {"linkTarget", target}};
  return {"X-Docker-Container-Path-Stat", docker::to_base64(stat.dump())};
}

struct Tar {
  Tar() : writer(archive_write_new()) {
    archive_write_set_format_pax_restricted(writer);
    archive_write_set_bytes_per_block(writer, 0);
    archive_write_open(
        writer, &bytes, nullptr,
        [](::archive*, void* into, const void* data, std::size_t size) {
          static_cast<std::string*>(into)->append(static_cast<const char*>(data), size);
          return static_cast<la_ssize_t>(size);
        },
        nullptr);
  }
  ~Tar() { archive_write_free(writer); }
  void add(const std::string& name, const FileNode& node) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_perm(entry, static_cast<unsigned>(node.mode));
    archive_entry_set_mtime(entry, 1'700'000'000, 0);
    switch (node.is) {
      case FileNode::Is::file:
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, static_cast<la_int64_t>(node.content.size()));
        break;
      case FileNode::Is::folder:
        archive_entry_set_filetype(entry, AE_IFDIR);
        break;
      case FileNode::Is::link:
        archive_entry_set_filetype(entry, AE_IFLNK);
        archive_entry_set_symlink(entry, node.content.c_str());
        break;
      case FileNode::Is::pipe:
        archive_entry_set_filetype(entry, AE_IFIFO);
        break;
    }
    archive_write_header(writer, entry);
    if (node.is == FileNode::Is::file) archive_write_data(writer, node.content.data(), node.content.size());
    archive_entry_free(entry);
  }
  std::string bytes;
  ::archive* writer;
};

}  // namespace

Reply stat_archive(State& state, Container& container, const Asked& asked) {
  const std::string path = absolute_path(asked.of("path"));
  const std::optional<FileNode> node = find_file(state, container, path, true);
  if (!node) return absent(container, path);
  return {200, {}, {stat_header(path, *node)}, {}};
}

Reply get_archive(State& state, Container& container, const Asked& asked) {
  const std::string path = absolute_path(asked.of("path"));
  const std::optional<FileNode> node = find_file(state, container, path, true);
  if (!node) return absent(container, path);
  Tar tar;
  const std::string top = entry_name(path);
  tar.add(node->is == FileNode::Is::folder ? top + "/" : top, *node);
  if (node->is == FileNode::Is::folder)
    for (const std::string& each : files_below(state, container, path))
      if (const std::optional<FileNode> one = find_file(state, container, absolute_path(each, path), true))
        tar.add(top + "/" + each + (one->is == FileNode::Is::folder ? "/" : ""), *one);
  archive_write_close(tar.writer);
  Reply reply{200, {}, {stat_header(path, *node)}, std::make_shared<Pipe>()};
  reply.stream->write(std::move(tar.bytes));
  reply.stream->end();
  return reply;
}

Reply put_archive(State& state, Container& container, const Asked& asked) {
  const std::string folder = absolute_path(asked.of("path"));
  const std::optional<FileNode> into = find_file(state, container, folder, true);
  if (!into) return absent(container, folder);
  if (container.host_config.value("ReadonlyRootfs", false))
    return refused(400, "container rootfs is marked read-only");
  ::archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  archive_read_open_memory(reader, asked.body.data(), asked.body.size());
  archive_entry* entry = nullptr;
  int code = ARCHIVE_OK;
  while ((code = archive_read_next_header(reader, &entry)) == ARCHIVE_OK) {
    FileNode node;
    node.mode = static_cast<int>(archive_entry_perm(entry));
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR) node.is = FileNode::Is::folder;
    if (type == AE_IFLNK) {
      node.is = FileNode::Is::link;
      node.content = archive_entry_symlink(entry);
    }
    if (type == AE_IFREG) {
      node.content.resize(static_cast<std::size_t>(archive_entry_size(entry)));
      archive_read_data(reader, node.content.data(), node.content.size());
    }
    const std::string path = absolute_path(archive_entry_pathname(entry), folder);
    if (const std::string why = put_file(state, container, path, std::move(node)); !why.empty()) {
      archive_read_free(reader);
      return refused(400, why);
    }
  }
  archive_read_free(reader);
  return code == ARCHIVE_EOF ? Reply{200, {}, {}, {}} : refused(500, "unexpected EOF");
}

}  // namespace cairn::sim
