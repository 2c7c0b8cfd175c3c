#include "tests/sim/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>

#include "tests/fakes/temporary_folder.h"
#include "tests/sim/engine/images.h"
#include "tests/sim/engine_occurrences.h"
#include "tests/sim/inventory.h"
#include "tests/sim/life.h"

namespace cairn::sim {
namespace {

namespace fs = std::filesystem;

constexpr const char* run_id = "20261121-102452-a1b2c3";

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
  plot.fail_fast = chance.one_in(8);
  if (chance.one_in(3)) plot.kill_at = chance.between(1, 300);
  plot.resumes = chance.percent(70);
  if (chance.one_in(4)) plot.kill_again_at = chance.between(1, 150);
  return plot;
}

const std::string& scratch_folder() {
  static const TemporaryFolder folder;
  return folder.path();
}

class Trial {
 public:
  explicit Trial(const TrialSetup& setup)
      : setup_(setup), chance_(setup.seed), baton_(chance_), engine_(baton_, engine_options()) {}

  End run() {
    plot_ = random_plot(chance_);
    if (setup_.plot) plot_ = *setup_.plot;
    stack_ = setup_.stack ? *setup_.stack : random_stack(chance_, plot_.trouble);
    program_ = std::make_unique<Compilation>(stack_.text);
    if (!program_->well()) {
      complain("the file has mistakes:\n" + stack_.text + program_->mistakes());
      return std::move(end_);
    }
    if (setup_.tells) fmt::print("{}\n", stack_.text);
    furnish();
    const Inventory before = inventory(engine_.state(), project);
    baton_.refuse_threads(plot_.few_threads ? 12 : 0);
    baton_.add(occurrences_);
    bool is_over = false;
    baton_.run([&] {
      live();
      is_over = true;
    });
    if (setup_.tells) fmt::print("{} threads wait for ever\n", baton_.unfinished());
    if (!is_over || baton_.unfinished() > 0) hang();
    end_.switches = baton_.switches();
    if (inventory(engine_.state(), project).foreign != before.foreign)
      complain("S6: what is somebody else's has changed");
    for (const std::unique_ptr<Life>& life : lives_) check_life(*life);
    check_deeds();
    if (end_.resumed && !lives_.back()->killed && !plot_.eventful() && stack_.repeatable && !plot_.fail_fast)
      compare_with_uncrashed();
    fs::remove_all(folder_);
    return std::move(end_);
  }

 private:
  void complain(const std::string& what) {
    end_.complaints.push_back(what);
    if (setup_.tells) fmt::print("!! {}\n", what);
  }
  void note(const std::string& what) {
    for (const char c : what) end_.trace = (end_.trace ^ static_cast<unsigned char>(c)) * 1099511628211u;
    if (setup_.tells) fmt::print("{}\n", what);
  }
  // Threads that wait for ever cannot be joined.
  [[noreturn]] void hang() const {
    std::fflush(stdout);
    std::fprintf(stderr, "CAIRN_SEED=%llu shows it again: S9: the run never ends\n",
                 static_cast<unsigned long long>(setup_.seed));
    std::abort();
  }

  EngineOptions engine_options() {
    EngineOptions options;
    options.api_minor = chance_.one_in(2) ? 41 : 56;
    options.pullable = {"far:2"};
    options.on_deed = [this](const std::string& what) { ++deeds_[what]; };
    options.on_change = [this](const std::string& method, const std::string& path,
                               const std::map<std::string, std::string>& labels, const std::string& name) {
      const docker::Labels those(labels.begin(), labels.end());
      if (docker::owner_of(those, name, project) != docker::Owner::ours)
        complain("S7: " + method + " " + path + ", which is not ours");
    };
    return options;
  }

  // What was there before: an image, and neighbours who look like us.
  void furnish() {
    fs::create_directories(folder_);
    make_image(engine_.state(), "app:1");
    const Json inherited = {
        {"dev.cairn.project", project}, {"dev.cairn.run", run_id}, {"dev.cairn.name", "x"}};
    for (const char* path : {"/containers/create?name=stranger", "/networks/create", "/volumes/create"}) {
      http::Request request{.method = "POST", .url = std::string("http://docker") + path, .unix_socket = "s"};
      request.body = Json{{"Image", "app:1"}, {"Name", "stranger"}, {"Labels", inherited}}.dump();
      (void)engine_.answer(request);
    }
  }

