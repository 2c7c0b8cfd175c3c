#include "runtime/platform/docker/containers.h"

#include <fmt/format.h>

#include "runtime/platform/docker/json_access.h"
#include "runtime/platform/docker/networks.h"
#include "runtime/platform/docker/removal.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

// The engine quotes what it does not like; a secret in that must not travel on.
Failure without_secrets(Failure failure, const ContainerSpec& spec) {
  for (const auto& [name, value] : spec.env) {
    if (!value.secret() || value.exposed().empty()) continue;
    for (std::string& cause : failure.causes) {
      for (std::size_t at = 0; (at = cause.find(value.exposed(), at)) != std::string::npos;) {
        cause.replace(at, value.exposed().size(), value.shown());
        at += value.shown().size();
      }
    }
  }
  return failure;
}

std::vector<MountFacts> mounts_in(const json& container) {
  std::vector<MountFacts> found;
  const json& mounts = part(container, "/Mounts");
  if (!mounts.is_array()) return found;
  for (const json& mount : mounts) {
    found.push_back({at<std::string>(mount, "/Type"), at<std::string>(mount, "/Name"),
                     at<std::string>(mount, "/Source"), at<std::string>(mount, "/Destination"),
                     !at<bool>(mount, "/RW", true)});
  }
  return found;
}

bool same_make(const Identity& wanted, const Identity& found) {
  return found.run == wanted.run && found.node == wanted.node && found.attempt == wanted.attempt &&
         found.spec == wanted.spec && found.spec_full == wanted.spec_full;
}

// The container of the wanted name as the one that was to be made; nothing when there is none of that name.
Result<std::optional<CreatedContainer>> adopt(Engine& engine, const ContainerSpec& spec,
                                              const std::string& what, std::stop_token stop) {
  const std::string& name = spec.identity.name;
  const Result<std::optional<ContainerFacts>> found = inspect_container(engine, name, stop);
  if (!found) return found.failure();
  if (!*found) return std::optional<CreatedContainer>();
  const ContainerFacts& facts = **found;
  if (owner_of(facts.labels, facts.name, spec.identity.project) != Owner::ours) {
    return Failure{.message = what,
                   .causes = {fmt::format("a container `{}` of {} is there already", name,
                                          owner_in_words(facts.labels, facts.name))},
                   .help = "rename or remove it, or give the project another name",
                   .nothing_done = true};
  }
  if (!same_make(spec.identity, identity_in(facts.labels))) {
    return Failure{
        .message = what,
        .causes = {fmt::format("a container `{}` of this project is there already, made from another "
                               "state of the file or by another run",
                               name)},
        .help = "`cairn down` or `cairn clean` removes it",
        .nothing_done = true};
  }
  return std::optional<CreatedContainer>(CreatedContainer{facts.id, {}, true});
}

Result<> connect_others(Engine& engine, const ContainerSpec& spec, const std::string& id,
                        std::stop_token stop) {
  for (std::size_t i = 1; i < spec.networks.size(); ++i) {
    Result<> connected = connect_network(engine, spec.networks[i], id, stop);
    if (!connected) return connected;
  }
  return Done{};
}

std::vector<BoundPort> bound_ports(const json& ports) {
  std::vector<BoundPort> result;
  if (!ports.is_object()) return result;
  for (const auto& [name, bindings] : ports.items()) {
    if (!bindings.is_array()) continue;
    const std::size_t slash = name.find('/');
    for (const json& binding : bindings) {
      result.push_back(
          {static_cast<std::uint16_t>(std::atoi(name.c_str())),
           slash == std::string::npos ? "tcp" : name.substr(slash + 1), at<std::string>(binding, "/HostIp"),
           static_cast<std::uint16_t>(std::atoi(at<std::string>(binding, "/HostPort").c_str()))});
    }
  }
  return result;
}

