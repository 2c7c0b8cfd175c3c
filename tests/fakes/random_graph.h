// Graphs of every shape that the language can make, by a seed: stages in order, groups in groups, services
// that use services, things, tasks of every `when`, retries, timeouts, pools, waits for `.stopped`.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/fakes/graph_builder.h"

namespace cairn {

// The same numbers on every machine: the distributions of <random> are not.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  int between(int least, int most) {
    return least + static_cast<int>(engine_() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool one_in(int n) { return between(1, n) == 1; }
  bool percent(int share) { return between(1, 100) <= share; }
  template <class Container>
  const auto& of(const Container& things) {
    return things[static_cast<std::size_t>(between(0, static_cast<int>(things.size()) - 1))];
  }
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

 private:
  std::mt19937_64 engine_;
};

inline Graph random_graph(Chance& chance) {
  GraphBuilder builder;
  std::vector<NodeId> groups = {no_node};
  std::vector<NodeId> stages, nodes, services;
  std::vector<NodeId> pools = {builder.pool("licences", chance.between(1, 2)), builder.pool("seats", 1)};
  const int stage_count = chance.between(0, 3);
  for (int i = 0; i < stage_count; ++i) {
    const When when = chance.one_in(6) ? When::always : chance.one_in(6) ? When::failure : When::success;
    const NodeId stage = builder.stage("s" + std::to_string(i), when);
    if (chance.one_in(5)) builder.node(stage).policy.timeout = Duration{chance.between(1, 90) * 1000};
    if (chance.one_in(8)) builder.node(stage).policy.allow_failure = true;
    if (!stages.empty() && chance.percent(60))
      builder.edge(builder.step(chance.of(stages), Phase::end), builder.step(stage, Phase::begin),
                   when == When::success ? EdgeKind::needs : EdgeKind::follows, EdgeReason::stage);
    stages.push_back(stage);
    groups.push_back(stage);
  }
  const int count = chance.between(2, 18);
  for (int i = 0; i < count; ++i) {
    const NodeId group = chance.of(groups);
    const std::string name = "n" + std::to_string(i);
    const int what = chance.between(1, 10);
    const When when = chance.one_in(6) ? When::always : chance.one_in(6) ? When::failure : When::success;
    NodeId node = no_node;
    if (what <= 4) {
      node = builder.service(name, group);
      services.push_back(node);
    } else if (what <= 8) {
      node = builder.task(name, group, when);
    } else {
      node = builder.thing(name, group, chance.one_in(2) ? "volume" : "image");
    }
    Policy& policy = builder.node(node).policy;
    if (chance.one_in(4)) policy.retry.times = chance.between(1, 3);
    if (chance.one_in(4)) policy.timeout = Duration{chance.between(1, 60) * 1000};
    if (chance.one_in(8)) policy.allow_failure = true;
    if (chance.one_in(5)) policy.pool = chance.of(pools);
    // A user comes after what it uses, also by the order of their stages.
    for (const NodeId used : nodes) {
      const NodeId its_stage = builder.node(used).stage;
      if (its_stage != no_node && builder.node(node).stage != its_stage) continue;
      if (chance.percent(18))
        builder.uses(node, used, chance.one_in(2));
      else if (chance.percent(7))
        builder.after(node, used);
    }
    nodes.push_back(node);
  }
  if (!stages.empty() && chance.one_in(3)) {
    const NodeId last = builder.task("notify", no_node, chance.one_in(2) ? When::always : When::failure);
    builder.after(last, chance.of(stages));
  }
  if (!services.empty() && chance.one_in(4)) {  // `after = [db.stopped]`
    const NodeId service = chance.of(services);
    const NodeId cold = builder.task("cold", no_node, When::success);
    builder.edge(builder.step(service, Phase::stop), builder.first_of(cold), EdgeKind::needs,
                 EdgeReason::after);
  }
  return builder.build();
}

}  // namespace cairn