  Life& begin_life(const Forecast& forecast, int kill_at) {
    plan::RunOptions options;
    options.lanes = {{"engine", chance_.between(1, 6)}, {"pull", 2}, {"jobs", chance_.between(1, 4)}};
    options.fail_fast = plot_.fail_fast;
    options.chance = [this] { return chance_.unit(); };
    lives_.push_back(std::make_unique<Life>(
        LifeSetup{*program_, engine_, baton_, chance_, disk_, folder_, run_id, forecast, kill_at},
        plan::RunGoal{program_->nodes_named(stack_.stages)}, options));
    Life& life = *lives_.back();
    life.weather.on_call = [this](const std::string& line) { note(line); };
    life.weather.on_change = [this, &life](const http::Request& request) {
      if (!life.folder.alive.held())
        complain("S13: " + request.method + " " + request.url + " of a process that has lost its run");
    };
    life.folder = take_run(lives_.size() == 1);
    return life;
  }

  // As `cairn run`, and as `cairn resume` and `cairn clean` do it; somebody else may be doing so as well.
  RunFolder take_run(bool is_new) {
    const std::string cairn_folder = folder_ + "/.cairn";
    for (;;) {
      Result<RunFolder> taken = is_new ? create_run(*project_folder(folder_), run_id)
                                       : take_over_run(cairn_folder, run_id, "the simulation");
      if (taken) return std::move(*taken);
      if (rivals_at_work_ == 0) {
        complain("S13: nobody has the run, and it cannot be taken: " + taken.failure().message);
        return {};
      }
      baton_.sleep_for(Milliseconds(100), {});
    }
  }

  // Another `cairn resume` or `cairn clean` of this run: it gets nothing as long as a process of the run
  // lives.
  void rival() {
    const auto at_work = [this] {
      return std::any_of(lives_.begin(), lives_.end(),
                         [](const auto& life) { return life->folder.alive.held(); });
    };
    Result<RunFolder> taken = take_over_run(folder_ + "/.cairn", run_id, "a rival");
    note(fmt::format("a rival {} the run", taken ? "gets" : "does not get"));
    if (!taken) return;
    if (at_work()) complain("S13: two have the run");
    ++rivals_at_work_;
    baton_.sleep_for(Milliseconds(chance_.between(0, 2000)), {});
    if (at_work()) complain("S13: the run was taken from a rival");
    --rivals_at_work_;
  }

  // What may not be repeated, and of which the journal cannot say how it came out.
  std::vector<std::string> steps_in_doubt() {
    std::vector<std::string> steps;
    for (const OpenStep& open : fold(journal()->records).begun)
      if (open.interrupted()) steps.push_back(open.step);
    return steps;
  }

  void check_deeds() {
    for (const auto& [what, times] : deeds_) {
      const bool is_hook = what.ends_with(" echo hook");
      if (!is_hook && !what.starts_with("push ")) continue;
      const auto asked = asked_again_.find(what);
      if (times > 1 + (asked == asked_again_.end() ? 0 : asked->second))
        complain(fmt::format("S3: {} was done {} times", what, times));
    }
  }

  void live() {
    Life& first = begin_life(plot_.forecast, plot_.kill_at);
    begin_events(first);
    finished_ = first.incarnation.run(plan::RunGoal{program_->nodes_named(stack_.stages)});
    finish(first);
    end_.calls = first.gate.calls;
    end_.killed = first.killed;
    Life* last = &first;
    int kill_at = plot_.kill_again_at;
    std::vector<std::string> repeat;
    bool asks = false;  // it was refused, since nobody knows whether something was done
    // Killed in its first write, it has no journal, and nothing to resume.
    while ((last->killed || asks) && plot_.resumes && journal()) {
      if (!std::exchange(asks, false)) repeat.clear();
      last =
          &begin_life({.longest_ms = plot_.forecast.longest_ms, .slow_percent = plot_.forecast.slow_percent},
                      std::exchange(kill_at, 0));
      end_.resumed = true;
      note("resume");
      lose_patience(*last);
      remember_what_is_done();
      const Result<progress::RunFinished> finished = last->incarnation.resume(repeat);
      if (finished) {
        finished_ = *finished;
      } else if (!last->killed && repeat.empty() && !steps_in_doubt().empty()) {
        asks = true;
        repeat = steps_in_doubt();
        for (const std::string& step : repeat) ++asked_again_[deed_of(step)];
      } else if (!last->killed)
        complain("S11: resume was refused: " + finished.failure().message +
                 (finished.failure().causes.empty() ? "" : ": " + finished.failure().causes.front()));
      finish(*last);
    }
    end_.exit_code = finished_.exit_code;
    check_what_is_left(*last);
    clean_up();
  }

  void finish(Life& life) {
    if (!life.end(engine_)) complain("S27: a thread never ends");
    const Inventory now = inventory(engine_.state(), project);
    note(fmt::format("it ended with {}{}; {} is left", finished_.exit_code, life.killed ? ", killed" : "",
                     now.ours.size()));
    if (!life.killed || !life.incarnation.began()) return;
    // S10: nothing of ours is out there that the journal does not know of.
    const std::optional<JournalContent> content = journal();
    if (!content && !now.ours.empty()) complain("S10: " + now.ours.front() + " is there, and no journal");
    if (!content) return;
    for (const std::string& name : now.names_of_runs) {
      const bool known =
          std::any_of(content->records.begin(), content->records.end(), [&](const JournalRecord& record) {
            const Intent* intent = std::get_if<Intent>(&record.entry);
            return intent != nullptr && intent->name == name;
          });
      if (!known) complain("S10: " + name + " is there, and the journal knows nothing of it");
    }
  }

