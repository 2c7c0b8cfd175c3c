#include "runtime/kinds/addresses.h"

#include <fmt/format.h>

namespace cairn::kinds {
namespace {

// Inside a container: the name that Docker resolves to the machine that the engine runs on.
constexpr std::string_view machine_from_container = "host.docker.internal";
constexpr std::string_view machine = "127.0.0.1";

std::vector<std::string> causes_of(const Failure& failure) {
  std::vector<std::string> causes = {failure.message};
  causes.insert(causes.end(), failure.causes.begin(), failure.causes.end());
  return causes;
}

}  // namespace

bool in_container(const Graph& graph, NodeId node) {
  const Node& one = graph.node(node);
  return (one.kind == "service" || one.kind == "run") && !one.value("image").null();
}

NodeId service_around(const Graph& graph, NodeId node) {
  const NodeRef* in = graph.node(node).value("in").as<NodeRef>();
  return in != nullptr && graph.node(in->node).node_class == NodeClass::service ? in->node : no_node;
}

void Addresses::set(NodeId service, ServicePlace place) {
  std::lock_guard lock(mutex_);
  places_[service] = std::move(place);
}

std::optional<ServicePlace> Addresses::find(NodeId service) const {
  std::lock_guard lock(mutex_);
  const auto found = places_.find(service);
  return found == places_.end() ? std::optional<ServicePlace>() : found->second;
}

LateAnswer Addresses::named_port(NodeId service, const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto known = named_.find({service, name});
  if (known != named_.end()) return Value{std::int64_t{known->second}};
  const Result<int> port = pick_port_();
  if (!port) return Unanswered{port.failure().message, port.failure().causes, port.failure().help};
  named_[{service, name}] = *port;
  return Value{std::int64_t{*port}};
}

std::map<std::string, int> Addresses::named_ports(NodeId service) const {
  std::lock_guard lock(mutex_);
  std::map<std::string, int> ports;
  for (const auto& [key, port] : named_)
    if (key.first == service) ports[key.second] = port;
  return ports;
}

void Addresses::set_named_port(NodeId service, const std::string& name, int port) {
  std::lock_guard lock(mutex_);
  named_[{service, name}] = port;
}

std::optional<LateAnswer> Addresses::answer(NodeId service, std::string_view name, const List& arguments,
                                            NodeId reader) {
  if (name != "host" && name != "port" && name != "url" && name != "ip") return std::nullopt;
  const Node& node = graph_.node(service);
  const bool service_inside = in_container(graph_, service);
  // What runs in a service's container sees what that sees.
  const NodeId around = service_around(graph_, reader);
  const NodeId place_of_reader = around == no_node ? reader : around;
  const bool reader_inside = in_container(graph_, place_of_reader);
  const bool itself = service == place_of_reader;
  const std::optional<ServicePlace> place = find(service);

  std::string host;
  if (service_inside)
    host = reader_inside ? node.network_name : place ? place->engine_host : std::string(machine);
  else
    host = reader_inside && !itself ? machine_from_container : machine;
  if (name == "host") return Value{host};
  if (name == "ip") {
    if (!service_inside) return Value{std::string(machine)};
    if (!place || place->address.empty())
      return Unanswered{fmt::format("`{}` has no address of its own yet", node.path), {}, {}};
    return Value{place->address};
  }

  std::int64_t port = 0;
  if (!arguments.empty()) {
    const std::string* text = arguments.front().as<std::string>();
    const std::int64_t* number = arguments.front().as<std::int64_t>();
    if (text != nullptr) {
      LateAnswer chosen = named_port(service, *text);
      if (std::holds_alternative<Unanswered>(chosen)) return chosen;
      port = *std::get<Value>(chosen).as<std::int64_t>();
    } else if (number != nullptr) {
      port = *number;
      if (service_inside && !reader_inside) {
        const bool same = place && place->whole_machine;
        const auto published =
            place ? place->published.find(port) : std::map<std::int64_t, std::int64_t>::const_iterator();
        if (!same && (!place || published == place->published.end()))
          return Unanswered{
              fmt::format("port {} of `{}` cannot be reached from this machine", port, node.path),
              {"it is not published"},
              fmt::format("add `ports = [{}]` to `{}`", port, node.path)};
        if (place->relayed) {
          const Result<int> relayed = place->relayed(port);
          if (!relayed)
            return Unanswered{
                fmt::format("port {} of `{}` cannot be reached from this machine", port, node.path),
                causes_of(relayed.failure()), relayed.failure().help};
          port = *relayed;
        } else if (!same) {
          port = published->second;
        }
      }
    }
  }
  if (name == "port") return Value{port};
  return Value{fmt::format("http://{}:{}", host, port)};
}

}  // namespace cairn::kinds
