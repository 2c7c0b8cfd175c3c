#include "runtime/platform/docker/registry_auth.h"

#include <gmock/gmock.h>

#include "runtime/platform/docker/base64.h"
#include "runtime/platform/docker/images.h"

namespace cairn::docker {
namespace {

TEST(Base64, GoesThereAndBack) {
  // RFC 4648, section 10.
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8=");
  EXPECT_EQ(from_base64("-_8"), "\xfb\xff");
  EXPECT_FALSE(from_base64("a b"));
}

TEST(Credentials, OfTheFile) {
  const CredentialSearch search{
      .config_text =
          R"({"auths":{"localhost:5000":{"auth":"YW5uOnM6Y3JldA=="},"https://index.docker.io/v1/":{}}})",
      .run_helper = {}};
  const std::optional<Credentials> found = *find_credentials("localhost:5000", search);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "ann");
  EXPECT_EQ(found->password.exposed(), "s:cret");
  EXPECT_TRUE(found->password.secret());
  EXPECT_EQ(from_base64(auth_header(*found).exposed()),
            R"({"password":"s:cret","serveraddress":"localhost:5000","username":"ann"})");
  EXPECT_FALSE(find_credentials("docker.io", search)->has_value());
  EXPECT_FALSE(find_credentials("elsewhere", search)->has_value());
}

TEST(Credentials, OfAHelper) {
  std::vector<std::string> asked;
  CredentialSearch search{
      .config_text = R"({"credHelpers":{"r.example":"vault"},"credsStore":"pass"})",
      .run_helper = [&](const std::vector<std::string>& command, const std::string& input) {
        asked.push_back(command[0] + " " + command[1] + " " + input);
        return Result<Text>(Text(R"({"Username":"<token>","Secret":"t0k"})", true));
      }};
  const std::optional<Credentials> found = *find_credentials("r.example", search);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->identity_token.exposed(), "t0k");
  EXPECT_TRUE(find_credentials("docker.io", search)->has_value());
  EXPECT_THAT(asked, testing::ElementsAre("docker-credential-vault get r.example",
                                          "docker-credential-pass get https://index.docker.io/v1/"));
  search.run_helper = [](const auto&, const auto&) {
    return Result<Text>(
        Failure{.message = "it ended with 1", .causes = {"credentials not found in native keychain"}});
  };
  EXPECT_FALSE(find_credentials("docker.io", search)->has_value());
  search.run_helper = [](const auto&, const auto&) {
    return Result<Text>(Failure{.message = "no such program"});
  };
  EXPECT_FALSE(find_credentials("docker.io", search).ok());
}

TEST(ImageReference, HasParts) {
  const ImageReference plain = read_reference("busybox");
  EXPECT_EQ(plain.name, "busybox");
  EXPECT_EQ(plain.tag, "latest");
  EXPECT_EQ(plain.registry(), "docker.io");
  const ImageReference full = read_reference("localhost:5000/shop/api:1");
  EXPECT_EQ(full.name, "localhost:5000/shop/api");
  EXPECT_EQ(full.tag, "1");
  EXPECT_EQ(full.registry(), "localhost:5000");
  const ImageReference pinned = read_reference("a/b@sha256:00");
  EXPECT_EQ(pinned.tag, "");
  EXPECT_EQ(pinned.digest, "sha256:00");
  EXPECT_EQ(pinned.registry(), "docker.io");
}

}  // namespace
}  // namespace cairn::docker
