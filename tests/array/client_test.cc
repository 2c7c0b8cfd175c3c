// The client against the simulator's core, without a socket: what both generations have to agree on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "runtime/array/flasharray.h"
#include "runtime/array/simulator/wire.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::array {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
const std::string kToken = "e701be70-14fe-8e83-c2a3-a872eaaf46da";

// Counts what is really sent.
class CountingWire final : public http::HttpClient {
 public:
  explicit CountingWire(simulator::Simulator& simulator) : wire_(simulator) {}
  Result<http::Response> send(const http::Request& request, std::stop_token stop) override {
    sent.push_back(request.method + " " + request.url.substr(request.url.find("/api/") + 5));
    return wire_.send(request, stop);
  }
  Result<std::unique_ptr<http::Stream>> open(const http::Request& request, std::stop_token stop) override {
    return wire_.open(request, stop);
  }
  long count(const std::string& method, const std::string& part) const {
    return std::count_if(sent.begin(), sent.end(), [&](const std::string& one) {
      return one.rfind(method + " ", 0) == 0 && one.find(part) != std::string::npos;
    });
  }
  std::vector<std::string> sent;

 private:
  simulator::Wire wire_;
};

class ClientTest : public testing::TestWithParam<const char*> {
 protected:
  ClientTest()
      : simulator_({}, {.tokens = {{kToken, "pureuser"}}, .passwords = {{"pureuser", "pass"}}, .clients = {}},
                   media_, clock_, chance()),
        wire_(simulator_),
        array_(wire_, clock_, chance(),
               {.address = "array.example", .credentials = ApiToken{kToken}, .api = GetParam()}) {}

  static Chance chance() {
    return [seed = std::uint32_t{7}]() mutable {
      seed = seed * 1664525u + 1013904223u;
      return static_cast<double>(seed) / 4294967296.0;
    };
  }
  bool one() const { return GetParam()[0] == '1'; }
  void admin(const std::string& page, const nlohmann::json& body) {
    const simulator::Answer answer = simulator_.handle(
        {.method = "POST", .path = "/simulator/" + page, .query = {}, .headers = {}, .body = body.dump()});
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  Volume must(const Result<Volume>& result) {
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : described(result.failure()));
    return result.ok() ? result.value() : Volume{};
  }
  static std::string described(const Failure& failure) {
    std::string text = failure.message;
    for (const std::string& cause : failure.causes) text += " | " + cause;
    return text + " # " + failure.help;
  }

  simulator::NoMedia media_;
  TurnedClock clock_{TurnedClock::Turning::by_itself};
  simulator::Simulator simulator_;
  CountingWire wire_;
  FlashArray array_;
  std::stop_token never_;
};

INSTANTIATE_TEST_SUITE_P(BothGenerations, ClientTest, testing::Values("1", "2"),
                         [](const auto& one) { return std::string("rest_") + one.param; });

TEST_P(ClientTest, NegotiatesTheNewestVersionThatBothKnow) {
  const Result<ArrayIdentity> identity = array_.identity(never_);
  ASSERT_TRUE(identity.ok()) << described(identity.failure());
  EXPECT_EQ(identity->name, "simulated");
  EXPECT_EQ(identity->api, one() ? "1.19" : "2.26");
}

TEST_P(ClientTest, AVolumesLife) {
  const Volume made = must(array_.create("seed", kGiB, never_));
  EXPECT_EQ(made.size, kGiB);
  EXPECT_EQ(made.serial.size(), 24u);
  EXPECT_EQ(must(array_.rename("seed", "seed-2", never_)).serial, made.serial);
  EXPECT_EQ(must(array_.resize("seed-2", 2 * kGiB, false, never_)).size, 2 * kGiB);
  ASSERT_TRUE(array_.destroy("seed-2", never_).ok());
  EXPECT_TRUE((*array_.find("seed-2", never_))->destroyed);
  EXPECT_TRUE(array_.destroy("seed-2", never_).ok()) << "destroying twice is what a second cleaner does";
  ASSERT_TRUE(array_.recover("seed-2", never_).ok());
  EXPECT_FALSE((*array_.find("seed-2", never_))->destroyed);
  ASSERT_TRUE(array_.destroy("seed-2", never_).ok());
  EXPECT_EQ(*array_.eradicate("seed-2", never_), Eradication::done);
  EXPECT_FALSE(array_.find("seed-2", never_)->has_value());
}

