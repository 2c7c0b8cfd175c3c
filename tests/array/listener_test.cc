// The whole way: the real HTTP client, TLS, a socket, the simulated array.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/array/flasharray.h"
#include "runtime/array/simulator/listener.h"
#include "runtime/array/simulator/simulator.h"
#include "runtime/http/reactor.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::array {
namespace {

class OverTls : public testing::Test {
 protected:
  void SetUp() override {
    Result<simulator::Certificate> made = simulator::make_certificate(real_clock().wall_clock_ms() / 1000);
    ASSERT_TRUE(made.ok());
    certificate_ = std::move(*made);
    Result<std::unique_ptr<simulator::Listener>> listening = simulator::Listener::over_tls(
        "127.0.0.1", 0, certificate_, real_clock(),
        [this](const simulator::Asked& asked) { return simulator_.handle(asked); });
    ASSERT_TRUE(listening.ok()) << listening.failure().message;
    listener_ = std::move(*listening);
  }
  FlashArray array(http::Tls tls, std::string api = "2", Clock& clock = real_clock()) {
    return FlashArray(reactor_, clock, [] { return 0.0; },
                      {.address = "127.0.0.1:" + std::to_string(listener_->port()),
                       .credentials = ApiToken{"token"},
                       .tls = std::move(tls),
                       .api = std::move(api)},
                      {.attempts = 2, .first = std::chrono::milliseconds(1)});
  }

  static http::Tls unverified() {
    http::Tls tls;
    tls.verify = false;
    return tls;
  }
  static http::Tls known_by(const std::string& fingerprint) {
    http::Tls tls;
    tls.fingerprint = fingerprint;
    return tls;
  }

  simulator::NoMedia media_;
  simulator::Simulator simulator_{
      {}, {.tokens = {{"token", "pureuser"}}, .passwords = {}, .clients = {}}, media_, real_clock(), [] {
        return 0.25;
      }};
  simulator::Certificate certificate_;
  std::unique_ptr<simulator::Listener> listener_;
  http::Reactor reactor_;
};

TEST_F(OverTls, TheFingerprintIsEnough) {
  for (const char* api : {"1", "2"}) {
    FlashArray trusted = array(known_by(certificate_.fingerprint), api);
    const Result<ArrayIdentity> identity = trusted.identity({});
    ASSERT_TRUE(identity.ok()) << identity.failure().message << ": " << identity.failure().causes.front();
    EXPECT_EQ(identity->name, "simulated");
  }
}

TEST_F(OverTls, AnUnknownCertificateIsRefusedUnlessItIsNotVerified) {
  TurnedClock clock{TurnedClock::Turning::by_itself};
  const Result<ArrayIdentity> unknown = array({}, "", clock).identity({});
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.failure().help, testing::HasSubstr("pin the array's own with `fingerprint"));
  const Result<ArrayIdentity> another = array(known_by(std::string(64, 'a')), "", clock).identity({});
  ASSERT_FALSE(another.ok());
  EXPECT_THAT(another.failure().causes, testing::Contains(testing::HasSubstr(certificate_.fingerprint)));
  EXPECT_THAT(clock.sleeps(), testing::IsEmpty()) << "nothing comes of trying again";
  EXPECT_TRUE(array(unverified()).identity({}).ok());
}

TEST_F(OverTls, AConnectionThatEndsAfterTheMutationIsSettledByReading) {
  for (const char* fate : {"drop_after", "cut"}) {
    FlashArray here = array(unverified());
    ASSERT_TRUE(here.identity({}).ok());
    const nlohmann::json fault = {{"fate", fate}, {"method", "POST"}, {"path", "/volumes"}};
    (void)simulator_.handle(
        {.method = "POST", .path = "/simulator/faults", .query = {}, .headers = {}, .body = fault.dump()});
    const Result<Volume> made = here.create(std::string("v-") + fate[0], 1u << 20, {});
    ASSERT_TRUE(made.ok()) << fate << ": " << made.failure().message;
  }
}

}  // namespace
}  // namespace cairn::array
