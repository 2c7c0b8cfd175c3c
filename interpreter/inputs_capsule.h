// The capsule: everything the front end has learned from outside in one run. The same capsule gives the same
// graph. Secrets are not read through Inputs, so there is none in it; what `env()` and `file()` gave is.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "interpreter/inputs.h"

namespace cairn {

// Passes questions on, each once, and keeps the answers.
class RecordingInputs final : public Inputs {
 public:
  explicit RecordingInputs(Inputs& from);  // outlives this
  ~RecordingInputs() override;

  ReadAnswer read_file(const std::string& path) override;
  std::vector<std::string> glob(const std::string& folder, const std::string& pattern) override;
  bool exists(const std::string& path) override;
  std::optional<std::string> environment(const std::string& name) override;
  std::optional<std::string> git_sha() override;
  std::optional<std::string> git_branch() override;
  std::optional<std::string> git_tag() override;
  std::optional<bool> git_changed(const std::vector<std::string>& paths) override;
  std::int64_t now_ms() override;
  std::string run_id() override;

  // As JSON, in a stable order.
  std::string capsule() const;

 private:
  struct State;
  Inputs& from_;
  std::unique_ptr<State> state_;
};

// Inputs that answer from a capsule; what was not asked then is unknown now ("was not read in that run"). Or
// why the text is no capsule.
std::variant<std::unique_ptr<Inputs>, std::string> replayed_inputs(const std::string& capsule);

// What of a capsule would be answered otherwise by now, for people: "`shop.stack`", "the variable `VERSION`".
// Times and ids are not asked again.
std::vector<std::string> changed_since(const std::string& capsule, Inputs& now);

}  // namespace cairn
