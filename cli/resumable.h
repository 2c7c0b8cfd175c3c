// Whether a past run came to its end, and what is needed to go on with one that did not.
#pragma once

#include "cli/past_runs.h"
#include "cli/start_record.h"
#include "runtime/effects/journal.h"
#include "runtime/effects/result.h"

namespace cairn::cli {

struct Resumable {
  JournalState state;
  StartRecord record;
};

// It has a journal, and that says nothing of an end. A damaged one counts: resume says what is wrong with it.
bool has_not_ended(const PastRun& run);
// What its journal says; empty when it has none.
std::optional<JournalContent> journal_of(const PastRun& run);
// Whoever asks holds its lock. The Failure says why it cannot be resumed: it has ended, it was an `up`, its
// journal is not there, damaged or of another version.
Result<Resumable> resumable_run(const PastRun& run);

}  // namespace cairn::cli
