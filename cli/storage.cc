#include "cli/storage.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "interpreter/inputs_real.h"
#include "runtime/effects/locks.h"
#include "runtime/http/reactor.h"
#include "runtime/kinds/storage_agents.h"
#include "runtime/kinds/storage_leftovers.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> secret_at(const ProjectPlace& project, const std::string& place) {
  if (place.starts_with("env:"))
    return real_inputs({.root = project.folder, .run_id = {}})->environment(place.substr(4));
  if (!place.starts_with("file:")) return std::nullopt;
  std::ifstream file(fs::path(project.folder) / place.substr(5),
                     std::ios::binary);  // an absolute one stays so
  if (!file) return std::nullopt;
  std::string text((std::istreambuf_iterator<char>(file)), {});
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

void remove_from_storage(const ProjectPlace& project, const std::vector<PastRun>& runs,
                         const std::vector<kinds::EngineLook>& looks,
                         const std::function<Fate(const std::string& run)>& fate_of, bool dry_run,
                         Removed& removed) {
  kinds::StorageQuestion question{
      project.name, {}, [&](const std::string& place) { return secret_at(project, place); }, {}, {}};
  for (const PastRun& run : runs) {
    question.run_folders.push_back(run.disk.path);
    if (fate_of(run.up ? std::string() : std::string(short_run_id(run.disk.id))) == Fate::removed)
      question.ended_run_folders.push_back(run.disk.path);
  }
  if (!dry_run)
    question.engine = [&](const std::string& shown) -> docker::Engine* {
      for (const kinds::EngineLook& look : looks)
        if (!look.unreachable && look.engine->endpoint().shown == shown) return look.engine.get();
      return nullptr;
    };
  const std::size_t not_done = removed.left.size() + removed.unreachable.size();
  http::Reactor http;
  const kinds::StorageLook look = kinds::look_at_storage(http, real_clock(), question, {});
  removed.unreachable.insert(removed.unreachable.end(), look.unreachable.begin(), look.unreachable.end());
  for (const kinds::StorageLeftover& one : look.left) {
    const Fate fate = fate_of(one.run);
    if (fate == Fate::stays) continue;
    if (fate == Fate::unknown) {
      removed.left.push_back({one.what, one.name, one.where,
                              "its run's folder is gone, so nobody can say whether it is alive; `cairn clean "
                              "--all` removes it"});
      continue;
    }
    const Result<std::string> gone = dry_run ? Result<std::string>(std::string()) : one.remove();
    if (!gone)
      removed.left.push_back({one.what, one.name, one.where, in_one_line(gone.failure())});
    else if (gone->empty())
      removed.gone.push_back({one.what, one.name, one.where, {}});
    else
      removed.waiting.push_back({one.what, one.name, one.where, *gone});
  }
  if (!dry_run && removed.left.size() + removed.unreachable.size() == not_done)
    for (const std::string& folder : question.ended_run_folders) kinds::forget_engine_pools(folder);
}

}  // namespace cairn::cli
