#include "runtime/kinds/sql_probe.h"

#include <fmt/format.h>

#include <filesystem>

#include "runtime/database/query.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/settled.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/reach/dial.h"
#include "runtime/reach/relay.h"

namespace cairn::kinds {
namespace {

database::Place place_of(const Settled& all) {
  database::Place place;
  const auto text = [&](std::string_view name) {
    const Value& value = all.value(name);
    return value.null() ? std::string() : As<std::string>::take(value);
  };
  place.driver = text("driver");
  place.host = text("host");
  place.name = text("name");
  place.user = text("user");
  if (const Path* file = all.value("file").as<Path>()) place.file = absolute_path(*file);
  if (!all.value("password").null()) place.password = As<Text>::take(all.value("password"));
  const std::int64_t* port = all.value("port").as<std::int64_t>();
  place.port = port != nullptr ? static_cast<int>(*port) : database::usual_port(place.driver);
  if (const Map* options = all.value("options").as<Map>())
    for (const auto& [name, value] : options->entries) place.options[name] = plain_text(value);
  const Value& tls = all.value("tls");
  if (const bool* on = tls.as<bool>()) place.tls = *on;
  if (const Map* files = tls.as<Map>()) {
    place.tls = true;
    if (const Value* ca = files->find("ca"); ca != nullptr && ca->as<Path>() != nullptr)
      place.ca_file = absolute_path(*ca->as<Path>());
  }
  return place;
}

reach::Seen asked(World& world, const database::Place& place, const std::string& text,
                  const reach::Attempt& attempt) {
  const Result<database::Answer> answer =
      database::ask(world.spawner, {place, text, attempt.deadline}, world.place.folder, attempt.stop);
  if (answer)
    return {true,
            answer->rows.empty() ? std::string("answered") : fmt::format("answered {} rows", answer->count)};
  const Failure& failure = answer.failure();
  reach::Seen seen{false, world.masker.masked(failure.message)};
  if (!failure.help.empty()) seen.what += fmt::format(" ({})", failure.help);
  seen.hopeless = failure.nothing_done;
  return seen;
}

// By a way that may be the agent's. Nobody is asked for SQL where nobody listens: a child is dearer than a
// look.
reach::Seen asked_at(World& world, database::Place place, const std::string& text,
                     const std::vector<reach::Endpoint>& endpoints, const reach::Attempt& attempt) {
  reach::Seen seen{false, fmt::format("port {} has no address", place.port)};
  for (const reach::Endpoint& endpoint : endpoints) {
    const Result<Done> there = reach::try_connection(endpoint, attempt);
    if (!there) {
      seen.what = fmt::format("{}: {}", reach::shown(endpoint), there.failure().message);
      continue;
    }
    place.host = endpoint.host;
    place.port = endpoint.port;
    if (endpoint.through != nullptr) {
      const Result<int> port = endpoint.through->port_to(endpoint);
      if (!port) return {false, port.failure().message};
      place.host = "127.0.0.1";
      place.port = *port;
    }
    return asked(world, place, text, attempt);
  }
  return seen;
}

}  // namespace

Result<reach::Look> sql_look(World& world, const std::string& text, NodeId on,
                             execute::StepContext& context) {
  LateAnswers answers(world, context);
  const Settled all = settle(world.compiled, on, answers);
  if (!all.mistakes.empty()) return failure_of(world, all.mistakes.front());
  const database::Place place = place_of(all);
  if (const NodeRef* service = all.value("service").as<NodeRef>()) {
    const std::shared_ptr<Workload> workload = world.workloads.find(service->node);
    if (workload == nullptr)
      return Failure{.message = fmt::format("`{}` does not run", world.graph.node(service->node).path),
                     .causes = {fmt::format("`{}` is a database of it", world.graph.node(on).path)},
                     .help = {}};
    const std::shared_ptr<reach::ProbeTarget> target = workload->target();
    return reach::Look([&world, place, text, target, workload](const reach::Attempt& attempt) {
      const Result<std::vector<reach::Endpoint>> endpoints = target->endpoints(place.port, attempt);
      if (!endpoints) return reach::Seen{false, endpoints.failure().message};
      return asked_at(world, place, text, *endpoints, attempt);
    });
  }
  return reach::Look([&world, place, text](const reach::Attempt& attempt) {
    if (!place.file.empty()) return asked(world, place, text, attempt);
    return asked_at(world, place, text, {{place.host, place.port}}, attempt);
  });
}

}  // namespace cairn::kinds
