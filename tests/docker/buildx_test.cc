#include "runtime/platform/docker/buildx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace cairn::docker {
namespace {

using testing::ElementsAre;
using testing::Pair;

// What buildx has said, as it came from two engines (0.34 with 20.10 and with API 1.56).
struct Said {
  std::vector<std::string> lines;
  BuildxProgress progress{[this](const std::string& line) { lines.push_back(line); }};

  explicit Said(const std::string& text) {
    std::istringstream all(text);
    for (std::string line; std::getline(all, line);) progress.feed(line);
    progress.flush();
  }
};

constexpr const char* failing_run = R"(#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 153B done
#1 DONE 0.0s

#4 [1/3] FROM docker.io/library/cairn-test:1
#4 CACHED

#5 [2/3] RUN echo out;     false
#5 0.264 out
#5 0.265 #6 CACHED
#5 ...

#6 [internal] load build context
#6 transferring context: 30B done
#6 DONE 0.1s

#5 [2/3] RUN echo out;     false
#5 ERROR: executor failed running [/bin/sh -c echo out;     false]: exit code: 1
------
 > [2/3] RUN echo out;     false:
0.264 out
ERROR: of the program
------
2026/11/22 00:23:01 traces export: Unimplemented: unknown service
)";
constexpr const char* old_end =
    "ERROR: failed to build: failed to solve: executor failed running [/bin/sh -c echo out;     false]: exit "
    "code: 1\n";
constexpr const char* new_end = R"(Dockerfile:3
--------------------
   2 |     FROM cairn-test:1
   3 | >>> RUN echo out; \
   4 | >>>     false
--------------------
ERROR: failed to build: failed to solve: process "/bin/sh -c echo out;     false" did not complete successfully: exit code: 1
)";

BuiltText built_text() {
  return {"Dockerfile", "FROM more AS more\nFROM cairn-test:1\nRUN echo out; \\\n    false\n", 1, 0};
}

std::string in_words(const Failure& failure) {
  std::string all = failure.message;
  for (const std::string& cause : failure.causes) all += "\nbecause " + cause;
  return failure.help.empty() ? all : all + "\nhelp: " + failure.help;
}

TEST(BuildxProgress, SaysWhatOtherBuildersSay) {
  EXPECT_THAT(
      Said(failing_run).lines,
      ElementsAre("[1/3] FROM docker.io/library/cairn-test:1: cached", "[2/3] RUN echo out;     false",
                  "| out", "| #6 CACHED",
                  "[2/3] RUN echo out;     false: executor failed running [/bin/sh -c echo out;     false]: "
                  "exit code: 1"));
}

TEST(BuildxProgress, AStepThatLastsIsSaidBeforeItEnds) {
  std::vector<std::string> lines;
  BuildxProgress progress([&](const std::string& line) { lines.push_back(line); });
  progress.feed("#5 [2/3] RUN make");
  EXPECT_THAT(lines, ElementsAre());
  progress.flush();
  EXPECT_THAT(lines, ElementsAre("[2/3] RUN make"));
  progress.feed("#5 DONE 1.0s");
  progress.flush();
  EXPECT_THAT(lines, ElementsAre("[2/3] RUN make"));
}

TEST(BuildxFailure, NamesTheLineThatTheFileHas) {
  constexpr const char* line =
      "`docker buildx build` failed\nbecause Dockerfile:2: RUN echo out; \\\nbecause ";
  EXPECT_EQ(in_words(buildx_failure(Said(std::string(failing_run) + old_end).progress, built_text())),
            line + std::string("executor failed running [/bin/sh -c echo out;     false]: exit code: 1"));
  EXPECT_EQ(
      in_words(buildx_failure(Said(std::string(failing_run) + new_end).progress, built_text())),
      line + std::string(
                 "process \"/bin/sh -c echo out;     false\" did not complete successfully: exit code: 1"));
  EXPECT_EQ(in_words(buildx_failure(Said("ERROR: failed to build: failed to solve: rpc error: code = Unknown "
                                         "desc = failed to solve with "
                                         "frontend dockerfile.v0: failed to create LLB definition: "
                                         "dockerfile parse error line 3: unknown "
                                         "instruction: RUNN\n")
                                        .progress,
                                    {"docker/app", "FROM a\n\nRUNN x\n", 0, 0})),
            "`docker buildx build` failed\nbecause docker/app:3: RUNN x\nbecause dockerfile parse error line "
            "3: unknown "
            "instruction: RUNN");
}

TEST(BuildxFailure, SaysWhatToDo) {
  const auto help = [](const std::string& error) {
    return buildx_failure(Said("ERROR: failed to build: " + error + "\n").progress, {}).help;
  };
  EXPECT_THAT(help("Cache export is not supported for the docker driver.\nSwitch to a different driver"),
              testing::StartsWith("`cache_to = \"type=inline\"` goes everywhere"));
  EXPECT_THAT(help("docker exporter does not currently support exporting manifest lists"),
              testing::StartsWith("build for one platform"));
  EXPECT_THAT(help("failed to solve: process \"/bin/sh -c true\": exec format error"),
              testing::HasSubstr("qemu"));
  for (const char* missing :
       {"failed to solve: secret tok not found: not found", "failed to solve: secret tok: not found"})
    EXPECT_THAT(help(missing), testing::StartsWith("`secrets` has to have"));
  EXPECT_THAT(help("failed to solve: unset ssh forward key default"),
              testing::HasSubstr("ssh = \"default\""));
  EXPECT_THAT(help("failed to solve: target stage \"nope\" could not be found"),
              testing::StartsWith("`target`"));
  EXPECT_THAT(help("failed to convert agent config: ssh: this private key is passphrase protected"),
              testing::HasSubstr("ssh-add"));
  EXPECT_EQ(help("something new"), "");
}

