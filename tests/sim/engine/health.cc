#include "tests/sim/engine/health.h"

#include "tests/sim/engine/containers.h"
#include "tests/sim/engine/events.h"
#include "tests/sim/engine/program.h"

namespace cairn::sim {
namespace {

// Of a check; its output is kept, and goes nowhere else.
class Check final : public Surroundings {
 public:
  explicit Check(Program& below) : below_(below) {}
  void say(bool, std::string_view bytes) override { output += bytes; }
  std::optional<FileNode> find(const std::string& path) override { return below_.find(path); }
  std::string put(const std::string& path, FileNode node) override {
    return below_.put(path, std::move(node));
  }
  std::string remove(const std::string& path) override { return below_.remove(path); }
  void listen(int) override {}
  std::string ask(std::string_view what) override { return below_.ask(what); }
  std::string output;

 private:
  Program& below_;
};

void look(State& state, const std::string& id, std::uint64_t generation, Instant began) {
  const auto found = state.containers.find(id);
  if (found == state.containers.end() || found->second->generation != generation || !found->second->program)
    return;
  Container& container = *found->second;
  const Json& check = container.config["Healthcheck"];
  const std::vector<std::string> test = strings_in(check, "Test");
  Check around(*container.program);
  std::vector<std::string> command(test.begin() + 1, test.end());
  if (test.front() == "CMD-SHELL") command = {"sh", "-c", test.at(1)};
  Process process({command, environment_of(container), "/", false}, around);
  process.run(state.now);
  const bool well = process.exit_code() == 0;  // one that waits is late
  container.last_health_output = around.output;
  const Nanoseconds grace(check.value("StartPeriod", std::int64_t{0}));
  const int retries = check.value("Retries", 0) > 0 ? check.value("Retries", 0) : 3;
  std::string becomes = container.health;
  if (well) {
    container.failed_checks = 0;
    becomes = "healthy";
  } else if (state.now - began >= grace && ++container.failed_checks >= retries) {
    becomes = "unhealthy";
  }
  if (becomes != container.health) {
    container.health = becomes;
    tell(state, container, "health_status: " + becomes);
  }
  std::int64_t pause = check.value("Interval", std::int64_t{0});
  if (pause <= 0) pause = 30'000'000'000;
  state.at(state.now + Nanoseconds(pause),
           [&state, id, generation, began] { look(state, id, generation, began); });
}

}  // namespace

void begin_health(State& state, Container& container) {
  container.health.clear();
  container.failed_checks = 0;
  const Json check = container.config.value("Healthcheck", Json::object());
  const std::vector<std::string> test = strings_in(check, "Test");
  if (test.size() < 2 || test.front() == "NONE") return;
  container.health = "starting";
  std::int64_t pause = check.value("Interval", std::int64_t{0});
  if (pause <= 0) pause = 30'000'000'000;
  const std::string id = container.id;
  state.at(state.now + Nanoseconds(pause), [&state, id, generation = container.generation,
                                            began = state.now] { look(state, id, generation, began); });
}

}  // namespace cairn::sim
