#include "runtime/progress/ndjson.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "runtime/scribe/stream.h"

namespace cairn::progress {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> waits_names = {"step", "lane", "pool", "lock", "retry", "probe"};
constexpr std::array<std::string_view, 3> level_names = {"info", "warning", "error"};

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, const std::string& name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return i;
  throw std::invalid_argument("unknown value `" + name + "`");
}

Json written(const std::string& value) {
  return value;
}
Json written(bool value) {
  return value;
}
Json written(int value) {
  return value;
}
Json written(std::uint32_t value) {
  return value;
}
Json written(std::uint64_t value) {
  return value;
}
Json written(double value) {
  return value;
}
Json written(Outcome value) {
  return name_of(value);
}
Json written(Stream value) {
  return name_of(value);
}
Json written(Level value) {
  return level_names[static_cast<std::size_t>(value)];
}
Json written(WaitsFor::What value) {
  return waits_names[static_cast<std::size_t>(value)];
}

void read(const Json& json, std::string& value) {
  value = json.get<std::string>();
}
void read(const Json& json, bool& value) {
  value = json.get<bool>();
}
void read(const Json& json, int& value) {
  value = json.get<int>();
}
void read(const Json& json, std::uint32_t& value) {
  value = json.get<std::uint32_t>();
}
void read(const Json& json, std::uint64_t& value) {
  value = json.get<std::uint64_t>();
}
void read(const Json& json, double& value) {
  value = json.get<double>();
}
void read(const Json& json, Level& value) {
  value = static_cast<Level>(index_of(level_names, json.get<std::string>()));
}
void read(const Json& json, WaitsFor::What& value) {
  value = static_cast<WaitsFor::What>(index_of(waits_names, json.get<std::string>()));
}
void read(const Json& json, Outcome& value) {
  const std::optional<Outcome> outcome = outcome_named(json.get<std::string>());
  if (!outcome) throw std::invalid_argument("unknown outcome `" + json.get<std::string>() + "`");
  value = *outcome;
}
void read(const Json& json, Stream& value) {
  const std::optional<Stream> stream = scribe::stream_named(json.get<std::string>());
  if (!stream) throw std::invalid_argument("unknown stream `" + json.get<std::string>() + "`");
  value = *stream;
}

// The fields of each type, named once for writing and reading.
template <class Fields>
void each(Fields& f, FilePlace& v) {
  f("file", v.file), f("line", v.line), f("column", v.column);
}
template <class Fields>
void each(Fields& f, Dependency& v) {
  f("step", v.step), f("why", v.why);
}
template <class Fields>
void each(Fields& f, WaitsFor& v) {
  f.always("what", v.what), f("name", v.name), f("why", v.why);
}
template <class Fields>
void each(Fields& f, TestTotals& v) {
  f("passed", v.passed), f("failed", v.failed), f("errors", v.errors), f("skipped", v.skipped);
}
template <class Fields>
void each(Fields& f, RunStarted& v) {
  f("goal", v.goal), f("project", v.project), f("file", v.file), f("cairn", v.cairn), f("stages", v.stages);
  f("host", v.host), f("engine", v.engine);
}
template <class Fields>
void each(Fields& f, StepPlanned& v) {
  f("kind", v.kind), f("phase", v.phase), f("stage", v.stage), f("after", v.after);
  f("expected_seconds", v.expected_seconds), f("virtual", v.is_virtual), f("place", v.place);
}
template <class Fields>
void each(Fields& f, StepWaiting& v) {
  f("on", v.on);
}
template <class Fields>
void each(Fields& f, StepStarted& v) {
  f.always("attempt", v.attempt);
}
template <class Fields>
void each(Fields& f, StepProgress& v) {
  f("text", v.text), f("fraction", v.fraction);
}
template <class Fields>
void each(Fields& f, StepLog& v) {
  f.always("stream", v.stream), f.always("line", v.line);
}
template <class Fields>
void each(Fields& f, StepFinished& v) {
  f.always("outcome", v.outcome), f.always("seconds", v.seconds), f.always("attempt", v.attempt);
  f("reason", v.reason), f("causes", v.causes), f("help", v.help), f("place", v.place), f("root", v.root);
  f("log_tail", v.log_tail), f("exit_code", v.exit_code), f("allowed_to_fail", v.allowed_to_fail);
}
template <class Fields>
void each(Fields& f, StepRetried& v) {
  f.always("attempt", v.attempt), f("reason", v.reason), f("next_in_seconds", v.next_in_seconds);
}
template <class Fields>
void each(Fields& f, ServiceReady& v) {
  f.always("seconds", v.seconds), f("address", v.address);
}
template <class Fields>
void each(Fields& f, ServiceDied& v) {
  f("reason", v.reason), f("exit_code", v.exit_code), f("log_tail", v.log_tail);
}
template <class Fields>
void each(Fields& f, Artifact& v) {
  f("name", v.name), f("path", v.path), f.always("bytes", v.bytes);
}
template <class Fields>
void each(Fields& f, Report& v) {
  f("format", v.format), f("path", v.path), f("totals", v.totals), f("line_coverage", v.line_coverage);
  f("problem", v.problem);
}
template <class Fields>
void each(Fields& f, Message& v) {
  f.always("level", v.level), f("text", v.text), f("place", v.place), f("help", v.help);
}
template <class Fields>
void each(Fields& f, RunFinished& v) {
  f.always("exit_code", v.exit_code), f.always("seconds", v.seconds), f("outcomes", v.outcomes),
      f("tests", v.tests);
  f("left_behind", v.left_behind);
}

