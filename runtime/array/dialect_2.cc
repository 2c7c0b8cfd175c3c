#include "runtime/array/dialect.h"

namespace cairn::array {
namespace {

using nlohmann::json;
using Query = std::vector<std::pair<std::string, std::string>>;

Call patch(const char* path, const std::string& name, json body) {
  return {.method = "PATCH", .path = path, .query = {{"names", name}}, .body = std::move(body)};
}

// A missing exact name in `names` is refused by the array, in a filter it is only absent.
std::string any_of(const std::vector<std::string>& names) {
  std::string text = "name=(";
  for (const std::string& name : names) {
    if (text.back() != '(') text += ',';
    text += '\'';
    for (const char c : name) text += c == '\'' ? std::string("\\'") : std::string(1, c);
    text += '\'';
  }
  return text + ")";
}

Query query_for(const Listing& listing, std::string filter) {
  const auto and_also = [&](const std::string& more) {
    if (!more.empty()) filter = filter.empty() ? more : "(" + filter + ") and (" + more + ")";
  };
  if (!listing.names.empty()) and_also(any_of(listing.names));
  and_also(listing.filter);
  Query query;
  if (!filter.empty()) query.emplace_back("filter", filter);
  if (!listing.destroyed_too) query.emplace_back("destroyed", "false");
  if (listing.page > 0) query.emplace_back("limit", std::to_string(listing.page));
  return query;
}

std::string name_of(const json& item, const char* key) {
  return item.contains(key) && item[key].is_object() ? text_at(item[key], "name") : std::string();
}
bool true_at(const json& item, const char* key) {
  return item.contains(key) && item[key].is_boolean() && item[key].get<bool>();
}

class DialectTwo final : public Dialect {
 public:
  bool has_filters() const override { return true; }

  Call list_volumes(const Listing& listing) const override {
    return {.method = "GET", .path = "volumes", .query = query_for(listing, {})};
  }
  Call list_snapshots(const Listing& listing) const override {
    Call call{.method = "GET", .path = "volume-snapshots", .query = query_for(listing, {})};
    if (!listing.volume.empty()) call.query.emplace_back("source_names", listing.volume);
    return call;
  }
  Call create(const std::string& name, std::uint64_t size) const override {
    return {.method = "POST", .path = "volumes", .query = {{"names", name}}, .body = {{"provisioned", size}}};
  }
  Call copy(const std::string& source, const std::string& target, bool overwrite) const override {
    Call call{.method = "POST",
              .path = "volumes",
              .query = {{"names", target}},
              .body = {{"source", {{"name", source}}}}};
    if (overwrite) call.query.emplace_back("overwrite", "true");
    return call;
  }
  Call snapshot(const std::string& volume, const std::string& suffix) const override {
    return {.method = "POST",
            .path = "volume-snapshots",
            .query = {{"source_names", volume}},
            .body = {{"suffix", suffix}}};
  }
  Call destroy(const std::string& name) const override {
    return patch("volumes", name, {{"destroyed", true}});
  }
  Call recover(const std::string& name) const override {
    return patch("volumes", name, {{"destroyed", false}});
  }
  Call eradicate(const std::string& name) const override {
    return {.method = "DELETE", .path = "volumes", .query = {{"names", name}}};
  }
  Call rename(const std::string& from, const std::string& to) const override {
    return patch("volumes", from, {{"name", to}});
  }
  Call resize(const std::string& name, std::uint64_t size, bool truncate) const override {
    Call call = patch("volumes", name, {{"provisioned", size}});
    if (truncate) call.query.emplace_back("truncate", "true");
    return call;
  }
  Call destroy_snapshot(const std::string& name) const override {
    return patch("volume-snapshots", name, {{"destroyed", true}});
  }
  Call recover_snapshot(const std::string& name) const override {
    return patch("volume-snapshots", name, {{"destroyed", false}});
  }
  Call eradicate_snapshot(const std::string& name) const override {
    return {.method = "DELETE", .path = "volume-snapshots", .query = {{"names", name}}};
  }
  Call list_hosts(const std::string& name) const override {
    Call call{.method = "GET", .path = "hosts"};
    if (!name.empty()) call.query.emplace_back("filter", any_of({name}));
    return call;
  }
  Call create_host(const Host& host) const override {
    json body = json::object();
    if (!host.iqns.empty()) body["iqns"] = host.iqns;
    if (!host.wwns.empty()) body["wwns"] = host.wwns;
    if (!host.nqns.empty()) body["nqns"] = host.nqns;
    return {.method = "POST", .path = "hosts", .query = {{"names", host.name}}, .body = std::move(body)};
  }
  Call delete_host(const std::string& name) const override {
    return {.method = "DELETE", .path = "hosts", .query = {{"names", name}}};
  }
  Call connections_of_volume(const std::string& volume) const override {
    return {.method = "GET", .path = "connections", .query = {{"volume_names", volume}}};
  }
  Call connections_of_host(const std::string& host) const override {
    return {.method = "GET", .path = "connections", .query = {{"host_names", host}}};
  }
  Call connect(const std::string& host, const std::string& volume) const override {
    return {.method = "POST",
            .path = "connections",
            .query = {{"host_names", host}, {"volume_names", volume}},
            .body = json::object()};
  }
  Call disconnect(const std::string& host, const std::string& volume) const override {
    return {
        .method = "DELETE", .path = "connections", .query = {{"host_names", host}, {"volume_names", volume}}};
  }
  Call identity() const override { return {.method = "GET", .path = "arrays"}; }

