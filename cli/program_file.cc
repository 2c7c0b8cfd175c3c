#include "cli/program_file.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "grammar/render.h"
#include "grammar/suggest.h"
#include "interpreter/inputs_real.h"
#include "runtime/effects/clock.h"
#include "runtime/effects/locks.h"

namespace cairn::cli {

namespace {

namespace fs = std::filesystem;

std::uint64_t randomness() {
  std::uint64_t bits = 0;
  (void)!getrandom(&bits, sizeof bits, 0);
  return bits;
}

bool read_params_file(Invocation& invocation, std::vector<GivenParam>& given) {
  std::ifstream file(invocation.params_file, std::ios::binary);
  if (!file) {
    complain(invocation, wrong_input,
             fmt::format("the file `{}` of --params cannot be read", invocation.params_file));
    return false;
  }
  const nlohmann::ordered_json json = nlohmann::ordered_json::parse(file, nullptr, false);
  if (!json.is_object()) {
    complain(invocation, wrong_input, fmt::format("`{}` is no JSON object", invocation.params_file),
             "--params reads `{\"name\": value, …}`");
    return false;
  }
  for (const auto& [name, item] : json.items())
    given.push_back({name, value_of_json(item), ParamOrigin::params_file});
  return true;
}

}  // namespace

Value value_of_json(const nlohmann::ordered_json& json) {
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number_integer()) return {json.get<std::int64_t>()};
  if (json.is_number()) return {json.get<double>()};
  if (json.is_string()) return {json.get<std::string>()};
  if (json.is_array()) {
    List list;
    for (const auto& item : json) list.push_back(value_of_json(item));
    return {std::move(list)};
  }
  if (json.is_object()) {
    Map map;
    for (const auto& [key, item] : json.items()) map.set(key, value_of_json(item));
    return {std::move(map)};
  }
  return {};
}

bool read_given_params(Invocation& invocation, std::vector<GivenParam>& given) {
  for (const std::string& text : invocation.params) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      complain(invocation, wrong_input, fmt::format("`-p {}` is no param", text), "write `-p name=value`");
      return false;
    }
    given.push_back({text.substr(0, equals), text.substr(equals + 1), ParamOrigin::command_line});
  }
  return invocation.params_file.empty() || read_params_file(invocation, given);
}

namespace {

// The nearest folder above that holds a .stack file, as a path from here: for people who stand too deep.
std::optional<std::string> stack_file_above() {
  std::error_code error;
  std::string way;
  for (fs::path at = fs::current_path(error); at.has_relative_path(); at = at.parent_path()) {
    way += "../";
    for (const fs::directory_entry& entry : fs::directory_iterator(at.parent_path(), error))
      if (entry.path().extension() == ".stack" && entry.is_regular_file(error))
        return way + entry.path().filename().string();
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_stack_file(Invocation& invocation) {
  if (!invocation.file.empty()) return invocation.file;
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(".", error))
    if (entry.path().extension() == ".stack" && entry.is_regular_file(error))
      found.push_back(entry.path().filename().string());
  std::sort(found.begin(), found.end());
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    const std::optional<std::string> above = stack_file_above();
    complain(invocation, wrong_input, "there is no .stack file in this folder",
             above ? fmt::format("`-f {}` is the nearest", *above)
                   : "name one with `-f FILE`, or begin one: `cairn explain service` shows how");
  } else
    complain(
        invocation, wrong_input,
        fmt::format("there are {} .stack files in this folder: {}", found.size(), fmt::join(found, ", ")),
        fmt::format("name one of them: `-f {}`", found.front()));
  return std::nullopt;
}

std::unique_ptr<ProgramFile> load_program(Invocation& invocation, bool allow_unknown) {
  const std::optional<std::string> path = find_stack_file(invocation);
  if (!path) return nullptr;
  auto program = std::make_unique<ProgramFile>();
  program->path = *path;
  std::error_code error;
  const fs::path absolute = fs::weakly_canonical(fs::absolute(*path), error);
  program->project_folder = absolute.parent_path().string();

  CompileRequest request;
  program->main = absolute.filename().string();
  request.path = program->main;
  // As it was given, so that a terminal can open it; where a link leads, its own place.
  request.shown_folder = fs::is_symlink(*path, error) ? absolute.parent_path().string() + "/"
                         : fs::path(*path).has_parent_path()
                             ? fs::path(*path).parent_path().lexically_normal().string() + "/"
                             : std::string();
  if (request.shown_folder == "./") request.shown_folder.clear();
  program->shown_folder = request.shown_folder;
  request.allow_unknown = allow_unknown;
  if (!read_given_params(invocation, request.params)) return nullptr;
  program->given = request.params;
  program->run_id =
      next_run_id(program->project_folder + "/.cairn", real_clock().wall_clock_ms(), randomness());
  program->outside = real_inputs(
      {.root = program->project_folder, .run_id = program->run_id, .now_ms = real_clock().wall_clock_ms()});
  auto recording = std::make_unique<RecordingInputs>(*program->outside);
  program->recorded = recording.get();
  program->inputs = std::move(recording);
  program->compiled = compile(request, *program->inputs, program->sources, program->diagnostics);
  return program;
}

void ProgramFile::print_diagnostics(const Invocation& invocation) const {
  fmt::print(stderr, "{}", render(sources, diagnostics, use_colour(invocation, STDERR_FILENO)));
}

namespace {

// By the path, or by its last part.
std::string near_to(const Graph& graph, const std::string& name) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) {
    names.push_back(node.path);
    if (const std::size_t dot = node.path.rfind('.'); dot != std::string::npos)
      names.push_back(node.path.substr(dot + 1));
  }
  const std::optional<std::string> near = suggest(name, names);
  return near ? fmt::format("did you mean `{}`?", *near) : "`cairn graph` lists them";
}

}  // namespace

bool nodes_named(const ProgramFile& program, const std::vector<std::string>& names,
                 std::vector<NodeId>& found, Invocation& invocation) {
  for (const std::string& name : names) {
    const std::vector<NodeId> matches = program.graph().find(name);
    if (matches.size() == 1) {
      found.push_back(matches.front());
      continue;
    }
    std::vector<std::string> paths;
    for (NodeId match : matches) paths.push_back(program.graph().node(match).path);
    complain(invocation, wrong_input,
             matches.empty() ? fmt::format("there is no block `{}`", name)
                             : fmt::format("`{}` is not one block but {}", name, matches.size()),
             matches.empty() ? near_to(program.graph(), name)
                             : fmt::format("say which: {}", fmt::join(paths, ", ")));
    return false;
  }
  return true;
}

std::unique_ptr<ProgramFile> load_graph(Invocation& invocation) {
  std::unique_ptr<ProgramFile> program = load_program(invocation, false);
  if (program == nullptr) return nullptr;
  if (!program->diagnostics.empty()) program->print_diagnostics(invocation);
  if (!program->compiled.graph) {
    invocation.exit_code = wrong_input;
    return nullptr;
  }
  return program;
}

}  // namespace cairn::cli
