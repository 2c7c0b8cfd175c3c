#include "runtime/effects/journal.h"

#include <algorithm>

#include "runtime/effects/journal_format.h"

namespace cairn {
Result<Journal> Journal::create(Disk& disk, const std::string& path, const JournalHeader& header) {
  if (const Result<std::string> there = disk.read(path); there && !there->empty()) {
    return Failure{"`" + path + "` is there already"}.because("a run's journal is begun once");
  }
  Result<std::unique_ptr<AppendFile>> file = disk.open(path);
  if (!file) return Failure(file.failure());
  Journal journal(std::move(*file), 0);
  journal.incarnation_ = 1;
  journal.pending_ = journal_format::header_line(header);
  journal.pending_ += journal_format::incarnation_line(journal.next_record_++, 1);
  journal.must_sync_ = true;
  if (Result<Done> written = journal.commit(); !written) return Failure(written.failure());
  if (Result<Done> synced = disk.sync_folder(folder_of(path)); !synced) return Failure(synced.failure());
  return journal;
}

Result<Journal> Journal::resume(Disk& disk, const std::string& path) {
  const Result<std::string> text = disk.read(path);
  if (!text) return Failure(text.failure());
  Result<JournalContent> content = read_journal(*text, path);
  if (!content) return Failure(content.failure());
  if (content->damage) return *content->damage;
  Result<std::unique_ptr<AppendFile>> file = disk.open(path);
  if (!file) return Failure(file.failure());
  if (content->whole_bytes < text->size()) {
    if (Result<Done> cut = (*file)->cut(content->whole_bytes); !cut) return Failure(cut.failure());
  }
  Journal journal(std::move(*file), content->whole_bytes);
  journal.incarnation_ = content->incarnation + 1;
  journal.next_record_ = content->next_record;
  journal.pending_ = journal_format::incarnation_line(journal.next_record_++, journal.incarnation_);
  journal.must_sync_ = true;
  if (Result<Done> written = journal.commit(); !written) return Failure(written.failure());
  return journal;
}

std::uint64_t Journal::append(const JournalEntry& entry) {
  const std::uint64_t number = next_record_++;
  pending_ += journal_format::entry_line(number, incarnation_, entry);
  if (const auto* intent = std::get_if<Intent>(&entry)) {
    must_sync_ = must_sync_ || intent->is != EffectClass::found;
    if (intent->is == EffectClass::once) once_.push_back(number);
  } else if (const auto* outcome = std::get_if<EffectOutcome>(&entry)) {
    must_sync_ = must_sync_ || std::erase(once_, outcome->intent) > 0;
  }
  return number;
}

Result<Done> Journal::commit() {
  if (pending_.empty()) return Done{};
  Result<Done> written = file_->append(pending_);
  if (written && must_sync_) written = file_->sync();
  if (!written) {
    // Half a record in the middle would make the journal unreadable. pending_ stays, for another try.
    if (Result<Done> cut = file_->cut(size_); !cut)
      return std::move(written.failure()).because(cut.failure().message);
    return std::move(written.failure()).within("could not record what is about to happen, so nothing does");
  }
  size_ += pending_.size();
  pending_.clear();
  must_sync_ = false;
  return Done{};
}

}  // namespace cairn
