#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "interpreter/functions/functions.h"
#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/process_settings.h"
#include "runtime/kinds/settled.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/archive.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

struct HttpSettings {
  std::string url, method;
  Named<Text> query, headers;
  Value json, body;
  Named<Text> form, auth;
  Named<Value> tls;
  Duration every;
  std::optional<Duration> within;
  std::optional<Path> save_to;
  bool unpack = false;
};

const std::vector<Field<HttpSettings>>& http_fields() {
  static const std::vector<Field<HttpSettings>> all = {
      field<&HttpSettings::url>("url"),       field<&HttpSettings::method>("method"),
      field<&HttpSettings::query>("query"),   field<&HttpSettings::headers>("headers"),
      field<&HttpSettings::json>("json"),     field<&HttpSettings::body>("body"),
      field<&HttpSettings::form>("form"),     field<&HttpSettings::auth>("auth"),
      field<&HttpSettings::tls>("tls"),       field<&HttpSettings::every>("every"),
      field<&HttpSettings::within>("within"), field<&HttpSettings::save_to>("save_to"),
      field<&HttpSettings::unpack>("unpack")};
  return all;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    const unsigned char c = static_cast<unsigned char>(byte);
    if (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
      out += byte;
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

std::string form_encoded(const Named<Text>& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", encoded(name), encoded(value.exposed()));
  return out;
}

std::string base64(World& world, const std::string& text) {
  const Value plain{text, true};
  return *std::get<Value>(call_native("base64_encode", std::span(&plain, 1), world.inputs)).as<std::string>();
}

// A call's address without what may be secret in it.
std::string shown_url(const HttpSettings& settings) {
  return settings.url.substr(0, settings.url.find('?'));
}

Result<http::Request> request_of(World& world, NodeId node, const HttpSettings& settings) {
  const Value body = world.file_source(node, settings.body);
  http::Request request;
  request.method = settings.method;
  request.url = settings.url;
  if (!settings.query.empty())
    request.url += (settings.url.find('?') == std::string::npos ? "?" : "&") + form_encoded(settings.query);
  for (const auto& [name, value] : settings.headers) request.headers.push_back({name, value.exposed()});
  if (!settings.json.null()) {
    const FunctionResult text = call_native("json", std::span(&settings.json, 1), world.inputs);
    if (const FunctionError* error = std::get_if<FunctionError>(&text))
      return Failure{
          .message = fmt::format("`json` cannot be sent: {}", error->message), .causes = {}, .help = {}};
    request.body = *std::get<Value>(text).as<std::string>();
    request.headers.push_back({"Content-Type", "application/json"});
  } else if (const Path* path = body.as<Path>()) {
    request.body_file = absolute_path(*path);
  } else if (!body.null()) {
    request.body = As<Text>::take(body).exposed();
  } else if (!settings.form.empty()) {
    request.body = form_encoded(settings.form);
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  }
  std::string user, password;
  for (const auto& [name, value] : settings.auth) {
    if (name == "bearer") request.headers.push_back({"Authorization", "Bearer " + value.exposed()});
    if (name == "user") user = value.exposed();
    if (name == "password") password = value.exposed();
  }
  if (!user.empty())
    request.headers.push_back({"Authorization", "Basic " + base64(world, user + ":" + password)});
  for (const auto& [name, value] : settings.tls) {
    const Path* path = value.as<Path>();
    const std::string file = path == nullptr ? std::string() : (fs::path(path->folder) / path->text).string();
    if (name == "verify") request.tls.verify = As<bool>::take(value);
    if (name == "ca") request.tls.ca_file = file;
    if (name == "cert") request.tls.cert_file = file;
    if (name == "key") request.tls.key_file = file;
  }
  return request;
}

Value headers_of(const http::Response& response) {
  Map headers;
  for (const http::Header& header : response.headers) {
    std::string name = header.name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    headers.set(name, Value{header.value});
  }
  return Value{std::move(headers)};
}

// `self` of a condition: the answer at hand.
class Answer final : public LateSource {
 public:
  Answer(World& world, const execute::StepContext& context, NodeId self, const http::Response& response)
      : outer_(world, context), self_(self), response_(response) {
    const Value body{response.body};
    const FunctionResult parsed = call_native("parse_json", std::span(&body, 1), world.inputs);
    if (const Value* value = std::get_if<Value>(&parsed)) json_ = *value;
  }
  LateAnswer exported(NodeId of, std::string_view name, const List& arguments, NodeId reader) override {
    if (of != self_) return outer_.exported(of, name, arguments, reader);
    if (name == "status") return Value{std::int64_t{response_.status}};
    if (name == "body") return Value{response_.body};
    if (name == "headers") return headers_of(response_);
    if (name == "json") {
      if (json_) return *json_;
      return Unanswered{"the answer is no JSON", {}, "`self.body` is its text"};
    }
    return outer_.exported(of, name, arguments, reader);
  }
  LateAnswer secret(const SecretPlace& place, NodeId reader) override { return outer_.secret(place, reader); }
  const std::optional<Value>& json() const { return json_; }

 private:
  LateAnswers outer_;
  const NodeId self_;
  const http::Response& response_;
  std::optional<Value> json_;
};

void publish(const http::Response& response, const Answer& answer, execute::StepContext& context) {
  context.publish("status", Value{std::int64_t{response.status}});
  context.publish("body", Value{response.body});
  context.publish("headers", headers_of(response));
  if (answer.json()) context.publish("json", *answer.json());
}

bool changes_something(const std::string& method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// The first line of a body, for messages.
std::string beginning(const std::string& body) {
  std::string line = body.substr(0, std::min<std::size_t>(body.find('\n'), 200));
  return line;
}

// The body as the file `save_to`, or its files below that folder.
Result<Done> keep(const HttpSettings& settings, const std::string& body) {
  if (!settings.save_to) {
    if (!settings.unpack) return Done{};
    return Failure{.message = "`unpack` needs a folder to unpack into",
                   .causes = {},
                   .help = "write `save_to = \"./folder\"`"};
  }
  const fs::path where = fs::path(settings.save_to->folder) / settings.save_to->text;
  std::error_code error;
  fs::create_directories(settings.unpack ? where : where.parent_path(), error);
  if (error)
    return Failure{.message = fmt::format("cannot make the folder of `{}`", settings.save_to->text),
                   .causes = {error.message()},
                   .help = {}};
  if (settings.unpack) {
    bool read = false;
    const auto whole = [&]() -> Result<std::string> {
      return std::exchange(read, true) ? std::string() : body;
    };
    const Result<docker::Extracted> files =
        docker::extract(whole, {.destination = where.string(), .packed = true});
    if (!files) return files.failure();
    return Done{};
  }
  std::ofstream file(where, std::ios::binary);
  if (!(file << body).flush())
    return Failure{.message = fmt::format("cannot write `{}`", settings.save_to->text),
                   .causes = {std::strerror(errno)},
                   .help = {}};
  return Done{};
}

}  // namespace

execute::StepResult perform_http(World& world, const execute::StepRequest& step,
                                 execute::StepContext& context) {
  if (step.phase != Phase::run) return execute::StepEnd{};
  const Result<Settled> all = settled(world, step, context);
  if (!all) return all.failure();
  const HttpSettings settings = bind(http_fields(), all->settings);
  Result<http::Request> request = request_of(world, step.node, settings);
  if (!request) return request.failure();
  const Node& node = step.graph.node(step.node);
  const bool waits = node.setting("until") != nullptr && node.setting("until")->written;
  const bool expects = node.setting("expect") != nullptr && node.setting("expect")->written;
  const Instant began = context.clock().now();
  std::string last = "no answer yet", said;

  for (int tries = 1;; ++tries) {
    if (settings.within)
      request->timeout = Milliseconds(settings.within->milliseconds) - (context.clock().now() - began);
    if (const std::optional<Instant> deadline = context.deadline(); deadline && !settings.within)
      request->timeout = *deadline - context.clock().now();
    const auto send = [&] { return world.http.send(*request, context.stop()); };
    Intent intent = making(EffectClass::once, "send " + settings.method, shown_url(settings), "", "");
    // What waits for an answer sends again by the file's own word.
    intent.repeatable = waits || As<bool>::take(all->value("repeatable"));
    const Result<http::Response> response =
        changes_something(settings.method)
            ? announced(context, std::move(intent), send, [](const http::Response&) { return std::string(); })
            : send();
    if (response) {
      last = fmt::format("answered {}", response->status);
      Answer answer(world, context, step.node, *response);
      publish(*response, answer, context);
      bool good = response->status < 400;
      for (const char* name : {"expect", "until"}) {
        if (!(name == std::string_view("expect") ? expects : waits)) continue;
        const Asked asked = ask(world.compiled, step.node, name, answer);
        // While waiting an answer may not have the shape yet that the condition reads.
        if (!asked.mistakes.empty() && name == std::string_view("expect"))
          return failure_of(world, asked.mistakes.front());
        good = asked.mistakes.empty() && asked.value.as<bool>() != nullptr && *asked.value.as<bool>();
        if (!good && name == std::string_view("expect"))
          return Failure{.message = fmt::format("{} {} answered {}, and `expect` does not hold",
                                                settings.method, shown_url(settings), response->status),
                         .causes = {beginning(response->body)},
                         .help = {}};
        if (!asked.mistakes.empty()) last += fmt::format(": {}", asked.mistakes.front().message);
      }
      if (const std::string begins = beginning(response->body); !begins.empty()) last += ": " + begins;
      if (good) {
        if (Result<Done> kept = keep(settings, response->body); !kept) return kept.failure();
        return execute::StepEnd{};
      }
      if (!waits)
        return Failure{.message = fmt::format("{} {} answered {}", settings.method, shown_url(settings),
                                              response->status),
                       .causes = {beginning(response->body)},
                       .help = {}};
    } else {
      if (!waits || response.failure().is == FailureClass::cancelled) return response.failure();
      last =
          response.failure().causes.empty() ? response.failure().message : response.failure().causes.back();
    }
    if (std::exchange(said, last) != last)
      context.say(
          progress::StepProgress{fmt::format("{} {}: {}", settings.method, shown_url(settings), last), {}});
    const Instant next = context.clock().now() + Milliseconds(settings.every.milliseconds);
    if (settings.within && next - began > Milliseconds(settings.within->milliseconds))
      return Failure{.message = fmt::format("`until` of `{}` did not hold within {}", node.path,
                                            show(Value{*settings.within})),
                     .causes = {fmt::format("{}, {} tries", last, tries)},
                     .help = {},
                     .is = FailureClass::timeout};
    if (!context.clock().sleep_until(next, context.stop()))
      return Failure{.message = "asked to stop", .causes = {last}, .help = {}, .is = FailureClass::cancelled};
  }
}

}  // namespace cairn::kinds
