#include "runtime/execute/recorded_value.h"

#include <nlohmann/json.hpp>

namespace cairn::execute {
namespace {

using Json = nlohmann::json;

// What a scalar of JSON cannot say for itself is an object with one name: {"size": 1024}.
struct Writing {
  const Graph& graph;
  const scribe::Masker& masker;
  bool withheld = false;

  Json list(const List& items) {
    Json all = Json::array();
    for (const Value& item : items) all.push_back(write(item));
    return all;
  }
  Json map(const Map& entries) {
    Json all = Json::array();
    for (const auto& [key, item] : entries.entries) all.push_back({key, write(item)});
    return all;
  }
  Json text(const std::string& is) {
    withheld = withheld || masker.finds_in(is);
    return is;
  }
  Json write(const Value& value) {
    withheld = withheld || value.secret || value.late();
    if (const bool* is = value.as<bool>()) return *is;
    if (const std::int64_t* is = value.as<std::int64_t>()) return *is;
    if (const double* is = value.as<double>()) return *is;
    if (const std::string* is = value.as<std::string>()) return text(*is);
    if (const Duration* is = value.as<Duration>()) return {{"milliseconds", is->milliseconds}};
    if (const Size* is = value.as<Size>()) return {{"bytes", is->bytes}};
    if (const Path* is = value.as<Path>()) return {{"path", text(is->text)}, {"folder", is->folder}};
    if (const List* is = value.as<List>()) return list(*is);
    if (const Map* is = value.as<Map>()) return {{"map", map(*is)}};
    if (const NodeRef* is = value.as<NodeRef>())
      return {{"node", is->node == no_node ? std::string() : graph.node(is->node).path}};
    if (const Made* is = value.as<Made>()) return {{"made", is->function}, {"map", map(is->arguments)}};
    return nullptr;
  }
};

Value read(const Graph& graph, const Json& json);

Map map_of(const Graph& graph, const Json& json) {
  Map map;
  for (const Json& entry : json) map.set(entry.at(0).get<std::string>(), read(graph, entry.at(1)));
  return map;
}

Value read(const Graph& graph, const Json& json) {
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number_integer()) return {json.get<std::int64_t>()};
  if (json.is_number()) return {json.get<double>()};
  if (json.is_string()) return {json.get<std::string>()};
  if (json.is_array()) {
    List list;
    for (const Json& item : json) list.push_back(read(graph, item));
    return {std::move(list)};
  }
  if (!json.is_object()) return {};
  if (json.contains("milliseconds")) return {Duration{json.at("milliseconds").get<std::int64_t>()}};
  if (json.contains("bytes")) return {Size{json.at("bytes").get<std::int64_t>()}};
  if (json.contains("path"))
    return {Path{json.at("path").get<std::string>(), json.at("folder").get<std::string>()}};
  if (json.contains("node")) {
    const auto node = graph.by_path.find(json.at("node").get<std::string>());
    return {NodeRef{node == graph.by_path.end() ? no_node : node->second}};
  }
  if (json.contains("made")) return {Made{json.at("made").get<std::string>(), map_of(graph, json.at("map"))}};
  return {map_of(graph, json.at("map"))};
}

}  // namespace

std::string recorded_value(const Graph& graph, const scribe::Masker& masker, const Value& value) {
  Writing writing{graph, masker};
  const Json json = writing.write(value);
  if (writing.withheld) return {};
  try {
    std::string text = json.dump();
    return text.size() > longest_recorded ? std::string() : text;
  } catch (const Json::exception&) {  // bytes that are no text
    return {};
  }
}

std::optional<Value> value_recorded(const Graph& graph, const std::string& text) {
  try {
    return read(graph, Json::parse(text));
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace cairn::execute
