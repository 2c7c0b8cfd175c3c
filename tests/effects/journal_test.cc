#include "runtime/effects/journal.h"

#include <gmock/gmock.h>

#include "runtime/effects/journal_format.h"
#include "tests/fakes/memory_disk.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const std::string kPath = "/p/journal";

JournalHeader header() {
  return {"0.1.0", "r1", "shop", "s", "c", "ann@build1"};
}

Intent intent(const std::string& step, EffectClass is) {
  Intent intent;
  intent.step = step;
  intent.effect = "do";
  intent.is = is;
  return intent;
}

class JournalTest : public testing::Test {
 protected:
  Journal begin() { return std::move(*Journal::create(disk_, kPath, header())); }
  JournalContent content() { return std::move(*read_journal(disk_.text_of(kPath), kPath)); }
  JournalState state() { return fold(content().records); }

  MemoryDisk disk_;
};

TEST_F(JournalTest, GivesBackWhatWasWritten) {
  Journal journal = begin();
  Intent what = intent("test.db:create", EffectClass::found);
  what.where = "engine local", what.what = "service", what.name = "cairn-shop-db";
  const std::uint64_t number = journal.append(what);
  journal.append(EffectOutcome{number, true, "0123abc"});
  journal.append(
      StepOutcome{"test.db:create", "succeeded", 2, {{"id", "\"0123abc\""}, {"text", "\"line\\n\""}}});
  journal.append(RunEnd{1});
  ASSERT_TRUE(journal.commit());

  const JournalContent read = content();
  EXPECT_FALSE(read.damage);
  EXPECT_EQ(read.header.owner, "ann@build1");
  EXPECT_EQ(read.header.run, "r1");
  EXPECT_EQ(read.incarnation, 1);
  const JournalState folded = fold(read.records);
  EXPECT_THAT(folded.open, IsEmpty());
  ASSERT_THAT(folded.made, SizeIs(1));
  EXPECT_EQ(folded.made[0].first.name, "cairn-shop-db");
  EXPECT_EQ(folded.made[0].second, "0123abc");
  ASSERT_NE(folded.outcome_of("test.db:create"), nullptr);
  EXPECT_EQ(folded.outcome_of("test.db:create")->attempt, 2);
  EXPECT_THAT(folded.outcome_of("test.db:create")->facts,
              ElementsAre(std::pair<std::string, std::string>("id", "\"0123abc\""),
                          std::pair<std::string, std::string>("text", "\"line\\n\"")));
  EXPECT_EQ(folded.exit_code, 1);
}

TEST_F(JournalTest, SyncsOnlyWhatTheEffectsClassDemands) {
  Journal journal = begin();
  const auto syncs_of = [&](const std::vector<JournalEntry>& turn) {
    const int before = disk_.syncs();
    for (const JournalEntry& entry : turn) journal.append(entry);
    EXPECT_TRUE(journal.commit());
    return disk_.syncs() - before;
  };
  EXPECT_EQ(syncs_of({intent("a", EffectClass::found), StepOutcome{"b", "succeeded", 1, {}}}), 0);
  EXPECT_EQ(syncs_of({intent("a", EffectClass::unfound)}), 1);
  EXPECT_EQ(syncs_of({intent("a", EffectClass::once), intent("b", EffectClass::once),
                      intent("c", EffectClass::unfound)}),
            1)
      << "one sync a turn, however many need it";
  const std::uint64_t once = journal.append(intent("d", EffectClass::once));
  EXPECT_EQ(syncs_of({}), 1);
  EXPECT_EQ(syncs_of({EffectOutcome{once, true, ""}}), 1) << "and after, since it must not happen twice";
  const std::uint64_t found = journal.append(intent("e", EffectClass::found));
  EXPECT_EQ(syncs_of({EffectOutcome{found, true, ""}}), 0);
}

TEST_F(JournalTest, APowerCutLosesNoEffectThatCannotBeFoundAgain) {
  Journal journal = begin();
  journal.append(intent("container", EffectClass::found));
  ASSERT_TRUE(journal.commit());
  journal.append(intent("snapshot", EffectClass::unfound));
  ASSERT_TRUE(journal.commit());
  journal.append(intent("another container", EffectClass::found));
  ASSERT_TRUE(journal.commit());
  disk_.cut_power();
  std::vector<std::string> open;
  for (const OpenEffect& effect : state().open) open.push_back(effect.what.step);
  EXPECT_THAT(open, ElementsAre("container", "snapshot"));
}

