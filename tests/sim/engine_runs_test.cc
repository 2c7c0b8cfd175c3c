// Whole runs of the real kinds, the real front end and the real client over a simulated engine, in every kind
// of weather, killed or not. CAIRN_SEED=n runs one seed again and shows what it did.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "tests/fakes/temporary_folder.h"
#include "tests/sim/engine/containers.h"
#include "tests/sim/engine/images.h"
#include "tests/sim/incarnation.h"
#include "tests/sim/stacks.h"

namespace cairn::sim {
namespace {

class EngineOccurrences final : public Occurrences {
 public:
  explicit EngineOccurrences(SimEngine& engine) : engine_(engine) {}
  Instant next_due() override { return engine_.next_due(); }
  void advance(Instant now) override { engine_.advance(now); }

 private:
  SimEngine& engine_;
};

// What is on the engine of this project; and, apart from it, all that is somebody else's.
struct Inventory {
  std::vector<std::string> ours, kept, foreign;
};
Inventory inventory(State& state) {
  Inventory found;
  const auto sort_in = [&](const std::string& what, const std::string& name,
                           const std::map<std::string, std::string>& labels, const std::string& detail) {
    const docker::Labels those(labels.begin(), labels.end());
    if (docker::owner_of(those, name, project) != docker::Owner::ours)
      found.foreign.push_back(what + " " + name + " " + detail);
    else if (docker::identity_in(those).keep)
      found.kept.push_back(what + " " + name);
    else
      found.ours.push_back(what + " " + name);
  };
  for (const auto& [id, one] : state.containers)
    sort_in("container", one->name, labels_in(one->config.value("Labels", Json::object())),
            id + one->status + one->config.dump());
  for (const auto& [id, one] : state.networks) sort_in("network", one.name, one.labels, id);
  for (const auto& [name, one] : state.volumes) sort_in("volume", name, one.labels, Json(one.labels).dump());
  return found;
}

struct Plot {  // what is to happen in a run
  Forecast forecast;
  int trouble = 0;  // see random_stack()
  bool cancels = false, deaths = false, restarts = false, few_threads = false, wall_jumps = false;
  int kill_at = 0;  // at this call; 0: not killed
  bool eventful() const {
    return !forecast.calm() || cancels || deaths || restarts || few_threads || kill_at != 0;
  }
};

Plot random_plot(Chance& chance) {
  Plot plot;
  plot.trouble = chance.one_in(2) ? 0 : chance.between(3, 8);
  const int kind = chance.between(1, 10);
  if (kind >= 5 && kind <= 6) plot.forecast.slow_percent = chance.between(1, 20);
  if (kind >= 7) {
    plot.forecast.refuses_percent = chance.between(0, 4);
    plot.forecast.stumbles_percent = chance.between(0, 4);
    plot.forecast.half_done_percent = chance.between(0, 4);
    plot.forecast.lost_percent = chance.between(0, 6);
    plot.forecast.cut_percent = chance.between(0, 10);
  }
  plot.cancels = chance.one_in(8);
  plot.deaths = chance.one_in(8);
  plot.restarts = chance.one_in(12);
  plot.few_threads = chance.one_in(10);
  plot.wall_jumps = chance.one_in(10);
  if (chance.one_in(5)) plot.kill_at = chance.between(1, 250);
  return plot;
}

struct End {
  std::vector<std::string> complaints;
  std::uint64_t trace = 14695981039346656037u;
  int calls = 0, switches = 0, exit_code = -1;
  bool killed = false;
};

const std::string& scratch_folder() {
  static const TemporaryFolder folder;
  return folder.path();
}

// One world, one run in it (and what follows when it was killed), and what was wrong with that.
class Trial {
 public:
  Trial(std::uint64_t seed, bool tells) : seed_(seed), tells_(tells), chance_(seed), baton_(chance_) {}

