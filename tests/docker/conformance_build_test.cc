#include <gmock/gmock.h>

#include "runtime/platform/docker/build.h"
#include "tests/docker/engines_under_test.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::docker {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Builds : public OnEngine {
 protected:
  void TearDown() override {
    if (there()) (void)remove_image(engine, tag, true, {});
    OnEngine::TearDown();
  }
  BuildSpec spec(const TemporaryFolder& folder, BuildSpec::Builder builder) {
    BuildSpec spec;
    spec.builder = builder;
    spec.context = folder.path();
    spec.tags = {tag};
    spec.labels = {{"mine", "yes"}};
    return spec;
  }
  const std::string tag = "cairn-test-built:1";
  std::vector<std::string> lines;
  const ProgressLine on_line = [this](const std::string& line) { lines.push_back(line); };
};

TEST_P(Builds, ByBothBuilders) {
  for (const BuildSpec::Builder builder : {BuildSpec::Builder::buildkit, BuildSpec::Builder::classic}) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "sub");
    folder.write("sub/kept", "kept");
    folder.write("sub/left.log", "left");
    folder.write(".dockerignore", "**/*.log\n");
    folder.write(
        "Dockerfile",
        "ARG BASE\nFROM ${BASE}\nARG WORD\nCOPY sub /sub\nRUN echo said-$WORD; test ! -e /sub/left.log\n"
        "CMD [\"cat\", \"/sub/kept\"]\n");
    BuildSpec build = spec(folder, builder);
    build.args = {{"BASE", Text(test_image)}, {"WORD", Text("hello")}};
    build.no_cache = true;
    lines.clear();
    const Result<std::string> id = build_image(engine, build, on_line, {});
    ASSERT_TRUE(id.ok()) << id.failure().causes.back();
    EXPECT_THAT(*id, testing::StartsWith("sha256:"));
    EXPECT_THAT(lines, Contains(HasSubstr("said-hello")));
    const ImageFacts image = **inspect_image(engine, tag, {});
    EXPECT_EQ(image.id, *id);
    EXPECT_EQ(image.labels.at("mine"), "yes");
    ASSERT_TRUE(remove_image(engine, tag, true, {}).ok());
  }
}

TEST_P(Builds, AFailureInTheStreamIsOne) {
  for (const BuildSpec::Builder builder : {BuildSpec::Builder::buildkit, BuildSpec::Builder::classic}) {
    const TemporaryFolder folder;
    BuildSpec build = spec(folder, builder);
    build.dockerfile_text = std::string("FROM ") + test_image + "\nRUN echo why >&2; exit 3\n";
    lines.clear();
    const Result<std::string> id = build_image(engine, build, on_line, {});
    ASSERT_FALSE(id.ok());
    EXPECT_EQ(id.failure().message, "could not build the image `cairn-test-built:1`");
    EXPECT_THAT(id.failure().causes.back(), HasSubstr("3"));
    EXPECT_THAT(lines, Contains(HasSubstr("why")));
  }
}

// What a build does before it builds, and what comes after it.
class Transfers : public Builds {};

TEST_P(Transfers, ABaseThatCannotBePulledIsNamed) {
  const TemporaryFolder folder;
  folder.write("Dockerfile", "FROM 127.0.0.1:1/nothing:1\n");
  const Result<std::string> id = build_image(engine, spec(folder, BuildSpec::Builder::buildkit), on_line, {});
  ASSERT_FALSE(id.ok());
  EXPECT_THAT(id.failure().causes, Contains("could not pull the image `127.0.0.1:1/nothing:1`"));
}

TEST_P(Transfers, APushThatFailsSaysSo) {
  ASSERT_TRUE(tag_image(engine, test_image, "127.0.0.1:1/nothing:1", {}).ok());
  const Result<std::string> pushed = push_image(engine, "127.0.0.1:1/nothing:1", Text(), on_line, {});
  ASSERT_FALSE(pushed.ok());
  EXPECT_THAT(pushed.failure().causes.back(), HasSubstr("connection refused"));
  EXPECT_TRUE(remove_image(engine, "127.0.0.1:1/nothing:1", false, {}).ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, Builds, testing::ValuesIn(real_engines_under_test()),
                         [](const auto& engine) { return engine.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, Transfers, testing::ValuesIn(engines_under_test()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace cairn::docker
