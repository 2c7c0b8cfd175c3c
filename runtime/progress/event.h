// What happens in a run, as plain values: the one schema that the live view, the plain log, NDJSON, the HTML
// report, the timeline and `cairn slow` all read. Whoever executes a run emits these; no view asks the
// executor anything. The fields as they stand in NDJSON are documented in docs/events.md and carry
// `event_schema_version`.
//
// Texts are as the run produced them but already masked (runtime/scribe/masker.h): an event never holds a
// secret. Views strip terminal escapes themselves; an event does not, so that a record stays true.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/scribe/stream.h"

namespace cairn::progress {

inline constexpr int event_schema_version = 1;

enum class Outcome { succeeded, kept, failed, timed_out, broken, cancelled, skipped, not_needed, abandoned };
inline constexpr std::size_t outcome_count = 9;

std::string_view name_of(Outcome outcome);  // "timed_out"
std::optional<Outcome> outcome_named(std::string_view name);
// failed, timed_out, broken and abandoned: what somebody has to look at.
bool is_trouble(Outcome outcome);

// A place in a .stack file, already resolved: a recorded run outlives its sources. Line and column are
// one-based.
struct FilePlace {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool known() const { return line != 0; }
  bool operator==(const FilePlace&) const = default;
};

struct RunStarted {
  std::string goal;     // as typed: "run publish"
  std::string project;  // the project's name
  std::string file;     // the .stack file as shown to people
  std::string cairn;    // version of the program
  std::vector<std::string> stages;
  std::string host;    // where cairn itself runs; may be empty
  std::string engine;  // "docker 20.10.24 (unix:///var/run/docker.sock)"; may be empty
  bool operator==(const RunStarted&) const = default;
};

// One edge of the graph as the views need it: the event's step starts only after `step`.
struct Dependency {
  std::string step;
  std::string why;  // "`unit.env` reads `db.host`"; may be empty
  bool operator==(const Dependency&) const = default;
};

// Emitted once for every step of the plan, in plan order, before anything starts.
struct StepPlanned {
  std::string kind;                        // "service", "run", "stage"
  std::string phase;                       // "start", "ready", "run", "collect", "stop"
  std::string stage;                       // path of the stage it belongs to; empty for none
  std::vector<Dependency> after;           // direct dependencies
  std::optional<double> expected_seconds;  // from earlier runs
  bool is_virtual = false;  // begin and end of stages and lists: takes no time, counted nowhere
  FilePlace place;
  bool operator==(const StepPlanned&) const = default;
};

// What a step that could otherwise run waits for, named. The latest such event of a step replaces the earlier
// ones.
struct WaitsFor {
  enum class What { step, lane, pool, lock, retry, probe };
  What what = What::step;
  std::string name;  // a step's path, "engine:local", "db", ".cairn/lock"
  std::string why;   // "2 of 2 in use by `build app`"; may be empty
  bool operator==(const WaitsFor&) const = default;
};
struct StepWaiting {
  std::vector<WaitsFor> on;
  bool operator==(const StepWaiting&) const = default;
};

struct StepStarted {
  int attempt = 1;  // one-based
  bool operator==(const StepStarted&) const = default;
};

// A step that knows how far it is: a pull, a build, a probe ("tcp db:5432: connection refused, 12th try").
struct StepProgress {
  std::string text;
  std::optional<double> fraction;  // 0..1
  bool operator==(const StepProgress&) const = default;
};

using scribe::Stream;  // out, err, tool
struct StepLog {
  std::string line;  // without its line end
  Stream stream = Stream::out;
  bool operator==(const StepLog&) const = default;
};

struct StepFinished {
  Outcome outcome = Outcome::succeeded;
  double seconds = 0;  // from its first start to now; 0 if it never started
  int attempt = 1;     // how many were made
  std::string reason;  // Failure::message, or why kept / skipped / not needed; empty for a plain success
  std::vector<std::string> causes;  // outermost first
  std::string help;                 // what to do next; may be empty
  FilePlace place;                  // the block or setting in the file
  std::string root;  // for skipped and cancelled: the step that is the reason; never itself skipped
  std::vector<std::string> log_tail;  // last lines of its log, only when that helps
  std::optional<int> exit_code;
  bool allowed_to_fail = false;  // reported, not counted
  bool operator==(const StepFinished&) const = default;
};

// An attempt ended badly and another one follows.
struct StepRetried {
  int attempt = 1;  // the one that ended
  std::string reason;
  double next_in_seconds = 0;
  bool operator==(const StepRetried&) const = default;
};

struct ServiceReady {
  double seconds = 0;   // since its start
  std::string address;  // what a person would open or dial; may be empty
  bool operator==(const ServiceReady&) const = default;
};

struct ServiceDied {
  std::string reason;  // "exited 137, killed for memory"
  std::optional<int> exit_code;
  std::vector<std::string> log_tail;
  bool operator==(const ServiceDied&) const = default;
};

struct Artifact {
  std::string name;
  std::string path;  // on this machine, relative to the project
  std::uint64_t bytes = 0;
  bool operator==(const Artifact&) const = default;
};

struct TestTotals {
  std::uint64_t passed = 0, failed = 0, errors = 0, skipped = 0;
  std::uint64_t all() const { return passed + failed + errors + skipped; }
  bool operator==(const TestTotals&) const = default;
};

// A report was read (or promised and not readable: then `problem` says why).
struct Report {
  std::string format;  // "junit", "tap", "trx", "cobertura", "gotest"
  std::string path;
  TestTotals totals;
  std::optional<double> line_coverage;  // 0..1, cobertura only
  std::string problem;
  bool operator==(const Report&) const = default;
};

enum class Level { info, warning, error };
struct Message {
  Level level = Level::info;
  std::string text;
  FilePlace place;
  std::string help;
  bool operator==(const Message&) const = default;
};

struct RunFinished {
  int exit_code = 0;
  double seconds = 0;
  std::array<std::uint64_t, outcome_count> outcomes{};  // by Outcome; virtual steps are not counted
  TestTotals tests;
  std::vector<std::string> left_behind;  // "volume cairn-shop-pgdata: still in use by container web"
  bool operator==(const RunFinished&) const = default;
};

using Happening =
    std::variant<RunStarted, StepPlanned, StepWaiting, StepStarted, StepProgress, StepLog, StepFinished,
                 StepRetried, ServiceReady, ServiceDied, Artifact, Report, Message, RunFinished>;

std::string_view type_of(const Happening& happening);  // "step_finished"

struct Event {
  std::uint64_t seq = 0;     // 1, 2, 3 … without gaps within a run
  std::int64_t time_ms = 0;  // monotonic, since the run began
  std::int64_t wall_ms = 0;  // since 1970; for people, may jump
  std::string run;           // the run's id
  std::string step;          // "test.unit:run"; empty when the run as a whole is meant
  std::string node;          // "test.unit": the block the step belongs to
  Happening is;
  bool operator==(const Event&) const = default;
};

// Takes events from any thread. Must return quickly and must not throw: the run waits for nobody's terminal.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const Event& event) = 0;
};

}  // namespace cairn::progress
