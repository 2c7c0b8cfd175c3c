#include "runtime/platform/docker/endpoint.h"

#include <gmock/gmock.h>

#include <map>

namespace cairn::docker {
namespace {

using testing::HasSubstr;

struct Outside {
  std::map<std::string, std::string> environment = {{"HOME", "/home/ann"}};
  std::map<std::string, std::string> files = {};
  std::vector<std::string> asked = {};

  EndpointQuestion question() {
    EndpointQuestion question;
    question.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    question.read_file = [this](const std::string& path) -> std::optional<std::string> {
      asked.push_back(path);
      const auto found = files.find(path);
      return found == files.end() ? std::nullopt : std::optional(found->second);
    };
    return question;
  }
};

TEST(Endpoint, TheDefaultIsTheSocketOfThisMachine) {
  Outside outside;
  const Result<Endpoint> endpoint = resolve_endpoint(outside.question());
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->unix_socket, "/var/run/docker.sock");
  EXPECT_EQ(endpoint->shown, "unix:///var/run/docker.sock");
}

TEST(Endpoint, TheFileComesBeforeTheEnvironmentBeforeTheConfiguration) {
  Outside outside;
  outside.files["/home/ann/.docker/config.json"] = R"({"currentContext":"default"})";
  outside.environment["DOCKER_HOST"] = "tcp://build1";
  EXPECT_EQ(resolve_endpoint(outside.question())->base_url, "http://build1:2375");
  EndpointQuestion question = outside.question();
  question.host = "unix:///run/other.sock";
  EXPECT_EQ(resolve_endpoint(question)->unix_socket, "/run/other.sock");
}

TEST(Endpoint, TlsOfTheEnvironment) {
  Outside outside;
  outside.environment["DOCKER_HOST"] = "tcp://build1:2376";
  outside.environment["DOCKER_TLS_VERIFY"] = "1";
  outside.environment["DOCKER_CERT_PATH"] = "/certs";
  for (const char* name : {"ca.pem", "cert.pem", "key.pem"})
    outside.files[std::string("/certs/") + name] = "x";
  const Result<Endpoint> endpoint = resolve_endpoint(outside.question());
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->base_url, "https://build1:2376");
  EXPECT_EQ(endpoint->tls.ca_file, "/certs/ca.pem");
  EXPECT_EQ(endpoint->tls.key_file, "/certs/key.pem");
  EXPECT_TRUE(endpoint->tls.verify);
}

TEST(Endpoint, AContextIsReadFromItsFolder) {
  Outside outside;
  outside.environment["DOCKER_CONTEXT"] = "far";
  (void)resolve_endpoint(outside.question());
  ASSERT_FALSE(outside.asked.empty());
  const std::string file = outside.asked.back();
  EXPECT_THAT(file, testing::MatchesRegex("/home/ann/.docker/contexts/meta/[0-9a-f]+/meta.json"));
  outside.files[file] =
      R"({"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":true}}})";
  const Result<Endpoint> endpoint = resolve_endpoint(outside.question());
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->base_url, "https://far:2376");
  EXPECT_FALSE(endpoint->tls.verify);
}

TEST(Endpoint, AContextThatDoesNotExistIsNamed) {
  Outside outside;
  EndpointQuestion question = outside.question();
  question.context = "nowhere";
  const Result<Endpoint> endpoint = resolve_endpoint(question);
  ASSERT_FALSE(endpoint.ok());
  EXPECT_EQ(endpoint.failure().message, "there is no docker context `nowhere`");
  EXPECT_EQ(endpoint.failure().is, FailureClass::endpoint);
}

TEST(Endpoint, SshNamesTheMachineAndTheSocketThere) {
  Outside outside;
  outside.environment["DOCKER_HOST"] = "ssh://ann@far:2222";
  Result<Endpoint> endpoint = resolve_endpoint(outside.question());
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->ssh, "ann@far:2222");
  EXPECT_EQ(endpoint->remote_socket, "/var/run/docker.sock");
  EXPECT_EQ(endpoint->host(), "far");
  EXPECT_TRUE(endpoint->elsewhere());
  outside.environment["DOCKER_HOST"] = "ssh://far/run/user/7/docker.sock";
  endpoint = resolve_endpoint(outside.question());
  EXPECT_EQ(endpoint->ssh, "far");
  EXPECT_EQ(endpoint->remote_socket, "/run/user/7/docker.sock");
}

TEST(Endpoint, NonsenseIsRefusedWithHelp) {
  Outside outside;
  for (const char* nonsense :
       {"ftp://far", "ssh://", "ssh://-oProxyCommand=x", "ssh://ann@-oProxyCommand=x", "tcp://"}) {
    outside.environment["DOCKER_HOST"] = nonsense;
    const Result<Endpoint> endpoint = resolve_endpoint(outside.question());
    ASSERT_FALSE(endpoint.ok()) << nonsense;
    EXPECT_THAT(endpoint.failure().message, HasSubstr("is no address of an engine")) << nonsense;
  }
  outside.environment["DOCKER_HOST"] = "ssh://ann:hunter2@far";
  const Result<Endpoint> password = resolve_endpoint(outside.question());
  ASSERT_FALSE(password.ok());
  EXPECT_THAT(password.failure().message + password.failure().help, testing::Not(HasSubstr("hunter2")));
}

TEST(Endpoint, KnowsWhetherItIsElsewhere) {
  EXPECT_FALSE((Endpoint{.shown = "", .unix_socket = "/s"}).elsewhere());
  EXPECT_TRUE((Endpoint{.shown = "", .base_url = "https://build1:2376"}).elsewhere());
  EXPECT_EQ((Endpoint{.shown = "", .base_url = "https://build1:2376"}).host(), "build1");
  EXPECT_EQ((Endpoint{.shown = "", .base_url = "http://[::1]:2375"}).host(), "::1");
}

}  // namespace
}  // namespace cairn::docker
