#include "runtime/kinds/made_copies.h"

#include <filesystem>
#include <fstream>

#include "runtime/kinds/recorded_lines.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

std::string copies_file(const World& world, NodeId node) {
  std::string name = world.graph.node(node).path;
  for (char& c : name)
    if (c == '/' || c == ':') c = '_';
  return folder_of_made_copies(world.place.project_folder) + "/" + name;
}

}  // namespace

std::string folder_of_made_copies(const std::string& project_folder) {
  return project_folder + "/.cairn/copies";
}

Result<Done> record_made_copy(const World& world, NodeId node, const std::string& name,
                              const std::string& born) {
  if (!world.place.up) return Done{};
  std::error_code error;
  fs::create_directories(folder_of_made_copies(world.place.project_folder), error);
  fs::remove(copies_file(world, node), error);
  return record_line(copies_file(world, node), name + " " + born);
}

bool is_made_copy(const World& world, NodeId node, const std::string& name, const std::string& born) {
  if (!world.place.up) return false;
  std::ifstream file(copies_file(world, node));
  std::string line;
  return std::getline(file, line) && line == name + " " + born;
}

}  // namespace cairn::kinds