  End run(const std::optional<Plot>& wanted = {}) {
    plot_ = random_plot(chance_);
    if (wanted) plot_ = *wanted;
    stack_ = random_stack(chance_, plot_.trouble);
    const Compilation program(stack_.text);
    if (!program.well()) {
      complain("the file has mistakes:\n" + stack_.text + program.mistakes());
      return std::move(end_);
    }
    if (tells_) fmt::print("{}\n", stack_.text);
    furnish();
    const Inventory before = inventory(engine_.state());
    baton_.refuse_threads(plot_.few_threads ? 12 : 0);
    baton_.add(occurrences_);
    gate_.kill_at = plot_.kill_at;
    Weather weather(engine_, baton_, chance_, gate_, plot_.forecast);
    weather.on_call = [this](const std::string& line) { note(line); };

    plan::RunOptions options;
    options.lanes = {{"engine", chance_.between(1, 6)}, {"pull", 2}, {"jobs", chance_.between(1, 4)}};
    options.fail_fast = chance_.one_in(8);
    options.chance = [this] { return chance_.unit(); };
    Incarnation incarnation({program, baton_, weather, folder_, run_id},
                            plan::RunGoal{program.nodes_named(stack_.stages)}, options);
    gate_.on_kill = [&] {
      end_.killed = true;
      for (int i = 0; i < 3; ++i) incarnation.cancel("killed");
      engine_.cut_connections();
    };
    Gate second;
    Weather clear(engine_, baton_, chance_, second, {});
    clear.on_call = weather.on_call;
    bool is_over = false;
    std::vector<std::string> left;
    Inventory after;
    baton_.run([&] {
      begin_events(incarnation, weather);
      finished_ = incarnation.run();
      is_over = true;
      gate_.on_kill = nullptr;
      gate_.close();  // the program ends, whoever still runs in it
      engine_.cut_connections();
      after = inventory(engine_.state());
      note(fmt::format("the run ended with {}; {} is left", finished_.exit_code, after.ours.size()));
      if (!after.ours.empty()) left = clean(clear, baton_, folder_, run_id);
    });
    if (!is_over) hang();
    end_.calls = gate_.calls;
    end_.switches = baton_.switches();
    end_.exit_code = finished_.exit_code;
    for (const std::string& complaint : incarnation.complaints()) complain(complaint);
    for (const std::string& each : left) complain("S12: clean could not remove " + each);
    if (const Inventory cleaned = inventory(engine_.state()); !cleaned.ours.empty())
      complain("S12: clean leaves " + cleaned.ours.front());
    else if (cleaned.foreign != before.foreign)
      complain("S6: what is somebody else's has changed");
    check_events(incarnation);
    if (!end_.killed) check_the_end(incarnation, program, after);
    for (int i = baton_.unfinished(); i > 0; --i) complain("S27: a thread never ends");
    if (baton_.unfinished() > 0) hang();
    std::filesystem::remove_all(folder_);
    return std::move(end_);
  }

 private:
  static constexpr const char* run_id = "20261121-102452-a1b2c3";

  void complain(const std::string& what) {
    end_.complaints.push_back(what);
    if (tells_) fmt::print("!! {}\n", what);
  }
  void note(const std::string& what) {
    for (const char c : what) end_.trace = (end_.trace ^ static_cast<unsigned char>(c)) * 1099511628211u;
    if (tells_) fmt::print("{}\n", what);
  }
  // Threads that wait for ever cannot be joined.
  [[noreturn]] void hang() {
    std::fprintf(stderr, "CAIRN_SEED=%llu shows it again: S9: the run never ends\n",
                 static_cast<unsigned long long>(seed_));
    std::abort();
  }

  // What was there before: an image, and neighbours who look like us.
  void furnish() {
    std::filesystem::create_directories(folder_);
    make_image(engine_.state(), "app:1");
    const Json inherited = {
        {"dev.cairn.project", project}, {"dev.cairn.run", run_id}, {"dev.cairn.name", "x"}};
    for (const char* path : {"/containers/create?name=stranger", "/networks/create", "/volumes/create"}) {
      http::Request request{.method = "POST", .url = std::string("http://docker") + path, .unix_socket = "s"};
      request.body = Json{{"Image", "app:1"}, {"Name", "stranger"}, {"Labels", inherited}}.dump();
      (void)engine_.answer(request);
    }
  }

  void begin_events(Incarnation& incarnation, Weather& weather) {
    const auto later = [&](int most_ms, std::function<void()> what) {
      while (!baton_.start([this, after = chance_.between(0, most_ms), what] {
        if (baton_.sleep_for(Milliseconds(after), {}) && !gate_.closed()) what();
      })) {
      }
    };
    if (plot_.cancels)
      for (int i = chance_.between(1, 2); i > 0; --i)
        later(8000, [&] {
          note("cancel");
          incarnation.cancel("interrupted");
        });
    if (plot_.deaths)
      for (int i = chance_.between(1, 3); i > 0; --i)
        later(8000, [&] {
          std::vector<std::string> running;
          for (const auto& [id, one] : engine_.state().containers)
            if (one->running()) running.push_back(one->name);
          if (running.empty()) return;
          const std::string& victim = chance_.of(running);
          note("dies: " + victim);
          engine_.kill(victim, 137);
        });
    if (plot_.restarts)
      later(8000, [&] {
        note("the engine restarts");
        weather.engine_is_away_until(baton_.now() + Milliseconds(chance_.between(0, 3000)));
        engine_.restart();
      });
    if (plot_.wall_jumps)
      later(4000, [&] { baton_.jump_wall_clock(Milliseconds(chance_.between(-3'600'000, 3'600'000))); });
    // Nobody waits longer than this.
    later(0, [&] {
      if (baton_.sleep_for(std::chrono::hours(1), {})) incarnation.cancel("took too long");
    });
  }

