#include "runtime/platform/docker/identity.h"

#include <gtest/gtest.h>

namespace cairn::docker {
namespace {

const Identity api{.project = "shop",
                   .run = "r1",
                   .node = "test.api",
                   .attempt = "2",
                   .spec = "v1:ab",
                   .spec_full = "v1:cd",
                   .name = "cairn-shop-r1-api",
                   .keep = true};

TEST(Identity, SurvivesItsLabels) {
  const Identity back = identity_in(labels_of(api));
  EXPECT_EQ(labels_of(back), labels_of(api));
  EXPECT_EQ(back.spec_full, "v1:cd");
  EXPECT_TRUE(back.keep);
}

TEST(Owner, IsUsOnlyWithLabelsNameAndProject) {
  const Labels ours = labels_of(api);
  EXPECT_EQ(owner_of(ours, "cairn-shop-r1-api", "shop"), Owner::ours);
  EXPECT_EQ(owner_of(ours, "/cairn-shop-r1-api", "shop"), Owner::ours) << "as an engine tells it";
  EXPECT_EQ(owner_of(ours, "stranger", "shop"), Owner::foreign) << "inherited from an image";
  EXPECT_EQ(owner_of(ours, "cairn-shop-r1-api", "store"), Owner::foreign) << "of another project";
  EXPECT_EQ(owner_of({}, "cairn-shop-r1-api", "shop"), Owner::foreign) << "of our name only";
  EXPECT_EQ(owner_of({}, "x", ""), Owner::foreign) << "no project at all owns nothing";
  EXPECT_EQ(owner_of({}, "", "shop"), Owner::none);
}

TEST(Owner, InWords) {
  EXPECT_EQ(owner_in_words(labels_of(api), "cairn-shop-r1-api"), "project `shop`");
  EXPECT_EQ(owner_in_words(labels_of(api), "stranger"), "somebody else");
  EXPECT_EQ(owner_in_words({{"com.docker.compose.project", "web"}}, "x"), "the Compose project `web`");
}

}  // namespace
}  // namespace cairn::docker
