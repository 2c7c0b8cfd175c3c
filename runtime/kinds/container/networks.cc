#include "runtime/kinds/container/networks.h"

#include <algorithm>

#include "runtime/kinds/container/references.h"

namespace cairn::kinds {

Result<Done> ContainerNetworks::join(docker::ContainerSpec& spec, const ProcessSettings& settings,
                                     execute::StepContext& context) {
  const Node& node = containers_.world().graph.node(node_);
  if (!settings.network_mode.null()) {
    const std::string mode = namespace_of(context, settings.network_mode);
    if (mode != "bridge") {
      spec.network_mode = mode;
      return Done{};
    }
  }
  for (const std::string& scope : scopes()) {
    Result<std::string> network = join_scope(scope, context);
    if (!network) return network.failure();
    docker::NetworkUse use{.network = *network};
    // Its name belongs to its own scope; elsewhere somebody else may be called the same.
    if (scope == node.scope) {
      use.aliases = settings.aliases;
      if (!node.nameless) use.aliases.push_back(node.network_name);
    }
    spec.networks.push_back(std::move(use));
  }
  for (NodeId network : settings.networks) {
    docker::NetworkUse use{.network = id_of(context, network), .aliases = settings.aliases};
    use.aliases.push_back(node.network_name);
    spec.networks.push_back(std::move(use));
  }
  return Done{};
}

Result<Done> ContainerNetworks::keep(const ProcessSettings& settings, execute::StepContext& context) {
  if (containers_.world().place.up || !settings.network_mode.null()) return Done{};
  for (const std::string& scope : scopes())
    if (const Result<std::string> network = join_scope(scope, context); !network) return network.failure();
  return Done{};
}

Result<Done> ContainerNetworks::leave() {
  Result<Done> result = Done{};
  std::vector<std::string> still;
  for (const std::string& scope : joined_)
    if (Result<Done> left = containers_.leave_scope(engine_, scope, {}); !left) {
      still.push_back(scope);
      if (result) result = std::move(left);
    }
  joined_ = std::move(still);
  return result;
}

std::vector<std::string> ContainerNetworks::scopes() const {
  const Node& node = containers_.world().graph.node(node_);
  std::vector<std::string> all = {node.scope};
  for (const std::string& scope : node.join_scopes)
    if (std::find(all.begin(), all.end(), scope) == all.end()) all.push_back(scope);
  return all;
}

Result<std::string> ContainerNetworks::join_scope(const std::string& scope, execute::StepContext& context) {
  Result<std::string> network = containers_.join_scope(engine_, scope, context);
  if (network || !network.failure().nothing_done) joined_.push_back(scope);
  return network;
}

}  // namespace cairn::kinds
