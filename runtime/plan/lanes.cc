#include "runtime/plan/lanes.h"

#include <algorithm>
#include <unordered_map>

namespace cairn::plan {

namespace {

constexpr std::uint32_t no_queue = 0xffffffff;

const Value* written(const Node& node, std::string_view setting) {
  for (const Setting& one : node.settings)
    if (one.name == setting && !one.value.null()) return &one.value;
  return nullptr;
}

// The lane of what a reference setting names: "db:" + "test.db.database"; empty without a reference.
std::string lane_of_reference(const Graph& graph, const Node& node, std::string_view setting,
                              std::string_view family) {
  const Value* value = written(node, setting);
  const NodeRef* reference = value == nullptr ? nullptr : value->as<NodeRef>();
  if (reference == nullptr || reference->node == no_node) return {};
  return std::string(family) + ":" + graph.node(reference->node).path;
}

bool on_this_host(const Node& node) {
  const Value* place = written(node, "in");
  const std::string* text = place == nullptr ? nullptr : place->as<std::string>();
  return text != nullptr && *text == "host";
}

std::string engine_lane(const Graph& graph, const Node& node) {
  std::string named = lane_of_reference(graph, node, "engine", "engine");
  return named.empty() ? "engine" : named;
}

// What only the kind knows: which limited thing its calls go to.
std::string lane_of_calls(const Graph& graph, const Node& node, Phase phase) {
  if (node.kind == "image" && phase == Phase::make) {
    return written(node, "context") != nullptr || written(node, "dockerfile_inline") != nullptr ? "build"
                                                                                                : "pull";
  }
  if (node.kind == "snapshot" || node.kind == "clone") {
    std::string array = lane_of_reference(graph, node, "on", "array");
    if (!array.empty()) return array;
  }
  if (node.kind == "sql" || node.kind == "migrate" || node.kind == "dbtest")
    return lane_of_reference(graph, node, "on", "db");
  const bool changes_engine = phase == Phase::create || phase == Phase::start || phase == Phase::remove ||
                              phase == Phase::make || phase == Phase::unmake;
  const bool of_engine = node.node_class == NodeClass::service || node.node_class == NodeClass::thing;
  if (of_engine && changes_engine && !on_this_host(node)) return engine_lane(graph, node);
  return {};
}

std::string family_of(const std::string& lane) {
  return lane.substr(0, lane.find(':'));
}

}  // namespace

std::vector<std::string> lanes_of(const Graph& graph, StepId step) {
  const Node& node = graph.node_of(step);
  const Phase phase = graph.steps[index(step)].phase;
  std::vector<std::string> lanes;
  if (is_virtual(phase)) return lanes;
  if (std::string calls = lane_of_calls(graph, node, phase); !calls.empty())
    lanes.push_back(std::move(calls));
  if (phase == Phase::run && node.kind == "run") {
    lanes.emplace_back("jobs");
    if (on_this_host(node)) lanes.emplace_back("host");
    if (std::string host = lane_of_reference(graph, node, "in", "host"); !host.empty())
      lanes.push_back(std::move(host));
  }
  if (node.policy.pool != no_node && !is_finaliser(phase))
    lanes.push_back("pool:" + graph.node(node.policy.pool).path);
  return lanes;
}

LaneSizes usual_lane_sizes(int cores, std::optional<int> jobs) {
  LaneSizes sizes = {{"engine", 4 * cores}, {"build", 2}, {"pull", 4},
                     {"array", 8},          {"db", 8},    {"host", cores + 2}};
  if (jobs) {
    sizes["jobs"] = *jobs;
    sizes["host"] = std::max(sizes["host"], *jobs);  // who asks for more knows the machine
  }
  return sizes;
}

ReadySteps::ReadySteps(const Graph& graph, LanesOf lanes_of_step, const LaneSizes& sizes, int hands,
                       Before before)
    : before_(std::move(before)),
      queue_of_(graph.steps.size(), no_queue),
      queued_(graph.steps.size(), 0),
      hands_(hands) {
  std::unordered_map<std::string, std::size_t> lane_numbers;
  std::map<std::vector<std::size_t>, std::size_t> queue_numbers;
  std::unordered_map<std::string, int> pool_sizes;
  for (const Node& node : graph.nodes) {
    const Value* size = node.kind == "pool" ? written(node, "size") : nullptr;
    if (size != nullptr && size->as<std::int64_t>() != nullptr)
      pool_sizes["pool:" + node.path] = static_cast<int>(*size->as<std::int64_t>());
  }
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    std::vector<std::size_t> numbers;
    for (const std::string& name : lanes_of_step(graph, StepId{static_cast<std::uint32_t>(i)})) {
      const auto [known, is_new] = lane_numbers.try_emplace(name, lanes_.size());
      if (is_new) {
        int size = -1;
        if (const auto own = sizes.find(name); own != sizes.end())
          size = own->second;
        else if (const auto family = sizes.find(family_of(name)); family != sizes.end())
          size = family->second;
        else if (const auto pool = pool_sizes.find(name); pool != pool_sizes.end())
          size = pool->second;
        lanes_.push_back({name, size, 0});
      }
      numbers.push_back(known->second);
    }
    std::sort(numbers.begin(), numbers.end());
    const auto [queue, is_new] = queue_numbers.try_emplace(numbers, queues_.size());
    if (is_new) queues_.push_back({numbers, {}, 0});
    queue_of_[i] = static_cast<std::uint32_t>(queue->second);
  }
}

