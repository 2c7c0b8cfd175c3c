// How kinds act. The executor knows nothing about kinds: it hands each step, on a thread of its own, to the
// one Performer of the run, which looks the node's kind up in its table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/effects/clock.h"
#include "runtime/effects/journal.h"
#include "runtime/effects/result.h"
#include "runtime/plan/facts.h"
#include "runtime/plan/verdict.h"
#include "runtime/progress/event.h"
#include "runtime/scribe/stream.h"

namespace cairn::execute {

struct StepRequest {
  const Graph& graph;
  StepId step = no_step;
  NodeId node = no_node;
  Phase phase = Phase::make;  // never begin or end
  // perform, replace or undo: do it. keep: change nothing; find what is there and publish its exports, and
  // watch it if it is a service; for `ready`, look once.
  plan::Verdict verdict = plan::Verdict::perform;
  const plan::Fact* fact = nullptr;  // what was observed about the node; null when nothing was
  int attempt = 1;                   // of this step in this incarnation, from 1
  std::uint32_t incarnation = 1;     // of the run: 1, and one more with every resume
};

// How a step that did not fail has ended.
struct StepEnd {
  enum class Is {
    succeeded,
    kept,        // there was nothing to do: it is as it should be
    not_needed,  // a guard that is known only at run time said no
  };
  Is is = Is::succeeded;
  std::string reason;  // for kept and not_needed: "the image is there already"
};
// A failure of class timeout counts as timed_out, cancelled as cancelled (if the step was asked to stop).
using StepResult = Result<StepEnd>;

// How a service ended that should have lived on.
struct Death {
  std::string reason;  // "exited 137, killed for memory"
  std::optional<int> exit_code;
  std::vector<std::string> log_tail;
};

// The way to say later that a service has died. Copyable; any thread, at any time, also after the run is
// over. What is said after the service's `stop` step began is ignored, and so is all but the first.
class DeathWatch {
 public:
  virtual ~DeathWatch() = default;
  virtual void died(Death death) = 0;
};

// An effect that the journal knows of, for StepContext::came_out().
struct Announced {
  std::uint64_t intent = 0;  // 0: nobody keeps a journal
};

// What a step is given and where it says what it does. Valid until perform() returns. All methods are safe
// from any thread.
class StepContext {
 public:
  virtual ~StepContext() = default;

  // Requested on cancel, when a service that the step uses dies, and at the deadline. A step that is asked to
  // stop ends soon, or is abandoned after grace: its thread is left behind and what it says then is dropped.
  virtual std::stop_token stop() const = 0;
  // Requested once more when the run is to end at once (second Ctrl-C, teardown out of time): no grace, kill.
  virtual std::stop_token hurry() const = 0;
  virtual std::optional<Instant> deadline() const = 0;  // of this attempt; stop() is requested then
  virtual Clock& clock() = 0;

  // StepProgress, StepWaiting, ServiceReady, Artifact, Report or Message; the executor emits the others.
  virtual void say(progress::Happening happening) = 0;
  // The step's log: raw output as it came, in pieces of any size; and a remark of cairn's own, a line.
  virtual void write(scribe::Stream stream, std::string_view bytes) = 0;
  virtual void note(std::string_view line) = 0;

  // Exports of the step's node, for those that come after: `exit_code`, `stdout`, `id`, … The last one
  // counts. `exit_code` is shown with the outcome too. `outcome`, `error` and `seconds` come from the
  // executor.
  virtual void publish(std::string_view name, Value value) = 0;
  // What a node has published so far; Null when it has not.
  virtual Value exported(NodeId node, std::string_view name) const = 0;

  // What is about to be caused: class, what is done, and to which object; step and attempt are filled in.
  // Returns when the journal says so, as durably as the class demands. After a Failure (the disk is full) it
  // must not be caused. Where no journal is kept it returns at once.
  virtual Result<Announced> announce(Intent effect) {
    (void)effect;
    return Announced{};
  }
  // How that came out: it happened (`id`: what the engine calls the object), or it is certain that it did
  // not. Nothing is said of what nobody knows: resume finds it open.
  virtual void came_out(Announced effect, bool happened, std::string id = {}) {
    (void)effect, (void)happened, (void)id;
  }

  // For the service that the step belongs to; taken by its `start`.
  virtual std::shared_ptr<DeathWatch> watch() = 0;
};

// One per run; perform() is called by many threads at once. It blocks for as long as the step takes, honours
// StepContext::stop(), and does not throw.
class Performer {
 public:
  virtual ~Performer() = default;
  virtual StepResult perform(const StepRequest& request, StepContext& context) = 0;
  // The end of a step that needs neither time nor the world, and so no thread; none: perform() it. Called by
  // the brain, which waits for it.
  virtual std::optional<StepResult> at_once(const StepRequest& request) {
    (void)request;
    return std::nullopt;
  }
};

}  // namespace cairn::execute
