#include "tests/sim/stacks.h"

#include <fmt/format.h>

namespace cairn::sim {
namespace {

class Writer {
 public:
  Writer(Chance& chance, int trouble) : chance_(chance), trouble_(trouble) {}

  RandomStack write() {
    const int volumes = chance_.between(0, 2);
    for (int i = 0; i < volumes; ++i) {
      line(fmt::format("volume v{} {{ {} }}", i, chance_.one_in(6) ? "keep = true" : ""));
      volumes_.push_back(fmt::format("v{}", i));
    }
    if (goes_wrong()) {
      line("volume taken { name = \"stranger\" }");
      volumes_.push_back("taken");
    }
    if (chance_.one_in(3)) {
      line("network back { internal = true }");
      network_ = "back";
    }
    if (chance_.one_in(3)) {
      line(R"(image app { ref = "app:1" ; tags = ["cairn-sim-tag:1"] })");
      images_.push_back("app");
    }
    const int stages = chance_.between(1, 2);
    for (int i = 0; i < stages; ++i) stage(i);
    return std::move(stack_);
  }

 private:
  void line(const std::string& text) { stack_.text += text + "\n"; }
  bool goes_wrong() {
    if (trouble_ == 0 || !chance_.one_in(trouble_)) return false;
    stack_.sound = false;
    return true;
  }
  // A moment of up to `most` tenths of a second, for `sleep`.
  std::string moment(int most) {
    const int tenths = chance_.between(0, most);
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
  }

  void stage(int number) {
    const std::string name = fmt::format("s{}", number);
    line(fmt::format("stage {} {{", name));
    if (number > 0) line("  after = [s0]");
    tasks_.clear();
    services_.clear();
    if (chance_.one_in(4)) {
      line(fmt::format("  volume w{} {{ }}", number));
      volumes_.push_back(fmt::format("w{}", number));
    }
    const int services = chance_.between(0, 3), tasks = chance_.between(1, 3);
    for (int i = 0; i < services; ++i) service(fmt::format("svc{}{}", number, i));
    for (int i = 0; i < tasks; ++i) task(fmt::format("job{}{}", number, i));
    if (!images_.empty() && images_.back() == "app" && chance_.one_in(2)) push(number);
    line("}");
    if (!volumes_.empty() && volumes_.back().starts_with("w")) volumes_.pop_back();
    stack_.stages.push_back(name);
  }

  void common(const std::string& script, const std::string& more_env) {
    line(fmt::format("    image = {}", chance_.of(images_)));
    line(fmt::format("    command = [\"sh\", \"-c\", \"{}\"]", script));
    if (chance_.percent(70)) line("    init = true");
    std::string env = more_env;
    if (chance_.one_in(3)) env += std::string(env.empty() ? "" : ", ") + "PASSWORD = secret(\"env:CANARY\")";
    if (!services_.empty() && chance_.percent(70)) {
      const std::string other = chance_.of(services_);
      env += fmt::format("{}PEER = {}.host", env.empty() ? "" : ", ", other);
    }
    if (!env.empty()) line("    env = { " + env + " }");
    if (!volumes_.empty() && chance_.one_in(2))
      line(fmt::format("    mounts = {{ \"/data\" = {} }}", chance_.of(volumes_)));
    if (!network_.empty() && chance_.one_in(2)) line("    networks = [back]");
    if (chance_.one_in(6)) line(R"(    files = { "/etc/app.conf" = "mode=test" })");
    line(fmt::format("    stop_grace_period = {}s", chance_.between(1, 4)));
  }

