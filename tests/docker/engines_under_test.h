// The engines that the conformance tests run on: those that CAIRN_TEST_ENGINES names ("old=/path/docker.sock
// new=/path/docker.sock"; tests/engine/ starts them), each with the image cairn-test:1
// (tests/engine/image.sh), and the one of the simulation, which so is held to what real ones do.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/http/reactor.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/networks.h"
#include "runtime/platform/docker/volumes.h"
#include "tests/sim/engine/images.h"
#include "tests/sim/engine/pump.h"

namespace cairn::docker {

struct EngineUnderTest {
  std::string name, socket;  // no socket: there is none, and why is said by the tests
  int simulated_api = 0;     // of API 1.x; 0: a real one
};

inline void PrintTo(const EngineUnderTest& engine, std::ostream* out) {
  *out << engine.name;
}

// For what needs real programs, run by a real kernel.
inline std::vector<EngineUnderTest> real_engines_under_test() {
  std::vector<EngineUnderTest> engines;
  const char* named = std::getenv("CAIRN_TEST_ENGINES");
  std::istringstream words(named == nullptr ? "" : named);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) engines.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  if (engines.empty()) engines.push_back({"real", ""});
  return engines;
}
inline std::vector<EngineUnderTest> engines_under_test() {
  std::vector<EngineUnderTest> engines = real_engines_under_test();
  engines.push_back({"simulated41", "", 41});
  engines.push_back({"simulated56", "", 56});
  return engines;
}

inline const char* test_image = "cairn-test:1";

// Everything a test makes belongs to one project, is found by its label, and goes away before and after each
// test.
class OnEngine : public testing::TestWithParam<EngineUnderTest> {
 protected:
  void SetUp() override {
    if (!there()) GTEST_SKIP() << "no engine: CAIRN_TEST_ENGINES is not set (tests/engine/start.sh)";
    clean();
    if (const Result<std::optional<ImageFacts>> image = inspect_image(engine, test_image, {});
        image && !*image) {
      GTEST_SKIP() << "the engine has no " << test_image << " (tests/engine/image.sh makes it)";
    }
  }
  void TearDown() override {
    if (there()) clean();
  }
  static bool there() { return !GetParam().socket.empty() || GetParam().simulated_api != 0; }

  void clean() {
    for (const std::string label : {"dev.cairn.project=conformance", "cairn.test=foreign"}) {
      const Result<std::vector<ContainerSummary>> containers = list_containers(engine, {label}, {});
      ASSERT_TRUE(containers.ok()) << containers.failure().message;
      for (const ContainerSummary& each : *containers)
        EXPECT_TRUE(remove_container(engine, each.id, {}).ok());
      const Result<std::vector<NetworkFacts>> networks = list_networks(engine, {label}, {});
      for (const NetworkFacts& each : *networks) {
        EXPECT_TRUE(remove_network(engine, each.id, {}).ok());
      }
      const Result<std::vector<VolumeFacts>> volumes = list_volumes(engine, {label}, {});
      for (const VolumeFacts& each : *volumes) {
        EXPECT_TRUE(remove_volume(engine, each.name, {}).ok());
      }
    }
  }

  static Identity identity(const std::string& name) {
    return {.project = "conformance",
            .run = "r1",
            .node = "n",
            .attempt = "1",
            .spec = "s1",
            .spec_full = "",
            .name = name};
  }
  static ContainerSpec container(const std::string& name, std::vector<std::string> command) {
    ContainerSpec spec;
    spec.identity = identity(name);
    spec.image = test_image;
    spec.command = std::move(command);
    spec.network_mode = "none";
    spec.init = false;
    return spec;
  }
  static ContainerSpec shell(const std::string& name, const std::string& script) {
    return container(name, {"sh", "-c", script});
  }
  // Somebody else's: the same call without our labels.
  ContainerSpec foreign(const std::string& name, std::vector<std::string> command) {
    ContainerSpec spec = container(name, std::move(command));
    spec.identity = Identity{};
    spec.identity.name = name;
    spec.labels = {{"cairn.test", "foreign"}};
    return spec;
  }
  std::string made(const ContainerSpec& spec) {
    const Result<CreatedContainer> created = create_container(engine, spec, {});
    EXPECT_TRUE(created.ok()) << (created ? "" : created.failure().causes.back());
    return created ? created->id : "";
  }
  std::string started(const ContainerSpec& spec) {
    const std::string id = made(spec);
    const Result<> start = start_container(engine, id, {});
    EXPECT_TRUE(start.ok()) << (start ? "" : start.failure().causes.back());
    return id;
  }
  int ran(const ContainerSpec& spec) {
    const std::string id = made(spec);
    Result<ExitWait> wait = ExitWait::arm(engine, id, ExitWait::For::next_exit, {});
    EXPECT_TRUE(wait.ok());
    EXPECT_TRUE(start_container(engine, id, {}).ok());
    const Result<int> code = wait->finish({});
    EXPECT_TRUE(code.ok());
    return code ? *code : -1;
  }
  ContainerFacts facts(const std::string& container) {
    const Result<std::optional<ContainerFacts>> found = inspect_container(engine, container, {});
    EXPECT_TRUE(found.ok() && found->has_value());
    return found && *found ? **found : ContainerFacts{};
  }

  // What answers: a real engine through the reactor, or a simulated one.
  static std::unique_ptr<sim::PumpedEngine> simulated_engine() {
    if (GetParam().simulated_api == 0) return nullptr;
    auto made =
        std::make_unique<sim::PumpedEngine>(sim::EngineOptions{.api_minor = GetParam().simulated_api});
    sim::make_image((**made).state(), test_image);
    return made;
  }
  const std::unique_ptr<sim::PumpedEngine> simulated = simulated_engine();
  http::Reactor reactor;
  http::HttpClient& client = simulated ? static_cast<http::HttpClient&>(**simulated) : reactor;
  const std::string socket = simulated ? "/simulated.sock" : GetParam().socket;
  Engine engine{client, real_clock(),
                Endpoint{.shown = "unix://" + socket, .unix_socket = socket, .base_url = "http://docker"}};
};

}  // namespace cairn::docker
