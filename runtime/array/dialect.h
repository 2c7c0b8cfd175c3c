// The two generations of the REST API as pure functions from an intention to a call and from an answer to
// objects. 1.x: "FlashArray REST v1.19" (PureStorage-OpenConnect/swagger); 2.x: "FA2.26.spec.yaml" of the
// same place.
#pragma once

#include <memory>

#include "runtime/array/objects.h"
#include "runtime/array/session.h"

namespace cairn::array {

class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual bool has_filters() const = 0;
  virtual Call list_volumes(const Listing& listing) const = 0;
  virtual Call list_snapshots(const Listing& listing) const = 0;
  virtual Call create(const std::string& name, std::uint64_t size) const = 0;
  // From a volume or a snapshot ("volume.suffix").
  virtual Call copy(const std::string& source, const std::string& target, bool overwrite) const = 0;
  virtual Call snapshot(const std::string& volume, const std::string& suffix) const = 0;
  virtual Call destroy(const std::string& name) const = 0;
  virtual Call recover(const std::string& name) const = 0;
  virtual Call eradicate(const std::string& name) const = 0;
  virtual Call rename(const std::string& from, const std::string& to) const = 0;
  virtual Call resize(const std::string& name, std::uint64_t size, bool truncate) const = 0;
  virtual Call destroy_snapshot(const std::string& name) const = 0;
  virtual Call recover_snapshot(const std::string& name) const = 0;
  virtual Call eradicate_snapshot(const std::string& name) const = 0;
  virtual Call list_hosts(const std::string& name) const = 0;
  virtual Call create_host(const Host& host) const = 0;
  virtual Call delete_host(const std::string& name) const = 0;
  virtual Call connections_of_volume(const std::string& volume) const = 0;
  virtual Call connections_of_host(const std::string& host) const = 0;
  virtual Call connect(const std::string& host, const std::string& volume) const = 0;
  virtual Call disconnect(const std::string& host, const std::string& volume) const = 0;
  virtual Call identity() const = 0;

  // `items` is the list of Session::exchange_pages.
  virtual std::vector<Volume> volumes(const nlohmann::json& items) const = 0;
  virtual std::vector<Snapshot> snapshots(const nlohmann::json& items) const = 0;
  virtual std::vector<Host> hosts(const nlohmann::json& items) const = 0;
  // `known`: the side that the call asked about; 1.x leaves it out of its answer.
  virtual std::vector<Connection> connections(const nlohmann::json& items, const Connection& known) const = 0;
  virtual ArrayIdentity identity(const nlohmann::json& items) const = 0;
};

std::unique_ptr<Dialect> dialect_1();
std::unique_ptr<Dialect> dialect_2();

// Readers for both; an absent or null member is the empty value.
std::string text_at(const nlohmann::json& object, std::string_view key);
std::uint64_t bytes_at(const nlohmann::json& object, std::string_view key);
std::vector<std::string> texts_at(const nlohmann::json& object, std::string_view key);
std::string joined(const std::vector<std::string>& items);

}  // namespace cairn::array