  // As it is on the disk; nothing when not even its first line is.
  std::optional<JournalContent> journal() {
    const Result<std::string> text = disk_.read(journal_of(folder_));
    Result<JournalContent> content = read_journal(text ? *text : std::string(), journal_of(folder_));
    return content ? std::optional(std::move(*content)) : std::nullopt;
  }
  void remember_what_is_done() {
    for (const StepOutcome& step : fold(journal()->records).steps)
      if (step.step.ends_with(":run") && step.outcome == "succeeded") done_before_.insert(step.step);
  }

  // Of a step that pushes: see stacks.cc.
  static std::string deed_of(const std::string& step) {
    const std::string name = step.substr(step.rfind('.') + 1);
    return "push registry.example:5000/app:" + name.substr(4, name.find(':') - 4);
  }

  void check_what_is_left(const Life& last) {
    const Inventory after = inventory(engine_.state(), project);
    end_.kept = after.kept;
    if (last.killed) return;
    if (!after.ours.empty() && finished_.exit_code == 0)
      complain("S4: " + after.ours.front() + " is left and the run is green");
    if (!after.ours.empty() && !plot_.eventful()) complain("S6: " + after.ours.front() + " is left");
    for (const std::string& left : last.incarnation.left()) complain(left + " is left by what was resumed");
  }

  void clean_up() {
    if (inventory(engine_.state(), project).ours.empty()) return;
    const RunFolder taken = take_run(false);
    Gate open;
    Weather clear(engine_, baton_, chance_, open, {});
    clear.on_call = [this](const std::string& line) { note(line); };
    for (const std::string& left : clean(clear, baton_, folder_, run_id))
      complain("S12: clean could not remove " + left);
    if (const Inventory cleaned = inventory(engine_.state(), project); !cleaned.ours.empty())
      complain("S12: clean leaves " + cleaned.ours.front());
  }

  void later(int most_ms, std::function<void()> what) {
    while (!baton_.start([this, after = chance_.between(0, most_ms), what] {
      if (baton_.sleep_for(Milliseconds(after), {})) what();
    })) {
    }
  }
  void later(Life& life, int most_ms, std::function<void()> what) {
    later(most_ms, [&life, what] {
      if (!life.gate.closed()) what();
    });
  }
  // Nobody waits longer than this.
  void lose_patience(Life& life) {
    later(life, 0, [&] {
      if (baton_.sleep_for(std::chrono::hours(1), {}) && !life.gate.closed())
        life.incarnation.cancel("took too long");
    });
  }

  void begin_events(Life& life) {
    if (plot_.cancels)
      for (int i = chance_.between(1, 2); i > 0; --i)
        later(life, 8000, [&] {
          note("cancel");
          life.incarnation.cancel("interrupted");
        });
    if (plot_.deaths)
      for (int i = chance_.between(1, 3); i > 0; --i)
        later(life, 8000, [&] {
          std::vector<std::string> running;
          for (const auto& [id, one] : engine_.state().containers)
            if (one->running()) running.push_back(one->name);
          if (running.empty()) return;
          const std::string& victim = chance_.of(running);
          note("dies: " + victim);
          engine_.kill(victim, 137);
        });
    if (plot_.restarts)
      later(life, 8000, [&] {
        note("the engine restarts");
        life.weather.engine_is_away_until(baton_.now() + Milliseconds(chance_.between(0, 3000)));
        engine_.restart();
      });
    if (plot_.wall_jumps)
      later(life, 4000,
            [&] { baton_.jump_wall_clock(Milliseconds(chance_.between(-3'600'000, 3'600'000))); });
    for (int i = chance_.between(0, 2); i > 0; --i) later(8000, [&] { rival(); });
    lose_patience(life);
  }

  void check_life(Life& life) {
    for (const std::string& complaint : life.incarnation.complaints()) complain(complaint);
    check_events(life);
    if (life.killed || !life.incarnation.began()) return;
    if (life.incarnation.loop().left_behind() == 0) {
      life.incarnation.check_the_end();
      for (const std::string& complaint : life.incarnation.complaints()) complain(complaint);
    }
    const scribe::Scribe::Totals said = life.incarnation.said();
    if (said.produced != said.logged + said.lost) complain("S21: bytes of the log are missing");
    if (!plot_.eventful() && stack_.sound && finished_.exit_code != 0) {
      complain(fmt::format("S16: nothing went wrong, and the exit code is {}", finished_.exit_code));
      for (const progress::Event& event : life.incarnation.events())
        if (const auto* end = std::get_if<progress::StepFinished>(&event.is);
            end != nullptr && progress::is_trouble(end->outcome))
          complain(event.step + ": " + end->reason + (end->causes.empty() ? "" : ": " + end->causes.back()));
    }
    take_outcomes(life);
  }

