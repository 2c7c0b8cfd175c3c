#include "runtime/platform/docker/volumes.h"

#include <fmt/format.h>

#include "runtime/platform/docker/asked_before.h"
#include "runtime/platform/docker/json_access.h"
#include "runtime/platform/docker/removal.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

std::string volume_path(const std::string& volume) {
  return "/volumes/" + percent_encoded(volume);
}

VolumeFacts volume_facts(const json& body) {
  return {at<std::string>(body, "/Name"),       at<std::string>(body, "/Driver"),
          at<std::string>(body, "/Mountpoint"), at<std::string>(body, "/CreatedAt"),
          labels_at(body, "/Labels"),           labels_at(body, "/Options")};
}

Failure foreign(const std::string& what, const VolumeFacts& facts) {
  return Failure{.message = what,
                 .causes = {fmt::format("a volume `{}` of {} is there already", facts.name,
                                        owner_in_words(facts.labels, facts.name))},
                 .help = "use it with `external = true`, rename yours, or give the project another name",
                 .nothing_done = true};
}

}  // namespace

Result<CreatedVolume> create_volume(Engine& engine, const VolumeSpec& spec, std::stop_token stop) {
  const std::string& name = spec.identity.name;
  const std::string what = fmt::format("could not create the volume `{}`", name);
  const Result<std::optional<VolumeFacts>> before = inspect_volume(engine, name, stop);
  if (!before) return Failure(before.failure()).within(what);
  const auto ours = [&](const VolumeFacts& facts) {
    return owner_of(facts.labels, facts.name, spec.identity.project) == Owner::ours;
  };
  if (*before) {
    if (!ours(**before)) return foreign(what, **before);
    return CreatedVolume{**before, true};
  }
  Labels labels = spec.labels;
  for (auto& [label, value] : labels_of(spec.identity)) labels[label] = value;
  json body = {{"Name", name}, {"Labels", labels}};
  if (!spec.driver.empty()) body["Driver"] = spec.driver;
  if (!spec.driver_opts.empty()) body["DriverOpts"] = spec.driver_opts;
  const Call call{.method = "POST",
                  .path = "/volumes/create",
                  .json = body.dump(-1, ' ', false, json::error_handler_t::replace)};
  Result<http::Response> answer = engine.call(call, stop);
  // Creating is idempotent, and the answer says whose it is: a lost one is asked for again.
  const bool asked = !answer && !answer.failure().nothing_done;
  if (!answer && !stop.stop_requested()) answer = engine.call(call, stop);
  if (!answer) return asked_before(asked, answer.failure()).within(what);
  if (answer->status != 201 && answer->status != 200) return asked_before(asked, refusal(what, *answer));
  const Result<json> made = parsed(what, *answer);
  if (!made) return made.failure();
  const VolumeFacts facts = volume_facts(*made);
  if (!ours(facts)) return foreign(what, facts);
  return CreatedVolume{facts, false};
}

Result<std::optional<VolumeFacts>> inspect_volume(Engine& engine, const std::string& volume,
                                                  std::stop_token stop) {
  const std::string what = fmt::format("could not look at the volume `{}`", volume);
  const Result<http::Response> answer = engine.call({.path = volume_path(volume)}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 404) return std::optional<VolumeFacts>();
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  return std::optional<VolumeFacts>(volume_facts(*body));
}

Result<std::vector<VolumeFacts>> list_volumes(Engine& engine, const std::vector<std::string>& labels,
                                              std::stop_token stop) {
  const std::string what = "could not list the volumes";
  const Result<http::Response> answer =
      engine.call({.path = "/volumes", .query = {{"filters", label_filter(labels)}}}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  std::vector<VolumeFacts> result;
  const json& volumes = part(*body, "/Volumes");
  if (volumes.is_array()) {
    for (const json& each : volumes) result.push_back(volume_facts(each));
  }
  return result;
}

Result<> remove_volume(Engine& engine, const std::string& volume, std::stop_token stop) {
  const std::string what = fmt::format("could not remove the volume `{}`", volume);
  const Result<http::Response> answer =
      insist(engine, {.method = "DELETE", .path = volume_path(volume)}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 204 || answer->status == 404) return Done{};
  return refusal(what, *answer);
}

}  // namespace cairn::docker
