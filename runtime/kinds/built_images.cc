#include "runtime/kinds/built_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "runtime/effects/disk.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/build.h"
#include "runtime/platform/docker/images.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string file_for(const std::string& cairn_folder, const std::string& node, const std::string& engine) {
  Hash hash;
  hash.add(node);
  hash.add(engine);
  return fmt::format("{}/images/{}.json", cairn_folder, hash.text());
}

std::string text_of(const Value& value) {
  const std::string* text = value.as<std::string>();
  return text == nullptr ? std::string() : *text;
}

bool is_true(const Value& value) {
  const bool* flag = value.as<bool>();
  return flag != nullptr && *flag;
}

// Settings that say when and how long.
const std::set<std::string_view> no_input = {"after",    "timeout", "retry", "allow_failure", "description",
                                             "profiles", "pool",    "keep",  "when",          "engine"};

// One entry for each file, so that the plan can name the one that has changed.
std::string context_stamps(const Node& node) {
  docker::BuildSpec spec;
  if (const Path* context = node.value("context").as<Path>()) spec.context = absolute_path(*context);
  if (const std::string file = text_of(node.value("dockerfile")); !file.empty()) spec.dockerfile = file;
  if (const std::string text = text_of(node.value("dockerfile_inline")); !text.empty())
    spec.dockerfile_text = text;
  if (spec.context.empty()) return {};
  std::string all;
  for (const std::string& file : docker::context_files(spec)) {
    std::string name = fs::path(file).lexically_relative(spec.context).string();
    std::replace(name.begin(), name.end(), ' ', '_');
    std::replace(name.begin(), name.end(), '=', '_');
    std::error_code error;
    if (!fs::is_directory(fs::symlink_status(file, error)))
      all += fmt::format(" {}={}", name, stamp_of(file));
  }
  return all;
}

}  // namespace

std::optional<std::string> image_inputs(const Graph& graph, const Sources& sources, NodeId id,
                                        docker::Engine& engine, std::stop_token stop) {
  const Node& node = graph.node(id);
  if (!node.value("from").null() || is_true(node.value("no_cache")) || is_true(node.value("pull")))
    return std::nullopt;
  std::string all;
  for (const Setting& setting : node.settings) {
    if (!setting.written || setting.value.null() || is_empty(setting.value)) continue;
    // Builders take no other value of a secret for another build, either.
    if (setting.value.secret_anywhere() && setting.name != "secrets") return std::nullopt;
    Hash hash;
    add_value(hash, graph, sources, setting.value, nullptr);
    if (setting.name == "contexts")
      if (const Map* contexts = setting.value.as<Map>())
        for (const auto& [name, value] : contexts->entries)
          if (const Path* folder = value.as<Path>()) hash.add(stamp_of(absolute_path(*folder)));
    if (!no_input.contains(setting.name))
      all += fmt::format("{}{}={}", all.empty() ? "" : " ", setting.name, hash.text());
  }
  if (!node.value("ref").null()) return all;
  std::string dockerfile = text_of(node.value("dockerfile_inline"));
  if (const Path* context = node.value("context").as<Path>(); dockerfile.empty() && context != nullptr) {
    const std::string name = text_of(node.value("dockerfile"));
    std::ifstream file(fs::path(absolute_path(*context)) / (name.empty() ? "Dockerfile" : name),
                       std::ios::binary);
    dockerfile = std::string(std::istreambuf_iterator<char>(file), {});
    Hash hash;
    hash.add(dockerfile);  // it may lie outside of the context
    all += fmt::format(" Dockerfile={}", hash.text());
  }
  all += context_stamps(node);
  std::map<std::string, Text> arguments;
  if (const Map* args = node.value("args").as<Map>())
    for (const auto& [name, value] : args->entries)
      if (!value.late()) arguments[name] = Text(plain_text(value));
  const Map* contexts = node.value("contexts").as<Map>();
  for (const std::string& base : docker::needs_of_dockerfile(dockerfile, arguments).images) {
    if (contexts != nullptr && contexts->find(base) != nullptr) continue;  // no image of the engine
    const Result<std::optional<docker::ImageFacts>> facts = docker::inspect_image(engine, base, stop);
    if (!facts || !*facts) return std::nullopt;
    all += fmt::format(" {}={}", base, (*facts)->id);
  }
  return all;
}

std::optional<BuiltImage> built_image(const std::string& cairn_folder, const std::string& node,
                                      const std::string& engine) {
  const Result<std::string> text = real_disk().read(file_for(cairn_folder, node, engine));
  if (!text) return std::nullopt;
  const json object = json::parse(*text, nullptr, false);
  try {
    return BuiltImage{object.at("inputs"), object.at("id"),
                      object.at("tags").get<std::vector<std::string>>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

Result<Done> record_built_image(const std::string& cairn_folder, const std::string& node,
                                const std::string& engine, const BuiltImage& image) {
  std::error_code error;
  fs::create_directories(cairn_folder + "/images", error);
  const json object = {
      {"node", node}, {"engine", engine}, {"inputs", image.inputs}, {"id", image.id}, {"tags", image.tags}};
  return real_disk().replace(file_for(cairn_folder, node, engine),
                             object.dump(-1, ' ', false, json::error_handler_t::replace));
}

plan::Found find_built_image(const std::string& cairn_folder, const std::string& node, docker::Engine& engine,
                             std::stop_token stop) {
  const std::optional<BuiltImage> built = built_image(cairn_folder, node, engine.endpoint().shown);
  if (!built) return plan::Absent{};
  const Result<std::optional<docker::ImageFacts>> facts = docker::inspect_image(engine, built->id, stop);
  if (!facts) return plan::Unreachable{facts.failure().message};
  if (!*facts) return plan::Absent{};
  for (const std::string& tag : built->tags) {
    const docker::ImageReference wanted = docker::read_reference(tag);
    if (std::none_of((*facts)->tags.begin(), (*facts)->tags.end(), [&](const std::string& its) {
          const docker::ImageReference has = docker::read_reference(its);
          return has.name == wanted.name && has.tag == wanted.tag;
        }))
      return plan::Absent{};  // somebody has given the tag to another one
  }
  plan::Ours ours;
  ours.id = built->id;
  ours.spec = built->inputs;
  ours.node = node;
  return ours;
}

}  // namespace cairn::kinds
