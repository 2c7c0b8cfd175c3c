// kill -9 at every call across a seam of a few small runs: what resumes them comes to the same end, and
// `clean` leaves nothing. CAIRN_KILL=k kills at that call only, and shows every call.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sim/trial.h"

namespace cairn::sim {
namespace {

struct Small {
  const char* name;
  const char* text;
};
void PrintTo(const Small& small, std::ostream* out) {
  *out << small.name;
}

const Small task = {"Task", R"(
stage test {
  run job {
    image = "app:1"
    command = ["sh", "-c", "echo works; mkdir -p /out; echo result > /out/file"]
    artifacts = ["/out"]
  }
}
)"};

const Small served = {"Served", R"(
volume data { keep = true }
stage test {
  service db {
    image = "app:1"
    command = ["sh", "-c", "sleep 0.2; touch /tmp/up; exec httpd -f -p 80"]
    mounts = { "/data" = data }
    files = { "/etc/app.conf" = "mode=test" }
    ready = [tcp(80, within = 8s)]
    post_start = [["sh", "-c", "echo hook"]]
    stop_grace_period = 2s
  }
  run check {
    image = "far:2"
    command = ["sh", "-c", "echo asks; sleep 0.3"]
    env = { PEER = db.host, PASSWORD = secret("env:CANARY") }
  }
}
)"};

const Small staged = {"Staged", R"(
network back { internal = true }
stage build {
  volume scratch { }
  run first {
    image = "app:1"
    command = ["sh", "-c", "echo one > /data/one"]
    mounts = { "/data" = scratch }
    networks = [back]
  }
}
stage test {
  after = [build]
  service web {
    image = "app:1"
    command = ["sh", "-c", "echo ready; exec httpd -f -p 80"]
    networks = [back]
    ready = [log("ready", within = 8s)]
    stop_grace_period = 1s
  }
  run second {
    image = "app:1"
    command = ["sh", "-c", "echo two"]
    env = { PEER = web.host }
  }
}
)"};

const Small failing = {"Failing", R"(
stage test {
  run breaks {
    image = "app:1"
    command = ["sh", "-c", "echo no >&2; exit 3"]
    retry = 1
  }
  run skipped {
    image = "app:1"
    command = ["true"]
    after = [breaks]
  }
  run tells {
    image = "app:1"
    command = ["sh", "-c", "echo it failed"]
    after = [breaks]
    when = "failure"
  }
}
)"};

class Crashes : public testing::TestWithParam<Small> {
 protected:
  static void SetUpTestSuite() { setenv("DOCKER_HOST", "unix:///simulated.sock", 1); }
  static TrialSetup setup() {
    TrialSetup setup;
    setup.plot = Plot{};
    setup.stack =
        RandomStack{.text = GetParam().text, .stages = {"test"}, .sound = GetParam().name != failing.name};
    return setup;
  }
  // `how`: what follows the kill.
  static void kill_everywhere(const std::function<void(Plot&)>& how) {
    const End whole = run_trial(setup());
    ASSERT_TRUE(whole.complaints.empty()) << testing::PrintToString(whole.complaints);
    ASSERT_EQ(whole.exit_code == 0, setup().stack->sound);
    const char* only = std::getenv("CAIRN_KILL");
    int killed = 0, resumed = 0;
    for (int call = 1; call <= whole.calls; ++call) {
      if (only != nullptr && call != std::atoi(only)) continue;
      TrialSetup crashing = setup();
      crashing.plot->kill_at = call;
      crashing.uncrashed = &whole;
      crashing.tells = only != nullptr;
      how(*crashing.plot);
      const End end = run_trial(crashing);
      EXPECT_TRUE(end.complaints.empty()) << "CAIRN_KILL=" << call << " --gtest_filter=*" << GetParam().name
                                          << " shows it again: " << testing::PrintToString(end.complaints);
      killed += end.killed;
      resumed += end.resumed;
    }
    fmt::print("{} calls, {} kills, {} resumed\n", whole.calls, killed, resumed);
  }
};

TEST_P(Crashes, AreCleanedUp) {
  kill_everywhere([](Plot&) {});
}

TEST_P(Crashes, AreResumedToTheSameEnd) {
  kill_everywhere([](Plot& plot) { plot.resumes = true; });
}

TEST_P(Crashes, OfWhatResumesAreResumed) {
  kill_everywhere([](Plot& plot) {
    plot.resumes = true;
    plot.kill_again_at = 1 + plot.kill_at % 23;
  });
}

INSTANTIATE_TEST_SUITE_P(Small, Crashes, testing::Values(task, served, staged, failing),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace cairn::sim