  void check_events(Incarnation& incarnation) {
    std::uint64_t last = 0;
    for (const progress::Event& event : incarnation.events()) {
      if (event.seq != last + 1) complain("events have gaps");
      last = event.seq;
      note(event.step + std::string(progress::type_of(event.is)));
      if (const auto* line = std::get_if<progress::StepLog>(&event.is))
        if (line->line.find(canary) != std::string::npos) complain("S17: a log line holds the secret");
      if (const auto* end = std::get_if<progress::StepFinished>(&event.is)) {
        for (const std::string& cause : end->causes)
          if (cause.find(canary) != std::string::npos) complain("S17: a cause holds the secret");
        if (progress::is_trouble(end->outcome) && (end->reason.empty() || !end->place.known()))
          complain("S20: " + event.step + " has no reason or no place");
      }
    }
  }

  void check_the_end(Incarnation& incarnation, const Compilation& program, const Inventory& after) {
    if (incarnation.loop().left_behind() == 0) incarnation.check_the_end();
    const scribe::Scribe::Totals said = incarnation.said();
    if (said.produced != said.logged + said.lost) complain("S21: bytes of the log are missing");
    if (!after.ours.empty() && finished_.exit_code == 0)
      complain("S4: " + after.ours.front() + " is left and the run is green");
    if (!after.ours.empty() && !plot_.eventful()) complain("S6: " + after.ours.front() + " is left");
    if (!plot_.eventful() && stack_.sound && finished_.exit_code != 0) {
      complain(fmt::format("S16: nothing went wrong, and the exit code is {}", finished_.exit_code));
      for (const progress::Event& event : incarnation.events())
        if (const auto* end = std::get_if<progress::StepFinished>(&event.is);
            end != nullptr && progress::is_trouble(end->outcome))
          complain(event.step + ": " + end->reason + (end->causes.empty() ? "" : ": " + end->causes.back()));
    }
    (void)program;
  }

  const std::uint64_t seed_;
  const bool tells_;
  Chance chance_;
  Baton baton_;
  SimEngine engine_{baton_, options_of(this)};
  EngineOccurrences occurrences_{engine_};
  Gate gate_;
  Plot plot_;
  RandomStack stack_;
  const std::string folder_ = scratch_folder() + "/" + std::to_string(seed_);
  progress::RunFinished finished_;
  End end_;

  static EngineOptions options_of(Trial* self) {
    EngineOptions options;
    options.api_minor = self->chance_.one_in(2) ? 41 : 56;
    options.pullable = {"far:2"};
    options.on_change = [self](const std::string& method, const std::string& path,
                               const std::map<std::string, std::string>& labels, const std::string& name) {
      const docker::Labels those(labels.begin(), labels.end());
      if (docker::owner_of(those, name, project) != docker::Owner::ours)
        self->complain("S7: " + method + " " + path + ", which is not ours");
    };
    return options;
  }
};

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class EngineRuns : public testing::Test {
 protected:
  static void SetUpTestSuite() { setenv("DOCKER_HOST", "unix:///simulated.sock", 1); }
};

TEST_F(EngineRuns, HoldForEverySeed) {
  const bool only = std::getenv("CAIRN_SEED") != nullptr;
  const std::uint64_t first = number("CAIRN_SEED", 1);
  const std::uint64_t last = only ? first : number("CAIRN_SEEDS", 40);
  std::uint64_t green = 0, killed = 0, calls = 0, switches = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const End end = Trial(seed, only).run();
    ASSERT_TRUE(end.complaints.empty())
        << "CAIRN_SEED=" << seed << " shows it again: " << testing::PrintToString(end.complaints);
    green += end.exit_code == 0 && !end.killed;
    killed += end.killed;
    calls += static_cast<std::uint64_t>(end.calls);
    switches += static_cast<std::uint64_t>(end.switches);
  }
  fmt::print("{} runs: {} green, {} killed, {} calls, {} switches\n", last - first + 1, green, killed, calls,
             switches);
}

TEST_F(EngineRuns, TheSameSeedIsTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    ASSERT_EQ(Trial(seed, false).run().trace, Trial(seed, false).run().trace) << seed;
}

}  // namespace
}  // namespace cairn::sim
