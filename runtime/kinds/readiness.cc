#include "runtime/kinds/readiness.h"

#include <fmt/format.h>

#include "runtime/kinds/binding.h"
#include "runtime/kinds/dialled.h"
#include "runtime/kinds/sql_probe.h"
#include "runtime/reach/probe_loop.h"
#include "runtime/reach/probes/exec.h"
#include "runtime/reach/probes/exists.h"
#include "runtime/reach/probes/healthy.h"
#include "runtime/reach/probes/http.h"
#include "runtime/reach/probes/log.h"
#include "runtime/reach/probes/socket.h"
#include "runtime/reach/probes/tcp.h"

namespace cairn::kinds {
namespace {

template <class T>
T argument(const Made& probe, std::string_view name) {
  const Value* value = probe.arguments.find(name);
  return value == nullptr || value->null() ? T{} : As<T>::take(*value);
}

Nanoseconds nanoseconds(Duration duration) {
  return Milliseconds(duration.milliseconds);
}

reach::Timing timing_of(const Made& probe) {
  reach::Timing timing;
  if (const std::optional<Duration> within = argument<std::optional<Duration>>(probe, "within"))
    timing.within = nanoseconds(*within);
  timing.delay = nanoseconds(argument<Duration>(probe, "delay"));
  if (const std::optional<Duration> every = argument<std::optional<Duration>>(probe, "every"))
    timing.every = nanoseconds(*every);
  timing.stable = static_cast<int>(std::max<std::int64_t>(1, argument<std::int64_t>(probe, "stable")));
  return timing;
}

struct Probe {
  std::string what;  // "tcp(5432)"
  reach::Look look;
};

// A port that cairn has chosen for the service.
Result<int> chosen_port(World& world, NodeId service, const std::string& name) {
  List wanted;
  wanted.push_back(Value{name});
  const std::optional<LateAnswer> answer =
      service == no_node ? std::nullopt : world.addresses.answer(service, "port", wanted, service);
  if (answer && std::holds_alternative<Value>(*answer))
    return static_cast<int>(*std::get<Value>(*answer).as<std::int64_t>());
  Failure none{fmt::format("`{}` is no port", name)};
  none.help = "write a port, or `\"host:port\"` or a URL for something that is not part of the run";
  if (!answer) return none;
  const Unanswered& why = std::get<Unanswered>(*answer);
  none.causes = {why.message};
  none.causes.insert(none.causes.end(), why.causes.begin(), why.causes.end());
  if (!why.help.empty()) none.help = why.help;
  return none;
}

Result<Probe> probe_of(World& world, const Made& made, NodeId service, reach::ProbeTarget& target,
                       execute::StepContext& context) {
  const std::string& name = made.function;
  const Value* first = made.arguments.entries.empty() ? nullptr : &made.arguments.entries.front().second;
  const std::string what = name == "healthy" || first == nullptr ? fmt::format("{}()", name)
                                                                 : fmt::format("{}({})", name, show(*first));
  if (name == "tcp" || name == "http") {
    const Result<Dialled> where = dialled(*made.arguments.find("port"), [&](const std::string& port) {
      return chosen_port(world, service, port);
    });
    if (!where) return where.failure();
    if (name == "tcp")
      return Probe{what, reach::tcp_look({where->port, where->host}, target, world.connector)};
    reach::HttpProbe probe;
    probe.port = where->port;
    probe.host = where->host;
    probe.path = where->https ? where->path : argument<std::string>(made, "path");
    for (std::int64_t status : argument<std::vector<std::int64_t>>(made, "status"))
      probe.status.push_back(static_cast<int>(status));
    probe.contains = argument<std::string>(made, "contains");
    probe.https = where->https.value_or(argument<std::string>(made, "scheme") == "https");
    for (const auto& [header, text] : argument<std::vector<std::pair<std::string, Text>>>(made, "headers"))
      probe.headers.push_back({header, text.exposed()});
    return Probe{what, reach::http_look(std::move(probe), target, world.http, world.clock)};
  }
  if (name == "exec")
    return Probe{what, reach::exec_look({argument<std::vector<std::string>>(made, "command")}, target)};
  if (name == "exists") return Probe{what, reach::exists_look({argument<std::string>(made, "path")}, target)};
  if (name == "socket") return Probe{what, reach::socket_look({argument<std::string>(made, "path")}, target)};
  if (name == "healthy") return Probe{what, reach::healthy_look(target)};
  if (name == "log") {
    Result<reach::Look> look = reach::log_look({argument<std::string>(made, "pattern")}, target);
    if (!look) return look.failure();
    return Probe{what, std::move(*look)};
  }
  if (name == "sql") {
    const Value* on = made.arguments.find("on");
    const NodeRef* database = on == nullptr ? nullptr : on->as<NodeRef>();
    if (database != nullptr && database->node != no_node) {
      const std::string asks = fmt::format("sql({}, on = {})", show(*made.arguments.find("text")),
                                           world.graph.node(database->node).path);
      Result<reach::Look> look =
          sql_look(world, argument<std::string>(made, "text"), database->node, context);
      if (!look) return look.failure();
      return Probe{asks, std::move(*look)};
    }
  }
  return Failure{.message = fmt::format("this cairn cannot look with `{}`", what),
                 .causes = {},
                 .help = "tcp, http, exec, sql, log, exists, socket and healthy are the probes it has"};
}

}  // namespace

Result<Done> wait_until_ready(World& world, const std::vector<Value>& probes, NodeId service,
                              reach::ProbeTarget& target, execute::StepContext& context,
                              reach::WakeUp& wake_up, bool once) {
  for (const Value& value : probes) {
    const Made* made = value.as<Made>();
    if (made == nullptr) continue;
    Result<Probe> probe = probe_of(world, *made, service, target, context);
    if (!probe) return probe.failure();
    reach::Timing timing = timing_of(*made);
    if (once) {
      timing.within = Nanoseconds(1);
      timing.last_look = timing.one_look;  // there is no other
      timing.delay = {};
    }
    // What it sees is worth a line while it waits.
    std::string last;
    const reach::Look telling = [&](const reach::Attempt& attempt) {
      reach::Seen seen = probe->look(attempt);
      if (!seen.good && seen.what != last) {
        last = seen.what;
        context.say(progress::StepProgress{fmt::format("{}: {}", probe->what, seen.what), {}});
      }
      return seen;
    };
    const Result<reach::Found> found =
        reach::probe_until(world.clock, probe->what, telling, timing, context.stop(), wake_up);
    if (!found) return found.failure();
    context.note(fmt::format("{}: {} after {}", probe->what, found->what, reach::shown(found->took)));
  }
  return Done{};
}

}  // namespace cairn::kinds