std::string plain_name(const std::string& name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

void read_networks(const json& body, ContainerNetworking& into) {
  into.network_mode = at<std::string>(body, "/HostConfig/NetworkMode");
  const json& networks = part(body, "/NetworkSettings/Networks");
  if (!networks.is_object()) return;
  for (const auto& [name, network] : networks.items())
    into.networks[name] = {at<std::string>(network, "/NetworkID"), at<std::string>(network, "/IPAddress"),
                           at<std::string>(network, "/Gateway"), strings_at(network, "/Aliases")};
}

ContainerFacts container_facts(const json& body) {
  ContainerFacts facts;
  facts.id = at<std::string>(body, "/Id");
  facts.name = plain_name(at<std::string>(body, "/Name"));
  facts.image = at<std::string>(body, "/Config/Image");
  facts.image_id = at<std::string>(body, "/Image");
  facts.labels = labels_at(body, "/Config/Labels");
  facts.status = at<std::string>(body, "/State/Status");
  facts.running = at<bool>(body, "/State/Running");
  facts.oom_killed = at<bool>(body, "/State/OOMKilled");
  facts.exit_code = at<int>(body, "/State/ExitCode");
  facts.error = at<std::string>(body, "/State/Error");
  facts.started_at = at<std::string>(body, "/State/StartedAt");
  facts.finished_at = at<std::string>(body, "/State/FinishedAt");
  facts.health = at<std::string>(body, "/State/Health/Status");
  if (facts.health == "none") facts.health.clear();
  const json& probes = part(body, "/State/Health/Log");
  if (probes.is_array() && !probes.empty())
    facts.last_health_output = at<std::string>(probes.back(), "/Output");
  facts.tty = at<bool>(body, "/Config/Tty");
  facts.stop_signal = at<std::string>(body, "/Config/StopSignal");
  facts.hostname = at<std::string>(body, "/Config/Hostname");
  facts.working_dir = at<std::string>(body, "/Config/WorkingDir");
  facts.env = strings_at(body, "/Config/Env");
  read_networks(body, facts);
  facts.ports = bound_ports(part(body, "/NetworkSettings/Ports"));
  const json& exposed = part(body, "/Config/ExposedPorts");
  if (exposed.is_object()) {
    for (const auto& port : exposed.items()) facts.exposed.push_back(port.key());
  }
  facts.mounts = mounts_in(body);
  facts.restart_count = at<int>(body, "/RestartCount");
  return facts;
}

}  // namespace

Result<CreatedContainer> create_container(Engine& engine, const ContainerSpec& spec, std::stop_token stop) {
  const std::string what = fmt::format("could not create the container `{}`", spec.identity.name);
  const Result<ApiVersion> version = engine.version(stop);
  if (!version) return Failure(version.failure()).within(what);
  const bool several = *version >= ApiVersion{1, 44};
  Call call{.method = "POST",
            .path = "/containers/create",
            .query = {{"name", spec.identity.name}},
            .json = create_body(spec, several),
            .timeout = std::chrono::seconds(120)};
  if (!spec.platform.empty()) call.query.push_back({"platform", spec.platform});

  CreatedContainer created;
  for (int tries_left = 2;; --tries_left) {
    const Result<http::Response> answer = engine.call(call, stop);
    const bool lost = !answer && !answer.failure().nothing_done;
    if (!answer && (!lost || stop.stop_requested())) return Failure(answer.failure()).within(what);
    if (answer && answer->status == 201) {
      const Result<json> body = parsed(what, *answer);
      if (!body) return body.failure();
      created = {at<std::string>(*body, "/Id"), strings_at(*body, "/Warnings"), false};
      break;
    }
    if (answer && answer->status != 409 && answer->status < 500) {
      return without_secrets(refusal(what, *answer), spec);
    }
    // Lost, a conflict, or an error halfway: the name decides.
    const Result<std::optional<CreatedContainer>> adopted = adopt(engine, spec, what, stop);
    if (!adopted) return adopted.failure();
    if (*adopted) {
      created = **adopted;
      break;
    }
    if (tries_left == 0 || (answer && answer->status >= 500)) {
      return answer ? without_secrets(refusal(what, *answer), spec) : Failure(answer.failure()).within(what);
    }
  }
  if (!several || created.adopted) {
    const Result<> connected = connect_others(engine, spec, created.id, stop);
    if (!connected) {
      if (!created.adopted) (void)remove_container(engine, created.id, {});
      return Failure(connected.failure()).within(what);
    }
  }
  return created;
}

