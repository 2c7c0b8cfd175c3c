#include "runtime/kinds/remembered.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "runtime/effects/disk.h"
#include "runtime/execute/recorded_value.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/file_source.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/plan/plan.h"
#include "runtime/platform/docker/images.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Settings that say when and how long, or what is looked at afterwards.
bool is_input(const std::string& setting) {
  static const std::set<std::string_view> none = {
      "after",    "links", "timeout", "retry",       "when",     "allow_failure",     "description",
      "profiles", "pool",  "keep",    "pull_policy", "remember", "stop_grace_period", "logs_on_failure"};
  return !none.contains(setting);
}

std::string file_for(const RunPlace& place, const std::string& step) {
  Hash hash;
  hash.add(step);
  return fmt::format("{}/.cairn/remembered/{}{}.json", place.project_folder, place.up ? "up-" : "",
                     hash.text());
}

struct Memory {
  std::string inputs;
  json exports = json::object();
  std::vector<std::pair<std::string, std::string>> artifacts;  // path and stamp
};

std::optional<Memory> recall(const RunPlace& place, const std::string& step) {
  const Result<std::string> text = real_disk().read(file_for(place, step));
  if (!text) return std::nullopt;
  const json object = json::parse(*text, nullptr, false);
  try {
    if (object.at("step") != step) return std::nullopt;
    return Memory{object.at("inputs"), object.at("exports"),
                  object.at("artifacts").get<std::vector<std::pair<std::string, std::string>>>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

// What the step publishes goes on to the executor, and is kept.
class Listening final : public execute::StepContext {
 public:
  explicit Listening(execute::StepContext& below) : below_(below) {}
  std::stop_token stop() const override { return below_.stop(); }
  std::stop_token hurry() const override { return below_.hurry(); }
  std::optional<Instant> deadline() const override { return below_.deadline(); }
  Clock& clock() override { return below_.clock(); }
  void say(progress::Happening happening) override {
    if (const auto* artifact = std::get_if<progress::Artifact>(&happening)) {
      std::lock_guard lock(mutex_);
      artifacts_.push_back(artifact->path);
    }
    below_.say(std::move(happening));
  }
  void write(scribe::Stream stream, std::string_view bytes) override { below_.write(stream, bytes); }
  void note(std::string_view line) override { below_.note(line); }
  void publish(std::string_view name, Value value) override {
    {
      std::lock_guard lock(mutex_);
      published_[std::string(name)] = value;
    }
    below_.publish(name, std::move(value));
  }
  Value exported(NodeId node, std::string_view name) const override { return below_.exported(node, name); }
  Result<execute::Announced> announce(Intent effect) override { return below_.announce(std::move(effect)); }
  void came_out(execute::Announced effect, bool happened, std::string id) override {
    below_.came_out(effect, happened, std::move(id));
  }
  std::shared_ptr<execute::DeathWatch> watch() override { return below_.watch(); }

  const std::map<std::string, Value>& published() const { return published_; }
  const std::vector<std::string>& artifacts() const { return artifacts_; }

 private:
  execute::StepContext& below_;
  std::mutex mutex_;
  std::map<std::string, Value> published_;
  std::vector<std::string> artifacts_;
};

Result<Done> remember(const World& world, const std::string& step, const std::string& inputs,
                      const Listening& heard) {
  json exports = json::object();
  for (const auto& [name, value] : heard.published()) {
    const std::string kept = execute::recorded_value(world.graph, world.masker, value);
    if (kept.empty()) return Done{};  // a secret, or too long: the step is done again next time
    exports[name] = kept;
  }
  json artifacts = json::array();
  for (const std::string& path : heard.artifacts()) artifacts.push_back({path, stamp_of(path)});
  std::error_code error;
  const RunPlace& place = world.place;
  fs::create_directories(place.project_folder + "/.cairn/remembered", error);
  const json object = {
      {"step", step}, {"run", place.run}, {"inputs", inputs}, {"exports", exports}, {"artifacts", artifacts}};
  return real_disk().replace(file_for(place, step),
                             object.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string image_id_at_engine(World& world, NodeId node, std::stop_token stop) {
  const std::string* reference = world.graph.node(node).value("image").as<std::string>();
  if (reference == nullptr || world.containers == nullptr) return {};
  Result<docker::Engine*> engine = world.containers->engine_of(node);
  if (!engine) return {};
  const Result<std::optional<docker::ImageFacts>> facts = docker::inspect_image(**engine, *reference, stop);
  return facts && *facts ? (*facts)->id : std::string();
}

}  // namespace

bool is_remembered(const Graph& graph, NodeId id, bool up) {
  const Node& node = graph.node(id);
  if (up && (node.kind == "run" || node.kind == "sql" || node.kind == "migrate")) return true;
  const Value& remember = node.value("remember");
  const bool* flag = remember.as<bool>();
  return flag != nullptr ? *flag : !remember.null();
}

std::string step_inputs(const Graph& graph, const Sources& sources, Inputs& inputs,
                        const std::string& project_folder, NodeId id, const std::string& image_id) {
  const Node& node = graph.node(id);
  const std::string folder = folder_of(graph, sources, id, project_folder);
  std::string all;
  const auto put = [&](std::string name, const std::string& hash) {
    for (char& c : name)
      if (c == ' ' || c == '=') c = '_';
    all += fmt::format("{}{}={}", all.empty() ? "" : " ", name, hash);
  };
  for (const Setting& setting : node.settings) {
    if (setting.value.null() || !is_input(setting.name) || (!setting.written && is_empty(setting.value)))
      continue;
    Hash hash;
    const bool contents = setting.name == "files" || setting.name == "env_file" || setting.name == "stdin" ||
                          setting.name == "locations";
    add_value(hash, graph, sources, setting.value, contents ? &folder : nullptr);
    put(setting.name, hash.text());
  }
  if (const std::string* reference = node.value("image").as<std::string>(); reference != nullptr)
    put(*reference, image_id);
  const Value& remember = node.value("remember");
  List named;
  if (const List* list = remember.as<List>())
    named = *list;
  else if (remember.as<Path>() != nullptr)
    named = {remember};
  for (const Value& value : named) {
    const Path* path = value.as<Path>();
    if (path == nullptr) continue;
    const std::vector<std::string> files = inputs.glob(path->folder, path->text);
    if (files.empty()) put(path->text, "none");
    for (const std::string& file : files) {
      Hash hash;
      std::ifstream in(fs::path(path->folder) / file, std::ios::binary);
      hash.add(std::string(std::istreambuf_iterator<char>(in), {}));
      put(file, hash.text());
    }
  }
  if (const Map* mounts = node.value("mounts").as<Map>(); mounts != nullptr && named.empty())
    for (const auto& [target, mounted] : mounts->entries) {
      const Value* value = &mounted;
      while (const Made* made = value->as<Made>()) value = &made->arguments.entries.front().second;
      const std::string* text = value->as<std::string>();
      if (const Path* path = value->as<Path>())
        put(path->text, stamp_of(absolute_path(*path)));
      else if (text != nullptr && text->starts_with('/'))
        put(*text, stamp_of(*text));
    }
  return all;
}

void look_at_remembered(const Graph& graph, const Sources& sources, Inputs& inputs, const RunPlace& place,
                        const std::function<std::string(NodeId)>& image_id, plan::Facts& facts) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const NodeId id{static_cast<std::uint32_t>(n)};
    const StepId step = graph.step(id, Phase::run);
    if (step == no_step || !is_remembered(graph, id, place.up)) continue;
    const std::string name = graph.name(step);
    const std::optional<Memory> memory = recall(place, name);
    if (!memory) continue;
    const std::string now = step_inputs(graph, sources, inputs, place.project_folder, id, image_id(id));
    if (now != memory->inputs) {
      facts.changed_input[name] = plan::what_changed(memory->inputs, now);
      continue;
    }
    const auto gone =
        std::find_if(memory->artifacts.begin(), memory->artifacts.end(),
                     [](const auto& artifact) { return stamp_of(artifact.first) != artifact.second; });
    if (gone != memory->artifacts.end()) {
      std::error_code error;
      facts.changed_input[name] =
          fmt::format("its artifact `{}` {}", gone->first,
                      fs::exists(gone->first, error) ? "was changed since" : "is not there any more");
      continue;
    }
    facts.of_step[name] = plan::Recorded::remembered;
  }
}

void restore_remembered(World& world, const plan::Facts& facts, const plan::Plan& plan,
                        execute::Exports& exports) {
  for (std::size_t n = 0; n < world.graph.nodes.size(); ++n) {
    const NodeId node{static_cast<std::uint32_t>(n)};
    for (const StepId step : world.graph.node(node).steps) {
      const std::string name = world.graph.name(step);
      const auto found = facts.of_step.find(name);
      if (found == facts.of_step.end() || found->second != plan::Recorded::remembered ||
          plan.steps[index(step)].verdict != plan::Verdict::keep)
        continue;
      const std::optional<Memory> memory = recall(world.place, name);
      if (!memory) continue;
      for (const auto& [key, text] : memory->exports.items()) {
        const std::optional<Value> value = execute::value_recorded(world.graph, text.get<std::string>());
        if (!value) continue;
        if (const Map* artifacts = value->as<Map>(); key == "artifacts" && artifacts != nullptr)
          for (const auto& [of, path] : artifacts->entries) world.artifacts.put({node, of}, plain_text(path));
        exports.publish(node, key, *value);
      }
    }
  }
}

namespace {

// Not inlined: a thousand steps that wait would each have its variables on their stack.
[[gnu::noinline]] execute::StepResult perform_and_remember(World& world, const execute::PerformKind& perform,
                                                           const execute::StepRequest& request,
                                                           execute::StepContext& context) {
  const std::string name = request.graph.name(request.step);
  // What is there before the step is its input, not what it leaves.
  const std::string before =
      step_inputs(request.graph, world.sources, world.inputs, world.place.project_folder, request.node, {});
  Listening heard(context);
  execute::StepResult result = perform(request, heard);
  if (!result.ok() || result->is == execute::StepEnd::Is::not_needed) return result;
  if (step_inputs(request.graph, world.sources, world.inputs, world.place.project_folder, request.node, {}) !=
      before) {
    context.note("what it was done from has changed meanwhile: it is not remembered");
    return result;
  }
  const std::string inputs =
      step_inputs(request.graph, world.sources, world.inputs, world.place.project_folder, request.node,
                  image_id_at_engine(world, request.node, context.stop()));
  if (Result<Done> kept = remember(world, name, inputs, heard); !kept) context.note(kept.failure().message);
  return result;
}

}  // namespace

execute::PerformKind remembering(World& world, execute::PerformKind perform) {
  return [&world, perform = std::move(perform)](const execute::StepRequest& request,
                                                execute::StepContext& context) -> execute::StepResult {
    if (request.phase != Phase::run || !is_remembered(request.graph, request.node, world.place.up))
      return perform(request, context);
    return perform_and_remember(world, perform, request, context);
  };
}

}  // namespace cairn::kinds
