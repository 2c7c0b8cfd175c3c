// Processes that exist only in a test. Each runs until the test ends it, or ends at once as ends_at_once()
// says.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/keeper/spawner.h"

namespace cairn::keeper {

class FakeSpawner final : public Spawner {
 public:
  explicit FakeSpawner(Clock& clock) : clock_(clock) {}

  // From now on processes of this step end as soon as they start.
  void ends_at_once(const std::string& step, Exit exit) {
    std::lock_guard lock(mutex_);
    ending_at_once_[step] = std::move(exit);
  }
  void cannot_start(const std::string& step, Failure failure) {
    std::lock_guard lock(mutex_);
    failing_.insert_or_assign(step, std::move(failure));
  }
  // What a signal does to processes of this step; without it any signal ends them by that signal.
  void answers_signals(const std::string& step, std::function<std::optional<Exit>(int signal)> answer) {
    std::lock_guard lock(mutex_);
    answers_[step] = std::move(answer);
  }
  // Ends all running processes of the step; returns how many there were.
  int end(const std::string& step, const Exit& exit) {
    std::vector<std::uint64_t> ending;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [number, process] : processes_) {
        if (process.spec.step == step && !process.exit) ending.push_back(number);
      }
    }
    for (const std::uint64_t number : ending) finish(number, exit);
    return static_cast<int>(ending.size());
  }
  // What was asked for, in order: "spawn a.b", "signal a.b TERM", "kill a.b".
  std::vector<std::string> log() {
    std::lock_guard lock(mutex_);
    return log_;
  }
  std::vector<SpawnSpec> spawned() {
    std::lock_guard lock(mutex_);
    std::vector<SpawnSpec> specs;
    for (const auto& [number, process] : processes_) specs.push_back(process.spec);
    return specs;
  }
  void wait_for_spawns(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return processes_.size() >= count; });
  }

  Result<Process> spawn(const SpawnSpec& spec) override {
    std::unique_lock lock(mutex_);
    log_.push_back("spawn " + spec.step);
    if (const auto found = failing_.find(spec.step); found != failing_.end()) return found->second;
    const std::uint64_t number = processes_.size() + 1;
    Fake& fake = processes_[number];
    fake.spec = spec;
    if (const auto found = ending_at_once_.find(spec.step); found != ending_at_once_.end())
      fake.exit = found->second;
    changed_.notify_all();
    return Process{number, static_cast<pid_t>(1000 + number), spec.step};
  }

  Result<Exit> wait(const Process& process, std::stop_token stop,
                    std::optional<Instant> deadline = {}) override {
    std::stop_source ended;
    {
      std::unique_lock lock(mutex_);
      Fake& fake = processes_[process.number];
      if (!deadline) changed_.wait(lock, stop, [&] { return fake.exit.has_value(); });
      if (fake.exit) return *fake.exit;
      fake.watchers.push_back([ended](const Exit&) mutable { ended.request_stop(); });
    }
    if (deadline) {
      const std::stop_callback when_stopped(stop, [&] { ended.request_stop(); });
      clock_.sleep_until(*deadline, ended.get_token());
    }
    std::lock_guard lock(mutex_);
    if (const Fake& fake = processes_[process.number]; fake.exit) return *fake.exit;
    Failure failure{"`" + process.step + "` is still running"};
    failure.is = stop.stop_requested() ? FailureClass::cancelled : FailureClass::timeout;
    return failure;
  }

  // Nobody says anything here: complete as soon as the process has ended.
  Result<LogEnd> wait_for_log(const Process& process, std::uint64_t, std::stop_token stop) override {
    const Result<Exit> ended = wait(process, std::move(stop));
    if (!ended) return ended.failure();
    return LogEnd{0, true};
  }

  Result<Done> signal(const Process& process, int signal) override {
    std::optional<Exit> exit = Exit{0, signal, {}};
    {
      std::lock_guard lock(mutex_);
      log_.push_back("signal " + process.step + " " + sigabbrev_np(signal));
      if (const auto found = answers_.find(process.step); found != answers_.end())
        exit = found->second(signal);
    }
    if (exit) finish(process.number, *exit);
    return Done{};
  }
  Result<Done> kill_tree(const Process& process) override {
    {
      std::lock_guard lock(mutex_);
      log_.push_back("kill " + process.step);
    }
    finish(process.number, Exit{0, SIGKILL, {}});
    return Done{};
  }
  void when_ended(const Process& process, std::function<void(const Exit&)> then) override {
    std::unique_lock lock(mutex_);
    Fake& fake = processes_[process.number];
    if (!fake.exit) return fake.watchers.push_back(std::move(then));
    const Exit exit = *fake.exit;
    lock.unlock();
    then(exit);
  }
  std::vector<Process> running() override {
    std::lock_guard lock(mutex_);
    std::vector<Process> running;
    for (const auto& [number, fake] : processes_) {
      if (!fake.exit) running.push_back({number, static_cast<pid_t>(1000 + number), fake.spec.step});
    }
    return running;
  }

 private:
  struct Fake {
    SpawnSpec spec;
    std::optional<Exit> exit;
    std::vector<std::function<void(const Exit&)>> watchers;
  };

  void finish(std::uint64_t number, const Exit& exit) {
    std::vector<std::function<void(const Exit&)>> watchers;
    {
      std::lock_guard lock(mutex_);
      Fake& fake = processes_[number];
      if (fake.exit) return;
      fake.exit = exit;
      watchers.swap(fake.watchers);
      changed_.notify_all();
    }
    for (const auto& watcher : watchers) watcher(exit);
  }

  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::uint64_t, Fake> processes_;
  std::map<std::string, Exit> ending_at_once_;
  std::map<std::string, Failure> failing_;
  std::map<std::string, std::function<std::optional<Exit>(int)>> answers_;
  std::vector<std::string> log_;
};

}  // namespace cairn::keeper
