#include "runtime/kinds/arrays.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>

#include "runtime/array/names.h"
#include "runtime/effects/locks.h"
#include "runtime/kinds/arrays_used.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/settled.h"

namespace cairn::kinds {
namespace {

constexpr std::string_view stem_begin = "cairn-";
constexpr std::string_view of_up = "up";  // in the place of a run
constexpr std::size_t room_for_run = 6;   // characters of short_run_id()
constexpr std::size_t least_room_for_node = 16;
constexpr std::string_view usual_prefix = "docker-docker-";  // of the vendor's driver, when no block says

// Passes questions on and notes where secrets were found: `clean` has to find them there again.
class NotedSecrets final : public LateSource {
 public:
  explicit NotedSecrets(LateSource& source) : source_(source) {}
  LateAnswer exported(NodeId of, std::string_view name, const List& arguments, NodeId reader) override {
    return source_.exported(of, name, arguments, reader);
  }
  LateAnswer secret(const SecretPlace& place, NodeId reader) override {
    places.push_back(place.place);
    return source_.secret(place, reader);
  }
  std::vector<std::string> places;

 private:
  LateSource& source_;
};

std::string text_of(const Settled& settled, std::string_view name) {
  const Value& value = settled.value(name);
  return value.null() ? std::string() : plain_text(value);
}

}  // namespace

execute::StepEnd left_destroyed(const std::string& name, const std::string& why,
                                execute::StepContext& context) {
  std::string reason = fmt::format("`{}` is left destroyed: {}", name, why);
  context.say(progress::Message{progress::Level::warning, reason, {}, {}});
  return {.is = execute::StepEnd::Is::kept, .reason = std::move(reason)};
}

std::string kept_by_safe_mode(const array::FlashArray& array) {
  return fmt::format("SafeMode of {} eradicates it when its time is over", array.name());
}

double system_chance() {
  std::uint32_t bits = 0;
  (void)!getrandom(&bits, sizeof bits, 0);
  return static_cast<double>(bits) / 4294967296.0;
}

NodeId array_of(const Graph& graph, NodeId node) {
  const Node& copy = graph.node(node);
  if (copy.kind != "snapshot" && copy.kind != "clone") return no_node;
  if (const NodeRef* on = copy.value("on").as<NodeRef>()) return on->node;
  const NodeRef* from = copy.value("from").as<NodeRef>();
  return from == nullptr || graph.node(from->node).kind != "snapshot" ? no_node : array_of(graph, from->node);
}

NodeId array_with(const Graph& graph, NodeId volume) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const NodeId array = array_of(graph, NodeId{static_cast<std::uint32_t>(i)});
    if (array == no_node) continue;
    for (const char* setting : {"of", "from", "onto"})
      if (const NodeRef* named = graph.nodes[i].value(setting).as<NodeRef>(); named && named->node == volume)
        return array;
  }
  return no_node;
}

std::string volume_name(const Graph& graph, const RunPlace& place, NodeId volume) {
  const Node& node = graph.node(volume);
  if (const std::string* name = node.value("name").as<std::string>()) return *name;
  const std::string* driver = node.value("driver").as<std::string>();
  const bool local = driver == nullptr || *driver == "local";
  if (local && node.policy.keep) return fmt::format("cairn-{}-{}", place.project, node.path);
  if (local) return object_name(graph, place, volume);
  const NodeId array = array_with(graph, volume);
  const std::string* prefix =
      array == no_node ? nullptr : graph.node(array).value("prefix").as<std::string>();
  RunPlace owner = place;
  owner.up = place.up || node.policy.keep;
  return array_object_name(prefix != nullptr ? *prefix : std::string(usual_prefix), owner, node.path);
}

std::string array_stem(const std::string& prefix, const std::string& project, const std::string& run) {
  const std::size_t others = stem_begin.size() + 1 + room_for_run + 1 + least_room_for_node + prefix.size();
  const std::size_t room = others < array::kLongestName ? array::kLongestName - others : 0;
  std::string owner;
  for (const char c : project.substr(project.size() > room ? project.size() - room : 0))
    owner += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  owner.erase(0, std::min(owner.find_first_not_of('-'), owner.size()));
  return fmt::format("{}{}-{}-", stem_begin, owner, run.empty() ? of_up : short_run_id(run));
}

std::string array_object_name(const std::string& prefix, const RunPlace& place, const std::string& node) {
  const std::string stem = array_stem(prefix, place.project, place.up ? std::string() : place.run);
  std::string plain;
  for (const char c : node)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      plain += c;
    else if (!plain.empty() && plain.back() != '-')
      plain += '-';
  while (plain.ends_with('-')) plain.pop_back();
  const std::size_t room = array::kLongestName - std::min(array::kLongestName, prefix.size() + stem.size());
  if (plain.size() <= room) return stem + plain;
  // acceptable_name() would hash what stands in front, too, and cut it.
  std::uint32_t hash = 2166136261u;
  for (const char c : node) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return fmt::format("{}{}{:08x}", stem, room > 9 ? plain.substr(0, room - 9) + "-" : std::string(), hash);
}

void Arrays::begin(NodeId node) {
  std::lock_guard lock(mutex_);
  begun_.insert(node);
}

bool Arrays::begun(NodeId node) const {
  std::lock_guard lock(mutex_);
  return begun_.contains(node);
}

Result<UsedArray*> Arrays::use(NodeId block, execute::StepContext& context) {
  std::lock_guard lock(mutex_);
  if (const auto known = used_.find(block); known != used_.end()) return known->second.get();
  LateAnswers answers(world_, context);
  NotedSecrets noted(answers);
  const Settled settings = settle(world_.compiled, block, noted);
  const Node& node = world_.graph.node(block);
  if (!settings.mistakes.empty()) {
    Failure failure = failure_of(world_, settings.mistakes.front());
    failure.is = FailureClass::endpoint;
    return std::move(failure).within(fmt::format("the array `{}` cannot be used", node.path));
  }
  ArrayPlace place;
  place.block = node.path;
  place.address = text_of(settings, "endpoint");
  place.prefix = text_of(settings, "prefix");
  place.api = text_of(settings, "api");
  place.fingerprint = text_of(settings, "fingerprint");
  place.verify = settings.value("verify_tls").null() || As<bool>::take(settings.value("verify_tls"));
  if (noted.places.size() == 1) place.token_place = noted.places.front();
  const Text token = As<Text>::take(settings.value("token"));
  if (place.address.empty())
    return Failure{.message = fmt::format("the array `{}` has no address", node.path),
                   .causes = {"`endpoint` is an empty text"},
                   .help = "give the name or the address of its management interface",
                   .is = FailureClass::endpoint};
  if (Result<Done> recorded = record_array(world_.place.folder, place); !recorded) return recorded.failure();
  auto used = std::make_unique<UsedArray>();
  used->path = place.block;
  used->prefix = place.prefix;
  used->client = std::make_unique<array::FlashArray>(world_.http, world_.clock, system_chance,
                                                     access_of(place, token.exposed()));
  return used_.emplace(block, std::move(used)).first->second.get();
}

}  // namespace cairn::kinds
