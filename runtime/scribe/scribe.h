// The one who writes down what the steps of a run say: masked, with times, one file a step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/scribe/log_file.h"
#include "runtime/scribe/masker.h"
#include "runtime/scribe/stream.h"

namespace cairn::scribe {

// A step's log file within the run's `logs` folder: "test.unit:run" is "test.unit@run.log". Different steps
// never share a name, and none leaves the folder.
std::string log_name(std::string_view step);

// Thread-safe; steps do not wait for each other. The disk may fill up: then what cannot be written is
// counted, a line in the log says how much is missing as soon as there is room, and the run goes on.
class Scribe {
 public:
  static constexpr std::size_t longest_line = 64 * 1024;  // bytes; longer ones are cut into several
  static constexpr std::size_t kept_lines = 200;          // of each step, for messages

  // Told each masked line, without its line end and at most longest_line long; called from the thread that
  // wrote, in the order of the log of that step.
  using OnLine = std::function<void(const std::string& step, Stream, std::string_view line)>;

  // `folder`, `masker` and `clock` must outlive the scribe.
  Scribe(LogFolder& folder, const Masker& masker, Clock& clock, OnLine on_line = {});
  ~Scribe();

  // Raw output as it came, in pieces of any size.
  void write(const std::string& step, Stream stream, std::string_view bytes);
  void note(const std::string& step, std::string_view text);  // cairn's own remark
  // What was said last, oldest first, at most `lines` lines (and at most kept_lines).
  std::vector<std::string> tail(const std::string& step, std::size_t lines) const;
  // Writes what is held back: a last line without an end. A step may write again afterwards.
  void end(const std::string& step);

  // Bytes of text without line ends: produced = logged + lost, once all steps ended.
  struct Totals {
    std::uint64_t produced = 0, logged = 0, lost = 0;
    std::string problem;  // why something was lost: the last reason
  };
  Totals totals() const;

 private:
  struct Log;
  Log& log_of(const std::string& step) const;
  Log* find(const std::string& step) const;  // null for a step that has said nothing
  void take_lines(Log& log, Stream stream, std::string_view text, bool ends);
  void put(Log& log, std::string_view line, Stream stream, bool goes_on);
  void write_down(Log& log);

  LogFolder& folder_;
  const Masker& masker_;
  Clock& clock_;
  const OnLine on_line_;
  mutable std::mutex mutex_;  // of the map; each log has its own
  mutable std::map<std::string, std::unique_ptr<Log>> logs_;
};

}  // namespace cairn::scribe
