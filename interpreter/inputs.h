// The one seam through which the front end learns anything from outside: files, environment, git, time. Every
// answer is recorded once per run (the capsule), so that the same capsule always gives the same graph.
// Secrets are not read here: only their place is known to the front end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// Either the text or why there is none ("no such file", "is a directory", "is larger than 64 MiB", "is
// outside of the project").
struct ReadAnswer {
  std::optional<std::string> text;
  std::string why_not;
};

class Inputs {
 public:
  virtual ~Inputs() = default;
  // Resolved beneath the project's root; nothing outside is read; regular files up to a limit only.
  virtual ReadAnswer read_file(const std::string& path) = 0;
  virtual std::vector<std::string> glob(const std::string& folder, const std::string& pattern) = 0;  // sorted
  virtual bool exists(const std::string& path) = 0;
  virtual std::optional<std::string> environment(const std::string& name) = 0;  // the real one, then `.env`
  virtual std::optional<std::string> git_sha() = 0;                             // reads .git, runs nothing
  virtual std::optional<std::string> git_branch() = 0;
  virtual std::optional<std::string> git_tag() = 0;
  virtual std::optional<bool> git_changed(const std::vector<std::string>& paths) = 0;
  virtual std::int64_t now_ms() = 0;  // when the run began: the same for every reader
  virtual std::string run_id() = 0;
};

}  // namespace cairn
