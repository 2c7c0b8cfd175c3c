// Twenty thousand runs over graphs and fates that nobody thought of.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "runtime/plan/run.h"
#include "tests/fakes/random_graph.h"
#include "tests/fakes/run_checks.h"
#include "tests/plan/scripted_run.h"

namespace cairn::plan {
namespace {

using std::chrono::seconds;

// What may happen, by seed, and the ends of steps with what a world might say.
class Fate {
 public:
  explicit Fate(std::uint64_t seed) : chance_(seed) {}

  std::vector<std::string> run() {
    const Graph graph = random_graph(chance_);
    const Plan plan = do_all(graph);
    options_.lanes = {{"engine", chance_.between(1, 4)}, {"jobs", chance_.between(1, 3)}, {"pull", 1}};
    options_.hands = chance_.one_in(4) ? chance_.between(1, 3) : 100;
    options_.fail_fast = chance_.one_in(6);
    if (chance_.one_in(10)) options_.timeout = seconds(chance_.between(1, 200));
    options_.chance = [this] { return chance_.unit(); };
    Run run(graph, plan, options_);
    RunChecks checks(graph, plan, run, options_);
    const int hung_share = chance_.one_in(8) ? 10 : 0;
    const int unlucky = chance_.one_in(3) ? 12 : 2;

    const auto tell = [&](const Event& event) {
      const Commands commands = run.on(event, now_);
      for (const Command& command : commands) {
        if (const SetTimer* set = std::get_if<SetTimer>(&command)) timers_[{set->at, set->timer}] = true;
        if (const ClearTimer* clear = std::get_if<ClearTimer>(&command))
          std::erase_if(timers_, [&](const auto& timer) { return timer.first.second == clear->timer; });
        if (const StartAttempt* start = std::get_if<StartAttempt>(&command);
            start && chance_.percent(hung_share))
          hung_.insert(start->step);
      }
      checks.after(event, commands);
    };
    tell(Began{});
    for (int turns = 0; !run.over() && checks.complaints().empty(); ++turns) {
      if (turns > 100'000) {
        return {"S9: livelock"};
      }
      std::vector<StepId> busy;
      for (const StepId step : checks.live())
        if (!hung_.contains(step)) busy.push_back(step);
      const int what = chance_.between(1, 100);
      if (what <= 1 && chance_.one_in(5)) {
        tell(CancelAsked{"interrupted"});
      } else if (what <= unlucky && what <= 6) {
        kill_a_service(graph, run, tell);
      } else if (!timers_.empty() && (busy.empty() || what <= 10)) {
        const auto [at, timer] = timers_.begin()->first;
        timers_.erase(timers_.begin());
        now_ = std::max(now_, at);
        tell(TimerFired{timer});
      } else if (!busy.empty()) {
        const StepId step = chance_.of(busy);
        if (chance_.one_in(60))
          tell(NoHand{step, run.attempts(step)});
        else
          tell(AttemptEnded{step, run.attempts(step), an_end(unlucky)});
        hung_.erase(step);
      } else if (!checks.live().empty()) {
        tell(CancelAsked{"somebody lost patience with a step that hangs and has no timeout"});
      } else {
        break;  // nothing can happen any more
      }
    }
    if (checks.complaints().empty()) checks.at_the_end();
    return checks.complaints();
  }

 private:
  template <class Tell>
  void kill_a_service(const Graph& graph, const Run& run, const Tell& tell) {
    std::vector<NodeId> services;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const NodeId node{static_cast<std::uint32_t>(i)};
      if (graph.node(node).node_class == NodeClass::service && run.begun(graph.step(node, Phase::start)))
        services.push_back(node);
    }
    if (services.empty()) return;
    const NodeId service = chance_.of(services);
    tell(ServiceDied{service, run.attempts(graph.step(service, Phase::start)), "exited 137"});
  }

  decltype(AttemptEnded::how) an_end(int unlucky) {
    const int how = chance_.between(1, 100);
    const Trouble trouble{.message = "no", .endpoint = chance_.one_in(10)};
    if (how <= unlucky) return Failed{trouble};
    if (how <= unlucky + 2) return TimedOut{trouble};
    if (how <= unlucky + 4) return Kept{"it was there"};
    if (how <= unlucky + 5) return NotNeeded{"its guard said no"};
    if (how <= unlucky + 8) return Cancelled{};
    return Succeeded{};
  }

  Chance chance_;
  RunOptions options_;
  Moment now_{};
  std::map<std::pair<Moment, TimerId>, bool> timers_;
  std::set<StepId> hung_;
};

TEST(RunProperties, HoldForTwentyThousandSeeds) {
  const char* only = std::getenv("CAIRN_SEED");
  const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const std::uint64_t last = only != nullptr ? first : 20'000;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const std::vector<std::string> complaints = Fate(seed).run();
    ASSERT_TRUE(complaints.empty()) << "CAIRN_SEED=" << seed << " shows it again: " << complaints.front();
  }
}

}  // namespace
}  // namespace cairn::plan
