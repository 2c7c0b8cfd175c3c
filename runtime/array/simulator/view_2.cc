#include <algorithm>
#include <functional>

#include "runtime/array/names.h"
#include "runtime/array/simulator/filter.h"
#include "runtime/array/simulator/views.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

json reference(const std::string& name, const std::string& id) {
  if (name.empty()) return json::object();
  return {{"name", name}, {"id", id}};
}

json named(const std::string& name) {
  return name.empty() ? json::object() : json{{"name", name}};
}

json shown(const State& state, const StoredVolume& volume) {
  const VolumeName parts = parse_volume_name(volume.name);
  json item = {{"id", volume.id},
               {"name", volume.name},
               {"serial", volume.serial},
               {"provisioned", volume.size},
               {"created", volume.created},
               {"destroyed", volume.destroyed.has_value()},
               {"connection_count", state.connections_of(volume.id).size()},
               {"host_encryption_key_status", "none"},
               {"subtype", "regular"},
               {"source", reference(volume.source, volume.source_id)},
               {"pod", named(parts.pod)},
               {"volume_group", named(parts.group)},
               {"qos", json::object()},
               {"space", {{"total_provisioned", volume.size}}}};
  if (volume.destroyed) item["time_remaining"] = state.remaining(volume.destroyed);
  if (!volume.tags.empty()) item["tags"] = volume.tags;
  return item;
}

json shown(State& state, const StoredSnapshot& snapshot) {
  const StoredVolume* const volume = state.with_id(snapshot.volume_id);
  json item = {{"id", snapshot.id},           {"name", state.name_of(snapshot)},
               {"serial", snapshot.serial},   {"provisioned", snapshot.size},
               {"created", snapshot.created}, {"destroyed", snapshot.destroyed.has_value()},
               {"suffix", snapshot.suffix},   {"source", reference(volume->name, volume->id)}};
  if (snapshot.destroyed) item["time_remaining"] = state.remaining(snapshot.destroyed);
  return item;
}

// The objects that a mutation names; `names` or `ids`, at least one.
std::vector<std::string> targets(const json& parameters,
                                 const std::function<std::string(const std::string&)>& by_id) {
  std::vector<std::string> names = words(parameters, "names");
  for (const std::string& id : words(parameters, "ids")) names.push_back(by_id(id));
  if (names.empty()) throw Refusal{"names", "A name or an id is required."};
  return names;
}

std::string source_of(State& state, const json& parameters) {
  if (!has(parameters, "source") || !parameters["source"].is_object()) return {};
  const json& source = parameters["source"];
  if (has(source, "name")) return word(source, "name");
  const std::string id = word(source, "id");
  if (const StoredVolume* volume = state.with_id(id)) return volume->name;
  for (const StoredSnapshot& snapshot : state.snapshots) {
    if (snapshot.id == id) return state.name_of(snapshot);
  }
  if (id.empty()) return {};
  throw Refusal{id, "No such volume or snapshot."};
}

Answer volumes(State& state, const std::string& method, const json& parameters) {
  const auto by_id = [&](const std::string& id) {
    const StoredVolume* const volume = state.with_id(id);
    if (volume == nullptr) throw Refusal{id, "Volume does not exist."};
    return volume->name;
  };
  if (method == "GET") {
    std::vector<json> items;
    for (const StoredVolume& volume : state.volumes) items.push_back(shown(state, volume));
    return listed(state, std::move(items), parameters);
  }
  std::vector<json> items;
  for (const std::string& name : targets(parameters, by_id)) {
    if (method == "POST") {
      const std::string source = source_of(state, parameters);
      const bool overwrite = flag(parameters, "overwrite");
      if (overwrite &&
          (has(parameters, "with_default_protection") || has(parameters, "add_to_protection_group_names"))) {
        throw Refusal{name, "Protection cannot be changed by an overwrite."};
      }
      if (source.empty()) {
        items.push_back(shown(state, state.create(name, amount(parameters, "provisioned", 1u << 20))));
      } else {
        items.push_back(shown(state, state.copy(source, name, overwrite)));
      }
    } else if (method == "PATCH") {
      if (has(parameters, "destroyed")) {
        flag(parameters, "destroyed") ? state.destroy(name) : state.recover(name);
      }
      std::string now_called = name;
      if (has(parameters, "provisioned")) {
        (void)state.resize(name, amount(parameters, "provisioned", 0), flag(parameters, "truncate"));
      }
      if (has(parameters, "name")) now_called = state.rename(name, word(parameters, "name")).name;
      items.push_back(shown(state, *state.find(now_called)));
    } else if (method == "DELETE") {
      state.eradicate(name);
    } else {
      throw Refusal{name, "Invalid request."};
    }
  }
  return method == "DELETE" ? empty_answer() : items_answer(std::move(items));
}