TEST_F(JournalTest, OnlyWhatMustNotHappenTwiceIsInterrupted) {
  Journal journal = begin();
  Intent repeatable = intent("c", EffectClass::once);
  repeatable.repeatable = true;
  for (const Intent& what : {intent("a", EffectClass::once), intent("b", EffectClass::unfound), repeatable})
    journal.append(what);
  ASSERT_TRUE(journal.commit());
  std::vector<bool> interrupted;
  for (const OpenEffect& effect : state().open) interrupted.push_back(effect.interrupted());
  EXPECT_THAT(interrupted, ElementsAre(true, false, false));
}

// J1, for every byte at which a crash can stop a write: what is read is a prefix of what was said, and
// resuming goes on.
TEST_F(JournalTest, AStepIsInterruptedByWhatItMayHaveCaused) {
  Journal journal = begin();
  const auto begun = [&](const std::string& step) {
    EXPECT_TRUE(journal.commit());
    std::optional<OpenStep> found;
    for (const OpenStep& open : state().begun)
      if (open.step == step) found = open;
    return found;
  };
  journal.append(StepBegun{"push", 1});
  EXPECT_FALSE(begun("push")->interrupted()) << "nothing is announced yet";
  const std::uint64_t first = journal.append(intent("push", EffectClass::once));
  EXPECT_TRUE(begun("push")->interrupted());
  journal.append(EffectOutcome{first, true, "sha256:1"});
  EXPECT_TRUE(begun("push")->interrupted()) << "it happened, and must not happen again";
  const std::uint64_t second = journal.append(intent("push", EffectClass::once));
  journal.append(EffectOutcome{second, false, ""});
  EXPECT_EQ(begun("push")->not_twice, 1);
  journal.append(StepBegun{"push", 2});
  EXPECT_FALSE(begun("push")->interrupted())
      << "the first attempt has failed, and the file says to try again";
  journal.append(StepOutcome{"push", "succeeded", 2, {}});
  EXPECT_FALSE(begun("push").has_value());
  journal.append(StepBegun{"make", 1});
  journal.append(intent("make", EffectClass::unfound));
  Intent harmless = intent("make", EffectClass::once);
  harmless.repeatable = true;
  journal.append(harmless);
  EXPECT_FALSE(begun("make")->interrupted());
}

TEST_F(JournalTest, AStepThatFailedIsInDoubtWhenNobodyKnowsWhatItCaused) {
  Journal journal = begin();
  for (const char* step : {"lost", "known", "again"}) {
    journal.append(StepBegun{step, 1});
    const std::uint64_t effect = journal.append(intent(step, EffectClass::once));
    if (step != std::string("lost")) journal.append(EffectOutcome{effect, step != std::string("known"), ""});
    journal.append(StepOutcome{step, "failed", 1, {}});
  }
  ASSERT_TRUE(journal.commit());
  const std::vector<OpenStep> begun = state().begun;
  ASSERT_EQ(begun.size(), 1u);
  EXPECT_EQ(begun.front().step, "lost");
  EXPECT_TRUE(begun.front().interrupted());
  journal.append(StepBegun{"lost", 2});
  journal.append(StepOutcome{"lost", "succeeded", 2, {}});
  ASSERT_TRUE(journal.commit());
  EXPECT_TRUE(state().begun.empty()) << "somebody has decided";
}

TEST_F(JournalTest, CutOffAnywhereItIsStillAPrefix) {
  std::vector<std::string> said;
  {
    Journal journal = begin();
    for (int i = 0; i < 4; ++i) {
      said.push_back("step" + std::to_string(i));
      journal.append(StepOutcome{said.back(), "succeeded", 1, {}});
    }
    ASSERT_TRUE(journal.commit());
  }
  const std::string whole = disk_.text_of(kPath);
  const std::size_t first_line = whole.find('\n') + 1;
  for (std::size_t size = first_line; size <= whole.size(); ++size) {
    disk_.set_text(kPath, whole.substr(0, size));
    const JournalState before = state();
    ASSERT_LE(before.steps.size(), said.size());
    for (std::size_t i = 0; i < before.steps.size(); ++i) EXPECT_EQ(before.steps[i].step, said[i]);

    Result<Journal> resumed = Journal::resume(disk_, kPath);
    ASSERT_TRUE(resumed) << size << ": " << resumed.failure().causes.front();
    resumed->append(StepOutcome{"after", "succeeded", 1, {}});
    ASSERT_TRUE(resumed->commit());
    EXPECT_FALSE(content().damage) << size;
    EXPECT_EQ(state().steps.size(), before.steps.size() + 1) << size;
  }
}