Result<> start_container(Engine& engine, const std::string& container, std::stop_token stop) {
  const std::string what = fmt::format("could not start the container `{}`", container);
  const Call call{.method = "POST",
                  .path = "/containers/" + percent_encoded(container) + "/start",
                  .timeout = std::chrono::minutes(2)};
  Result<http::Response> answer = engine.call(call, stop);
  if (!answer && !answer.failure().nothing_done && !stop.stop_requested()) {
    // Lost. A second start of a running container answers 304; but one that has ended since must not run
    // twice.
    const Result<std::optional<ContainerFacts>> facts = inspect_container(engine, container, stop);
    if (!facts) return Failure(facts.failure()).within(what);
    if (*facts && (*facts)->status != "created") return Done{};
    answer = engine.call(call, stop);
  }
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 204 || answer->status == 304) return Done{};
  return refusal(what, *answer);
}

Result<> signal_container(Engine& engine, const std::string& container, const std::string& signal,
                          std::stop_token stop) {
  const std::string what = fmt::format("could not send {} to the container `{}`", signal, container);
  const Result<http::Response> answer = insist(engine,
                                               {.method = "POST",
                                                .path = "/containers/" + percent_encoded(container) + "/kill",
                                                .query = {{"signal", signal}}},
                                               stop);
  if (!answer) return Failure(answer.failure()).within(what);
  // 409: it does not run (any more).
  if (answer->status == 204 || answer->status == 409) return Done{};
  return refusal(what, *answer);
}

Result<> remove_container(Engine& engine, const std::string& container, std::stop_token stop) {
  const std::string what = fmt::format("could not remove the container `{}`", container);
  const Instant end = engine.clock().now() + std::chrono::seconds(60);
  for (;;) {
    const Result<http::Response> answer = insist(engine,
                                                 {.method = "DELETE",
                                                  .path = "/containers/" + percent_encoded(container),
                                                  .query = {{"force", "1"}, {"v", "1"}}},
                                                 stop);
    if (!answer) {
      return Failure(answer.failure()).within(what);
    } else if (answer->status == 204 || answer->status == 404) {
      return Done{};
    } else if (answer->status != 409 || engine.clock().now() >= end) {
      return refusal(what, *answer);
    }
    // Somebody else is removing it: until it is gone.
    if (!engine.clock().sleep_for(std::chrono::milliseconds(50), stop)) {
      return Failure{.message = what, .causes = {"stopped waiting"}, .is = FailureClass::cancelled};
    }
  }
}

Result<ExitWait> ExitWait::arm(Engine& engine, const std::string& container, For what, std::stop_token stop) {
  const std::string failed = fmt::format("could not wait for the container `{}`", container);
  Result<std::unique_ptr<http::Stream>> stream =
      engine.open({.method = "POST",
                   .path = "/containers/" + percent_encoded(container) + "/wait",
                   .query = {{"condition", what == For::next_exit ? "next-exit" : "not-running"}},
                   .timeout = std::nullopt},
                  stop);
  if (!stream) return Failure(stream.failure()).within(failed);
  if ((*stream)->status() != 200) {
    Result<std::string> body = (*stream)->read(stop);
    return refusal(failed, (*stream)->status(), body ? *body : std::string());
  }
  return ExitWait(std::move(*stream));
}

Result<int> ExitWait::finish(std::stop_token stop, std::optional<Instant> deadline) {
  for (;;) {
    Result<std::string> piece = stream_->read(stop, deadline);
    if (!piece) return Failure(piece.failure()).within("could not learn how the container ended");
    if (piece->empty()) break;
    body_ += *piece;
  }
  const json body = json::parse(body_, nullptr, false);
  const std::string error = at<std::string>(body, "/Error/Message");
  if (!body.is_object() || !body.contains("StatusCode") || !error.empty()) {
    return Failure{.message = "could not learn how the container ended",
                   .causes = {error.empty() ? "the engine ended its answer early" : error},
                   .is = FailureClass::endpoint};
  }
  return at<int>(body, "/StatusCode");
}

