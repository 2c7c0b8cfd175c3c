#include "cli/brief_keeper.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace cairn::cli {

namespace fs = std::filesystem;

// The folder's name is decided now and the folder made when it is needed.
BriefKeeper::BriefKeeper()
    : folder_(fmt::format("{}/cairn-{}", fs::temp_directory_path().string(), getpid())),
      tunnels_(std::make_unique<reach::Tunnels>([this] { return spawner(); }, folder_)) {}

BriefKeeper::~BriefKeeper() {
  tunnels_.reset();
  if (keeper_ == nullptr) return;
  (void)keeper_->end();
  keeper_.reset();
  std::error_code error;
  fs::remove_all(folder_, error);
}

reach::Tunnels& BriefKeeper::tunnels() {
  return *tunnels_;
}

Result<keeper::Spawner*> BriefKeeper::spawner() {
  if (keeper_ != nullptr) return keeper_.get();
  // Of this name there is none that somebody else has put there: mkdir makes a new one or fails.
  if (mkdir(folder_.c_str(), 0700) != 0)
    return Failure{.message = fmt::format("cannot make the folder `{}`", folder_),
                   .causes = {std::strerror(errno)},
                   .help = "set TMPDIR to a folder that you may write to"};
  keeper::KeeperSetup setup;
  setup.project = setup.run = "brief";
  setup.folder = folder_;
  setup.limits = keeper::original_limits();
  Result<std::unique_ptr<keeper::KeeperSpawner>> keeper = keeper::KeeperSpawner::start(setup);
  if (!keeper) return std::move(keeper.failure());
  keeper_ = std::move(*keeper);
  return keeper_.get();
}

}  // namespace cairn::cli
