// What brain and keeper say to each other. Requests carry a number that the answer repeats; Ended comes
// unasked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/keeper/spawner.h"

namespace cairn::keeper {

// How long the keeper outlives its brain: `run` ends everything when the brain is gone, `up` stays.
enum class Scope { run, up };

// A resource limit as it was before cairn changed its own (getrlimit).
struct OriginalLimit {
  int resource = 0;
  std::uint64_t soft = 0, hard = 0;
};

// The first message of the brain that started the keeper. Brings the run's lock along as a file, if there is
// one.
struct Open {
  std::string project, run;  // for the markers
  std::string folder;        // of the run, absolute: records and socket live there
  Scope scope = Scope::run;
  std::vector<OriginalLimit> limits;
};
struct Attach {};  // the first message of a brain that came later, through keeper.sock

struct SpawnRequest {
  std::uint64_t request = 0;
  SpawnSpec spec;
};
struct SignalRequest {
  std::uint64_t request = 0;
  std::uint64_t process = 0;
  int signal = 0;
  bool whole_tree = false;
};
struct End {};  // stop everything, then exit, whatever the scope
struct Stay {  // the scope is `up` from now on: what runs was to be kept
  std::uint64_t request = 0;
};

using ToKeeper = std::variant<Open, Attach, SpawnRequest, SignalRequest, End, Stay>;

// Where a spawn failed; `error` is the errno.
enum class SpawnStage { none, log_file, input, limits, working_dir, program, process, ending };

struct Answer {
  std::uint64_t request = 0;
  std::uint64_t process = 0;
  std::int64_t pid = 0;
  SpawnStage failed_at = SpawnStage::none;
  int error = 0;
  std::string why;  // what errno does not say
};
// The log of a process has grown. Only how far: whoever wants to know what was said reads the file, so that a
// brain which is stopped costs the keeper no memory. Of several that cannot be sent, the last one is.
struct LogGrown {
  std::uint64_t process = 0;
  std::uint64_t log_end = 0;  // bytes of its file
};
struct Ended {
  std::uint64_t process = 0;
  Exit exit;
  std::uint64_t log_end = 0;  // 0: it has said nothing
};
struct Ready {  // answers Open and Attach
  std::int64_t keeper_pid = 0;
  std::vector<Process> running;
};

using ToBrain = std::variant<Ready, Answer, Ended, LogGrown>;

std::string encode(const ToKeeper& message);
std::string encode(const ToBrain& message);
// None: these bytes are not a message of this version.
std::optional<ToKeeper> decode_to_keeper(std::string_view bytes);
std::optional<ToBrain> decode_to_brain(std::string_view bytes);

}  // namespace cairn::keeper
