// The words for a build by buildx that failed.

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "runtime/platform/docker/buildx.h"

namespace cairn::docker {

namespace {

bool says(std::string_view text, std::string_view words) {
  return text.find(words) != text.npos;
}

std::string without_margins(std::string text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// "ERROR: failed to build: failed to solve: X" is X: the rest says who has handed it on.
std::string innermost(std::string text) {
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (const std::string_view outer :
         {"ERROR: ", "failed to build: ", "failed to solve: ", "rpc error: code = Unknown desc = ",
          "failed to solve with frontend dockerfile.v0: ", "failed to create LLB definition: "})
      if (text.starts_with(outer)) {
        text.erase(0, outer.size());
        shorter = true;
      }
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

// The line of "Dockerfile:3", which buildx writes above the lines that it quotes; old engines do not tell it.
int line_told(const std::vector<std::string>& errors) {
  for (const std::string& line : errors) {
    const std::size_t colon = line.rfind(':');
    if (colon == line.npos || colon == 0 || colon + 1 == line.size() || line.starts_with("ERROR")) continue;
    const std::string number = line.substr(colon + 1);
    if (number.find_first_not_of("0123456789") == number.npos && number.size() < 8)
      return std::atoi(number.c_str());
  }
  for (const std::string& line : errors)
    for (const std::string_view before : {"parse error line ", "parse error on line "})
      if (const std::size_t at = line.find(before); at != line.npos)
        return std::atoi(line.c_str() + at + before.size());
  return 0;
}

// "[2/4] RUN make && \…": where the Dockerfile says so.
int line_of_step(const std::string& step, const std::string& text) {
  const std::size_t end = step.find("] ");
  if (end == step.npos) return 0;
  const std::string instruction = step.substr(end + 2);
  const std::vector<std::string> lines = lines_of(text);
  for (std::size_t n = 0; n < lines.size(); ++n) {
    std::string line = without_margins(lines[n]);
    while (line.ends_with('\\')) line = without_margins(line.substr(0, line.size() - 1));
    if (!line.empty() && line.front() != '#' && line.find(' ') != line.npos && instruction.starts_with(line))
      return static_cast<int>(n) + 1;
  }
  return 0;
}

// What to do about what buildx and BuildKit say often.
std::string advice(const std::string& why) {
  if (says(why, "Cache export is not supported") || says(why, "cache export feature is currently not"))
    return "`cache_to = \"type=inline\"` goes everywhere; others need an engine with the containerd image "
           "store, or a builder of its own: `docker buildx create --use`";
  if (says(why, "exporting manifest lists") || says(why, "Multi-platform build is not supported"))
    return "build for one platform, or on an engine with the containerd image store";
  if (says(why, "exec format error"))
    return "this machine cannot run programs of that platform: install emulators there (`qemu-user-static`), "
           "or build on a machine of that platform";
  if (says(why, "secret ") && says(why, "not found"))
    return "`secrets` has to have the `id` that the Dockerfile's `--mount=type=secret` names";
  if (says(why, "unset ssh forward key")) return "add `ssh = \"default\"`, or the `id` that the mount names";
  if (says(why, "passphrase"))
    return "load the key into an agent with `ssh-add`, and say `ssh = \"default\"`";
  if (says(why, "unknown flag: --"))
    return "this buildx is too old: version 0.10 or newer knows it (`docker buildx version`)";
  if (says(why, "failed to resolve source metadata") || says(why, "failed to do request") ||
      says(why, "pull access denied"))
    return "is its name right, and does `docker login` know you there? `image { ref = … }` and `tags` of "
           "this "
           "file are names on the engine, which only the engine's own builder sees";
  if (says(why, "target stage")) return "`target` names a stage: `FROM … AS NAME`";
  return {};
}

}  // namespace

Failure buildx_failure(const BuildxProgress& said, const BuiltText& dockerfile) {
  Failure failure{.message = "`docker buildx build` failed"};
  std::string why;
  for (const std::string& line : said.errors())
    if (line.starts_with("ERROR: ")) why = innermost(line);
  if (why.empty() && !said.errors().empty()) why = without_margins(said.errors().front());
  int line = line_told(said.errors());
  if (line == 0 && !said.failed_step().empty()) line = line_of_step(said.failed_step(), dockerfile.text);
  const std::vector<std::string> lines = lines_of(dockerfile.text);
  if (line > 0 && static_cast<std::size_t>(line) <= lines.size()) {
    const int theirs = line > dockerfile.added_after + dockerfile.added ? line - dockerfile.added : line;
    failure.causes.push_back(fmt::format("{}:{}: {}", dockerfile.shown, theirs,
                                         without_margins(lines[static_cast<std::size_t>(line - 1)])));
  }
  if (!why.empty()) failure.causes.push_back(why);
  failure.help = advice(why);
  return failure;
}

Result<BuildxBuilder> buildx_builder(const std::string& said, bool well) {
  BuildxBuilder builder;
  std::string error;
  for (const std::string& line : lines_of(said)) {
    const auto value = [&](const char* name) {
      return line.starts_with(name) ? without_margins(line.substr(line.find(':') + 1)) : std::string();
    };
    if (builder.name.empty()) builder.name = value("Name:");
    if (builder.driver.empty()) builder.driver = value("Driver:");
    if (error.empty()) error = value("Error:");
    if (error.empty()) error = value("ERROR:");
  }
  if (well && error.empty() && !builder.driver.empty()) return builder;
  Failure failure{.message = "docker's buildx cannot be used"};
  failure.nothing_done = true;
  if (says(said, "is not a docker command") || says(said, "unknown command: docker buildx") ||
      says(said, "buildx component is missing")) {
    failure.causes.emplace_back("the docker client has no plugin `buildx`");
    failure.help =
        "install `docker-buildx-plugin` (Docker's packages) or `docker-buildx` (Debian, Ubuntu), or "
        "put the program into ~/.docker/cli-plugins/docker-buildx";
    return failure;
  }
  if (says(error, "no builder")) {
    failure.causes.push_back(error);
    failure.help =
        "`docker buildx ls` lists those that exist; BUILDX_BUILDER or `docker buildx use` has chosen "
        "this one";
    return failure;
  }
  failure.causes.push_back(!error.empty() ? error
                           : said.empty() ? "`docker buildx inspect` says nothing"
                                          : without_margins(lines_of(said).front()));
  failure.help = "`docker buildx inspect` by hand shows the same";
  failure.is = FailureClass::endpoint;
  return failure;
}

}  // namespace cairn::docker
