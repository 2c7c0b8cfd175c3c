// Events as lines of JSON, one each, in the form that docs/events.md describes. Fields with nothing in them
// are left out; a reader ignores fields it does not know, so that version 1 can grow.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/result.h"
#include "runtime/progress/event.h"

namespace cairn::progress {

std::string to_ndjson(const Event& event);  // with its line end; always valid UTF-8
void append_ndjson(std::string& to, const Event& event);

// One line. Fails on what is not an event, and on one of a later version.
Result<Event> event_of_ndjson(std::string_view line);

// A whole recording. A line that cannot be read is told by number and left out; a last line without an end
// that cannot be read is what a killed run leaves, and is left out silently.
struct Recording {
  std::vector<Event> events;
  std::vector<std::string> problems;  // "line 12: …"
};
Recording read_recording(std::string_view text);

// Gives each event's line to `write`, which is called by one thread at a time in the order of the events.
class NdjsonSink : public EventSink {
 public:
  explicit NdjsonSink(std::function<void(std::string_view)> write, bool with_logs = true)
      : write_(std::move(write)), with_logs_(with_logs) {}
  void emit(const Event& event) override;

 private:
  const std::function<void(std::string_view)> write_;
  const bool with_logs_;
  std::mutex mutex_;
  std::string line_;
};

}  // namespace cairn::progress
