#include "interpreter/inputs_capsule.h"

#include <map>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

namespace cairn {
namespace {

using Json = nlohmann::json;

constexpr int capsule_version = 1;

// Bytes that are no UTF-8 are kept one by one, as a list of numbers: JSON has no other place for them.
Json bytes_as_json(const std::string& text) {
  try {
    (void)Json(text).dump();
    return text;
  } catch (const Json::exception&) {
    Json bytes = Json::array();
    for (const char byte : text) bytes.push_back(static_cast<unsigned char>(byte));
    return bytes;
  }
}

std::string bytes_of(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  std::string text;
  for (const Json& byte : json) text += static_cast<char>(byte.get<unsigned char>());
  return text;
}

template <class T>
Json maybe(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class T>
std::optional<T> maybe_of(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
}

}  // namespace

struct RecordingInputs::State {
  std::map<std::string, ReadAnswer> files;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> globs;
  std::map<std::string, bool> there;
  std::map<std::string, std::optional<std::string>> variables;
  std::map<std::string, std::optional<std::string>> git;  // "sha", "branch", "tag"
  std::map<std::vector<std::string>, std::optional<bool>> changed;
  std::optional<std::int64_t> now_ms;
  std::optional<std::string> run_id;
};

namespace {

// The answer to a question that was asked before, or a new one.
template <class Key, class Answer, class Ask>
Answer once(std::map<Key, Answer>& known, const Key& key, const Ask& ask) {
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, ask()).first->second;
}

}  // namespace

RecordingInputs::RecordingInputs(Inputs& from) : from_(from), state_(std::make_unique<State>()) {}
RecordingInputs::~RecordingInputs() = default;

ReadAnswer RecordingInputs::read_file(const std::string& path) {
  return once(state_->files, path, [&] { return from_.read_file(path); });
}
std::vector<std::string> RecordingInputs::glob(const std::string& folder, const std::string& pattern) {
  return once(state_->globs, std::pair(folder, pattern), [&] { return from_.glob(folder, pattern); });
}
bool RecordingInputs::exists(const std::string& path) {
  return once(state_->there, path, [&] { return from_.exists(path); });
}
std::optional<std::string> RecordingInputs::environment(const std::string& name) {
  return once(state_->variables, name, [&] { return from_.environment(name); });
}
std::optional<std::string> RecordingInputs::git_sha() {
  return once(state_->git, std::string("sha"), [&] { return from_.git_sha(); });
}
std::optional<std::string> RecordingInputs::git_branch() {
  return once(state_->git, std::string("branch"), [&] { return from_.git_branch(); });
}
std::optional<std::string> RecordingInputs::git_tag() {
  return once(state_->git, std::string("tag"), [&] { return from_.git_tag(); });
}
std::optional<bool> RecordingInputs::git_changed(const std::vector<std::string>& paths) {
  return once(state_->changed, paths, [&] { return from_.git_changed(paths); });
}

std::int64_t RecordingInputs::now_ms() {
  if (!state_->now_ms) state_->now_ms = from_.now_ms();
  return *state_->now_ms;
}

std::string RecordingInputs::run_id() {
  if (!state_->run_id) state_->run_id = from_.run_id();
  return *state_->run_id;
}

std::string RecordingInputs::capsule() const {
  Json all;
  all["capsule"] = capsule_version;
  all["files"] = Json::object();
  all["exists"] = Json::object();
  all["environment"] = Json::object();
  all["git"] = Json::object();
  all["globs"] = Json::array();
  all["changed"] = Json::array();
  for (const auto& [path, answer] : state_->files)
    all["files"][path] =
        answer.text ? Json{{"text", bytes_as_json(*answer.text)}} : Json{{"why_not", answer.why_not}};
  for (const auto& [asked, paths] : state_->globs)
    all["globs"].push_back({{"folder", asked.first}, {"pattern", asked.second}, {"paths", paths}});
  for (const auto& [path, there] : state_->there) all["exists"][path] = there;
  for (const auto& [name, value] : state_->variables)
    all["environment"][name] = value ? bytes_as_json(*value) : Json(nullptr);
  for (const auto& [name, value] : state_->git) all["git"][name] = maybe(value);
  for (const auto& [paths, changed] : state_->changed)
    all["changed"].push_back({{"paths", paths}, {"changed", maybe(changed)}});
  all["now_ms"] = maybe(state_->now_ms);
  all["run_id"] = maybe(state_->run_id);
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

namespace {

class ReplayedInputs final : public Inputs {
 public:
  explicit ReplayedInputs(const Json& all) {
    for (const auto& [path, answer] : all.at("files").items())
      files_[path] = answer.contains("text")
                         ? ReadAnswer{bytes_of(answer.at("text")), {}}
                         : ReadAnswer{std::nullopt, answer.at("why_not").get<std::string>()};
    for (const Json& glob : all.at("globs"))
      globs_[{glob.at("folder").get<std::string>(), glob.at("pattern").get<std::string>()}] =
          glob.at("paths").get<std::vector<std::string>>();
    for (const auto& [path, there] : all.at("exists").items()) there_[path] = there.get<bool>();
    for (const auto& [name, value] : all.at("environment").items())
      if (!value.is_null()) variables_[name] = bytes_of(value);
    for (const auto& [name, value] : all.at("git").items()) git_[name] = maybe_of<std::string>(value);
    for (const Json& asked : all.at("changed"))
      changed_[asked.at("paths").get<std::vector<std::string>>()] = maybe_of<bool>(asked.at("changed"));
    now_ms_ = maybe_of<std::int64_t>(all.at("now_ms")).value_or(0);
    run_id_ = maybe_of<std::string>(all.at("run_id")).value_or("");
  }

  ReadAnswer read_file(const std::string& path) override {
    return get(files_, path, ReadAnswer{std::nullopt, "was not read in that run"});
  }
  std::vector<std::string> glob(const std::string& folder, const std::string& pattern) override {
    return get(globs_, std::pair(folder, pattern), {});
  }
  bool exists(const std::string& path) override { return get(there_, path, false); }
  std::optional<std::string> environment(const std::string& name) override {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::string> git_sha() override { return get(git_, std::string("sha"), std::nullopt); }
  std::optional<std::string> git_branch() override { return get(git_, std::string("branch"), std::nullopt); }
  std::optional<std::string> git_tag() override { return get(git_, std::string("tag"), std::nullopt); }
  std::optional<bool> git_changed(const std::vector<std::string>& paths) override {
    return get(changed_, paths, std::nullopt);
  }
  std::int64_t now_ms() override { return now_ms_; }
  std::string run_id() override { return run_id_; }

 private:
  template <class Key, class Answer>
  static Answer get(const std::map<Key, Answer>& known, const Key& key,
                    std::type_identity_t<Answer> otherwise) {
    const auto found = known.find(key);
    return found == known.end() ? std::move(otherwise) : found->second;
  }

  std::map<std::string, ReadAnswer> files_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> globs_;
  std::map<std::string, bool> there_;
  std::map<std::string, std::string> variables_;
  std::map<std::string, std::optional<std::string>> git_;
  std::map<std::vector<std::string>, std::optional<bool>> changed_;
  std::int64_t now_ms_ = 0;
  std::string run_id_;
};

}  // namespace

std::variant<std::unique_ptr<Inputs>, std::string> replayed_inputs(const std::string& capsule) {
  try {
    const Json all = Json::parse(capsule);
    if (!all.is_object() || !all.contains("capsule")) return std::string("this is not a capsule");
    if (all.at("capsule") != capsule_version)
      return std::string("this capsule is of another version of cairn");
    return std::make_unique<ReplayedInputs>(all);
  } catch (const Json::exception&) {
    return std::string("this is not a capsule, or a damaged one");
  }
}

std::vector<std::string> changed_since(const std::string& capsule, Inputs& now) {
  std::vector<std::string> changed;
  try {
    const Json all = Json::parse(capsule);
    for (const auto& [path, answer] : all.at("files").items()) {
      const ReadAnswer is = now.read_file(path);
      const bool same =
          answer.contains("text") ? is.text && *is.text == bytes_of(answer.at("text")) : !is.text;
      if (!same) changed.push_back("`" + path + "`");
    }
    for (const Json& glob : all.at("globs")) {
      const std::string pattern = glob.at("pattern");
      if (now.glob(glob.at("folder"), pattern) != glob.at("paths").get<std::vector<std::string>>())
        changed.push_back("the files of `" + pattern + "`");
    }
    for (const auto& [path, there] : all.at("exists").items())
      if (now.exists(path) != there.get<bool>()) changed.push_back("`" + path + "`");
    for (const auto& [name, value] : all.at("environment").items()) {
      const std::optional<std::string> is = now.environment(name);
      if (value.is_null() ? is.has_value() : !is || *is != bytes_of(value))
        changed.push_back("the variable `" + name + "`");
    }
    for (const auto& [name, value] : all.at("git").items()) {
      const std::optional<std::string> is = name == "sha"      ? now.git_sha()
                                            : name == "branch" ? now.git_branch()
                                                               : now.git_tag();
      if (is != maybe_of<std::string>(value)) changed.push_back("git's " + name);
    }
  } catch (const Json::exception&) {
    changed.push_back("what the run read, which cannot be read any more");
  }
  return changed;
}

}  // namespace cairn