Answer snapshots(State& state, const std::string& method, const json& parameters) {
  const auto by_id = [&](const std::string& id) {
    for (const StoredSnapshot& snapshot : state.snapshots) {
      if (snapshot.id == id) return state.name_of(snapshot);
    }
    throw Refusal{id, "No such volume or snapshot."};
  };
  if (method == "GET") {
    const std::vector<std::string> sources = words(parameters, "source_names");
    std::vector<json> items;
    for (const StoredSnapshot& snapshot : state.snapshots) {
      json item = shown(state, snapshot);
      const std::string owner = item["source"]["name"].get<std::string>();
      if (sources.empty() || std::any_of(sources.begin(), sources.end(),
                                         [&](const std::string& source) { return matches(source, owner); })) {
        items.push_back(std::move(item));
      }
    }
    return listed(state, std::move(items), parameters);
  }
  std::vector<json> items;
  if (method == "POST") {
    std::vector<std::string> sources = words(parameters, "source_names");
    for (const std::string& id : words(parameters, "source_ids")) {
      if (state.with_id(id) == nullptr) throw Refusal{id, "Volume does not exist."};
      sources.push_back(state.with_id(id)->name);
    }
    if (sources.empty()) throw Refusal{"source_names", "A source is required."};
    for (const std::string& source : sources) (void)state.live(source);
    for (const std::string& source : sources) {
      items.push_back(shown(state, state.snapshot(source, word(parameters, "suffix"))));
    }
    return items_answer(std::move(items));
  }
  for (const std::string& name : targets(parameters, by_id)) {
    if (method == "DELETE") {
      state.eradicate_snapshot(name);
      continue;
    }
    std::string now_called = name;
    if (has(parameters, "destroyed")) {
      flag(parameters, "destroyed") ? state.destroy_snapshot(name) : state.recover_snapshot(name);
    }
    if (has(parameters, "name"))
      now_called = state.name_of(state.rename_snapshot(name, word(parameters, "name")));
    items.push_back(shown(state, *state.find_snapshot(now_called)));
  }
  return method == "DELETE" ? empty_answer() : items_answer(std::move(items));
}

Answer tags(State& state, const std::string& method, const json& parameters) {
  std::vector<json> items;
  const std::vector<std::string> resources = words(parameters, "resource_names");
  for (StoredVolume& volume : state.volumes) {
    if (!resources.empty() && std::none_of(resources.begin(), resources.end(), [&](const std::string& name) {
          return matches(name, volume.name);
        })) {
      continue;
    }
    if (method == "DELETE") {
      for (const std::string& key : words(parameters, "keys")) volume.tags.erase(key);
    }
    for (const auto& [key, value] : volume.tags) {
      items.push_back({{"key", key}, {"value", value}, {"resource", reference(volume.name, volume.id)}});
    }
  }
  return method == "DELETE" ? empty_answer() : listed(state, std::move(items), parameters);
}

}  // namespace

Answer empty_answer() {
  return {.status = 200, .headers = {{"Content-Type", "application/json"}}};
}

Answer items_answer(std::vector<json> items) {
  return json_answer(200, {{"continuation_token", nullptr},
                           {"more_items_remaining", false},
                           {"total_item_count", nullptr},
                           {"items", std::move(items)}});
}

