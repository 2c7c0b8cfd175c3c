// One attempt of a step while it is under way, as its performer sees it and as the brain holds it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/execute/exports.h"
#include "runtime/execute/inbox.h"
#include "runtime/execute/performer.h"
#include "runtime/progress/emitter.h"
#include "runtime/scribe/masker.h"
#include "runtime/scribe/scribe.h"

namespace cairn::execute {

// What all hands of a run share. Outlives them, but for those that were left behind: after these the program
// ends without unwinding (Loop::left_behind).
struct Surroundings {
  Performer& performer;
  Clock& clock;
  progress::Emitter& emitter;
  scribe::Scribe& scribe;
  const scribe::Masker& masker;
  Exports& exports;
  bool keeps_journal = false;
};

// How the brain answers an announcement. Shared with the hand that waits.
struct Permission {
  Result<Announced> answer = Announced{};
  std::stop_source given;
};

// For a hand that was left behind: what it would cause, nobody would learn of.
Failure nobody_asks();

using Published = std::vector<std::pair<std::string, Value>>;  // by name, in the order of publishing

// What reaches the brain's thread.
struct HandEnded {
  StepId step = no_step;
  int attempt = 1;
  StepResult result = StepEnd{};
  Published published;
};
struct EffectAnnounced {
  StepId step = no_step;
  Intent effect;
  std::shared_ptr<Permission> permission;
};
struct EffectCameOut {
  EffectOutcome outcome;
};
struct ServiceGone {
  NodeId service = no_node;
  int attempt = 1;
  Death death;
};
struct CancelWanted {
  std::string reason;
};
struct LaneWanted {
  std::string lane;
  int size = 0;
};
using Message =
    std::variant<HandEnded, EffectAnnounced, EffectCameOut, ServiceGone, CancelWanted, LaneWanted>;
using Messages = Inbox<Message>;

class Hand final : public StepContext {
 public:
  Hand(Surroundings& around, StepRequest request, std::string name, std::optional<Instant> deadline,
       std::stop_token hurry, std::shared_ptr<Messages> messages)
      : around_(around),
        request_(request),
        name_(std::move(name)),
        deadline_(deadline),
        hurry_(std::move(hurry)),
        messages_(std::move(messages)) {}

  // On the hand's own thread: the whole attempt.
  void work();
  // From the brain.
  void ask_to_stop() { stop_.request_stop(); }
  void leave_behind() { left_ = true; }

  std::stop_token stop() const override { return stop_.get_token(); }
  std::stop_token hurry() const override { return hurry_; }
  std::optional<Instant> deadline() const override { return deadline_; }
  Clock& clock() override { return around_.clock; }
  void say(progress::Happening happening) override;
  void write(scribe::Stream stream, std::string_view bytes) override;
  void note(std::string_view line) override;
  void publish(std::string_view name, Value value) override;
  Value exported(NodeId node, std::string_view name) const override;
  Result<Announced> announce(Intent effect) override;
  void came_out(Announced effect, bool happened, std::string id) override;
  std::shared_ptr<DeathWatch> watch() override;

 private:
  void deliver(StepResult result);

  Surroundings& around_;
  const StepRequest request_;
  const std::string name_;
  const std::optional<Instant> deadline_;
  const std::stop_token hurry_;
  const std::shared_ptr<Messages> messages_;
  std::stop_source stop_;
  std::atomic<bool> left_ = false;
  std::mutex published_mutex_;
  Published published_;
};

}  // namespace cairn::execute