namespace {

// A wait for a container that could not be started is answered with why it could not, and one that was cut
// with nothing: when it does not run, it is stopped all the same.
Result<int> as_it_stands(Engine& engine, const std::string& container, const Failure& otherwise,
                         std::stop_token stop) {
  const Result<std::optional<ContainerFacts>> facts = inspect_container(engine, container, stop);
  if (!facts || (*facts && (*facts)->running)) return otherwise;
  return *facts ? (*facts)->exit_code : 0;
}

}  // namespace

Result<int> stop_container(Engine& engine, const std::string& container, const StopOrder& order,
                           std::stop_token stop) {
  Result<ExitWait> wait = ExitWait::arm(engine, container, ExitWait::For::not_running, stop);
  if (!wait) return wait.failure();
  if (!order.hurry.stop_requested()) {
    const Result<> signalled = signal_container(engine, container, order.signal, stop);
    if (!signalled) return signalled.failure();
    // One wait for two reasons to end it.
    std::stop_source either;
    const std::stop_callback on_stop(stop, [&] { either.request_stop(); });
    const std::stop_callback on_hurry(order.hurry, [&] { either.request_stop(); });
    const Result<int> code = wait->finish(either.get_token(), engine.clock().now() + order.grace);
    if (code) return code;
    if (stop.stop_requested()) return code.failure();
    if (code.failure().is == FailureClass::endpoint)
      return as_it_stands(engine, container, code.failure(), stop);
  }
  const Result<> killed = signal_container(engine, container, "SIGKILL", stop);
  if (!killed) return killed.failure();
  const Result<int> code = wait->finish(stop, engine.clock().now() + std::chrono::seconds(30));
  if (!code && code.failure().is == FailureClass::endpoint)
    return as_it_stands(engine, container, code.failure(), stop);
  return code;
}

Result<> stop_as_made(Engine& engine, const std::string& container, std::stop_token stop) {
  const Result<http::Response> answer =
      engine.call({.method = "POST",
                   .path = "/containers/" + percent_encoded(container) + "/stop",
                   .timeout = std::nullopt},
                  stop);
  const std::string what = fmt::format("could not stop the container `{}`", container);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 204 || answer->status == 304 || answer->status == 404) return Done{};
  return refusal(what, *answer);
}

Result<std::optional<ContainerFacts>> inspect_container(Engine& engine, const std::string& container,
                                                        std::stop_token stop) {
  const std::string what = fmt::format("could not look at the container `{}`", container);
  const Result<http::Response> answer =
      engine.call({.path = "/containers/" + percent_encoded(container) + "/json"}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 404) return std::optional<ContainerFacts>();
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  return std::optional<ContainerFacts>(container_facts(*body));
}

Result<std::vector<ContainerSummary>> list_containers(Engine& engine, const std::vector<std::string>& labels,
                                                      std::stop_token stop) {
  const std::string what = "could not list the containers";
  const Result<http::Response> answer = engine.call(
      {.path = "/containers/json", .query = {{"all", "1"}, {"filters", label_filter(labels)}}}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  std::vector<ContainerSummary> result;
  for (const json& each : *body) {
    ContainerSummary summary;
    summary.id = at<std::string>(each, "/Id");
    summary.name = plain_name(at<std::string>(each, "/Names/0"));
    // Links give a container more names; its own has one slash.
    for (const std::string& name : strings_at(each, "/Names")) {
      if (name.rfind('/') == 0) summary.name = plain_name(name);
    }
    summary.image = at<std::string>(each, "/Image");
    summary.image_id = at<std::string>(each, "/ImageID");
    summary.status = at<std::string>(each, "/State");
    summary.status_text = at<std::string>(each, "/Status");
    summary.labels = labels_at(each, "/Labels");
    read_networks(each, summary);
    summary.mounts = mounts_in(each);
    for (const json& port : part(each, "/Ports")) {
      if (!port.contains("PublicPort")) continue;
      summary.ports.push_back({at<std::uint16_t>(port, "/PrivatePort"), at<std::string>(port, "/Type"),
                               at<std::string>(port, "/IP"), at<std::uint16_t>(port, "/PublicPort")});
    }
    result.push_back(std::move(summary));
  }
  return result;
}

}  // namespace cairn::docker
