#include "runtime/progress/live_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/progress/columns.h"
#include "runtime/progress/live_frame.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::progress {

namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
constexpr std::size_t most_lasting = 1 << 20;  // bytes that wait for a stopped terminal

}  // namespace

LiveView::LiveView(Terminal& terminal, Clock& clock, LiveOptions options)
    : terminal_(terminal),
      clock_(clock),
      options_(options),

      inbox_at_(clock.now()),
      newest_at_(inbox_at_),
      last_draw_(inbox_at_ - options.between_frames) {}

LiveView::~LiveView() {
  finish();
}

void LiveView::emit(const Event& event) {
  std::lock_guard lock(mutex_);
  inbox_at_ = clock_.now();
  if (std::holds_alternative<StepLog>(event.is)) {
    const auto [found, is_new] = log_in_inbox_.try_emplace(event.step, inbox_.size());
    if (!is_new) {
      inbox_[found->second].is = event.is;
      return;
    }
  }
  inbox_.push_back(event);
}

void LiveView::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      draw(false);
      clock_.sleep_for(options_.between_frames, stop);
    }
  });
}

void LiveView::tick() {
  if (is_over_ || clock_.now() - last_draw_ < options_.between_frames) return;
  draw(false);
}

void LiveView::finish() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  if (is_over_) return;
  is_over_ = true;
  draw(true);
}

void LiveView::take_inbox() {
  std::vector<Event> events;
  {
    std::lock_guard lock(mutex_);
    events.swap(inbox_);
    log_in_inbox_.clear();
    newest_at_ = inbox_at_;
  }
  for (const Event& event : events) {
    run_.apply(event);
    const std::string lines = lasting_lines(event, run_, options_.colour);
    if (lasting_.size() + lines.size() > most_lasting) {
      lasting_dropped_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    } else {
      lasting_ += lines;
    }
  }
}

std::string LiveView::erased(TerminalSize size) const {
  // After a resize the terminal may have broken a line of the old frame into several.
  std::size_t rows = 0;
  for (const std::size_t line : drawn_)
    rows += std::max<std::size_t>(1, (line + size.columns - 1) / std::max<std::size_t>(1, size.columns));
  rows = std::min(rows, std::max<std::size_t>(1, size.rows) - 1);  // what left the screen is out of reach
  std::string codes = "\r";
  if (rows > 0) codes += fmt::format("\x1b[{}A", rows);
  return codes + "\x1b[J";
}

void LiveView::draw(bool is_last) {
  last_draw_ = clock_.now();
  take_inbox();
  const TerminalSize size = terminal_.size();
  const std::int64_t now_ms =
      run_.time_ms + std::chrono::duration_cast<Milliseconds>(clock_.now() - newest_at_).count();

  std::vector<std::string> lines;
  if (!is_last) lines = live_frame(run_, now_ms, size, options_.colour);
  std::string text;
  if (!cursor_is_hidden_ && !is_last) text += hide_cursor;
  if (!drawn_.empty()) text += erased(size);
  text += lasting_;
  if (lasting_dropped_ != 0) text += fmt::format("… {} lines not shown\n", lasting_dropped_);
  std::vector<std::size_t> widths;
  for (const std::string& line : lines) {
    text += line;
    text += '\n';
    widths.push_back(columns_of(scribe::sanitised(line)));
  }
  if (is_last && cursor_is_hidden_) text += show_cursor;

  if (is_last) terminal_.drain(Milliseconds(500));
  if (!text.empty() && terminal_.write(text)) {
    lasting_.clear();
    lasting_dropped_ = 0;
    drawn_ = std::move(widths);
    cursor_is_hidden_ = !is_last;
  }
  if (is_last) terminal_.drain(Milliseconds(500));
}

}  // namespace cairn::progress