TEST(BuildxBuilder, IsTheOneThatTheClientWouldTake) {
  const Result<BuildxBuilder> builder = buildx_builder(
      "Name:          default\nDriver:        docker\nLast Activity: 2026-11-22\n\nNodes:\nName: x\n", true);
  ASSERT_TRUE(builder);
  EXPECT_EQ(builder->name, "default");
  EXPECT_EQ(builder->driver, "docker");
}

TEST(BuildxBuilder, ThatIsNotThereIsNamed) {
  const auto told = [](const std::string& said, bool well) { return buildx_builder(said, well).failure(); };
  for (const char* no_plugin :
       {"docker: unknown command: docker buildx\n\nRun 'docker --help' for more information\n",
        "docker: 'buildx' is not a docker command.\nSee 'docker --help'\n",
        "ERROR: BuildKit is enabled but the buildx component is missing or broken.\n"}) {
    const Failure failure = told(no_plugin, false);
    EXPECT_THAT(failure.causes, ElementsAre("the docker client has no plugin `buildx`"));
    EXPECT_THAT(failure.help, testing::HasSubstr("docker-buildx-plugin"));
  }
  EXPECT_THAT(told("ERROR: no builder \"nope\" found\n", false).causes,
              ElementsAre("no builder \"nope\" found"));
  const Failure away =
      told("Name: default\nDriver:\nError: failed to connect to the docker API at unix:///nope.sock\n", true);
  EXPECT_THAT(away.causes, ElementsAre("failed to connect to the docker API at unix:///nope.sock"));
  EXPECT_EQ(away.is, FailureClass::endpoint);
}

TEST(BuildxBuild, HasNoSecretInItsArguments) {
  BuildxSpec spec;
  spec.build.context = "/src";
  spec.build.dockerfile = "/run/Dockerfile";
  spec.build.target = "last";
  spec.build.args = {{"A", Text("x y")}};
  spec.build.labels = {{"l", "1,2"}};
  spec.build.pull = true;
  spec.platforms = {"linux/amd64", "linux/arm64"};
  spec.secrets = {{"token", "CAIRN_BUILD_SECRET_1", {}}, {"key,2", {}, "/with \"quotes\""}};
  spec.ssh = {"default"};
  spec.cache_to = {"type=inline"};
  spec.contexts = {{"more", "/more"}};
  spec.metadata_file = "/run/m";
  EXPECT_THAT(buildx_build(spec),
              ElementsAre("buildx", "build", "--progress", "plain", "--load", "--metadata-file", "/run/m",
                          "--file", "/run/Dockerfile", "--target", "last", "--platform",
                          "linux/amd64,linux/arm64", "--build-arg", "A=x y", "--label", "l=1,2",
                          "--build-context", "more=/more", "--secret", "id=token,env=CAIRN_BUILD_SECRET_1",
                          "--secret", "\"id=key,2\",\"src=/with \"\"quotes\"\"\"", "--ssh", "default",
                          "--cache-to", "type=inline", "--pull", "--", "/src"));
}

TEST(DockerClient, IsToldTheEngineAndNoOther) {
  const Variables ours = {{"PATH", "/bin"},
                          {"DOCKER_HOST", "tcp://other"},
                          {"DOCKER_CONTEXT", "other"},
                          {"DOCKER_TLS_VERIFY", "1"}};
  Endpoint endpoint{.shown = "unix:///s", .unix_socket = "/s", .base_url = "http://docker"};
  EXPECT_THAT(client_environment(endpoint, ours),
              ElementsAre(Pair("PATH", "/bin"), Pair("DOCKER_HOST", "unix:///s"),
                          Pair("BUILDX_NO_DEFAULT_ATTESTATIONS", "1"),
                          Pair("BUILDX_METADATA_PROVENANCE", "disabled")));
  EXPECT_THAT(docker_client(endpoint), ElementsAre("docker"));
  Endpoint far{.shown = "tcp://h:2376", .base_url = "https://h:2376"};
  far.tls.ca_file = "/ca";
  EXPECT_THAT(docker_client(far), ElementsAre("docker", "--tlsverify", "--tlscacert", "/ca"));
  EXPECT_THAT(client_environment(far, {}), testing::Contains(Pair("DOCKER_HOST", "tcp://h:2376")));
  far.context = "there";
  EXPECT_THAT(docker_client(far), ElementsAre("docker"));
  EXPECT_THAT(client_environment(far, {}), testing::Contains(Pair("DOCKER_CONTEXT", "there")));
}

TEST(DockerfileNeeds, NameTheSecretsThatAreMounted) {
  const DockerfileNeeds needs = needs_of_dockerfile(
      "FROM a\nRUN --mount=type=secret,id=one --mount=type=secret,target=/run/secrets/two,required=true \\\n"
      "  --mount=type=cache,id=three,target=/c x --mount=type=secret,id=four\nRUN --mount=type=ssh y\n",
      {});
  EXPECT_THAT(needs.secrets, ElementsAre("one", "two"));
  EXPECT_TRUE(needs.ssh);
}

}  // namespace
}  // namespace cairn::docker
