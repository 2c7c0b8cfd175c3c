// The live view of a run on a terminal: above, for good, what has ended; below, redrawn in place, what runs,
// on what the rest waits, and which chain decides the end.
#pragma once

#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/progress/event.h"
#include "runtime/progress/run_state.h"
#include "runtime/progress/terminal.h"

namespace cairn::progress {

struct LiveOptions {
  bool colour = true;  // false under NO_COLOR
  Milliseconds between_frames{100};
};

// emit() only puts the event down. Drawing happens on tick(), or on a thread of its own after start(); a
// terminal that takes nothing is tried again later and holds up nobody. `terminal` and `clock` must outlive
// the view.
class LiveView : public EventSink {
 public:
  LiveView(Terminal& terminal, Clock& clock, LiveOptions options = {});
  ~LiveView() override;  // as finish()

  void emit(const Event& event) override;
  void start();
  void tick();  // draws, unless the last frame is younger than between_frames; not to be called after start()
  // Draws what is lasting, takes the live part away, gives the cursor back. Waits for the terminal half a
  // second at most. Nothing is drawn afterwards.
  void finish();

 private:
  void draw(bool is_last);
  void take_inbox();
  // Moves to the first line of the last frame and clears from there on.
  std::string erased(TerminalSize size) const;

  Terminal& terminal_;
  Clock& clock_;
  const LiveOptions options_;

  std::mutex mutex_;  // of the inbox only
  Instant inbox_at_;  // when the newest event was put there
  std::vector<Event> inbox_;
  std::unordered_map<std::string, std::size_t> log_in_inbox_;  // only the last line of a step matters

  // The rest belongs to whoever draws.
  RunState run_;
  Instant newest_at_;    // when the newest event in run_ came
  std::string lasting_;  // not drawn yet
  std::uint64_t lasting_dropped_ = 0;
  std::vector<std::size_t> drawn_;  // columns of each line of the frame on the screen
  bool cursor_is_hidden_ = false;
  Instant last_draw_{};
  bool is_over_ = false;
  std::jthread thread_;
};

}  // namespace cairn::progress