template <class T>
concept Whole = requires(const T& value) {
  written(value);
};

class Writer {
 public:
  explicit Writer(Json& to) : to_(to) {}

  template <class T>
  void always(const char* name, T& value) {
    to_[name] = written(value);
  }

  template <class T>
  void operator()(const char* name, T& value) {
    if (!(value == T())) to_[name] = json_of(value);
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) {
    if (value) to_[name] = json_of(*value);
  }
  template <class T>
  void operator()(const char* name, std::vector<T>& value) {
    if (value.empty()) return;
    Json list = Json::array();
    for (T& item : value) list.push_back(json_of(item));
    to_[name] = std::move(list);
  }
  void operator()(const char* name, std::array<std::uint64_t, outcome_count>& value) {
    Json counts = Json::object();
    for (std::size_t i = 0; i < outcome_count; ++i)
      if (value[i] != 0) counts[std::string(name_of(static_cast<Outcome>(i)))] = value[i];
    if (!counts.empty()) to_[name] = std::move(counts);
  }

 private:
  template <class T>
  static Json json_of(T& value) {
    if constexpr (Whole<T>) {
      return written(value);
    } else {
      Json object = Json::object();
      Writer inner(object);
      each(inner, value);
      return object;
    }
  }
  Json& to_;
};

class Reader {
 public:
  explicit Reader(const Json& from) : from_(from) {}

  template <class T>
  void always(const char* name, T& value) {
    (*this)(name, value);
  }
  template <class T>
  void operator()(const char* name, T& value) {
    if (const Json* json = field(name)) take(*json, value);
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) {
    if (const Json* json = field(name)) take(*json, value.emplace());
  }
  template <class T>
  void operator()(const char* name, std::vector<T>& value) {
    const Json* json = field(name);
    if (json == nullptr) return;
    if (!json->is_array()) throw std::invalid_argument(std::string(name) + " is not a list");
    for (const Json& item : *json) take(item, value.emplace_back());
  }
  void operator()(const char* name, std::array<std::uint64_t, outcome_count>& value) {
    const Json* json = field(name);
    if (json == nullptr) return;
    for (const auto& [outcome, count] : json->items())
      if (const std::optional<Outcome> known = outcome_named(outcome))
        value[static_cast<std::size_t>(*known)] = count.get<std::uint64_t>();
  }

 private:
  template <class T>
  static void take(const Json& json, T& value) {
    if constexpr (Whole<T>) {
      read(json, value);
    } else {
      Reader inner(json);
      each(inner, value);
    }
  }
  const Json* field(const char* name) const {
    const auto found = from_.find(name);
    return found == from_.end() ? nullptr : &*found;
  }
  const Json& from_;
};

template <std::size_t I = 0>
Happening happening_named(std::string_view type, const Json& json) {
  if constexpr (I == std::variant_size_v<Happening>) {
    throw std::invalid_argument("unknown type of event `" + std::string(type) + "`");
  } else {
    std::variant_alternative_t<I, Happening> happening;
    if (type_of(Happening(happening)) != type) return happening_named<I + 1>(type, json);
    Reader reader(json);
    each(reader, happening);
    return happening;
  }
}

}  // namespace

std::string to_ndjson(const Event& event) {
  Json json;
  json["version"] = event_schema_version;
  json["seq"] = event.seq;
  json["t"] = event.time_ms;
  json["wall"] = event.wall_ms;
  json["run"] = event.run;
  json["type"] = type_of(event.is);
  if (!event.step.empty()) json["step"] = event.step;
  if (!event.node.empty()) json["node"] = event.node;
  Happening happening = event.is;
  std::visit(
      [&](auto& value) {
        Writer writer(json);
        each(writer, value);
      },
      happening);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Event> event_of_ndjson(std::string_view line) {
  // nlohmann/json reports by exceptions; they end here.
  try {
    const Json json = Json::parse(line);
    const int version = json.at("version").get<int>();
    if (version > event_schema_version)
      return Failure{
          fmt::format("the event has version {}, this cairn reads up to {}", version, event_schema_version),
          {},
          "read it with the cairn that wrote it, or a newer one"};
    Event event;
    event.seq = json.at("seq").get<std::uint64_t>();
    event.time_ms = json.at("t").get<std::int64_t>();
    event.wall_ms = json.at("wall").get<std::int64_t>();
    event.run = json.at("run").get<std::string>();
    event.step = json.value("step", "");
    event.node = json.value("node", "");
    event.is = happening_named(json.at("type").get<std::string>(), json);
    return event;
  } catch (const std::exception& problem) {
    return Failure{"this is no event of a run", {problem.what()}, {}};
  }
}

Recording read_recording(std::string_view text) {
  Recording recording;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t line_end = text.find('\n');
    const std::string_view line = text.substr(0, line_end);
    const bool ended = line_end != std::string_view::npos;
    text.remove_prefix(ended ? line_end + 1 : text.size());
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Result<Event> event = event_of_ndjson(line);
    if (event) {
      recording.events.push_back(std::move(*event));
    } else if (ended) {
      const Failure& failure = event.failure();
      recording.problems.push_back(fmt::format("line {}: {}{}{}", number, failure.message,
                                               failure.causes.empty() ? "" : ": ",
                                               failure.causes.empty() ? "" : failure.causes.front()));
    }
  }
  return recording;
}

void NdjsonSink::emit(const Event& event) {
  if (!with_logs_ && std::holds_alternative<StepLog>(event.is)) return;
  const std::string line = to_ndjson(event);
  std::lock_guard lock(mutex_);
  write_(line);
}

}  // namespace cairn::progress
