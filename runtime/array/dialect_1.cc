#include <chrono>
#include <cstdio>

#include "runtime/array/dialect.h"

namespace cairn::array {
namespace {

using nlohmann::json;

// "2016-05-11T20:35:50Z" as milliseconds since 1970; 0 when it is none.
std::int64_t moment_in(const std::string& text) {
  int year = 0, hour = 0, minute = 0, second = 0;
  unsigned month = 0, day = 0;
  if (std::sscanf(text.c_str(), "%d-%u-%uT%d:%d:%d", &year, &month, &day, &hour, &minute, &second) != 6)
    return 0;
  const std::chrono::sys_days date =
      std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  const auto moment =
      date + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  return std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count();
}

Call get(std::string path, std::vector<std::pair<std::string, std::string>> query = {}) {
  return {.method = "GET", .path = std::move(path), .query = std::move(query)};
}
Call with_body(const char* method, std::string path, json body) {
  return {.method = method, .path = std::move(path), .body = std::move(body)};
}
std::string volume_path(const std::string& name) {
  return "volume/" + percent_encoded(name);
}
std::string host_path(const std::string& name) {
  return "host/" + percent_encoded(name);
}

class DialectOne final : public Dialect {
 public:
  bool has_filters() const override { return false; }

  Call list_volumes(const Listing& listing) const override {
    Call call = get("volume");
    if (!listing.names.empty()) call.query.emplace_back("names", joined(listing.names));
    if (listing.destroyed_too) call.query.emplace_back("pending", "true");
    if (listing.page > 0) call.query.emplace_back("limit", std::to_string(listing.page));
    return call;
  }
  Call list_snapshots(const Listing& listing) const override {
    Call call = listing.volume.empty() ? list_volumes(listing) : get(volume_path(listing.volume));
    if (!listing.volume.empty() && listing.destroyed_too) call.query.emplace_back("pending", "true");
    call.query.emplace_back("snap", "true");
    return call;
  }
  Call create(const std::string& name, std::uint64_t size) const override {
    return with_body("POST", volume_path(name), {{"size", size}});
  }
  Call copy(const std::string& source, const std::string& target, bool overwrite) const override {
    json body = {{"source", source}};
    if (overwrite) body["overwrite"] = true;
    return with_body("POST", volume_path(target), std::move(body));
  }
  Call snapshot(const std::string& volume, const std::string& suffix) const override {
    return with_body("POST", "volume", {{"snap", true}, {"source", {volume}}, {"suffix", suffix}});
  }
  Call destroy(const std::string& name) const override {
    return {.method = "DELETE", .path = volume_path(name)};
  }
  Call recover(const std::string& name) const override {
    return with_body("PUT", volume_path(name), {{"action", "recover"}});
  }
  Call eradicate(const std::string& name) const override {
    return {.method = "DELETE", .path = volume_path(name), .query = {{"eradicate", "true"}}};
  }
  Call rename(const std::string& from, const std::string& to) const override {
    return with_body("PUT", volume_path(from), {{"name", to}});
  }
  Call resize(const std::string& name, std::uint64_t size, bool truncate) const override {
    json body = {{"size", size}};
    if (truncate) body["truncate"] = true;
    return with_body("PUT", volume_path(name), std::move(body));
  }
  Call destroy_snapshot(const std::string& name) const override { return destroy(name); }
  Call recover_snapshot(const std::string& name) const override { return recover(name); }
  Call eradicate_snapshot(const std::string& name) const override { return eradicate(name); }
  Call list_hosts(const std::string& name) const override {
    return name.empty() ? get("host") : get("host", {{"names", name}});
  }
  Call create_host(const Host& host) const override {
    json body = json::object();
    if (!host.iqns.empty()) body["iqnlist"] = host.iqns;
    if (!host.wwns.empty()) body["wwnlist"] = host.wwns;
    if (!host.nqns.empty()) body["nqnlist"] = host.nqns;
    return with_body("POST", host_path(host.name), std::move(body));
  }
  Call delete_host(const std::string& name) const override {
    return {.method = "DELETE", .path = host_path(name)};
  }
  Call connections_of_volume(const std::string& volume) const override {
    return get(volume_path(volume) + "/host");
  }
  Call connections_of_host(const std::string& host) const override {
    return get(host_path(host) + "/volume");
  }
  Call connect(const std::string& host, const std::string& volume) const override {
    return with_body("POST", host_path(host) + "/" + volume_path(volume), json::object());
  }
  Call disconnect(const std::string& host, const std::string& volume) const override {
    return {.method = "DELETE", .path = host_path(host) + "/" + volume_path(volume)};
  }
  Call identity() const override { return get("array"); }

  std::vector<Volume> volumes(const json& items) const override {
    std::vector<Volume> volumes;
    for (const json& item : items) {
      Volume volume{.name = text_at(item, "name"),
                    .serial = text_at(item, "serial"),
                    .size = bytes_at(item, "size"),
                    .created = moment_in(text_at(item, "created")),
                    .source = text_at(item, "source"),
                    .destroyed = false,
                    .eradicated_in = {}};
      if (item.contains("time_remaining") && item["time_remaining"].is_number()) {
        volume.destroyed = true;
        volume.eradicated_in = item["time_remaining"].get<std::int64_t>() * 1000;
      }
      volumes.push_back(std::move(volume));
    }
    return volumes;
  }
  std::vector<Snapshot> snapshots(const json& items) const override {
    std::vector<Snapshot> snapshots;
    for (const Volume& as_volume : volumes(items)) {
      snapshots.push_back({as_volume.name, as_volume.serial, as_volume.source, as_volume.size,
                           as_volume.created, as_volume.destroyed});
    }
    return snapshots;
  }
  std::vector<Host> hosts(const json& items) const override {
    std::vector<Host> hosts;
    for (const json& item : items) {
      hosts.push_back(
          {text_at(item, "name"), texts_at(item, "iqn"), texts_at(item, "wwn"), texts_at(item, "nqn")});
    }
    return hosts;
  }
  std::vector<Connection> connections(const json& items, const Connection& known) const override {
    std::vector<Connection> connections;
    for (const json& item : items) {
      const bool of_host = !known.host.empty();
      connections.push_back({of_host ? known.host : text_at(item, "host"),
                             of_host ? text_at(item, "vol") : known.volume,
                             static_cast<int>(bytes_at(item, "lun"))});
    }
    return connections;
  }
  ArrayIdentity identity(const json& items) const override {
    const json& item = items.at(0);
    return {text_at(item, "array_name"), text_at(item, "id"), text_at(item, "version"), {}};
  }
};

}  // namespace

std::unique_ptr<Dialect> dialect_1() {
  return std::make_unique<DialectOne>();
}

}  // namespace cairn::array
