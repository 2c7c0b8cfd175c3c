// A loop with everything around it, over a performer that a test writes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/execute/loop.h"
#include "runtime/progress/recorder.h"

namespace cairn::execute {

inline std::string plain_host(const Value& value) {
  const std::string* text = value.as<std::string>();
  return text == nullptr ? "nobody" : *text;
}

// Logs in memory; text() leaves the prefix of each line out.
class MemoryLogs final : public scribe::LogFolder {
 public:
  Result<std::unique_ptr<scribe::LogFile>> open(const std::string& name) override {
    return std::unique_ptr<scribe::LogFile>(std::make_unique<File>(*this, name));
  }
  std::string text(const std::string& name) {
    std::lock_guard lock(mutex_);
    std::string said;
    std::string_view rest = texts_[name];
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      std::size_t begin = 0;  // time, stream, bar
      for (int words = 0; words < 3; ++words) begin = line.find(' ', begin) + 1;
      if (!said.empty()) said += '\n';
      said += line.substr(begin);
    }
    return said;
  }

 private:
  class File final : public scribe::LogFile {
   public:
    File(MemoryLogs& logs, std::string name) : logs_(logs), name_(std::move(name)) {}
    Written append(std::string_view bytes) override {
      std::lock_guard lock(logs_.mutex_);
      logs_.texts_[name_] += bytes;
      return {bytes.size(), {}};
    }

   private:
    MemoryLogs& logs_;
    const std::string name_;
  };
  std::mutex mutex_;
  std::map<std::string, std::string> texts_;
};

class Rig final : public Performer {
 public:
  using Perform = std::function<StepResult(const StepRequest&, StepContext&)>;

  Rig(Graph its_graph, Perform perform, Clock& its_clock = real_clock())
      : graph(std::move(its_graph)),
        clock(its_clock),
        emitter("run", clock, recorder),
        scribe(logs, masker, clock),
        perform_(std::move(perform)) {
    plan.steps.assign(graph.steps.size(), {plan::Verdict::perform, "wanted", {}});
  }

  StepResult perform(const StepRequest& request, StepContext& context) override {
    return perform_(request, context);
  }

  progress::RunFinished run(const std::function<void(Loop&)>& before = {}) {
    loop = std::make_unique<Loop>(
        LoopParts{.graph = graph,
                  .plan = plan,
                  .facts = facts,
                  .performer = *this,
                  .clock = clock,
                  .threads = threads_to_use != nullptr ? *threads_to_use : *threads,
                  .emitter = emitter,
                  .scribe = scribe,
                  .masker = masker,
                  .exports = exports,
                  .durations = durations,
                  .place_of =
                      [](Span span) {
                        return progress::FilePlace{"file " + std::to_string(span.file), span.begin + 1, 1};
                      },
                  .journal = journal},
        options);
    if (before) before(*loop);
    return loop->run();
  }

  std::optional<progress::StepFinished> finished(const std::string& step) const {
    for (const progress::Event& event : recorder.events())
      if (const auto* end = std::get_if<progress::StepFinished>(&event.is);
          end != nullptr && event.step == step)
        return *end;
    return std::nullopt;
  }
  template <class What>
  std::size_t count() const {
    std::size_t count = 0;
    for (const progress::Event& event : recorder.events()) count += std::holds_alternative<What>(event.is);
    return count;
  }

  Graph graph;
  plan::Plan plan;
  plan::Facts facts;
  plan::RunOptions options;
  Clock& clock;
  std::unique_ptr<Threads> threads = real_threads();
  Threads* threads_to_use = nullptr;
  Journal* journal = nullptr;
  progress::Recorder recorder;
  progress::Emitter emitter;
  scribe::Masker masker;
  MemoryLogs logs;
  scribe::Scribe scribe;
  Exports exports;
  Durations durations;
  std::unique_ptr<Loop> loop;

 private:
  Perform perform_;
};

}  // namespace cairn::execute
