#include "runtime/reach/connector.h"

#include "runtime/reach/dial.h"
#include "runtime/reach/docker_target.h"

namespace cairn::reach {
namespace {

class MachineConnector final : public Connector {
 public:
  Result<Done> connect(const Endpoint& endpoint, const Attempt& attempt) override {
    return try_connection(endpoint, attempt);
  }
  std::vector<LocalAddress> our_addresses() override { return local_addresses(); }
};

}  // namespace

Connector& real_connector() {
  static MachineConnector connector;
  return connector;
}

}  // namespace cairn::reach