Answer listed(const State& state, std::vector<json> items, const json& parameters) {
  const auto demand = [&](const char* parameter, const char* member) {
    const std::vector<std::string> wanted = words(parameters, parameter);
    if (wanted.empty()) return;
    std::vector<bool> found(wanted.size());
    std::erase_if(items, [&](const json& item) {
      const std::string value = item.contains(member) ? item[member].get<std::string>() : std::string();
      bool any = false;
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!matches(wanted[i], value)) continue;
        found[i] = true;
        any = true;
      }
      return !any;
    });
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (found[i] || wanted[i].find('*') != std::string::npos) continue;
      throw Refusal{wanted[i], wanted[i].find('.') != std::string::npos ? "No such volume or snapshot."
                                                                        : "Object does not exist."};
    }
  };
  demand("names", "name");
  demand("ids", "id");
  if (has(parameters, "destroyed")) {
    const bool destroyed = flag(parameters, "destroyed");
    std::erase_if(items, [&](const json& item) { return item.value("destroyed", false) != destroyed; });
  }
  if (const std::string filter = word(parameters, "filter"); !filter.empty()) {
    (void)passes(filter, json::object());  // a mistake is one even when there is nothing to filter
    std::erase_if(items, [&](const json& item) { return !passes(filter, item); });
  }
  std::string sort = word(parameters, "sort");
  if (!sort.empty()) {
    const bool down = sort.back() == '-';
    if (down || sort.back() == '+') sort.pop_back();
    std::stable_sort(items.begin(), items.end(), [&](const json& a, const json& b) {
      const json left = a.value(sort, json()), right = b.value(sort, json());
      return down ? right < left : left < right;
    });
  }
  const std::size_t total = items.size();
  std::size_t from = static_cast<std::size_t>(amount(parameters, "offset", 0));
  if (has(parameters, "continuation_token")) {
    from = static_cast<std::size_t>(amount(parameters, "continuation_token", 0));
  }
  const std::size_t limit = std::min(
      static_cast<std::size_t>(amount(parameters, "limit", state.settings.page)), state.settings.page);
  json body = {
      {"continuation_token", nullptr}, {"more_items_remaining", false}, {"total_item_count", nullptr}};
  if (flag(parameters, "total_item_count") || flag(parameters, "total_only") || limit == 0) {
    body["total_item_count"] = total;
  }
  json page = json::array();
  if (!flag(parameters, "total_only")) {
    for (std::size_t i = from; i < total && page.size() < limit; ++i) page.push_back(std::move(items[i]));
    if (limit > 0 && from + limit < total) {
      body["more_items_remaining"] = true;
      if (sort.empty()) body["continuation_token"] = std::to_string(from + limit);
    }
  }
  body["items"] = std::move(page);
  return json_answer(200, body);
}

Answer view_2(State& state, const std::string& method, const std::string& path, const json& parameters) {
  Answer answer;
  if (path == "volumes") return volumes(state, method, parameters);
  if (path == "volume-snapshots") return snapshots(state, method, parameters);
  if (path == "volumes/tags") return tags(state, method, parameters);
  if (path == "arrays") {
    return items_answer({{{"name", state.settings.name},
                          {"id", state.settings.id},
                          {"os", "Purity//FA"},
                          {"version", state.settings.purity},
                          {"idle_timeout", state.settings.idle_timeout_ms}}});
  }
  if (path == "audits") {
    std::vector<json> items;
    std::uint64_t id = 0;
    for (const Deed& deed : state.audit) {
      items.push_back({{"id", std::to_string(++id)},
                       {"name", std::to_string(id)},
                       {"time", deed.when},
                       {"user", deed.user},
                       {"command", deed.command}});
    }
    return listed(state, std::move(items), parameters);
  }
  if (view_2_of_hosts(state, method, path, parameters, answer)) return answer;
  throw Refusal{path, "Invalid request: no such resource."};
}

}  // namespace cairn::array::simulator
