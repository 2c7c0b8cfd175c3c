// The docker client's plugin `buildx`: it can what an engine's POST /build cannot without a session (secrets,
// ssh, several platforms, caches that go elsewhere). How it is called and what it says (docker buildx build
// --help, 0.15 and 0.34); nothing is started here.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/effects/result.h"
#include "runtime/platform/docker/build.h"
#include "runtime/platform/docker/endpoint.h"

namespace cairn::docker {

struct BuildxSpec {
  // dockerfile: absolute; dockerfile_text, tags and platform: not used.
  BuildSpec build;
  std::vector<std::string> platforms, ssh, cache_to;
  struct Secret {
    std::string id;
    std::string variable;  // of the client's environment that holds it; or
    std::string file;      // an absolute path
  };
  std::vector<Secret> secrets;
  std::vector<std::pair<std::string, std::string>> contexts;  // --build-context: name and folder
  std::string metadata_file;
};

// The docker client for an engine, without its subcommand: TLS is said by flags.
std::vector<std::string> docker_client(const Endpoint& endpoint);
// What else tells it the engine, and what must not (DOCKER_CONTEXT, DOCKER_HOST, …): its environment, made of
// ours.
using Variables = std::vector<std::pair<std::string, std::string>>;
Variables client_environment(const Endpoint& endpoint, const Variables& ours);

// "buildx", "build", …: no secret is among them.
std::vector<std::string> buildx_build(const BuildxSpec& spec);

// `--progress plain` as the lines that other builders say: "[2/4] RUN make", "[2/4] COPY . .: cached",
// "| output of the step". The rest is kept for buildx_failure().
class BuildxProgress {
 public:
  using Line = std::function<void(const std::string& line)>;
  explicit BuildxProgress(Line line) : line_(std::move(line)) {}

  void feed(const std::string& line);
  // Nothing has come for a while: says what has begun.
  void flush();

  const std::vector<std::string>& errors() const {
    return errors_;
  }                                                                // where it went wrong, as buildx says it
  const std::string& failed_step() const { return failed_step_; }  // "[2/4] RUN make"; empty: none

 private:
  void about(const std::string& number, const std::string& words);

  Line line_;
  std::map<std::string, std::string> names_;  // of steps, by their number
  std::string begun_;                         // a step whose name nobody has heard yet: its number
  bool repeats_ = false;                      // what was said before, between two lines of dashes
  std::vector<std::string> errors_;
  std::string failed_step_;
};

// What a person needs of a build that failed. `shown`: the Dockerfile as people know it, `text`: what was
// built; `added`: lines that cairn has put into it, after its line `added_after`.
struct BuiltText {
  std::string shown, text;
  int added = 0, added_after = 0;
};
Failure buildx_failure(const BuildxProgress& said, const BuiltText& dockerfile);

// `docker buildx inspect`.
struct BuildxBuilder {
  std::string name, driver;  // "default", "docker"

  bool sees_engine() const { return driver == "docker"; }  // the engine's own: its images are there
};
// A Failure when there is no plugin, or no such builder. `well`: it ended with 0.
Result<BuildxBuilder> buildx_builder(const std::string& said, bool well);

}  // namespace cairn::docker
