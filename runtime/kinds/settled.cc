#include "runtime/kinds/settled.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/kinds/file_source.h"

namespace cairn::kinds {

LateAnswer LateAnswers::exported(NodeId of, std::string_view name, const List& arguments, NodeId reader) {
  const Node& node = world_.graph.node(of);
  if (node.kind == "service" || node.kind == "run")
    if (std::optional<LateAnswer> address = world_.addresses.answer(of, name, arguments, reader))
      return *address;
  if (name == "env" && !arguments.empty()) {
    const Value all = context_.exported(of, "env");
    const Map* variables = all.as<Map>();
    const std::string* prefix = arguments.front().as<std::string>();
    if (variables != nullptr && prefix != nullptr) {
      Map prefixed;
      for (const auto& [key, value] : variables->entries) prefixed.set(*prefix + key, value);
      return Value{std::move(prefixed)};
    }
  }
  Value value = context_.exported(of, name);
  if (!value.null()) return value;
  if (name == "error" || name == "digest" || name == "serial") return Value{};  // null is an answer
  return Unanswered{fmt::format("`{}` has no `{}`", node.path, name), {}, {}};
}

Failure failure_of(const World& world, const Diagnostic& mistake) {
  Failure failure{.message = mistake.message,
                  .causes = {},
                  .help = mistake.helps.empty() ? std::string() : mistake.helps.front()};
  if (mistake.primary.span.known())
    failure.causes.push_back(fmt::format("at {}", world.sources.show(mistake.primary.span)));
  if (!mistake.primary.text.empty()) failure.causes.push_back(mistake.primary.text);
  for (const std::string& note : mistake.notes) failure.causes.push_back(note);
  return failure;
}

namespace {

// A path stands relative to the folder of its file, and that to the project's: from here on to none.
void anchor(Value& value, const std::filesystem::path& project) {
  if (Path* path = std::get_if<Path>(&value.is)) {
    if (!path->text.starts_with('/') && !path->text.starts_with('~'))
      path->folder = (project / path->folder).lexically_normal().string();
  } else if (List* list = std::get_if<List>(&value.is)) {
    for (Value& one : *list) anchor(one, project);
  } else if (Map* map = std::get_if<Map>(&value.is)) {
    for (auto& [key, one] : map->entries) anchor(one, project);
  } else if (Made* made = std::get_if<Made>(&value.is)) {
    for (auto& [key, one] : made->arguments.entries) anchor(one, project);
  }
}

}  // namespace

Result<Settled> settled(World& world, const execute::StepRequest& request,
                        const execute::StepContext& context) {
  LateAnswers answers(world, context);
  Settled all = settle(world.compiled, request.node, answers);
  if (!all.mistakes.empty()) return failure_of(world, all.mistakes.front());
  for (Setting& setting : all.settings) anchor(setting.value, world.place.project_folder);
  return all;
}

std::shared_ptr<reach::WakeUp> World::wake_up_of(NodeId service) {
  return wake_ups.find_or(service, [] { return std::make_shared<reach::WakeUp>(); });
}

Value World::file_source(NodeId node, const Value& value) const {
  return kinds::file_source(value, folder_of(node));
}

std::string World::folder_of(NodeId node) const {
  return kinds::folder_of(graph, sources, node, place.project_folder);
}

std::string World::scratch(NodeId node, const std::string& purpose) const {
  const std::string folder = scratch_file(node, purpose);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string World::scratch_file(NodeId node, const std::string& purpose) const {
  std::string name = graph.node(node).path;
  for (char& c : name)
    if (c == '/' || c == ':') c = '_';
  const std::filesystem::path folder = std::filesystem::path(this->place.folder) / purpose;
  std::filesystem::create_directories(folder);
  return (folder / name).string();
}

}  // namespace cairn::kinds
