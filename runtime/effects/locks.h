// Who may change what of a project, and whether a run is alive: locks on files in `.cairn`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/result.h"

namespace cairn {

// A lock on an open file (F_OFD_SETLK): held until this and every copy of its descriptor that was handed on
// is closed, by whatever kind of death. Close-on-exec, so no child keeps it alive by accident.
class Lock {
 public:
  Lock() = default;
  explicit Lock(FileDescriptor file) : file_(std::move(file)) {}
  bool held() const { return file_.open(); }
  int file() const { return file_.number(); }  // to hand on, as to the keeper
  void release() { file_.close(); }

 private:
  FileDescriptor file_;
};

enum class LockMode { shared, exclusive };

// Does not wait. When somebody else holds it, the Failure says who, as far as the file tells: `holder` is
// written there by whoever gets it exclusively ("cairn up", and the pid).
Result<Lock> take_lock(const std::string& path, LockMode mode, std::string_view holder);
// Without taking it, not even for a moment. False if there is no such file.
bool is_locked(const std::string& path);

// `.cairn` of a project: made with mode 0700 if it is not there. Refused if it is a symbolic link, another
// user's, or open to others.
Result<std::string> project_folder(const std::string& project);
// The whole project: exclusive for up, down and restart, shared for run.
Result<Lock> lock_project(const std::string& cairn_folder, LockMode mode, std::string_view holder);

// "20261121-102452-a1b2c3": ids of later runs sort after those of earlier ones. The last part says the
// millisecond and, below it, something of `randomness`.
std::string new_run_id(std::int64_t wall_clock_ms, std::uint64_t randomness);
// The same, but always after those that are in `.cairn/runs`: a wall clock that was turned back changes
// nothing in which run is the last one.
std::string next_run_id(const std::string& cairn_folder, std::int64_t wall_clock_ms,
                        std::uint64_t randomness);
// The last part: what names of objects carry.
std::string_view short_run_id(std::string_view run_id);
bool is_run_id(std::string_view text);

struct RunFolder {
  std::string path;  // `.cairn/runs/<id>`, mode 0700
  Lock alive;        // while it is held, the run is alive
};

// A new run's folder and its lock.
Result<RunFolder> create_run(const std::string& cairn_folder, const std::string& run_id);
// That of a run that has ended, to resume or clean it. Refused while it is alive.
Result<RunFolder> take_over_run(const std::string& cairn_folder, const std::string& run_id,
                                std::string_view holder);

struct RunOnDisk {
  std::string id;
  std::string path;
  bool alive = false;  // its brain or its keeper
};

// Oldest first.
std::vector<RunOnDisk> runs_of(const std::string& cairn_folder);

}  // namespace cairn