  static std::string reason_in(const progress::Event& event) {
    const auto* end = std::get_if<progress::StepFinished>(&event.is);
    if (end == nullptr || end->reason.empty()) return {};
    return fmt::format(": {}{}{}", end->reason, end->causes.empty() ? "" : ": ",
                       fmt::join(end->causes, ": "));
  }

  void check_events(const Life& life) {
    std::uint64_t last = 0;
    for (const progress::Event& event : life.incarnation.events()) {
      if (event.seq != last + 1) complain("events have gaps");
      last = event.seq;
      note(fmt::format("{} {}{}", event.step, progress::type_of(event.is), reason_in(event)));
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

  void take_outcomes(const Life& life) {
    const Graph& graph = *program_->compiled.graph;
    for (const StepId step : graph.order) {
      const Phase phase = graph.steps[index(step)].phase;
      const plan::Outcome* outcome = life.incarnation.loop().plan_run().outcome(step);
      if (is_finaliser(phase) || outcome == nullptr) continue;
      end_.outcomes[graph.name(step)] = plan::is_good(*outcome)                           ? 'g'
                                        : plan::trouble_of(*outcome) != nullptr           ? 'b'
                                        : std::holds_alternative<plan::Skipped>(*outcome) ? 's'
                                                                                          : 'n';
      // S11: what had succeeded is done again only where the plan says why.
      const plan::StepPlan& its = life.incarnation.plan().steps[index(step)];
      if (end_.resumed && done_before_.contains(graph.name(step)) && its.verdict != plan::Verdict::keep &&
          its.reason.find("is made anew") == std::string::npos &&
          its.reason.find("what it said is needed") == std::string::npos)
        complain("S11: " + graph.name(step) + " had succeeded, and is done again: " + its.reason);
    }
    std::error_code error;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder_ + "/artifacts", error))
      end_.artifacts.push_back(file.path().lexically_relative(folder_).string());
    std::sort(end_.artifacts.begin(), end_.artifacts.end());
  }

  // S11: the same world without the kill comes to the same end.
  void compare_with_uncrashed() {
    fs::remove_all(folder_);
    if (setup_.uncrashed != nullptr) return compare_with(*setup_.uncrashed);
    TrialSetup other = setup_;
    other.tells = false;
    other.plot = plot_;
    other.plot->kill_at = 0;
    other.stack = stack_;
    compare_with(run_trial(other));
  }
  void compare_with(const End& end) {
    for (const std::string& complaint : end.complaints) complain("without the kill: " + complaint);
    if (end.exit_code != end_.exit_code)
      complain(fmt::format("S11: exit code {} instead of {}", end_.exit_code, end.exit_code));
    if (end.kept != end_.kept)
      complain(fmt::format("S11: [{}] is kept instead of [{}]", fmt::join(end_.kept, ", "),
                           fmt::join(end.kept, ", ")));
    if (end.artifacts != end_.artifacts)
      complain(fmt::format("S11: artifacts [{}] instead of [{}]", fmt::join(end_.artifacts, ", "),
                           fmt::join(end.artifacts, ", ")));
    for (const auto& [step, how] : end.outcomes) {
      const char ours = end_.outcomes[step];
      // What is not needed any more has done its work before.
      if (ours != how && !(how == 'g' && ours == 'n'))
        complain(fmt::format("S11: {} is `{}` instead of `{}`", step, ours, how));
    }
  }

  const TrialSetup setup_;
  End end_;
  Chance chance_;
  Baton baton_;
  SimEngine engine_;
  EngineOccurrences occurrences_{engine_};
  MemoryDisk disk_;
  Plot plot_;
  RandomStack stack_;
  std::unique_ptr<Compilation> program_;
  const std::string folder_ = scratch_folder() + "/" + std::to_string(setup_.seed);
  std::deque<std::unique_ptr<Life>> lives_;  // all are kept: what they left behind still looks at them
  progress::RunFinished finished_;
  std::map<std::string, int> deeds_;        // what was done that nobody can take back, and how often
  std::map<std::string, int> asked_again_;  // how often it was asked for by name
  int rivals_at_work_ = 0;
  std::set<std::string> done_before_;  // steps that had succeeded when a process went on
};

}  // namespace

End run_trial(const TrialSetup& setup) {
  return Trial(setup).run();
}

}  // namespace cairn::sim