TEST_F(JournalTest, EveryFlippedBitIsNoticed) {
  Journal journal = begin();
  journal.append(StepOutcome{"a", "succeeded", 1, {}});
  journal.append(StepOutcome{"b", "succeeded", 1, {}});
  ASSERT_TRUE(journal.commit());
  const std::string whole = disk_.text_of(kPath);
  const std::size_t begin_of_a = whole.find("{\"attempt\"");
  const std::size_t end_of_a = whole.find('\n', begin_of_a);
  for (std::size_t at = begin_of_a; at < end_of_a; ++at) {
    std::string text = whole;
    text[at] = static_cast<char>(text[at] ^ 1);
    const Result<JournalContent> read = read_journal(text, kPath);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->damage) << at;
  }
}

TEST_F(JournalTest, DamageInTheMiddleRefusesResumeButNotClean) {
  Journal journal = begin();
  journal.append(intent("a", EffectClass::unfound));
  journal.append(intent("b", EffectClass::unfound));
  ASSERT_TRUE(journal.commit());
  std::string text = disk_.text_of(kPath);
  text[text.find("\"step\":\"a\"") + 8] = 'x';
  disk_.set_text(kPath, text);
  const Result<Journal> resumed = Journal::resume(disk_, kPath);
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.failure().message, "the run cannot be resumed from `/p/journal`");
  EXPECT_THAT(resumed.failure().causes, ElementsAre("line 3: it is damaged"));
  EXPECT_THAT(resumed.failure().help, HasSubstr("cairn clean"));
  EXPECT_THAT(state().open, SizeIs(1)) << "what can be read is there";
}

TEST_F(JournalTest, ResumingBeginsTheNextIncarnation) {
  {
    Journal journal = begin();
    journal.append(StepOutcome{"a", "failed", 1, {}});
    ASSERT_TRUE(journal.commit());
  }
  Result<Journal> second = Journal::resume(disk_, kPath);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->incarnation(), 2);
  second->append(StepOutcome{"a", "succeeded", 1, {}});
  ASSERT_TRUE(second->commit());
  EXPECT_EQ(state().outcome_of("a")->outcome, "succeeded");
  EXPECT_EQ(content().records.back().incarnation, 2);
  EXPECT_EQ(Journal::resume(disk_, kPath)->incarnation(), 3);
}

TEST_F(JournalTest, WhatAnOlderIncarnationStillSaysIsDropped) {
  Journal first = begin();
  Result<Journal> second = Journal::resume(disk_, kPath);
  ASSERT_TRUE(second);
  first.append(StepOutcome{"a", "succeeded", 1, {}});
  ASSERT_TRUE(first.commit());
  second->append(StepOutcome{"b", "succeeded", 1, {}});
  ASSERT_TRUE(second->commit());
  EXPECT_EQ(state().outcome_of("a"), nullptr);
  EXPECT_NE(state().outcome_of("b"), nullptr);
}

TEST_F(JournalTest, AFullDiskLeavesNoHalfRecordAndCanBeTriedAgain) {
  Journal journal = begin();
  const std::string before = disk_.text_of(kPath);
  journal.append(intent("a", EffectClass::unfound));
  disk_.set_space(20);
  const Result<Done> committed = journal.commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.failure().message, "could not record what is about to happen, so nothing does");
  EXPECT_EQ(disk_.text_of(kPath), before);
  disk_.set_space({});
  ASSERT_TRUE(journal.commit());
  EXPECT_THAT(state().open, SizeIs(1));
}