void ReadySteps::add(StepId step) {
  Queue& queue = queues_[queue_of_[index(step)]];
  queue.heap.push_back(step);
  std::push_heap(queue.heap.begin(), queue.heap.end(), [this](StepId a, StepId b) { return before_(b, a); });
  queued_[index(step)] = 1;
  ++waiting_;
}

void ReadySteps::drop(StepId step) {
  if (!queued_[index(step)]) return;
  queued_[index(step)] = 0;  // its place in the heap is cleared when it comes to the top
  --waiting_;
}

void ReadySteps::tidy(Queue& queue) {
  while (!queue.heap.empty() && !queued_[index(queue.heap.front())]) {
    std::pop_heap(queue.heap.begin(), queue.heap.end(), [this](StepId a, StepId b) { return before_(b, a); });
    queue.heap.pop_back();
  }
}

bool ReadySteps::has_room(const Queue& queue, std::size_t number) const {
  for (const std::size_t lane : queue.lanes) {
    if (lanes_[lane].size >= 0 && lanes_[lane].used >= lanes_[lane].size) return false;
    if (reserved_for_ && *reserved_for_ != number) {
      const std::vector<std::size_t>& kept_free = queues_[*reserved_for_].lanes;
      if (std::binary_search(kept_free.begin(), kept_free.end(), lane)) return false;
    }
  }
  return true;
}

// `chosen` starts although others come before it: those that wait for one of its lanes have been passed over.
void ReadySteps::pass_over(std::size_t chosen) {
  const Queue& taken = queues_[chosen];
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    Queue& other = queues_[i];
    if (i == chosen || other.heap.empty() || !before_(other.heap.front(), taken.heap.front())) continue;
    const bool shares = std::any_of(other.lanes.begin(), other.lanes.end(), [&](std::size_t lane) {
      return std::binary_search(taken.lanes.begin(), taken.lanes.end(), lane);
    });
    if (shares && ++other.passed >= most_passes && !reserved_for_) reserved_for_ = i;
  }
}

std::optional<StepId> ReadySteps::take() {
  if (waiting_ == 0 || hands_used_ >= hands_) return std::nullopt;
  if (reserved_for_) {
    tidy(queues_[*reserved_for_]);
    if (queues_[*reserved_for_].heap.empty()) reserved_for_.reset();
  }
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    tidy(queues_[i]);
    if (queues_[i].heap.empty() || !has_room(queues_[i], i)) continue;
    if (!chosen || before_(queues_[i].heap.front(), queues_[*chosen].heap.front())) chosen = i;
  }
  if (!chosen) return std::nullopt;
  pass_over(*chosen);
  Queue& queue = queues_[*chosen];
  const StepId step = queue.heap.front();
  drop(step);
  tidy(queue);
  queue.passed = 0;
  if (reserved_for_ == chosen) reserved_for_.reset();
  for (const std::size_t lane : queue.lanes) ++lanes_[lane].used;
  ++hands_used_;
  return step;
}

void ReadySteps::give_back(StepId step) {
  for (const std::size_t lane : queues_[queue_of_[index(step)]].lanes) --lanes_[lane].used;
  --hands_used_;
}

void ReadySteps::resize(const std::string& lane, int size) {
  for (Lane& one : lanes_)
    if (one.name == lane) one.size = size;
}

std::optional<ReadySteps::Full> ReadySteps::full_lane_of(StepId step) const {
  const std::size_t number = queue_of_[index(step)];
  for (const std::size_t lane : queues_[number].lanes) {
    const Lane& one = lanes_[lane];
    if (one.size >= 0 && one.used >= one.size) return Full{one.name, one.used, one.size};
  }
  if (!has_room(queues_[number], number)) {
    const Lane& first = lanes_[queues_[number].lanes.front()];
    return Full{first.name, first.used, first.size};
  }
  if (hands_used_ >= hands_) return Full{"hands", hands_used_, hands_};
  return std::nullopt;
}

int ReadySteps::used(const std::string& lane) const {
  for (const Lane& one : lanes_)
    if (one.name == lane) return one.used;
  return 0;
}

}  // namespace cairn::plan
