// One line for each thing that happens: for CI logs, pipes and people who like to scroll.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "runtime/progress/event.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::progress {

struct PlainOptions {
  bool quiet = false;       // only trouble, warnings and the end
  bool timestamps = false;  // wall clock before each line
  bool colour = false;
  bool logs = true;  // what the steps print
  scribe::Ci ci = scribe::Ci::none;
  std::size_t longest_line = 16 * 1024;  // bytes of one step's line; the log has the whole
};

// What one event looks like, with line ends; empty for events that are not shown. Pure.
std::string plain_lines(const Event& event, const PlainOptions& options);

// `write` is called by one thread at a time and must not block: see Outlet.
class PlainView : public EventSink {
 public:
  PlainView(std::function<void(std::string_view)> write, PlainOptions options)
      : write_(std::move(write)), options_(options) {}
  void emit(const Event& event) override;

 private:
  const std::function<void(std::string_view)> write_;
  const PlainOptions options_;
  std::mutex mutex_;
  std::unordered_set<std::string> virtual_;  // steps that are nothing to a reader
};

}  // namespace cairn::progress
