#include "runtime/scribe/scribe.h"

#include <fmt/format.h>

#include <array>
#include <deque>

#include "runtime/scribe/log_line.h"

namespace cairn::scribe {

namespace {

constexpr std::size_t kept_bytes_of_a_line = 4096;  // in the ring; the file has all of it
constexpr std::size_t longest_name = 200;           // a file name has at most 255 bytes, with room for ".log"

std::uint64_t fingerprint(std::string_view text) {  // FNV-1a, 64 bits
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string log_name(std::string_view step) {
  std::string name;
  for (const char c : step) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '[' || c == ']' || (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else if (c == ':') {
      name += '@';  // some stores of CI artifacts refuse a colon
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  if (name.empty()) name = "%";
  if (name.size() > longest_name)
    name = fmt::format("{}-{:016x}", name.substr(0, longest_name), fingerprint(step));
  return name + ".log";
}

struct Scribe::Log {
  Log(std::string path, const Masker& masker)
      : step(std::move(path)), masked{MaskedStream(masker), MaskedStream(masker), MaskedStream(masker)} {}

  const std::string step;
  std::mutex mutex;
  std::unique_ptr<LogFile> file;  // opened by the first line
  std::array<MaskedStream, 3> masked;
  std::array<std::string, 3> partial;  // masked text of a line that has not ended
  std::deque<std::string> last;
  // Lines not yet in the file: all that came at once is written at once.
  struct Line {
    std::size_t text_begins = 0, bytes = 0;  // in `record`
  };
  std::string record;
  std::vector<Line> lines;
  std::string lines_at;      // their time, as it is shown
  std::size_t gap_ends = 0;  // in `record`: behind the line that tells of what was lost before
  Totals totals;
  std::uint64_t unsaid_loss = 0;  // lost bytes that no line in the file tells of yet
  bool torn = false;              // the file ends within a line
};

Scribe::Scribe(LogFolder& folder, const Masker& masker, Clock& clock, OnLine on_line)
    : folder_(folder), masker_(masker), clock_(clock), on_line_(std::move(on_line)) {}

Scribe::~Scribe() {
  for (const auto& [step, log] : logs_) end(step);  // nobody else may use it any more
}

Scribe::Log& Scribe::log_of(const std::string& step) const {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Log>& log = logs_[step];
  if (!log) log = std::make_unique<Log>(step, masker_);
  return *log;
}

Scribe::Log* Scribe::find(const std::string& step) const {
  std::lock_guard lock(mutex_);
  const auto found = logs_.find(step);
  return found == logs_.end() ? nullptr : found->second.get();
}

void Scribe::write(const std::string& step, Stream stream, std::string_view bytes) {
  Log& log = log_of(step);
  std::lock_guard lock(log.mutex);
  const std::string text = log.masked[static_cast<std::size_t>(stream)].feed(bytes);
  take_lines(log, stream, text, false);
  write_down(log);
}

void Scribe::note(const std::string& step, std::string_view text) {
  Log& log = log_of(step);
  std::lock_guard lock(log.mutex);
  take_lines(log, Stream::tool, masker_.masked(text), true);
  write_down(log);
}

void Scribe::end(const std::string& step) {
  Log* const said = find(step);
  if (said == nullptr) return;
  Log& log = *said;
  std::lock_guard lock(log.mutex);
  for (const Stream stream : {Stream::out, Stream::err, Stream::tool})
    take_lines(log, stream, log.masked[static_cast<std::size_t>(stream)].finish(), true);
  write_down(log);
  log.record = {};  // of a thousand steps that have ended, none keeps what the largest needed
}

void Scribe::take_lines(Log& log, Stream stream, std::string_view text, bool ends) {
  std::string& partial = log.partial[static_cast<std::size_t>(stream)];
  const auto line_is_whole = [&](std::string_view line, bool goes_on) {
    if (!goes_on && line.ends_with('\r')) line.remove_suffix(1);
    put(log, line, stream, goes_on);
    if (on_line_) on_line_(log.step, stream, line);
  };
  // Most lines arrive whole; only what is left of one is copied.
  while (!text.empty()) {
    const std::size_t line_end = text.find('\n');
    const std::size_t have = std::min(line_end, text.size());
    const std::size_t room = longest_line - partial.size();
    if (have > room) {
      partial += text.substr(0, room);
      text.remove_prefix(room);
      line_is_whole(partial, true);
      partial.clear();
    } else if (line_end == std::string_view::npos) {
      partial += text;
      text = {};
    } else {
      if (partial.empty()) {
        line_is_whole(text.substr(0, have), false);
      } else {
        partial += text.substr(0, have);
        line_is_whole(partial, false);
        partial.clear();
      }
      text.remove_prefix(have + 1);
    }
  }
  if (ends && !partial.empty()) {
    line_is_whole(partial, false);
    partial.clear();
  }
}

void Scribe::put(Log& log, std::string_view line, Stream stream, bool goes_on) {
  log.last.emplace_back(line.substr(0, kept_bytes_of_a_line));
  if (log.last.size() > kept_lines) log.last.pop_front();
  log.totals.produced += line.size();

  if (log.record.empty()) {
    log.lines_at = shown_time(clock_.wall_clock_ms());
    if (log.torn) log.record += '\n';
    if (log.unsaid_loss != 0)
      append_log_line(log.record, log.lines_at, Stream::tool,
                      fmt::format("{} bytes lost: {}", log.unsaid_loss, log.totals.problem), false);
    log.gap_ends = log.record.size();
  }
  append_log_line(log.record, log.lines_at, stream, line, goes_on);
  log.lines.push_back({log.record.size() - 1 - line.size(), line.size()});
}

void Scribe::write_down(Log& log) {
  if (log.lines.empty()) return;
  LogFile::Written written;
  if (!log.file) {
    Result<std::unique_ptr<LogFile>> opened = folder_.open(log_name(log.step));
    if (opened)
      log.file = std::move(*opened);
    else
      written.problem =
          opened.failure().causes.empty() ? opened.failure().message : opened.failure().causes.front();
  }
  if (log.file) written = log.file->append(log.record);
  if (written.bytes >= log.gap_ends && log.file) log.unsaid_loss = 0;
  if (written.bytes > 0) log.torn = log.record[written.bytes - 1] != '\n';
  for (const Log::Line& line : log.lines) {
    const std::size_t logged =
        written.bytes <= line.text_begins ? 0 : std::min(written.bytes - line.text_begins, line.bytes);
    log.totals.logged += logged;
    log.totals.lost += line.bytes - logged;
    log.unsaid_loss += line.bytes - logged;
  }
  if (written.bytes < log.record.size()) log.totals.problem = std::move(written.problem);
  log.record.clear();
  log.lines.clear();
}

std::vector<std::string> Scribe::tail(const std::string& step, std::size_t lines) const {
  Log* const said = find(step);
  if (said == nullptr) return {};
  Log& log = *said;
  std::lock_guard lock(log.mutex);
  const std::size_t count = std::min(lines, log.last.size());
  return {log.last.end() - static_cast<std::ptrdiff_t>(count), log.last.end()};
}

Scribe::Totals Scribe::totals() const {
  std::vector<Log*> logs;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [step, log] : logs_) logs.push_back(log.get());
  }
  Totals all;
  for (Log* log : logs) {
    std::lock_guard lock(log->mutex);
    all.produced += log->totals.produced;
    all.logged += log->totals.logged;
    all.lost += log->totals.lost;
    if (!log->totals.problem.empty()) all.problem = log->totals.problem;
  }
  return all;
}

}  // namespace cairn::scribe
