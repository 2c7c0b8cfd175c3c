#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/platform/docker/events.h"
#include "runtime/platform/docker/exec.h"
#include "runtime/platform/docker/info.h"
#include "runtime/platform/docker/logs.h"
#include "tests/docker/engines_under_test.h"

namespace cairn::docker {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Containers : public OnEngine {
 protected:
  std::string log_of(const std::string& id, Output from = Output::standard) {
    Result<LogStream> log = LogStream::open(engine, id, {.follow = true}, {});
    EXPECT_TRUE(log.ok());
    std::string text;
    for (;;) {
      const Result<std::optional<LogPiece>> piece = log->next({});
      EXPECT_TRUE(piece.ok());
      if (!piece || !*piece) return text;
      if ((*piece)->from == from) text += (*piece)->bytes;
    }
  }
};

TEST_P(Containers, AreMadeStartedAwaitedAndRemoved) {
  const std::string id = made(shell("cairn-t-one", "exit 7"));
  EXPECT_EQ(facts(id).status, "created");
  Result<ExitWait> wait = ExitWait::arm(engine, id, ExitWait::For::next_exit, {});
  ASSERT_TRUE(wait.ok());
  ASSERT_TRUE(start_container(engine, id, {}).ok());
  EXPECT_EQ(*wait->finish({}), 7);
  const ContainerFacts ended = facts("cairn-t-one");
  EXPECT_EQ(ended.status, "exited");
  EXPECT_EQ(ended.exit_code, 7);
  EXPECT_EQ(owner_of(ended.labels, ended.name, "conformance"), Owner::ours);
  ASSERT_TRUE(remove_container(engine, id, {}).ok());
  EXPECT_FALSE(inspect_container(engine, id, {})->has_value());
  EXPECT_TRUE(remove_container(engine, id, {}).ok()) << "what is gone is fine";
}

TEST_P(Containers, AWaitForTheEndOfOneThatEndedReturnsAtOnce) {
  EXPECT_EQ(ran(shell("cairn-t-ended", "exit 3")), 3);
  Result<ExitWait> wait = ExitWait::arm(engine, "cairn-t-ended", ExitWait::For::not_running, {});
  ASSERT_TRUE(wait.ok());
  EXPECT_EQ(*wait->finish({}), 3);
}

TEST_P(Containers, AWaitCanBeStoppedAndTakenUpAgain) {
  const std::string id = started(shell("cairn-t-wait", "sleep 1000"));
  Result<ExitWait> wait = ExitWait::arm(engine, id, ExitWait::For::not_running, {});
  ASSERT_TRUE(wait.ok());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(wait->finish(stop.get_token()).failure().is, FailureClass::cancelled);
  EXPECT_EQ(wait->finish({}, Instant{}).failure().is, FailureClass::timeout);
  ASSERT_TRUE(signal_container(engine, id, "SIGKILL", {}).ok());
  EXPECT_EQ(*wait->finish({}), 137);
}

TEST_P(Containers, StopIsPoliteFirst) {
  const std::string id =
      started(shell("cairn-t-polite", "trap 'exit 4' TERM; echo up; while :; do sleep 0.05; done"));
  Result<LogStream> log = LogStream::open(engine, id, {.follow = true}, {});
  ASSERT_TRUE(log.ok());
  ASSERT_EQ((**log->next({})).bytes, "up\n");
  EXPECT_EQ(*stop_container(engine, id, {}, {}), 4);
}

TEST_P(Containers, StopKillsWhatIsDeaf) {
  const std::string id = started(shell("cairn-t-deaf", "trap '' TERM; sleep 1000"));
  EXPECT_EQ(*stop_container(engine, id, {.grace = std::chrono::milliseconds(200)}, {}), 137);
  std::stop_source hurry;
  hurry.request_stop();
  const std::string second = started(shell("cairn-t-deaf2", "trap '' TERM; sleep 1000"));
  EXPECT_EQ(*stop_container(engine, second, {.grace = std::chrono::hours(1), .hurry = hurry.get_token()}, {}),
            137);
}

TEST_P(Containers, OneThatRestartsStaysStopped) {
  ContainerSpec spec = shell("cairn-t-always", "exec sleep 1000");
  spec.restart = RestartPolicy{"always", 0};
  const std::string id = started(spec);
  ASSERT_TRUE(
      stop_container(engine, id, {.signal = "SIGTERM", .grace = std::chrono::milliseconds(300)}, {}).ok());
  EXPECT_FALSE(facts(id).running);
}

TEST_P(Containers, CreatingTheSameTwiceAdopts) {
  const ContainerSpec spec = shell("cairn-t-twice", "exit 0");
  const std::string id = made(spec);
  const Result<CreatedContainer> again = create_container(engine, spec, {});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->adopted);
  EXPECT_EQ(again->id, id);
  ContainerSpec other = spec;
  other.identity.spec = "s2";
  const Result<CreatedContainer> refused = create_container(engine, other, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.failure().causes.back(), HasSubstr("made from another state of the file"));
}