  void service(const std::string& name) {
    line(fmt::format("  service {} {{", name));
    std::string begin = fmt::format("echo begin; sleep {}; ", moment(12));
    std::string script = begin + "touch /tmp/up; echo ready; exec httpd -f -p 80";
    if (chance_.one_in(6)) script = "trap '' TERM; " + script;
    if (chance_.one_in(6))
      script = "trap 'echo bye; exit 0' TERM; " + begin +
               "touch /tmp/up; httpd -p 80; echo ready; while :; do sleep 0.5; done";
    bool ends_early = false;
    if (goes_wrong()) {
      switch (chance_.between(1, 4)) {
        case 1:
          ends_early = true;
          script = begin + "echo sorry >&2; exit 3";
          break;
        case 2:
          script = begin + "sleep 100000";  // never ready
          break;
        case 3:
          stack_.repeatable = false;
          script =
              begin + fmt::format("touch /tmp/up; httpd -p 80; echo ready; sleep {}; exit 7", moment(40));
          break;
        default:
          script = "no-such-program";
          break;
      }
    }
    common(script, "");
    static const std::vector<std::string> probes = {"tcp(80, within = 8s)",
                                                    "http(80, within = 8s)",
                                                    "log(\"ready\", within = 8s)",
                                                    "exec([\"test\", \"-e\", \"/tmp/up\"], within = 8s)",
                                                    "exists(\"/tmp/up\", within = 8s)",
                                                    "healthy(within = 8s)"};
    const std::string& probe = chance_.of(probes);
    if (probe.starts_with("healthy"))
      line("    healthcheck = { test = \"test -e /tmp/up\", interval = 300ms, retries = 50 }");
    line(fmt::format("    ready = [{}]", probe));
    if (chance_.one_in(8)) line("    restart = \"on-failure\"");
    if (chance_.one_in(8)) {
      line("    post_start = [[\"sh\", \"-c\", \"echo hook\"]]");
      if (ends_early) stack_.repeatable = false;  // before its hook, or after it
    }
    if (chance_.one_in(8)) line("    pre_stop = [[\"true\"]]");
    line("  }");
    services_.push_back(name);
  }

  void task(const std::string& name) {
    line(fmt::format("  run {} {{", name));
    std::string script = fmt::format("echo {} works; sleep {}; ", name, moment(20));
    const bool leaves = chance_.one_in(4);
    if (leaves) script += "mkdir -p /out; echo result > /out/file; ";
    if (chance_.one_in(8)) script = "trap '' TERM; " + script;
    bool hangs = false;
    if (goes_wrong()) {
      switch (chance_.between(1, 3)) {
        case 1:
          script += "echo no >&2; exit 1";
          break;
        case 2:
          script += "sleep 100000";
          hangs = true;
          break;
        default:
          script += "exit 42";
          break;
      }
    }
    common(script, chance_.one_in(4) ? "NAME = \"" + name + "\"" : "");
    if (leaves) line("    artifacts = [\"/out\"]");
    if (hangs || chance_.one_in(5))
      line(fmt::format("    timeout = {}s", chance_.between(hangs ? 2 : 60, 90)));
    if (chance_.one_in(6)) line(fmt::format("    retry = {}", chance_.between(1, 2)));
    if (chance_.one_in(8)) line("    allow_failure = true");
    if (!tasks_.empty() && chance_.one_in(2)) {
      line(fmt::format("    after = [{}]", chance_.of(tasks_)));
      if (chance_.one_in(4)) line(chance_.one_in(2) ? "    when = \"always\"" : "    when = \"failure\"");
    }
    line("  }");
    tasks_.push_back(name);
  }

  // What nobody can take back, and what nobody may do twice without being told to.
  void push(int number) {
    line(fmt::format("  push sent{} {{", number));
    line(fmt::format("    image = app\n    tags = [\"registry.example:5000/app:{}\"]", number));
    if (!tasks_.empty() && chance_.one_in(2)) line(fmt::format("    after = [{}]", chance_.of(tasks_)));
    line("  }");
  }

  Chance& chance_;
  const int trouble_;
  RandomStack stack_;
  std::vector<std::string> volumes_, services_, tasks_;
  std::vector<std::string> images_ = {"\"app:1\"", "\"app:1\"", "\"far:2\""};
  std::string network_;
};

}  // namespace

RandomStack random_stack(Chance& chance, int trouble) {
  return Writer(chance, trouble).write();
}

}  // namespace cairn::sim
