// What the keeper leaves on disk about its processes, so that a later cairn finds them: one JSON object a
// line in
// `.cairn/runs/<id>/processes`, each written by one append.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/result.h"
#include "runtime/keeper/process_facts.h"
#include "runtime/keeper/spawner.h"

namespace cairn::keeper {

inline constexpr std::string_view kRecordsName = "processes";
inline constexpr std::string_view kSocketName = "keeper.sock";

class Records {
 public:
  Records() = default;  // writes nowhere
  explicit Records(FileDescriptor file) : file_(std::move(file)) {}

  // Written after the fork. A keeper that is killed in between loses nothing: its child dies with it
  // (launch.h).
  void started(std::uint64_t process, const std::string& step, const ProcessFacts& facts);
  void failed(std::uint64_t process, const std::string& step);
  void ended(std::uint64_t process, const Exit& exit);
  void left_behind(std::uint64_t process, pid_t pid);  // could not be killed

 private:
  void append(std::string line);

  FileDescriptor file_;
};

struct RecordedProcess {
  std::uint64_t number = 0;
  std::string step;
  std::optional<ProcessFacts> started;  // pid and start_time only; none: the keeper died before it could say
  std::string boot;                     // of `started`
  std::optional<Exit> exit;
  bool failed = false;
  std::vector<pid_t> left_behind;
};

// By number. A line that cannot be read (the last of a crashed machine) is passed over; no file: no
// processes.
std::vector<RecordedProcess> read_records(const std::string& path);

}  // namespace cairn::keeper
