#include "cli/resumable.h"

#include <fmt/format.h>

namespace cairn::cli {
namespace {

std::string path_of(const PastRun& run) {
  return run.disk.path + "/journal";
}

}  // namespace

std::optional<JournalContent> journal_of(const PastRun& run) {
  const Result<std::string> text = real_disk().read(path_of(run));
  if (!text) return std::nullopt;
  Result<JournalContent> content = read_journal(*text, path_of(run));
  return content ? std::optional(std::move(*content)) : std::nullopt;
}

bool has_not_ended(const PastRun& run) {
  const std::optional<JournalContent> content = journal_of(run);
  // An `up` records nothing that it could be begun with again.
  return content && !content->header.capsule.empty() && !fold(content->records).exit_code;
}

Result<Resumable> resumable_run(const PastRun& run) {
  const std::string cannot = fmt::format("run `{}` cannot be resumed", run.disk.id);
  const std::optional<JournalContent> known = journal_of(run);
  if (run.up || (known && known->header.capsule.empty()))
    return Failure{
        .message = cannot, .causes = {"it was an `up`"}, .help = "`cairn up` does what is still to be done"};
  const Result<std::string> text = real_disk().read(path_of(run));
  if (!text)
    return Failure{.message = cannot, .causes = {"it ended before it began anything"}, .help = "run it anew"};
  Result<JournalContent> content = read_journal(*text, path_of(run));
  if (!content) return std::move(content.failure()).within(cannot);
  if (content->damage) return *content->damage;
  Resumable resumable;
  resumable.state = fold(content->records);
  if (resumable.state.exit_code)
    return Failure{.message = cannot,
                   .causes = {*resumable.state.exit_code == passed
                                  ? std::string("it has passed")
                                  : fmt::format("it has come to its end, with exit code {}",
                                                *resumable.state.exit_code)},
                   .help = fmt::format("`cairn show {}` tells how it went", short_run_id(run.disk.id))};
  Result<StartRecord> record = start_record_in(content->header.capsule);
  if (!record) return std::move(record.failure()).within(cannot);
  resumable.record = std::move(*record);
  return resumable;
}

}  // namespace cairn::cli
