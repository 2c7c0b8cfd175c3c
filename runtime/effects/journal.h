// What a run has done to the world, one JSON record a line, only ever appended: how `resume` and `clean`
// know.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/effects/disk.h"
#include "runtime/effects/result.h"

namespace cairn {

// How an effect can be found again, and thereby what has to be on disk before it is caused.
enum class EffectClass {
  found,    // carries our name and labels (container, network, volume, process): written, not synced
  unfound,  // array snapshot, clone, pushed tag: synced before
  once,     // SQL, exec, POST, commit: synced before and after
};

struct JournalHeader {
  std::string cairn;    // version that began the run
  std::string run;      // its id
  std::string project;  // name
  std::string std_hash, capsule;
  std::string owner;  // "ann@build1"
};

// An attempt of a step is about to begin: what it causes may be there from now on.
struct StepBegun {
  std::string step;  // "test.db:create"
  int attempt = 1;
};
// About to be caused.
struct Intent {
  std::string step;    // "test.db:create"
  std::string effect;  // "create container"
  EffectClass is = EffectClass::found;
  int attempt = 1;
  std::string where, what, name;  // of the object, as plan::Identity has it; may be empty
  bool repeatable = false;        // causing it twice does no harm: `repeatable = true`
};
// How the effect that record `intent` announced came out.
struct EffectOutcome {
  std::uint64_t intent = 0;
  bool happened = true;  // false: it is certain that it did not
  std::string id;        // what the engine calls the object
};
struct StepOutcome {
  std::string step;
  std::string outcome;  // "succeeded", as `.outcome` reads it
  int attempt = 1;
  // Exports and what else resume needs, values as JSON text. What holds a secret has an empty text: it was
  // there, and is not written down.
  std::vector<std::pair<std::string, std::string>> facts;
};
struct RunEnd {
  int exit_code = 0;
};
using JournalEntry = std::variant<StepBegun, Intent, EffectOutcome, StepOutcome, RunEnd>;

// The writing end. Belongs to the one who holds the run's lock; used by the brain's thread alone.
class Journal {
 public:
  // Begins a new journal, with incarnation 1, and syncs it. The file must not be there, or be empty.
  static Result<Journal> create(Disk& disk, const std::string& path, const JournalHeader& header);
  // Goes on with one that a crash left: cuts off a torn last line and begins the next incarnation. Refuses
  // one that it cannot fully read (read_journal says why).
  static Result<Journal> resume(Disk& disk, const std::string& path);

  // The number of the record, for EffectOutcome::intent. Nothing is written before commit().
  std::uint64_t append(const JournalEntry& entry);
  // Writes what was appended since, and syncs once if any of it has to be. When it fails, nothing that was
  // announced may be caused.
  Result<Done> commit();
  int incarnation() const { return incarnation_; }

 private:
  Journal(std::unique_ptr<AppendFile> file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  std::unique_ptr<AppendFile> file_;
  std::uint64_t size_ = 0;  // of what is surely whole
  std::string pending_;
  bool must_sync_ = false;
  std::uint64_t next_record_ = 1;
  int incarnation_ = 0;
  std::vector<std::uint64_t> once_;  // open intents of class once
};

struct JournalRecord {
  std::uint64_t number = 0;
  int incarnation = 1;
  JournalEntry entry;
};

struct JournalContent {
  JournalHeader header;
  int version = 0;
  int incarnation = 0;  // the last one that began
  std::vector<JournalRecord> records;
  std::uint64_t whole_bytes = 0;  // where a torn last line begins, or the size
  std::uint64_t next_record = 1;
  // Why the run cannot be resumed from it; what could be read is there all the same, for `clean`.
  std::optional<Failure> damage;
};

// A Failure only if there is no header. `path` is for messages.
Result<JournalContent> read_journal(std::string_view text, const std::string& path);

// An effect that was announced, and of which nothing is known since.
struct OpenEffect {
  std::uint64_t intent = 0;
  Intent what;
  // It must not happen twice and may have happened: somebody has to decide.
  bool interrupted() const { return what.is == EffectClass::once && !what.repeatable; }
};

// A step that was begun, and whose outcome is not recorded.
struct OpenStep {
  std::string step;
  int attempt = 1;
  int not_twice = 0;  // how much it has caused, or may have caused, that must not happen twice
  bool interrupted() const { return not_twice > 0; }
};

// What a journal comes to.
struct JournalState {
  std::vector<StepOutcome> steps;  // the last outcome of each, in the order of the first
  std::vector<OpenStep> begun;     // in the order of their beginning: no outcome since, or a bad one in doubt
  std::vector<OpenEffect> open;
  std::vector<std::pair<Intent, std::string>> made;  // effects that happened, with the object's id
  std::optional<int> exit_code;                      // none: the run did not end

  const StepOutcome* outcome_of(std::string_view step) const;
};

JournalState fold(const std::vector<JournalRecord>& records);

}  // namespace cairn
