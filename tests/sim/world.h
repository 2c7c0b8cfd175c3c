// A world of services, things and tasks that fail, hang, die and are cancelled, by a seed; and what is left
// in it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/execute/performer.h"
#include "tests/sim/baton.h"

namespace cairn::sim {

class SimWorld final : public execute::Performer {
 public:
  SimWorld(Baton& baton, Chance& chance) : baton_(baton), chance_(chance) {
    trouble_ = chance.one_in(3) ? 10 : 2;
    hangs_ = chance.one_in(6) ? 4 : 0;
  }

  execute::StepResult perform(const execute::StepRequest& request, execute::StepContext& context) override {
    const std::string path = request.graph.node(request.node).path;
    note("begin " + request.graph.name(request.step));
    if (!under_way_.insert(path).second) complain("S2: two hands at " + path);
    execute::StepResult result = act(request, context, path);
    under_way_.erase(path);
    note("end " + request.graph.name(request.step) + (result.ok() ? " well" : " badly"));
    return result;
  }

  const std::set<std::string>& objects() const { return objects_; }  // what exists out there
  const std::vector<std::string>& complaints() const { return complaints_; }
  std::uint64_t trace() const { return trace_; }
  void note(const std::string& what) {
    for (const char c : what) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
    trace_ = (trace_ ^ static_cast<std::uint64_t>(baton_.now().time_since_epoch().count())) * 1099511628211u;
  }

 private:
  void complain(const std::string& what) { complaints_.push_back(what); }

  Failure stopped() const {
    return {.message = "was stopped", .causes = {}, .help = {}, .is = FailureClass::cancelled};
  }
  // Seam calls take time; false: asked to stop meanwhile.
  bool pass(execute::StepContext& context, int most_milliseconds) {
    return context.clock().sleep_for(Milliseconds(chance_.between(0, most_milliseconds)), context.stop());
  }

  execute::StepResult act(const execute::StepRequest& request, execute::StepContext& context,
                          const std::string& path) {
    if (!is_finaliser(request.phase) && chance_.percent(hangs_)) {  // deaf to everything
      under_way_.erase(path);
      const Instant long_after = context.clock().now() + std::chrono::hours(3);
      context.clock().sleep_until(chance_.one_in(2) ? Instant::max() : long_after, {});
      return stopped();
    }
    if (!pass(context, 2000) && !is_finaliser(request.phase) && chance_.percent(80)) return stopped();
    const bool fails = chance_.percent(trouble_);
    switch (request.phase) {
      case Phase::make:
      case Phase::create:
        if (!fails || chance_.one_in(2)) {  // a failure may still have made it
          if (!objects_.insert(path).second && request.attempt == 1)
            complain("S6: " + path + " is made twice");
        }
        break;
      case Phase::start:
        if (!objects_.contains(path)) complain("S1: " + path + " is started and is not there");
        if (!fails) live(request, context, path);
        break;
      case Phase::ready:
        for (int tries = 0; tries < 3; ++tries)
          if (!pass(context, 500)) return stopped();
        break;
      case Phase::run:
        if (!pass(context, 20'000)) return stopped();
        break;
      case Phase::stop:
        running_.erase(path);
        break;
      case Phase::remove:
        if (running_.contains(path)) complain("S5: " + path + " is removed while it runs");
        if (!fails) objects_.erase(path);
        break;
      case Phase::unmake:
        if (!fails) objects_.erase(path);
        break;
      default:
        break;
    }
    if (fails) {
      return Failure{.message = "`" + path + "` failed",
                     .causes = {"the world said no"},
                     .help = {},
                     .is = chance_.one_in(8) ? FailureClass::endpoint : FailureClass::step};
    }
    return execute::StepEnd{};
  }

  // A service runs on after its step; one in a few dies some time later.
  void live(const execute::StepRequest&, execute::StepContext& context, const std::string& path) {
    running_.insert(path);
    if (!chance_.one_in(6)) return;
    const std::shared_ptr<execute::DeathWatch> watch = context.watch();
    const Milliseconds after(chance_.between(0, 20'000));
    baton_.start([this, watch, path, after] {
      if (baton_.sleep_for(after, {}) && running_.erase(path) > 0) watch->died({"exited 137", 137, {}});
    });
  }

  Baton& baton_;
  Chance& chance_;
  int trouble_ = 0, hangs_ = 0;
  std::set<std::string> objects_, running_, under_way_;
  std::vector<std::string> complaints_;
  std::uint64_t trace_ = 14695981039346656037u;
};

}  // namespace cairn::sim
