// A keeper for commands that have no run: it starts what they need on the way (ssh to an engine) and ends it
// with them.
#pragma once

#include <memory>
#include <string>

#include "runtime/keeper/keeper_spawner.h"
#include "runtime/reach/tunnel.h"

namespace cairn::cli {

// Makes nothing until a tunnel or a process is needed.
class BriefKeeper {
 public:
  BriefKeeper();
  ~BriefKeeper();
  BriefKeeper(const BriefKeeper&) = delete;
  BriefKeeper& operator=(const BriefKeeper&) = delete;

  // To engines over ssh, for as long as this lives. A folder that could not be made is a tunnel's Failure.
  reach::Tunnels& tunnels();
  Result<keeper::Spawner*> spawner();

 private:
  std::string folder_;
  std::unique_ptr<keeper::KeeperSpawner> keeper_;
  std::unique_ptr<reach::Tunnels> tunnels_;
};

}  // namespace cairn::cli