TEST_P(ClientTest, ClonesFromASnapshotAndOverwritesKeepingTheSerial) {
  must(array_.create("seed", kGiB, never_));
  const Result<Snapshot> cut = array_.snapshot("seed", "cut", never_);
  ASSERT_TRUE(cut.ok()) << described(cut.failure());
  EXPECT_EQ(cut->name, "seed.cut");
  const Volume clone = must(array_.copy("seed.cut", "shard-1", never_));
  EXPECT_EQ(clone.source, "seed");
  EXPECT_EQ(clone.size, kGiB);
  must(array_.create("shard-2", 2 * kGiB, never_));
  const Volume before = **array_.find("shard-2", never_);
  const Volume after = must(array_.overwrite("seed", "shard-2", {}, never_));
  EXPECT_EQ(after.serial, before.serial);
  EXPECT_EQ(after.size, kGiB);
  ASSERT_TRUE(array_.destroy_snapshot("seed.cut", never_).ok());
  EXPECT_EQ(*array_.eradicate_snapshot("seed.cut", never_), Eradication::done);
  EXPECT_FALSE(array_.find_snapshot("seed.cut", never_)->has_value());
}

TEST_P(ClientTest, RefusesToOverwriteAConnectedVolume) {
  must(array_.create("seed", kGiB, never_));
  must(array_.create("data", kGiB, never_));
  ASSERT_TRUE(array_
                  .create_host(
                      {.name = "docker-1", .iqns = {"iqn.2026-01.example:1"}, .wwns = {}, .nqns = {}}, never_)
                  .ok());
  const Result<Connection> connection = array_.connect("docker-1", "data", never_);
  ASSERT_TRUE(connection.ok()) << described(connection.failure());
  EXPECT_EQ(connection->lun, 1);
  const Result<Volume> refused = array_.overwrite("seed", "data", {}, never_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(described(refused.failure()),
            "could not overwrite volume `data` with `seed` | host `docker-1` is connected to it: its file "
            "system would "
            "change under it # stop what uses the volume first, so that it is unmounted and disconnected");
  EXPECT_FALSE(array_.destroy("data", never_).ok()) << "it is connected";
  ASSERT_TRUE(array_.disconnect("docker-1", "data", never_).ok());
  EXPECT_TRUE(array_.disconnect("docker-1", "data", never_).ok());
  EXPECT_TRUE(array_.overwrite("seed", "data", {}, never_).ok());
  ASSERT_TRUE(array_.delete_host("docker-1", never_).ok());
}

TEST_P(ClientTest, ADestroyedNameIsTakenAndSaysSo) {
  must(array_.create("data", kGiB, never_));
  ASSERT_TRUE(array_.destroy("data", never_).ok());
  const Result<Volume> again = array_.create("data", kGiB, never_);
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(described(again.failure()), HasSubstr("Volume has been destroyed."));
  EXPECT_THAT(again.failure().help, HasSubstr("stays taken until it is eradicated"));
  EXPECT_TRUE(again.failure().nothing_done);
}

TEST_P(ClientTest, SafeModeLeavesTheVolumeDestroyed) {
  must(array_.create("data", kGiB, never_));
  admin("settings", {{"safe_mode", true}});
  ASSERT_TRUE(array_.destroy("data", never_).ok());
  EXPECT_EQ(*array_.eradicate("data", never_), Eradication::left_destroyed);
  admin("clock", {{"advance_ms", 24 * 3600 * 1000}});
  EXPECT_FALSE(array_.find("data", never_)->has_value()) << "its day is over";
}

TEST_P(ClientTest, SignsInAgainWhenTheSessionHasEnded) {
  must(array_.create("data", kGiB, never_));
  admin("clock", {{"advance_ms", 30 * 60 * 1000}});
  EXPECT_TRUE((*array_.find("data", never_)).has_value());
  EXPECT_EQ(wire_.count("POST", one() ? "auth/session" : "login"), 2);
  admin("sessions", {{"expire", true}});
  EXPECT_TRUE(array_.destroy("data", never_).ok());
}

TEST_P(ClientTest, FollowsThePages) {
  for (int i = 0; i < 7; ++i) must(array_.create("v" + std::to_string(i), kGiB, never_));
  const Result<std::vector<Volume>> all = array_.volumes({.page = 2}, never_);
  ASSERT_TRUE(all.ok()) << described(all.failure());
  EXPECT_EQ(all->size(), 7u);
  EXPECT_EQ(wire_.count("GET", "limit=2"), one() ? 5 : 4);
  EXPECT_EQ(array_.volumes({.names = {"v1", "v9", "v3"}}, never_)->size(), 2u);
  EXPECT_EQ(array_.volumes({.names = {"v*"}}, never_)->size(), 7u);
}

TEST_P(ClientTest, FiltersWhereTheArrayCan) {
  must(array_.create("small", kGiB, never_));
  must(array_.create("large", 4 * kGiB, never_));
  const Result<std::vector<Volume>> large = array_.volumes({.filter = "provisioned>2147483648"}, never_);
  if (one()) {
    ASSERT_FALSE(large.ok());
    EXPECT_EQ(large.failure().help, "ask for names with `*` instead");
  } else {
    ASSERT_EQ(large->size(), 1u);
    EXPECT_EQ(large->front().name, "large");
  }
}

TEST_P(ClientTest, WaitsOut429And503) {
  (void)array_.identity(never_);
  admin("faults", {{"count", 2}, {"status", 429}});
  admin("faults", {{"count", 2}, {"status", 503}});
  const Result<std::optional<Volume>> found = array_.find("none", never_);
  ASSERT_TRUE(found.ok()) << described(found.failure());
  ASSERT_EQ(clock_.sleeps().size(), 4u);
  EXPECT_GE(clock_.sleeps()[0], std::chrono::seconds(1));
  EXPECT_LT(clock_.sleeps()[2], std::chrono::seconds(2));
}

TEST_P(ClientTest, ALostAnswerIsSettledByReadingAndNothingIsSentTwice) {
  const std::string post = "POST", path = one() ? "volume/" : "volumes";
  must(array_.create("seed", kGiB, never_));
  must(array_.create("data", kGiB, never_));
  wire_.sent.clear();
  admin("faults", {{"path", path}, {"method", post}, {"fate", "drop_after"}});
  EXPECT_EQ(must(array_.create("fresh", kGiB, never_)).name, "fresh");
  EXPECT_EQ(wire_.count(post, path), 1);
  admin("faults", {{"path", path}, {"method", post}, {"fate", "drop_after"}});
  EXPECT_EQ(must(array_.overwrite("seed", "data", {}, never_)).source, "seed");
  EXPECT_EQ(wire_.count(post, path), 2);
  admin("faults", {{"path", "volume"}, {"method", post}, {"fate", "cut"}});
  EXPECT_TRUE(array_.snapshot("seed", "cut", never_).ok());

  admin("faults", {{"path", path}, {"method", post}, {"fate", "drop_before"}});
  const Result<Volume> lost = array_.create("never", kGiB, never_);
  ASSERT_FALSE(lost.ok());
  EXPECT_TRUE(lost.failure().nothing_done);
  EXPECT_THAT(described(lost.failure()), HasSubstr("the array was read afterwards: it was not done"));
  EXPECT_EQ(wire_.count(post, path), 3) << "create, overwrite, create: each once";
}

TEST_P(ClientTest, AMutationThat503RefusedIsSentAgainAfterLooking) {
  must(array_.create("seed", kGiB, never_));
  admin("faults", {{"path", one() ? "volume/" : "volumes"}, {"method", "POST"}, {"status", 503}});
  EXPECT_EQ(must(array_.copy("seed", "copy", never_)).source, "seed");
}

TEST_P(ClientTest, NothingIsSentForABadNameOrSize) {
  (void)array_.identity(never_);
  wire_.sent.clear();
  EXPECT_EQ(described(array_.create("my_db.data", kGiB, never_).failure()),
            "the array cannot have a volume named `my_db.data` | a dot separates a volume from its snapshot, "
            "so a name "
            "cannot contain one # call it `my_db-data`");
  EXPECT_EQ(described(array_.create("data", 1000000, never_).failure()),
            "the array cannot have a volume of 1000000 bytes | the smallest volume has 1 MiB # ask for 1MiB "
            "or more");
  EXPECT_FALSE(array_.snapshot("data", "12", never_).ok());
  EXPECT_THAT(wire_.sent, IsEmpty());
}

TEST_P(ClientTest, AWrongTokenIsNamedButNotShown) {
  FlashArray stranger(
      wire_, clock_, chance(),
      {.address = "array.example", .credentials = ApiToken{"wrong-token"}, .api = GetParam()});
  const Result<ArrayIdentity> identity = stranger.identity(never_);
  ASSERT_FALSE(identity.ok());
  EXPECT_EQ(identity.failure().message, "the array at array.example refused the API token");
  EXPECT_EQ(identity.failure().is, FailureClass::endpoint);
  EXPECT_THAT(described(identity.failure()), testing::Not(HasSubstr("wrong-token")));
}

// A new RSA key: its private and its public half, as PEM.
std::pair<std::string, std::string> new_key() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const auto pem = [&](auto write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    EXPECT_EQ(write(memory.get()), 1);
    char* text = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(length));
  };
  return {pem([&](BIO* to) {
            return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          }),
          pem([&](BIO* to) { return PEM_write_bio_PUBKEY(to, key.get()); })};
}

