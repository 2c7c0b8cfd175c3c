#include "cli/start_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "interpreter/inputs_capsule.h"
#include "interpreter/inputs_real.h"
#include "runtime/effects/clock.h"

namespace cairn::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int start_format = 1;

Json json_of(const Value& value) {
  if (const bool* is = value.as<bool>()) return *is;
  if (const std::int64_t* is = value.as<std::int64_t>()) return *is;
  if (const double* is = value.as<double>()) return *is;
  if (const std::string* is = value.as<std::string>()) return *is;
  if (const List* is = value.as<List>()) {
    Json list = Json::array();
    for (const Value& item : *is) list.push_back(json_of(item));
    return list;
  }
  if (const Map* is = value.as<Map>()) {
    Json map = Json::object();
    for (const auto& [key, item] : is->entries) map[key] = json_of(item);
    return map;
  }
  return nullptr;
}

std::string variable_of(const std::string& param) {
  return "CAIRN_PARAM_" + param;
}

bool is_secret(const ParamListing& param) {
  return param.value.secret_anywhere() || param.type.find("secret") != std::string::npos;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Takes the values of these params out of what was read: the environment, and cairn.local.json beside the
// file.
std::string without(const std::vector<std::string>& secret, const std::string& capsule) {
  if (secret.empty()) return capsule;
  Json all = Json::parse(capsule);
  for (const std::string& name : secret) all["environment"].erase(variable_of(name));
  for (auto& [path, answer] : all["files"].items()) {
    if (!path.ends_with("cairn.local.json") || !answer.contains("text") || !answer["text"].is_string())
      continue;
    Json values = Json::parse(answer["text"].get<std::string>(), nullptr, false);
    if (!values.is_object()) continue;
    for (const std::string& name : secret) values.erase(name);
    answer["text"] = values.dump();
  }
  return all.dump();
}

}  // namespace

StartRecord start_record_of(const ProgramFile& program) {
  StartRecord record;
  record.file = program.path;
  for (const ParamListing& param : program.compiled.params)
    if (is_secret(param) && param.origin != ParamOrigin::standard && param.origin != ParamOrigin::missing)
      record.secret_params.push_back(param.name);
  for (const GivenParam& given : program.given)
    if (!has(record.secret_params, given.name)) record.params.push_back(given);
  record.main = program.main;
  record.shown_folder = program.shown_folder;
  record.capsule = without(record.secret_params, program.recorded->capsule());
  return record;
}

std::string text_of(const StartRecord& record) {
  Json params = Json::array();
  for (const GivenParam& given : record.params) {
    Json one = {{"name", given.name}, {"json", given.origin == ParamOrigin::params_file}};
    if (const std::string* text = std::get_if<std::string>(&given.value))
      one["text"] = *text;
    else
      one["value"] = json_of(std::get<Value>(given.value));
    params.push_back(std::move(one));
  }
  const Json all = {{"start", start_format},
                    {"file", record.file},
                    {"main", record.main},
                    {"shown_folder", record.shown_folder},
                    {"goal", record.goal},
                    {"stages", record.stages},
                    {"only", record.only},
                    {"from", record.from},
                    {"skip", record.skip},
                    {"profiles", record.profiles},
                    {"keep", record.keep},
                    {"fail_fast", record.fail_fast},
                    {"jobs", record.jobs},
                    {"params", std::move(params)},
                    {"secret_params", record.secret_params},
                    {"capsule", record.capsule}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<StartRecord> start_record_in(const std::string& text) {
  StartRecord record;
  const auto texts = [](const Json& json) { return json.get<std::vector<std::string>>(); };
  try {
    const Json all = Json::parse(text);
    if (all.at("start") != start_format)
      return Failure{"it was begun by another version of cairn"}.because(fmt::format(
          "its start is recorded in format {}, this cairn reads {}", all.at("start").dump(), start_format));
    record.file = all.at("file");
    record.main = all.at("main");
    record.shown_folder = all.at("shown_folder");
    record.goal = all.at("goal");
    record.stages = texts(all.at("stages"));
    record.only = texts(all.at("only"));
    record.from = texts(all.at("from"));
    record.skip = texts(all.at("skip"));
    record.profiles = texts(all.at("profiles"));
    record.keep = all.at("keep");
    record.fail_fast = all.at("fail_fast");
    record.jobs = all.at("jobs");
    record.secret_params = texts(all.at("secret_params"));
    record.capsule = all.at("capsule");
    for (const Json& one : all.at("params")) {
      GivenParam given;
      given.name = one.at("name");
      given.origin = one.at("json") ? ParamOrigin::params_file : ParamOrigin::command_line;
      if (one.contains("text"))
        given.value = one.at("text").get<std::string>();
      else
        given.value = value_of_json(one.at("value"));
      record.params.push_back(std::move(given));
    }
  } catch (const Json::exception&) {
    return Failure{"nobody can say any more what it was begun with"};
  }
  return record;
}

std::unique_ptr<ProgramFile> load_recorded(const StartRecord& record, const std::string& project_folder,
                                           const std::string& run_id, Invocation& invocation) {
  auto program = std::make_unique<ProgramFile>();
  program->path = record.file;
  program->project_folder = project_folder;
  program->run_id = run_id;
  program->main = record.main;
  program->shown_folder = record.shown_folder;
  program->outside =
      real_inputs({.root = project_folder, .run_id = run_id, .now_ms = real_clock().wall_clock_ms()});
  std::variant<std::unique_ptr<Inputs>, std::string> replayed = replayed_inputs(record.capsule);
  if (const std::string* why = std::get_if<std::string>(&replayed)) {
    complain(invocation, wrong_input, fmt::format("the run `{}` cannot be resumed: {}", run_id, *why),
             "`cairn clean` removes what it has left; then run it anew");
    return nullptr;
  }
  program->inputs = std::move(std::get<std::unique_ptr<Inputs>>(replayed));
  CompileRequest request;
  request.path = record.main;
  request.shown_folder = record.shown_folder;
  request.params = record.params;
  std::vector<GivenParam> given;
  if (!read_given_params(invocation, given)) return nullptr;
  for (GivenParam& param : given) {
    if (!has(record.secret_params, param.name)) {
      complain(invocation, wrong_input,
               fmt::format("`-p {}`: the run goes on with what it was begun with", param.name),
               record.secret_params.empty() ? "leave it out"
                                            : fmt::format("only what is secret is given again: {}",
                                                          fmt::join(record.secret_params, ", ")));
      return nullptr;
    }
    request.params.push_back(std::move(param));
  }
  for (const std::string& name : record.secret_params) {
    const auto named = [&](const GivenParam& one) { return one.name == name; };
    if (std::any_of(request.params.begin(), request.params.end(), named)) continue;
    if (const std::optional<std::string> value = program->outside->environment(variable_of(name))) {
      request.params.push_back({name, *value, ParamOrigin::environment});
      continue;
    }
    complain(invocation, wrong_input,
             fmt::format("the param `{}` is secret, so its value was not kept", name),
             fmt::format("give it again: `cairn resume -p {}=…`", name));
    return nullptr;
  }
  program->compiled = compile(request, *program->inputs, program->sources, program->diagnostics);
  if (program->compiled.graph) return program;
  program->print_diagnostics(invocation);
  complain(
      invocation, wrong_input, fmt::format("the run `{}` cannot be resumed by this cairn", run_id),
      "it was begun by another version, which understands its file; `cairn clean` removes what it has left");
  return nullptr;
}

}  // namespace cairn::cli
