#include "runtime/kinds/clone_plan.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "runtime/clone/method.h"
#include "runtime/clone/pool.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/overwrite.h"
#include "runtime/kinds/pools.h"
#include "runtime/kinds/storage.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

std::string restarted(const Graph& graph, NodeId node) {
  std::string names;
  for (const NodeId service : stopped_for(graph, node))
    names += (names.empty() ? "; stops and starts `" : "`, `") + graph.node(service).path;
  return names.empty() ? names : names + "`";
}

// An engine that is reached over the network, as people know it; another one may be on another machine, too,
// but that takes a look at it.
std::string engine_elsewhere(const Graph& graph, NodeId id) {
  const Result<docker::Endpoint> endpoint = endpoint_of(graph, id);
  return endpoint && endpoint->unix_socket.empty() ? endpoint->shown : std::string();
}

PlannedCopy on_engine(const Graph& graph, NodeId id, const std::optional<clone::Pool>& pool) {
  const Node& node = graph.node(id);
  const std::string* wanted = node.value("method").as<std::string>();
  if (wanted != nullptr && *wanted == "copy") return {id, "copy", "the file asks for a copy"};
  if (!node.value("onto").null())
    return {id, "reflink or copy",
            "the volume keeps its place: shared where both lie on one file system that can"};
  if (const std::string elsewhere = engine_elsewhere(graph, id); !elsewhere.empty())
    return {id, "reflink, snapshot or copy",
            fmt::format("tried by an agent on {}, where its volumes and its pool lie", elsewhere)};
  if (!pool)
    return {id, "reflink or copy",
            fmt::format("tried where the engine keeps its volumes; there is no pool below {}",
                        folder_of_pools())};
  const std::string shared = pool->type == "btrfs" ? "snapshot" : "reflink";
  const NodeRef* from = node.value("from").as<NodeRef>();
  if (node.kind == "snapshot")
    return {
        id, "reflink or copy",
        fmt::format("shared where the engine keeps its volumes if that can be, else brought into the pool {}",
                    pool->where)};
  return {id, shared,
          from == nullptr
              ? fmt::format("from one copy in the pool {}", pool->where)
              : fmt::format("where the engine keeps its volumes if that can be, else in the pool {}",
                            pool->where)};
}

// A folder that is made later lies where the first folder above it that is there lies.
std::string first_there(fs::path path) {
  std::error_code error;
  while (!path.empty() && !fs::exists(path, error) && path != path.root_path()) path = path.parent_path();
  return path.string();
}

PlannedCopy on_host(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::string* wanted = node.value("method").as<std::string>();
  if (wanted != nullptr && *wanted == "copy") return {id, "copy", "the file asks for a copy"};
  const Path* path = node.value(node.kind == "snapshot" ? "of" : "from").as<Path>();
  if (path == nullptr)
    return {id, "reflink or copy", "both are folders of the run: shared where their file system can"};
  const std::string source = path->text.starts_with('/')
                                 ? path->text
                                 : (fs::path(path->folder) / path->text).lexically_normal().string();
  const std::string run = first_there(fs::path(path->folder) / ".cairn");
  struct stat from {
  }, to{};
  if (stat(source.c_str(), &from) != 0) return {id, "none", fmt::format("there is no `{}`", source)};
  if (stat(run.c_str(), &to) != 0 || from.st_dev != to.st_dev)
    return {id, "copy", fmt::format("`{}` is on another file system than the run's folder", source)};
  return clone::is_subvolume(source)
             ? PlannedCopy{id, "snapshot", fmt::format("`{}` is a btrfs subvolume", source)}
             : PlannedCopy{id, "reflink or copy", "both are on one file system: shared if it can"};
}

}  // namespace

std::vector<PlannedCopy> planned_copies(const Graph& graph) {
  std::vector<PlannedCopy> copies;
  const std::vector<bool> engines = stored_on_engine(graph);
  std::optional<std::optional<clone::Pool>> pool;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const NodeId id{static_cast<std::uint32_t>(i)};
    const std::string& kind = graph.nodes[i].kind;
    if (kind != "clone" && kind != "snapshot") continue;
    PlannedCopy copy;
    if (const NodeId array = array_of(graph, id); array != no_node) {
      const std::string& block = graph.node(array).path;
      copy = {id, "array",
              graph.node(id).value("on").null() ? fmt::format("its snapshot is on `{}`", block)
                                                : fmt::format("`on` names `{}`", block)};
    } else if (engines[i]) {
      if (!pool) pool = clone::usable_pool(folder_of_pools());
      copy = on_engine(graph, id, *pool);
    } else {
      copy = on_host(graph, id);
    }
    copy.why += restarted(graph, id);
    copies.push_back(std::move(copy));
  }
  return copies;
}

}  // namespace cairn::kinds
