// What OpenSSL and libcurl say, in words that say what to do.
#include "runtime/http/tls_trouble.h"

#include <gmock/gmock.h>

namespace cairn::http {
namespace {

TEST(TlsTrouble, IsToldByWhatIsWrong) {
  const auto expired = tls_trouble("https://build1:2376", "SSL certificate problem: certificate has expired");
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->what, "the certificate of https://build1:2376 has expired");
  EXPECT_FALSE(tls_trouble("https://build1:2376", "Connection reset by peer"));
}

// The alert that says what is wanted gets lost when the server closes before it is read.
TEST(TlsTrouble, AServerThatHangsUpWantsACertificateMostLikely) {
  for (const char* said : {"getpeername() failed with errno 107: Transport endpoint is not connected",
                           "Recv failure: Connection reset by peer", "Send failure: Broken pipe"}) {
    const auto trouble = hung_up("https://build1:2376", said, false);
    ASSERT_TRUE(trouble) << said;
    EXPECT_THAT(trouble->what, testing::HasSubstr("wants a certificate of ours"));
    EXPECT_THAT(trouble->help, testing::HasSubstr("cert.pem"));
    EXPECT_THAT(hung_up("https://build1:2376", said, true)->what,
                testing::HasSubstr("refuses our certificate"));
  }
  EXPECT_FALSE(hung_up("https://build1:2376", "Could not resolve host", true));
}

}  // namespace
}  // namespace cairn::http
