// Destroying, recovering and eradicating; hosts and their connections.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/array/flasharray.h"
#include "runtime/array/names.h"

namespace cairn::array {
namespace {}  // namespace

Result<> FlashArray::destroy(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Volume>> now = find(name, again);
    if (!now.ok()) return now.failure();
    return !now->has_value() || (*now)->destroyed;
  };
  const Result<bool> already = look(stop);
  if (!already.ok()) return already.failure();
  if (*already) return Done{};
  return change_volume("destroy", name, (*speak)->destroy(name), look, stop);
}

Result<> FlashArray::recover(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Volume>> now = find(name, again);
    if (!now.ok()) return now.failure();
    return now->has_value() && !(*now)->destroyed;
  };
  const Result<bool> already = look(stop);
  if (!already.ok()) return already.failure();
  if (*already) return Done{};
  return change_volume("recover", name, (*speak)->recover(name), look, stop);
}

Result<Eradication> FlashArray::eradicate_with(const std::string& what, const Call& call, const Look& look,
                                               std::stop_token stop) {
  const Result<bool> already = look(stop);
  if (!already.ok()) return already.failure();
  if (*already) return Eradication::done;
  Result<Outcome> outcome = mutate(call, look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within("could not eradicate " + what);
  if (outcome->applied) return Eradication::done;
  if (says(outcome->objections, "Eradication is disabled")) return Eradication::left_destroyed;
  return refusal("could not eradicate " + what, *outcome);
}

Result<Eradication> FlashArray::eradicate(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Volume>> now = find(name, again);
    if (!now.ok()) return now.failure();
    return !now->has_value();
  };
  return eradicate_with("volume `" + name + "`", (*speak)->eradicate(name), look, stop);
}

Result<> FlashArray::destroy_snapshot(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Snapshot>> now = find_snapshot(name, again);
    if (!now.ok()) return now.failure();
    return !now->has_value() || (*now)->destroyed;
  };
  const Result<bool> already = look(stop);
  if (!already.ok()) return already.failure();
  if (*already) return Done{};
  return change_volume("destroy snapshot", name, (*speak)->destroy_snapshot(name), look, stop);
}

Result<> FlashArray::recover_snapshot(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Snapshot>> now = find_snapshot(name, again);
    if (!now.ok()) return now.failure();
    return now->has_value() && !(*now)->destroyed;
  };
  const Result<bool> already = look(stop);
  if (!already.ok()) return already.failure();
  if (*already) return Done{};
  return change_volume("recover snapshot", name, (*speak)->recover_snapshot(name), look, stop);
}

Result<Eradication> FlashArray::eradicate_snapshot(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Snapshot>> now = find_snapshot(name, again);
    if (!now.ok()) return now.failure();
    return !now->has_value();
  };
  return eradicate_with("snapshot `" + name + "`", (*speak)->eradicate_snapshot(name), look, stop);
}

Result<std::optional<Host>> FlashArray::find_host(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Result<nlohmann::json> items = read((*speak)->list_hosts(name), stop);
  if (!items.ok()) return items.failure();
  for (const Host& host : (*speak)->hosts(*items)) {
    if (host.name == name) return std::optional<Host>(host);
  }
  return std::optional<Host>();
}

Result<Host> FlashArray::create_host(const Host& host, std::stop_token stop) {
  if (Result<> checked = check_host_name(host.name); !checked.ok()) return checked.failure();
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Host>> now = find_host(host.name, again);
    if (!now.ok()) return now.failure();
    return now->has_value();
  };
  const std::string failed = fmt::format("could not create host `{}`", host.name);
  Result<Outcome> outcome = mutate((*speak)->create_host(host), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied) return refusal(failed, *outcome);
  Result<std::optional<Host>> made = find_host(host.name, stop);
  if (!made.ok()) return made.failure();
  if (!*made) return Failure{.message = failed, .causes = {"it is gone again"}};
  return std::move(**made);
}

Result<> FlashArray::delete_host(const std::string& name, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::optional<Host>> now = find_host(name, again);
    if (!now.ok()) return now.failure();
    return !now->has_value();
  };
  const Result<bool> already = look(stop);
  if (!already.ok()) return already.failure();
  if (*already) return Done{};
  const std::string failed = fmt::format("could not delete host `{}`", name);
  Result<Outcome> outcome = mutate((*speak)->delete_host(name), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied) return refusal(failed, *outcome);
  return Done{};
}

Result<std::vector<Connection>> FlashArray::connections_of_volume(const std::string& volume,
                                                                  std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Result<nlohmann::json> items = read((*speak)->connections_of_volume(volume), stop);
  if (!items.ok()) return items.failure();
  return (*speak)->connections(*items, {.host = {}, .volume = volume, .lun = 0});
}

Result<std::vector<Connection>> FlashArray::connections_of_host(const std::string& host,
                                                                std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Result<nlohmann::json> items = read((*speak)->connections_of_host(host), stop);
  if (!items.ok()) return items.failure();
  return (*speak)->connections(*items, {.host = host, .volume = {}, .lun = 0});
}

Result<Connection> FlashArray::connect(const std::string& host, const std::string& volume,
                                       std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  Connection made{.host = host, .volume = volume, .lun = 0};
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::vector<Connection>> now = connections_of_volume(volume, again);
    if (!now.ok()) return now.failure();
    for (const Connection& connection : *now) {
      if (connection.host != host) continue;
      made = connection;
      return true;
    }
    return false;
  };
  const std::string failed = fmt::format("could not connect volume `{}` to host `{}`", volume, host);
  Result<Outcome> outcome = mutate((*speak)->connect(host, volume), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (!outcome->applied && !says(outcome->objections, "Connection already exists")) {
    return refusal(failed, *outcome);
  }
  const Result<bool> there = look(stop);
  if (!there.ok()) return there.failure();
  if (!*there) return Failure{.message = failed, .causes = {"the connection is gone again"}};
  return made;
}

Result<> FlashArray::disconnect(const std::string& host, const std::string& volume, std::stop_token stop) {
  const Result<const Dialect*> speak = dialect(stop);
  if (!speak.ok()) return speak.failure();
  const Look look = [&](std::stop_token again) -> Result<bool> {
    const Result<std::vector<Connection>> now = connections_of_volume(volume, again);
    if (!now.ok()) return now.failure();
    return std::none_of(now->begin(), now->end(), [&](const Connection& one) { return one.host == host; });
  };
  const std::string failed = fmt::format("could not disconnect volume `{}` from host `{}`", volume, host);
  Result<Outcome> outcome = mutate((*speak)->disconnect(host, volume), look, stop);
  if (!outcome.ok()) return std::move(outcome.failure()).within(failed);
  if (outcome->applied || says(outcome->objections, "Connection does not exist")) return Done{};
  return refusal(failed, *outcome);
}

}  // namespace cairn::array
