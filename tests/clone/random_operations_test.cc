// A thousand operations by chance (of a fixed seed) on clones, by each method: the seed stays what it was,
// and each clone is what was done to it and nothing else.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "runtime/clone/loop_mount.h"
#include "runtime/clone/told_storage.h"
#include "tests/fakes/must.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::clone {
namespace {

namespace fs = std::filesystem;

// As an agent is asked, without a container between.
class Messages final : public ToldStorage {
  Result<Message> ask(const Message& question, std::stop_token stop) override {
    std::string there = written(question);
    const Message heard = *must(take_message(there));
    std::string back = written(answer_to(this_machine(), heard, std::move(stop)));
    return *must(take_message(back));
  }
};

struct Way {
  const char* name;
  const char* pool;  // empty: an ordinary folder
  Method method;
  bool by_messages = false;
};

class ThousandOperations : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    if (*GetParam().pool == '\0') {
      pool_.where = folder_ / "p";
      fs::create_directories(pool_.where);
      return;
    }
    if (const Result<> may = may_mount(); !may.ok()) GTEST_SKIP() << may.failure().causes.front();
    pool_ = must(create_pool(
        {.folder = folder_.path(), .name = "p", .type = GetParam().pool, .size = std::uint64_t{1} << 30}));
  }
  void TearDown() override {
    if (!pool_.mounted) return;
    const Result<> gone = remove_pool(folder_.path(), "p", true, real_clock(), {});
    EXPECT_TRUE(gone.ok());
  }
  std::uint32_t chance(std::uint32_t below) { return static_cast<std::uint32_t>(engine_()) % below; }
  std::string noise(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(engine_());
    return text;
  }
  std::string some(const std::map<std::string, std::string>& of) {
    auto at = of.begin();
    std::advance(at, static_cast<long>(chance(static_cast<std::uint32_t>(of.size()))));
    return at->first;
  }
  // Changes a file in it, as a database would.
  void write_into(const std::string& clone) {
    const std::string file = clone + "/" + std::to_string(chance(files));
    std::error_code error;
    if (chance(8) == 0) fs::remove(file, error);
    if (chance(8) == 0) fs::resize_file(file, chance(30000), error);
    std::fstream open(file, std::ios::in | std::ios::out | std::ios::binary);
    open.seekp(chance(20000));
    open << noise(chance(9000));
  }

  static constexpr std::uint32_t files = 6;
  TemporaryFolder folder_;
  Pool pool_;
  std::mt19937 engine_{20261121};
  Messages messages_;
};
INSTANTIATE_TEST_SUITE_P(Ways, ThousandOperations,
                         testing::Values(Way{"Copy", "", Method::copy},
                                         Way{"Reflink", "xfs", Method::reflink},
                                         Way{"Snapshot", "btrfs", Method::snapshot},
                                         Way{"ByAnAgent", "xfs", Method::reflink, true}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(ThousandOperations, LeaveTheSeedAlone) {
  Storage& storage = GetParam().by_messages ? static_cast<Storage&>(messages_) : this_machine();
  fs::create_directories(folder_ / "outside");
  for (std::uint32_t i = 0; i < files; ++i)
    std::ofstream(folder_ / ("outside/" + std::to_string(i)), std::ios::binary) << noise(20000);
  const std::string seed = clone_path(pool_, "shop", "a1b2c3", "seed");
  must(storage.clone_into(pool_, folder_ / "outside", seed, {}));
  const std::string hash = must(hash_of_tree(seed));
  EXPECT_EQ(hash, must(hash_of_tree(folder_ / "outside")));

  std::map<std::string, std::string> clones, snapshots;  // path to what its hash has to be
  int number = 0, overwrites = 0, writes = 0;
  for (int step = 0; step < 1000; ++step) {
    const std::uint32_t what = chance(12);
    // From the seed, from a snapshot, from another clone.
    const auto& sources = what % 2 == 0 || snapshots.empty() ? clones : snapshots;
    const bool from_seed = sources.empty() || chance(3) == 0;
    const std::string source = from_seed ? seed : some(sources);
    const std::string content = from_seed ? hash : sources.at(source);
    const std::string fresh = clone_path(pool_, "shop", "a1b2c3", "n" + std::to_string(number++));
    if (clones.size() < 2 || (what < 2 && clones.size() < 8)) {
      EXPECT_EQ(must(storage.clone_into(pool_, source, fresh, {})).method, GetParam().method);
      clones[fresh] = content;
    } else if (what == 2 && snapshots.size() < 4) {
      must(storage.clone_into(pool_, source, fresh, {}));
      snapshots[fresh] = content;
    } else if (what == 3 || what == 4) {
      auto& of = what == 4 && !snapshots.empty() ? snapshots : clones;
      const std::string gone = some(of);
      must(storage.remove_clone(pool_, gone, {}));
      of.erase(gone);
    } else if (what < 8) {
      const std::string target = some(clones);
      if (target == source) continue;
      must(storage.overwrite(source, target, GetParam().method, {}));
      clones[target] = content;
      ++overwrites;
    } else {
      const std::string target = some(clones);
      write_into(target);
      clones[target] = must(hash_of_tree(target));
      ++writes;
    }
    if (step % 100 == 0) {
      ASSERT_EQ(must(hash_of_tree(seed)), hash) << "after step " << step;
    }
  }
  EXPECT_GT(overwrites, 100);
  EXPECT_GT(writes, 200);
  EXPECT_EQ(must(hash_of_tree(seed)), hash);
  for (const auto& all : {clones, snapshots})
    for (const auto& [path, wanted] : all) EXPECT_EQ(must(hash_of_tree(path)), wanted) << path;
  EXPECT_EQ(must(storage.clones(pool_, {})).size(), 1 + clones.size() + snapshots.size())
      << "nothing else is left";
}

TEST(Messages, WhatIsNoneIsRefused) {
  std::string bytes = written({"probe", "/a", ""});
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    std::string part = bytes.substr(0, cut);
    const Result<std::optional<Message>> taken = take_message(part);
    ASSERT_TRUE(taken.ok());
    EXPECT_FALSE(taken->has_value()) << cut;
  }
  EXPECT_EQ(**take_message(bytes), (Message{"probe", "/a", ""}));
  EXPECT_TRUE(bytes.empty());
  bytes = std::string(8, '\xff');
  EXPECT_FALSE(take_message(bytes).ok());
  EXPECT_EQ(answer_to(this_machine(), {"eradicate", "/"}, {})[1],
            "the storage agent does not know `eradicate`");
  EXPECT_EQ(answer_to(this_machine(), {}, {})[0], "failed");
  EXPECT_EQ(answer_to(this_machine(), {"fill", "/a", "/b", "magic"}, {})[0], "failed");
}

TEST(Messages, AFailureComesOverWhole) {
  TemporaryFolder folder;
  Messages messages;
  fs::create_directories(folder / "seed/inner");
  fs::create_directories(folder / "data");
  std::ofstream held(folder / "data/held");
  const Result<Cloned> refused = messages.overwrite(folder / "seed", folder / "data", Method::copy, {});
  ASSERT_FALSE(refused.ok());
  const Result<Cloned> here = overwrite_tree(folder / "seed", folder / "data", Method::copy, {});
  EXPECT_EQ(refused.failure().message, here.failure().message);
  EXPECT_EQ(refused.failure().causes, here.failure().causes);
  EXPECT_EQ(refused.failure().help, here.failure().help);
  EXPECT_TRUE(refused.failure().nothing_done);
  std::stop_source stop;
  stop.request_stop();
  held.close();
  EXPECT_EQ(messages.overwrite(folder / "seed", folder / "data", Method::copy, stop.get_token()).failure().is,
            FailureClass::cancelled);
}

}  // namespace
}  // namespace cairn::clone
