// What is read from outside, through Inputs only.
#include <fmt/format.h>

#include <array>
#include <ctime>

#include "interpreter/functions/families.h"

namespace cairn::functions {
namespace {

std::string whole(const Path& path) {
  if (path.folder.empty() || path.text.starts_with('/')) return path.text;
  return path.folder + "/" + path.text;
}

FunctionResult file(Arguments arguments, Inputs& inputs) {
  const Path& path = as<Path>(arguments[0]);
  ReadAnswer answer = inputs.read_file(whole(path));
  if (!answer.text)
    return FunctionError{fmt::format("`{}` cannot be read: {}", path.text, answer.why_not), 0, {}};
  return to_value(std::move(*answer.text));
}

FunctionResult glob(Arguments arguments, Inputs& inputs) {
  const Path& pattern = as<Path>(arguments[0]);
  List found;
  for (std::string& path : inputs.glob(pattern.folder, pattern.text))
    found.push_back(to_value(Path{std::move(path), pattern.folder}));
  return to_value(std::move(found));
}

FunctionResult env(Arguments arguments, Inputs& inputs) {
  const std::string& name = as<std::string>(arguments[0]);
  if (std::optional<std::string> text = inputs.environment(name)) return to_value(std::move(*text));
  if (!arguments[1].null()) return arguments[1];
  return FunctionError{
      fmt::format("the environment has no `{}`", name), 0,
      fmt::format("set it, write `{0}=…` into `.env`, or give a default: `env(\"{0}\", \"…\")`", name)};
}

FunctionResult maybe(std::optional<std::string> text) {
  return text ? to_value(std::move(*text)) : Value{};
}

FunctionResult git_sha(Arguments, Inputs& inputs) {
  if (std::optional<std::string> sha = inputs.git_sha()) return to_value(std::move(*sha));
  return FunctionError{"the project is in no git repository that has a commit", 0, {}};
}
FunctionResult git_branch(Arguments, Inputs& inputs) {
  return maybe(inputs.git_branch());
}
FunctionResult git_tag(Arguments, Inputs& inputs) {
  return maybe(inputs.git_tag());
}

FunctionResult git_changed(Arguments arguments, Inputs& inputs) {
  std::vector<std::string> paths;
  for (const Value& path : as<List>(arguments[0])) paths.push_back(whole(as<Path>(path)));
  if (paths.empty())
    return FunctionError{"no path to look at", 0, "`git_changed(\".\")` looks at the whole folder"};
  const std::optional<bool> changed = inputs.git_changed(paths);
  if (!changed) return FunctionError{"the project is in no git repository that can be read", 0, {}};
  return to_value(*changed);
}

FunctionResult now(Arguments, Inputs& inputs) {
  const std::time_t seconds = static_cast<std::time_t>(inputs.now_ms() / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return to_value(std::string(text.data(), length));
}

FunctionResult run_id(Arguments, Inputs& inputs) {
  return to_value(inputs.run_id());
}

constexpr Row outside_rows[] = {{"file", file},
                                {"glob", glob},
                                {"env", env},
                                {"git_sha", git_sha},
                                {"git_branch", git_branch},
                                {"git_tag", git_tag},
                                {"git_changed", git_changed},
                                {"now", now},
                                {"run_id", run_id}};

}  // namespace

std::span<const Row> outside() {
  return outside_rows;
}

}  // namespace cairn::functions
