// A host process as a probe sees it.
#pragma once

#include <string>
#include <vector>

#include "runtime/keeper/spawner.h"
#include "runtime/reach/target.h"

namespace cairn::reach {

struct HostPlace {
  std::string name;                                      // of the service
  std::vector<keeper::EnvironmentVariable> environment;  // for commands: the service's own
  std::string working_dir;                               // absolute
  std::vector<Text> masked;                              // what must not appear in what a command said
  std::string log_file;                                  // of the process
  std::uint64_t log_begins_at = 0;                       // its size when the process was started
};

class HostTarget final : public ProbeTarget {
 public:
  // `spawner` must outlive it.
  HostTarget(HostPlace place, keeper::Spawner& spawner) : place_(std::move(place)), spawner_(spawner) {}

  std::string name() const override { return place_.name; }
  Result<std::vector<Endpoint>> endpoints(int port,
                                          const Attempt& attempt) override;  // loopback, IPv4 and IPv6
  Result<CommandEnd> run(const std::vector<std::string>& command, const Attempt& attempt) override;
  Result<PathIs> look_at(const std::string& path,
                         const Attempt& attempt) override;  // relative to working_dir
  Result<LogPiece> log_after(std::uint64_t from, const Attempt& attempt) override;
  Result<Health> health(const Attempt& attempt) override;  // always unknown

 private:
  const HostPlace place_;
  keeper::Spawner& spawner_;
};

}  // namespace cairn::reach