  std::vector<Volume> volumes(const json& items) const override {
    std::vector<Volume> volumes;
    for (const json& item : items) {
      Volume volume{.name = text_at(item, "name"),
                    .serial = text_at(item, "serial"),
                    .size = bytes_at(item, "provisioned"),
                    .created = static_cast<std::int64_t>(bytes_at(item, "created")),
                    .source = name_of(item, "source"),
                    .destroyed = true_at(item, "destroyed"),
                    .eradicated_in = {}};
      if (volume.destroyed)
        volume.eradicated_in = static_cast<std::int64_t>(bytes_at(item, "time_remaining"));
      volumes.push_back(std::move(volume));
    }
    return volumes;
  }
  std::vector<Snapshot> snapshots(const json& items) const override {
    std::vector<Snapshot> snapshots;
    for (const json& item : items) {
      snapshots.push_back({text_at(item, "name"), text_at(item, "serial"), name_of(item, "source"),
                           bytes_at(item, "provisioned"),
                           static_cast<std::int64_t>(bytes_at(item, "created")), true_at(item, "destroyed")});
    }
    return snapshots;
  }
  std::vector<Host> hosts(const json& items) const override {
    std::vector<Host> hosts;
    for (const json& item : items) {
      hosts.push_back(
          {text_at(item, "name"), texts_at(item, "iqns"), texts_at(item, "wwns"), texts_at(item, "nqns")});
    }
    return hosts;
  }
  std::vector<Connection> connections(const json& items, const Connection&) const override {
    std::vector<Connection> connections;
    for (const json& item : items) {
      connections.push_back(
          {name_of(item, "host"), name_of(item, "volume"), static_cast<int>(bytes_at(item, "lun"))});
    }
    return connections;
  }
  ArrayIdentity identity(const json& items) const override {
    const json& item = items.at(0);
    return {text_at(item, "name"), text_at(item, "id"), text_at(item, "version"), {}};
  }
};

}  // namespace

std::unique_ptr<Dialect> dialect_2() {
  return std::make_unique<DialectTwo>();
}

std::string text_at(const json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(std::string(key)) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::uint64_t bytes_at(const json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(std::string(key)) : object.end();
  return found != object.end() && found->is_number_integer() ? found->get<std::uint64_t>() : 0;
}
std::vector<std::string> texts_at(const json& object, std::string_view key) {
  std::vector<std::string> texts;
  const auto found = object.is_object() ? object.find(std::string(key)) : object.end();
  if (found == object.end() || !found->is_array()) return texts;
  for (const json& item : *found) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}
std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += text.empty() ? item : "," + item;
  return text;
}

}  // namespace cairn::array