TEST_F(JournalTest, AnotherVersionOrAnUnknownRecordRefusesResume) {
  using journal_format::sealed;
  begin();
  disk_.set_text(kPath, disk_.text_of(kPath) + sealed({{"seq", 2}, {"inc", 1}, {"type", "telepathy"}}));
  Result<Journal> resumed = Journal::resume(disk_, kPath);
  ASSERT_FALSE(resumed);
  EXPECT_THAT(resumed.failure().causes.front(),
              HasSubstr("does not know records of type `telepathy`; cairn 0.1.0 wrote it"));

  disk_.set_text(kPath, sealed({{"cairn_journal", journal_format::kVersion + 1}}));
  resumed = Journal::resume(disk_, kPath);
  ASSERT_FALSE(resumed);
  EXPECT_THAT(resumed.failure().message, HasSubstr("written by another cairn"));
  EXPECT_THAT(resumed.failure().help, HasSubstr("cairn clean"));
}

TEST_F(JournalTest, WhatHasNoHeaderIsNoJournal) {
  const Result<JournalContent> none = read_journal("hello\n", kPath);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.failure().causes.front(), HasSubstr("not a header"));
  EXPECT_FALSE(read_journal("", kPath));
  EXPECT_FALSE(read_journal("{\"cairn_journal\":1}\n", kPath)) << "without its checksum";
}

// J4: what a released cairn has written opens for ever.
TEST_F(JournalTest, JournalsOfEveryReleaseOpen) {
  const std::string path = std::string(CAIRN_SOURCE_DIR) + "/tests/effects/journals/v1.jsonl";
  const Result<JournalContent> read = read_journal(text_of_file(path), path);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->damage);
  const JournalState folded = fold(read->records);
  EXPECT_EQ(read->header.run, "20260304-050607-a1b2c3");
  EXPECT_EQ(read->incarnation, 2);
  EXPECT_THAT(folded.made, SizeIs(1));
  ASSERT_THAT(folded.open, SizeIs(1));
  EXPECT_TRUE(folded.open[0].interrupted());
  EXPECT_EQ(folded.outcome_of("test.db:create")->outcome, "succeeded");
  EXPECT_EQ(folded.exit_code, 1);
}

TEST_F(JournalTest, IsBegunOnce) {
  begin();
  const Result<Journal> again = Journal::create(disk_, kPath, header());
  ASSERT_FALSE(again);
  EXPECT_THAT(again.failure().message, HasSubstr("is there already"));
}

TEST_F(JournalTest, WhatWasKeptStillHandsOnWhatItHas) {
  Journal journal = begin();
  journal.append(StepOutcome{"app:make", "succeeded", 1, {{"id", "\"one\""}, {"tag", "\"old\""}}});
  journal.append(StepOutcome{"app:make", "kept", 1, {{"tag", "\"new\""}}});  // by a run that went on
  ASSERT_TRUE(journal.commit());
  const JournalState folded = state();
  EXPECT_EQ(folded.outcome_of("app:make")->outcome, "kept");
  EXPECT_THAT(folded.outcome_of("app:make")->facts,
              UnorderedElementsAre(std::pair<std::string, std::string>("id", "\"one\""),
                                   std::pair<std::string, std::string>("tag", "\"new\"")));
  journal.append(StepOutcome{"app:make", "failed", 2, {}});
  ASSERT_TRUE(journal.commit());
  const JournalState failed = state();
  EXPECT_THAT(failed.outcome_of("app:make")->facts, IsEmpty());
}

TEST_F(JournalTest, AResumedRunHasNotEnded) {
  Journal journal = begin();
  journal.append(RunEnd{130});
  ASSERT_TRUE(journal.commit());
  EXPECT_EQ(state().exit_code, 130);
  Result<Journal> second = Journal::resume(disk_, kPath);
  second->append(StepOutcome{"a", "succeeded", 1, {}});
  ASSERT_TRUE(second->commit());
  EXPECT_FALSE(state().exit_code);
}

TEST(RealDisk, AppendsSyncsCutsReplacesAndReads) {
  TemporaryFolder folder;
  Disk& disk = real_disk();
  const std::string path = folder / "file";
  Result<std::unique_ptr<AppendFile>> file = disk.open(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append("hello world"));
  ASSERT_TRUE((*file)->sync());
  ASSERT_TRUE((*file)->cut(5));
  ASSERT_TRUE((*file)->append("!"));
  EXPECT_EQ(*disk.read(path), "hello!");
  ASSERT_TRUE(disk.replace(path, "new"));
  EXPECT_EQ(*disk.read(path), "new");
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  std::filesystem::create_symlink(path, folder / "link");
  EXPECT_FALSE(disk.open(folder / "link"));
  EXPECT_FALSE(disk.read(folder / "none"));
}

}  // namespace
}  // namespace cairn