TEST_P(Containers, ALookAlikeOfSomebodyElseIsNotTouched) {
  const std::string id = made(foreign("cairn-t-taken", {"sh"}));
  const Result<CreatedContainer> refused = create_container(engine, shell("cairn-t-taken", "exit 0"), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.failure().causes.back(), HasSubstr("of somebody else is there already"));
  EXPECT_EQ(facts("cairn-t-taken").id, id);
}

TEST_P(Containers, AStrangerFromAnImageOfOursIsNotOurs) {
  made(shell("cairn-t-source", "exit 0"));
  // As anybody may do it: without the blanking that commit_container() does.
  const Result<http::Response> committed = engine.call(
      {.method = "POST",
       .path = "/commit",
       .query = {{"container", "cairn-t-source"}, {"repo", "cairn-test-inherited"}, {"tag", "1"}}},
      {});
  ASSERT_TRUE(committed.ok());
  ASSERT_EQ(committed->status, 201);
  ContainerSpec stranger = foreign("cairn-t-stranger", {"sh"});
  stranger.image = "cairn-test-inherited:1";
  stranger.identity = Identity{.project = "",
                               .run = "",
                               .node = "",
                               .attempt = "",
                               .spec = "",
                               .spec_full = "",
                               .name = "cairn-t-stranger"};
  // Not even the name's label is its own.
  nlohmann::json body = nlohmann::json::parse(create_body(stranger, false));
  body["Labels"].erase("dev.cairn.name");
  const Result<http::Response> made_by_others = engine.call({.method = "POST",
                                                             .path = "/containers/create",
                                                             .query = {{"name", "cairn-t-stranger"}},
                                                             .json = body.dump()},
                                                            {});
  ASSERT_EQ(made_by_others->status, 201);
  const ContainerFacts inherited = facts("cairn-t-stranger");
  EXPECT_EQ(identity_in(inherited.labels).project, "conformance") << "labels are inherited";
  EXPECT_EQ(owner_of(inherited.labels, inherited.name, "conformance"), Owner::foreign);
  EXPECT_EQ(owner_in_words(inherited.labels, inherited.name), "somebody else");
  EXPECT_TRUE(remove_container(engine, "cairn-t-stranger", {}).ok());
  EXPECT_TRUE(remove_image(engine, "cairn-test-inherited:1", true, {}).ok());
}

TEST_P(Containers, CommitLeavesLabelsAndSecretsBehind) {
  ContainerSpec spec = shell("cairn-t-commit", "exit 0");
  spec.env = {{"PASSWORD", Text("hunter2", true)}, {"PATH", Text("/bin:/x")}};
  const std::string id = made(spec);
  const Result<std::string> image = commit_container(
      engine, {.container = id, .reference = "cairn-test-committed:1", .changes = {"CMD [\"true\"]"}}, {});
  ASSERT_TRUE(image.ok()) << image.failure().causes.back();
  const ImageFacts facts = **inspect_image(engine, "cairn-test-committed:1", {});
  for (const auto& [name, value] : facts.labels) {
    if (name.starts_with(label_prefix)) {
      EXPECT_EQ(value, "") << name;
    }
  }
  EXPECT_THAT(facts.env, Contains("PATH=/bin"));
  for (const std::string& variable : facts.env) EXPECT_THAT(variable, testing::Not(HasSubstr("hunter2")));
  EXPECT_TRUE(remove_image(engine, "cairn-test-committed:1", true, {}).ok());
}

