#include "tests/sim/engine/events.h"

#include <algorithm>

namespace cairn::sim {
namespace {

bool holds(const Json& filters, const char* name, const std::string& value) {
  const auto wanted = filters.find(name);
  if (wanted == filters.end() || wanted->empty()) return true;
  return std::any_of(wanted->begin(), wanted->end(), [&](const Json& each) {
    const std::string text = each.get<std::string>();
    return value == text || value.starts_with(text + ":");
  });
}

}  // namespace

void tell(State& state, const Container& container, const std::string& action,
          std::map<std::string, std::string> attributes) {
  if (state.subscribers.empty()) return;
  const std::map<std::string, std::string> labels =
      labels_in(container.config.value("Labels", Json::object()));
  for (const auto& [name, value] : labels) attributes[name] = value;
  attributes["name"] = container.name;
  attributes["image"] = container.config.value("Image", std::string());
  const Json event = {{"Type", "container"},
                      {"Action", action},
                      {"status", action},
                      {"id", container.id},
                      {"Actor", {{"ID", container.id}, {"Attributes", attributes}}},
                      {"scope", "local"},
                      {"time", state.wall() / 1'000'000'000},
                      {"timeNano", state.wall()}};
  for (const Subscriber& subscriber : state.subscribers)
    if (holds(subscriber.filters, "type", "container") && holds(subscriber.filters, "event", action) &&
        has_labels(labels, subscriber.filters))
      subscriber.pipe->write(event.dump() + "\n");
}

Reply follow_events(State& state, const Asked& asked) {
  Json filters = Json::parse(asked.of("filters"), nullptr, false);
  if (!filters.is_object()) filters = Json::object();
  Reply reply;
  reply.stream = std::make_shared<Pipe>();
  std::erase_if(state.subscribers, [](const Subscriber& each) { return each.pipe.use_count() == 1; });
  state.subscribers.push_back({reply.stream, std::move(filters)});
  return reply;
}

}  // namespace cairn::sim
