#include "tests/sim/engine/program.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "tests/sim/engine/containers.h"
#include "tests/sim/engine/exec.h"
#include "tests/sim/engine/logs.h"

namespace cairn::sim {
namespace {

namespace fs = std::filesystem;

// What is mounted over `path`, and where `path` lies within it.
const Mount* mount_over(const Container& container, const std::string& path, std::string& within) {
  const Mount* best = nullptr;
  for (const Mount& mount : container.mounts) {
    const bool covers = path == mount.target || path.starts_with(mount.target + "/");
    if (covers && (best == nullptr || mount.target.size() > best->target.size())) best = &mount;
  }
  if (best != nullptr) within = path.size() == best->target.size() ? "/" : path.substr(best->target.size());
  return best;
}

std::optional<FileNode> real_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return std::nullopt;
  if (fs::is_directory(status)) return FileNode{FileNode::Is::folder, {}, 0755};
  std::ifstream file(path, std::ios::binary);
  return FileNode{FileNode::Is::file, std::string(std::istreambuf_iterator<char>(file), {}), 0644};
}

FileTree* tree_of(State& state, Container& container, const Mount& mount) {
  if (mount.type == "volume") {
    const auto volume = state.volumes.find(mount.source);
    return volume == state.volumes.end() ? nullptr : &volume->second.files;
  }
  return mount.type == "tmpfs" ? &container.tmpfs[mount.target] : nullptr;
}

const FileTree& image_files(State& state, const Container& container) {
  static const FileTree none;
  const auto image = state.images.find(container.image);
  return image == state.images.end() || image->second->files == nullptr ? none : *image->second->files;
}

std::optional<FileNode> here(const FileNode* node) {
  return node == nullptr ? std::nullopt : std::optional<FileNode>(*node);
}

// The engine writes it for each container.
FileNode hosts_of(const Container& container) {
  FileNode hosts{FileNode::Is::file, "127.0.0.1\tlocalhost\n", 0644};
  for (const std::string& each : strings_in(container.host_config, "ExtraHosts"))
    hosts.content += each.substr(each.find(':') + 1) + "\t" + each.substr(0, each.find(':')) + "\n";
  return hosts;
}

bool read_only(const Container& container) {
  return container.host_config.value("ReadonlyRootfs", false);
}

}  // namespace

std::string frame(bool is_stderr, std::string_view bytes) {
  std::string whole(8, '\0');
  whole[0] = is_stderr ? 2 : 1;
  for (std::size_t i = 0; i < 4; ++i) whole[4 + i] = static_cast<char>(bytes.size() >> (24 - 8 * i) & 0xFF);
  return whole.append(bytes);
}

std::optional<FileNode> find_file(State& state, Container& container, const std::string& path,
                                  bool from_outside) {
  std::string within;
  const Mount* mount = mount_over(container, path, within);
  if (mount != nullptr && !(from_outside && mount->type == "tmpfs")) {
    if (mount->type == "bind") return real_file(mount->source + (within == "/" ? "" : within));
    FileTree* tree = tree_of(state, container, *mount);
    return tree == nullptr ? std::nullopt : here(tree->find(within));
  }
  if (const FileNode* own = container.files.find(path); own != nullptr && path != "/") return *own;
  if (container.removed_files.contains(path)) return std::nullopt;
  if (path == "/etc/hosts") return hosts_of(container);
  return here(image_files(state, container).find(path));
}

std::string put_file(State& state, Container& container, const std::string& path, FileNode node) {
  std::string within;
  const Mount* mount = mount_over(container, path, within);
  if (mount != nullptr) {
    FileTree* tree = tree_of(state, container, *mount);
    if (mount->read_only || tree == nullptr) return "Read-only file system";
    tree->put(within, std::move(node));
    return {};
  }
  if (read_only(container)) return "Read-only file system";
  container.removed_files.erase(path);
  container.files.put(path, std::move(node));
  return {};
}

std::vector<std::string> files_below(State& state, Container& container, const std::string& path) {
  std::string within;
  if (const Mount* mount = mount_over(container, path, within)) {
    const FileTree* tree = tree_of(state, container, *mount);
    return tree == nullptr ? std::vector<std::string>() : tree->below(within);
  }
  std::vector<std::string> all = image_files(state, container).below(path);
  for (std::string& own : container.files.below(path)) all.push_back(std::move(own));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Program::Program(State& its_state, Container& its_container, Exec* its_exec)
    : state(its_state), container(its_container), exec(its_exec) {}

void Program::say(bool to_stderr, std::string_view bytes) {
  if (exec != nullptr)
    exec->output->write(frame(to_stderr, bytes));
  else
    write_log(state, container, to_stderr, bytes);
}

std::optional<FileNode> Program::find(const std::string& path) {
  std::string at = path;
  for (int links = 0; links < 10; ++links) {
    std::optional<FileNode> node = find_file(state, container, at);
    if (!node || node->is != FileNode::Is::link) return node;
    at = absolute_path(node->content, at.substr(0, at.rfind('/')));
  }
  return std::nullopt;
}

std::string Program::put(const std::string& path, FileNode node) {
  return put_file(state, container, path, std::move(node));
}

std::string Program::remove(const std::string& path) {
  if (!find_file(state, container, path)) return "No such file or directory";
  if (read_only(container)) return "Read-only file system";
  container.files.remove(path);
  container.removed_files.insert(path);
  return {};
}

void Program::listen(int port) {
  container.listens.insert(port);
}

std::string Program::ask(std::string_view what) {
  if (what == "hostname") return container.config.value("Hostname", container.id.substr(0, 12));
  if (what == "user") {
    const std::string user = container.config.value("User", std::string());
    return user.empty() ? "0" : user.substr(0, user.find(':'));
  }
  if (what == "nofile") {
    for (const Json& limit : container.host_config.value("Ulimits", Json::array()))
      if (limit.value("Name", "") == "nofile") return std::to_string(limit.value("Soft", 0));
    return "1048576";
  }
  std::string mounts;
  for (const Mount& mount : container.mounts)
    mounts += fmt::format("{} on {} type {} (rw)\n", mount.source.empty() ? "tmpfs" : mount.source,
                          mount.target, mount.type);
  return mounts;
}

void go_on(State& state, Program& program) {
  Process& process = *program.process;
  process.run(state.now);
  Container& container = program.container;
  if (process.exit_code()) {
    if (program.exec != nullptr)
      exec_ended(state, *program.exec, *process.exit_code());
    else
      container_ended(state, container, *process.exit_code());
    return;
  }
  if (process.wakes() == Instant::max()) return;
  const std::string id = container.id, exec = program.exec == nullptr ? "" : program.exec->id;
  const std::uint64_t generation = container.generation;
  state.at(process.wakes(), [&state, id, exec, generation] {
    const auto found = state.containers.find(id);
    if (found == state.containers.end() || found->second->generation != generation) return;
    if (exec.empty()) {
      if (found->second->program) go_on(state, *found->second->program);
    } else if (const auto one = state.execs.find(exec); one != state.execs.end() && one->second.program) {
      go_on(state, *one->second.program);
    }
  });
}

}  // namespace cairn::sim