class ByTokenExchange : public testing::Test {
 protected:
  FlashArray array(SigningKey key, std::string api = "") {
    return {wire_,
            clock_,
            [] { return 0.5; },
            {.address = "array.example", .credentials = std::move(key), .api = std::move(api)}};
  }
  SigningKey key(std::string client = "client") const {
    return {.client_id = std::move(client),
            .key_id = "key-1",
            .issuer = "issuer",
            .user = "pureuser",
            .private_key_pem = pair_.first};
  }

  const std::pair<std::string, std::string> pair_ = new_key();
  simulator::NoMedia media_;
  TurnedClock clock_{TurnedClock::Turning::by_itself};
  simulator::Simulator simulator_{
      {},
      {.tokens = {}, .passwords = {}, .clients = {{"client", "key-1", "issuer", "pureuser", pair_.second}}},
      media_,
      clock_,
      [] { return 0.5; }};
  CountingWire wire_{simulator_};
  std::stop_token never_;
};

TEST_F(ByTokenExchange, SignsInAndAgainWhenTheTokenHasEnded) {
  FlashArray signed_in = array(key());
  const Result<ArrayIdentity> identity = signed_in.identity(never_);
  ASSERT_TRUE(identity.ok()) << identity.failure().message;
  EXPECT_EQ(identity->api, "2.26");
  ASSERT_TRUE(signed_in.create("seed", kGiB, never_).ok());
  clock_.sleep_for(std::chrono::hours(11), {});  // the token lasts ten
  EXPECT_TRUE(signed_in.copy("seed", "copy", never_).ok());
}

TEST_F(ByTokenExchange, WhoIsNotKnownIsNamed) {
  FlashArray stranger = array(key("somebody"));
  const Result<ArrayIdentity> refused = stranger.identity(never_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().message, "the array at array.example refused the API client `somebody`");
  EXPECT_THAT(refused.failure().help, HasSubstr("this issuer and this key's public half"));

  SigningKey forged = key();
  forged.private_key_pem = new_key().first;
  EXPECT_FALSE(array(forged).identity(never_).ok());
  SigningKey broken = key();
  broken.private_key_pem = "no key";
  EXPECT_THAT(array(broken).identity(never_).failure().causes, ElementsAre("the private key cannot be read"));
  EXPECT_FALSE(array(key(), "1").identity(never_).ok()) << "REST 1.x knows no API clients";
}

}  // namespace
}  // namespace cairn::array