TEST_P(Containers, FailuresNameTheThingAndTheCause) {
  ContainerSpec spec = shell("cairn-t-none", "exit 0");
  spec.image = "cairn-test-absent:9";
  const Result<CreatedContainer> refused = create_container(engine, spec, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().message, "could not create the container `cairn-t-none`");
  EXPECT_THAT(refused.failure().causes.back(), HasSubstr("No such image"));
  EXPECT_TRUE(refused.failure().nothing_done);
  EXPECT_NE(refused.failure().help, "");

  const std::string missing = made(container("cairn-t-nobin", {"/no/such/program"}));
  const Result<> start = start_container(engine, missing, {});
  ASSERT_FALSE(start.ok());
  EXPECT_THAT(start.failure().causes.back(), HasSubstr("no such file"));
}

TEST_P(Containers, APortThatIsTakenIsNamed) {
  ContainerSpec first = shell("cairn-t-port1", "exec sleep 1000");
  first.network_mode = "bridge";
  first.ports = {{.container_port = 80, .host_address = "127.0.0.1", .host_port = 18080}};
  started(first);
  const std::vector<BoundPort> ports = facts("cairn-t-port1").ports;
  ASSERT_EQ(ports.size(), 1u);
  EXPECT_EQ(ports[0].host_port, 18080);
  ContainerSpec second = first;
  second.identity = identity("cairn-t-port2");
  const Result<> taken = start_container(engine, made(second), {});
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.failure().causes.back(), HasSubstr("port is already allocated"));
  EXPECT_THAT(taken.failure().help, HasSubstr("uses the port"));
}

TEST_P(Containers, TheEngineChoosesPortsWhenAsked) {
  ContainerSpec spec = shell("cairn-t-anyport", "sleep 1000");
  spec.network_mode = "bridge";
  spec.ports = {{.container_port = 80, .host_address = "127.0.0.1"}};
  started(spec);
  const std::vector<BoundPort> ports = facts("cairn-t-anyport").ports;
  ASSERT_EQ(ports.size(), 1u);
  EXPECT_GT(ports[0].host_port, 0);
  EXPECT_EQ(ports[0].container_port, 80);
}

TEST_P(Containers, LogsKeepTheirStreamsApart) {
  // Ended first: engines of API 1.41 may close a log that is followed before its last half line is in it.
  EXPECT_EQ(ran(shell("cairn-t-log", "echo out; echo err >&2; printf half")), 0);
  EXPECT_EQ(log_of("cairn-t-log"), "out\nhalf");
  EXPECT_EQ(log_of("cairn-t-log", Output::error), "err\n");
}

TEST_P(Containers, LogsGoOnWhereTheyWereLeft) {
  EXPECT_EQ(ran(shell("cairn-t-since", "echo one; echo two; echo three")), 0);
  Result<LogStream> log = LogStream::open(engine, "cairn-t-since", {.follow = false}, {});
  ASSERT_TRUE(log.ok());
  (void)log->next({});
  const LogPiece second = **log->next({});
  EXPECT_EQ(second.bytes, "two\n");
  Result<LogStream> rest =
      LogStream::open(engine, "cairn-t-since", {.follow = false, .after = {second.stamp, 1}}, {});
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ((**rest->next({})).bytes, "three\n");
  EXPECT_FALSE(rest->next({})->has_value());
}

TEST_P(Containers, ALotOfLogArrivesWhole) {
  const std::string id = started(shell("cairn-t-much", "seq 1 200000"));
  const std::string text = log_of(id);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 200000);
  EXPECT_TRUE(text.ends_with("\n200000\n"));
}

TEST_P(Containers, ATerminalsLogHasNoFrames) {
  ContainerSpec spec = shell("cairn-t-tty", "echo hello");
  spec.tty = true;
  EXPECT_EQ(ran(spec), 0);
  Result<LogStream> log = LogStream::open(engine, "cairn-t-tty", {.tty = true}, {});
  ASSERT_TRUE(log.ok());
  EXPECT_EQ((**log->next({})).bytes, "hello\r\n");
}

