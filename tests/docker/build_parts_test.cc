#include <gmock/gmock.h>

#include "runtime/platform/docker/build.h"
#include "runtime/platform/docker/build_trace.h"
#include "runtime/platform/docker/dockerignore.h"

namespace cairn::docker {
namespace {

using testing::ElementsAre;

TEST(Dockerignore, FollowsTheRulesOfTheDockerClient) {
  const Dockerignore ignore(
      "# comment\n *.log \n/build\n**/node_modules\n!keep.log\ndocs/**/*.md\n[a-c]?.tmp\nnull\\*\n");
  for (const char* path : {"a.log", "build", "build/x/y", "node_modules", "web/node_modules/p", "docs/a.md",
                           "docs/x/y/a.md", "b1.tmp", "null*"}) {
    EXPECT_TRUE(ignore.ignores(path)) << path;
  }
  for (const char* path :
       {"keep.log", "sub/a.log", "builder", "src/build", "docs/a.txt", "d1.tmp", "nullx"}) {
    EXPECT_FALSE(ignore.ignores(path)) << path;
  }
  EXPECT_TRUE(ignore.takes_back());
}

TEST(Dockerignore, TheLastWordCounts) {
  const Dockerignore ignore("*\n!src\nsrc/secret\n");
  EXPECT_TRUE(ignore.ignores("README"));
  EXPECT_FALSE(ignore.ignores("src"));
  EXPECT_FALSE(ignore.ignores("src/main.c"));
  EXPECT_TRUE(ignore.ignores("src/secret/key"));
  EXPECT_FALSE(Dockerignore("").ignores("x"));
}

TEST(DockerfileNeeds, NamesWhatItStartsFrom) {
  const DockerfileNeeds needs = needs_of_dockerfile(
      "# syntax = docker/dockerfile:1\n"
      "ARG BASE=debian:bookworm\nARG V\nFROM --platform=linux/amd64 ${BASE} AS Build\n"
      "RUN --mount=type=cache,target=/x,from=tools:1 \\\n  make\n"
      "from build as test\nFROM app:${V:-3}\nCOPY --from=build --chown=1 /a /b\nCOPY --from=0 /a /b\n"
      "COPY --from=other:2 /a /b\nFROM scratch\n",
      {});
  EXPECT_THAT(needs.images,
              ElementsAre("docker/dockerfile:1", "debian:bookworm", "tools:1", "app:3", "other:2"));
  EXPECT_FALSE(needs.session_mounts);
  EXPECT_THAT(needs_of_dockerfile("ARG BASE=a\nFROM $BASE", {{"BASE", Text("b")}}).images, ElementsAre("b"));
  EXPECT_TRUE(needs_of_dockerfile("FROM a\nRUN --mount=type=secret,id=x cat x", {}).session_mounts);
}

std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}

TEST(BuildTrace, BecomesLines) {
  std::vector<std::string> lines;
  BuildTrace trace([&](const std::string& line) { lines.push_back(line); });
  EXPECT_TRUE(trace.feed(field(1, field(1, "d1") + field(3, "[1/2] RUN make") + field(5, ""))));
  EXPECT_TRUE(trace.feed(field(3, field(1, "d1") + field(4, "one\ntw")) +
                         field(3, field(1, "d1") + field(4, "o\n"))));
  EXPECT_TRUE(trace.feed(
      field(1, field(1, "d2") + field(3, "[2/2] COPY") + "\x20\x01" + field(5, "") + field(6, ""))));
  EXPECT_TRUE(trace.feed(field(1, field(1, "d1") + field(3, "[1/2] RUN make") + field(5, "") + field(6, "") +
                                      field(7, "exit code: 1"))));
  EXPECT_THAT(lines, ElementsAre("[1/2] RUN make", "| one", "| two", "[2/2] COPY: cached",
                                 "[1/2] RUN make: exit code: 1"));
  EXPECT_FALSE(trace.feed("\x0a\x7fshort"));
}

}  // namespace
}  // namespace cairn::docker
