// The keeper's state and its event loop. keeper.cc is the loop, keeper_spawn.cc starts processes,
// keeper_end.cc is how they end.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/keeper.h"
#include "runtime/keeper/kept_process.h"
#include "runtime/keeper/packet.h"
#include "runtime/keeper/protocol.h"
#include "runtime/keeper/records.h"

namespace cairn::keeper {

class KeeperLoop {
 public:
  KeeperLoop(FileDescriptor brain, const MaskMaker& mask_maker);
  int run();  // the exit code

 private:
  struct Client {
    FileDescriptor socket;           // non-blocking
    std::deque<std::string> unsent;  // a brain that is stopped must not stop the keeper
    std::set<std::uint64_t> grown;   // processes whose logs have grown, not yet told: of each only the last
    bool greeted = false;            // it was told Ready, which comes before all else
  };

  // The loop.
  bool open_session();
  bool listen_for_brains();
  void watch(int file, std::uint64_t tag, std::uint32_t events);
  void handle(std::uint64_t tag, std::uint32_t events);
  int milliseconds_to_next_deadline() const;
  bool finished() const;
  void accept_brain();
  void read_client(std::uint64_t number);
  void drop_client(std::uint64_t number);
  void send(std::uint64_t client, const ToBrain& message);
  void send_queued(std::uint64_t client);
  void tell_growth();
  void on(std::uint64_t client, const Attach&);
  void on(std::uint64_t client, const SpawnRequest& request);
  void on(std::uint64_t client, const SignalRequest& request);
  void on(std::uint64_t client, const Stay& stay);
  Ready ready() const;

  // Starting.
  Answer start(const SpawnSpec& spec);
  std::optional<Answer> open_outputs(const SpawnSpec& spec, KeptProcess& process, FileDescriptor& out,
                                     FileDescriptor& err);
  std::vector<std::string> environment_for(const SpawnSpec& spec, std::uint64_t number) const;

  // Ending.
  void reap();
  void settle(KeptProcess& process);
  void settle_ended();
  void forget_if_silent(std::uint64_t number);
  void remove_groups();
  struct Tree {
    std::vector<pid_t> pids;  // without the main process
    bool certain = true;      // false: look again, something cannot be told yet
  };
  Tree tree_of(const KeptProcess& process) const;
  std::vector<pid_t> own_children() const;
  std::vector<pid_t> strays() const;  // children that are no main process
  bool kill_all(const std::vector<pid_t>& pids, int signal) const;
  void kill_tree(KeptProcess& process);
  void end_everything();
  void check_deadlines();
  void end_step_by_step();

  const MaskMaker& mask_maker_;
  const pid_t self_;
  Open setup_;
  Records records_;
  std::vector<FileDescriptor> run_lock_;  // held until we end: a run lives as long as its brain or its keeper
  FileDescriptor events_, signals_, listener_, null_, children_;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t next_client_ = 1;
  std::map<std::uint64_t, KeptProcess> processes_;
  std::unordered_map<pid_t, std::uint64_t> by_pid_;  // main processes not yet waited for
  std::uint64_t next_process_ = 1;
  std::optional<Cgroups> cgroups_;       // looked for when the first limit is asked for
  std::vector<Cgroup> emptying_groups_;  // whose last processes are on their way out
  std::vector<std::uint64_t> grown_;     // processes that have said something in this turn of the loop
  bool ending_ = false;
  std::optional<Instant> give_up_at_;
  bool left_something_ = false;
};

}  // namespace cairn::keeper