TEST_P(Containers, ExecGivesOutputAndCode) {
  const std::string id = started(shell("cairn-t-exec", "sleep 1000"));
  std::string out, err;
  const Result<int> code = run_exec(
      engine, id,
      {.command = {"sh", "-c", "echo $A; pwd; echo bad >&2; exit 5"},
       .env = {{"A", Text("b")}},
       .working_dir = "/tmp"},
      [&](const OutputPiece& piece) { (piece.from == Output::error ? err : out) += piece.bytes; }, {});
  ASSERT_TRUE(code.ok()) << code.failure().causes.back();
  EXPECT_EQ(*code, 5);
  EXPECT_EQ(out, "b\n/tmp\n");
  EXPECT_EQ(err, "bad\n");
}

TEST_P(Containers, ExecOfAProgramThatIsNotThereHasDoneNothing) {
  const std::string id = started(shell("cairn-t-exec-none", "sleep 1000"));
  const Result<int> code = run_exec(engine, id, {.command = {"no-such-program"}}, {}, {});
  ASSERT_FALSE(code.ok());
  EXPECT_TRUE(code.failure().nothing_done);
  EXPECT_THAT(code.failure().causes.back(), HasSubstr("no-such-program"));
}

TEST_P(Containers, ExecInOneThatDoesNotRunFails) {
  const std::string id = made(shell("cairn-t-exec0", "exit 0"));
  const Result<int> code = run_exec(engine, id, {.command = {"true"}}, {}, {});
  ASSERT_FALSE(code.ok());
  EXPECT_THAT(code.failure().causes.back(), HasSubstr("is not running"));
}

TEST_P(Containers, EventsWakeUp) {
  Result<EventStream> events = EventStream::open(engine, {"dev.cairn.project=conformance"}, {});
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(ran(shell("cairn-t-event", "exit 9")), 9);
  const EngineEvent start = **events->next({});
  EXPECT_EQ(start.action, "start");
  EXPECT_EQ(start.attributes.at("name"), "cairn-t-event");
  const EngineEvent die = **events->next({});
  EXPECT_EQ(die.action, "die");
  EXPECT_EQ(die.attributes.at("exitCode"), "9");
}

TEST_P(Containers, HealthIsSeen) {
  ContainerSpec spec = shell("cairn-t-health", "sleep 1000");
  spec.healthcheck = HealthcheckSpec{.disabled = false,
                                     .test = {"CMD-SHELL", "echo fine"},
                                     .interval = std::chrono::milliseconds(500),
                                     .timeout = std::chrono::seconds(5),
                                     .start_period = {},
                                     .start_interval = {},
                                     .retries = 1};
  Result<EventStream> events = EventStream::open(engine, {"dev.cairn.project=conformance"}, {});
  ASSERT_TRUE(events.ok());
  const std::string id = started(spec);
  for (;;) {
    const Result<std::optional<EngineEvent>> event = events->next({});
    ASSERT_TRUE(event.ok() && event->has_value());
    if ((*event)->action.starts_with("health_status")) {
      EXPECT_EQ((*event)->action, "health_status: healthy");
      break;
    }
  }
  EXPECT_EQ(facts(id).health, "healthy");
  EXPECT_EQ(facts(id).last_health_output, "fine\n");
}

