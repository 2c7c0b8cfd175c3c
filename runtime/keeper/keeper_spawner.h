// The brain's side of the keeper.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/protocol.h"
#include "runtime/keeper/spawner.h"

namespace cairn::keeper {

struct KeeperSetup {
  std::string program = "/proc/self/exe";  // run as `program __keeper`
  std::string project, run;                // for the environment markers of what it starts
  std::string folder;                      // of the run; absolute, exists, 0700
  Scope scope = Scope::run;
  int run_lock = -1;                  // an open file that holds the run's lock: the keeper then shares it
  std::vector<OriginalLimit> limits;  // from original_limits(), taken before cairn raises its own
};

// The limits that cairn changes for itself and that a child must not inherit.
std::vector<OriginalLimit> original_limits();

class KeeperSpawner final : public Spawner {
 public:
  // Starts a keeper. Call it early: before threads exist there is nothing that a fork could copy half done.
  static Result<std::unique_ptr<KeeperSpawner>> start(const KeeperSetup& setup);
  // The same without waiting for it: whoever asks it for something first does. It shares the run's lock
  // already.
  static Result<std::unique_ptr<KeeperSpawner>> begin(const KeeperSetup& setup);
  // Finds the keeper that an `up` left behind, by the socket in its run's folder. nothing_done is true in the
  // Failure if there is none.
  static Result<std::unique_ptr<KeeperSpawner>> attach(const std::string& run_folder);

  // Lets go of the keeper. In scope `run` it then ends everything, and this returns when it has.
  ~KeeperSpawner() override;
  KeeperSpawner(const KeeperSpawner&) = delete;
  KeeperSpawner& operator=(const KeeperSpawner&) = delete;

  Result<Process> spawn(const SpawnSpec& spec) override;
  Result<Exit> wait(const Process& process, std::stop_token stop,
                    std::optional<Instant> deadline = {}) override;
  Result<LogEnd> wait_for_log(const Process& process, std::uint64_t known, std::stop_token stop) override;
  Result<Done> signal(const Process& process, int signal) override;
  Result<Done> kill_tree(const Process& process) override;
  void when_ended(const Process& process, std::function<void(const Exit&)> then) override;
  std::vector<Process> running() override;

  // Stops all processes as each of them wants to be stopped, whatever the scope, and returns when the keeper
  // has ended too.
  Result<Done> end();
  // What runs now outlives us, as after an `up`: for services that a run was to keep. When this returns,
  // others can attach.
  Result<Done> let_stay();
  pid_t keeper_pid() const { return keeper_pid_; }

 private:
  // Each thread that waits is woken for its own matter only: a thousand steps may be waiting. Shared, so that
  // it can be woken without mutex_, which it needs at once.
  using Wake = std::shared_ptr<std::condition_variable>;
  struct Asked {
    std::optional<Answer> answer;
    Wake changed = std::make_shared<std::condition_variable>();
  };
  struct Known {
    std::string step;
    pid_t pid = 0;
    std::optional<Exit> exit;
    std::uint64_t log_end = 0;
    std::vector<std::function<void(const Exit&)>> watchers;
    Wake changed;  // none: nobody has waited yet
  };

  KeeperSpawner(FileDescriptor socket, pid_t child, Scope scope);
  Result<Done> greet(const ToKeeper& first, int file);
  Result<Done> start_listening();
  Result<Done> ready();  // it has answered the greeting, which this waits for
  Result<Answer> ask(const std::function<ToKeeper(std::uint64_t request)>& message);
  // Until `there_is` says so, the keeper is gone, or it is asked to stop; false at the deadline.
  bool wait_until(const Process& process, std::stop_token stop, std::optional<Instant> deadline,
                  const std::function<bool(const Known&)>& there_is);
  Result<Done> ask_for_signal(const Process& process, int signal, bool whole_tree);
  void listen();
  bool hear_ready();
  void heard(const Answer& answer);
  void heard(const Ended& ended);
  void heard(const LogGrown& grown);
  Failure keeper_is_gone() const;

  const FileDescriptor socket_;
  pid_t child_ = 0;  // the keeper, if we started it and have to wait for it
  Scope scope_;
  pid_t keeper_pid_ = 0;

  std::atomic<bool> asked_for_something_ = false;
  std::mutex sending_;  // packets keep their order; never held together with mutex_
  std::mutex mutex_;
  std::condition_variable gone_changed_, is_ready_changed_;
  bool is_ready_ = false;
  bool gone_ = false;
  std::uint64_t last_request_ = 0;
  std::unordered_map<std::uint64_t, Asked*> asked_;  // by those who wait for the answer
  std::map<std::uint64_t, Known> known_;
  std::jthread listener_;
};

}  // namespace cairn::keeper