TEST_P(Containers, SettingsArrive) {
  ContainerSpec spec =
      shell("cairn-t-all",
            "hostname; id -u; pwd; echo $ONE; cat /sys/fs/cgroup/memory/memory.limit_in_bytes "
            "2>/dev/null; ulimit -n; touch /x 2>&1; mount | grep -c ' /run ' ; cat /etc/hosts | "
            "grep -c other");
  spec.hostname = "box";
  spec.user = "65534";
  spec.working_dir = "/tmp";
  spec.env = {{"ONE", Text("1", true)}};
  spec.read_only = true;
  spec.tmpfs = {{"/run", "size=1m"}};
  spec.ulimits = {{"nofile", 123, 123}};
  spec.memory = 64 << 20;
  spec.pids_limit = 50;
  spec.cpus = 0.5;
  spec.shm_size = 1 << 20;
  spec.cap_drop = {"ALL"};
  spec.cap_add = {"CHOWN"};
  spec.security_opt = {"no-new-privileges"};
  spec.group_add = {"1234"};
  spec.sysctls = {{"net.ipv4.ip_default_ttl", "77"}};
  spec.extra_hosts = {"other:10.9.8.7"};
  spec.dns = {"10.9.8.1"};
  spec.stop_signal = "SIGINT";
  spec.stop_grace_period = std::chrono::milliseconds(1500);
  spec.logging = Logging{"json-file", {{"max-size", "1m"}}};
  spec.restart = RestartPolicy{"on-failure", 1};
  spec.init = true;
  spec.ipc = "private";
  spec.devices = {{"/dev/null", "/dev/nothing", "rwm"}};
  spec.labels = {{"mine", "yes"}};
  spec.expose = {"81"};
  spec.network_mode = "bridge";
  EXPECT_EQ(ran(spec), 0);
  const std::string log = log_of("cairn-t-all");
  EXPECT_THAT(log, HasSubstr("box\n65534\n/tmp\n1\n"));
  EXPECT_THAT(log, HasSubstr("123\n"));
  EXPECT_THAT(log, HasSubstr("Read-only file system"));
  const ContainerFacts seen = facts("cairn-t-all");
  EXPECT_EQ(seen.stop_signal, "SIGINT");
  EXPECT_EQ(seen.labels.at("mine"), "yes");
  EXPECT_THAT(seen.exposed, Contains("81/tcp"));
  const Result<http::Response> raw = engine.call({.path = "/containers/cairn-t-all/json"}, {});
  const nlohmann::json document = nlohmann::json::parse(raw->body);
  EXPECT_EQ(document.at("/HostConfig/Memory"_json_pointer), 64 << 20);
  EXPECT_EQ(document.at("/HostConfig/NanoCpus"_json_pointer), 500'000'000);
  EXPECT_EQ(document.at("/HostConfig/PidsLimit"_json_pointer), 50);
  EXPECT_EQ(document.at("/HostConfig/ShmSize"_json_pointer), 1 << 20);
  EXPECT_EQ(document.at("/HostConfig/GroupAdd/0"_json_pointer), "1234");
  EXPECT_EQ(document.at("/HostConfig/Init"_json_pointer), true);
  EXPECT_EQ(document.at("/HostConfig/RestartPolicy/MaximumRetryCount"_json_pointer), 1);
  EXPECT_EQ(document.at("/HostConfig/LogConfig/Config/max-size"_json_pointer), "1m");
  EXPECT_EQ(document.at("/HostConfig/Sysctls/net.ipv4.ip_default_ttl"_json_pointer), "77");
  EXPECT_EQ(document.at("/Config/StopTimeout"_json_pointer), 2);
}

TEST_P(Containers, ASecretThatTheEngineQuotesIsHidden) {
  ContainerSpec spec = shell("cairn-t-secret", "exit 0");
  spec.env = {{"", Text("hunter2", true)}};  // refused, with the variable's text
  const Result<CreatedContainer> refused = create_container(engine, spec, {});
  ASSERT_FALSE(refused.ok());
  for (const std::string& cause : refused.failure().causes)
    EXPECT_THAT(cause, testing::Not(HasSubstr("hunter2")));
}

TEST_P(Containers, TheVersionIsNegotiated) {
  const ApiVersion version = *engine.version({});
  EXPECT_GE(version, oldest_api);
  EXPECT_LE(version, newest_api);
  Engine fixed(client, real_clock(), engine.endpoint(), "1.41");
  EXPECT_TRUE(read_info(fixed, {}).ok());
  Engine absurd(client, real_clock(), engine.endpoint(), "1.99");
  const Result<EngineInfo> refused = read_info(absurd, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.failure().causes.back(), HasSubstr("too new"));
}

INSTANTIATE_TEST_SUITE_P(Engines, Containers, testing::ValuesIn(engines_under_test()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace cairn::docker
