#include "runtime/progress/ndjson.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <iterator>
#include <nlohmann/json.hpp>

#include "runtime/progress/json_text.h"
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

void write(std::string& to, const std::string& value) {
  append_json(to, value);
}
void write(std::string& to, std::string_view value) {
  append_json(to, value);
}
void write(std::string& to, bool value) {
  to += value ? "true" : "false";
}
template <class T>
requires std::is_integral_v<T>
void write(std::string& to, T value) {
  fmt::format_to(std::back_inserter(to), "{}", value);
}
void write(std::string& to, double value) {
  append_json(to, value);
}
void write(std::string& to, Outcome value) {
  append_json(to, name_of(value));
}
void write(std::string& to, Stream value) {
  append_json(to, name_of(value));
}
void write(std::string& to, Level value) {
  append_json(to, level_names[static_cast<std::size_t>(value)]);
}
void write(std::string& to, WaitsFor::What value) {
  append_json(to, waits_names[static_cast<std::size_t>(value)]);
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

template <class V, class T>
concept Is = std::same_as<std::remove_const_t<V>, T>;

// The fields of each type, named once for writing (a const value) and reading.
template <class Fields, Is<FilePlace> V>
void each(Fields& f, V& v) {
  f("file", v.file), f("line", v.line), f("column", v.column);
}
template <class Fields, Is<Dependency> V>
void each(Fields& f, V& v) {
  f("step", v.step), f("why", v.why);
}
template <class Fields, Is<WaitsFor> V>
void each(Fields& f, V& v) {
  f.always("what", v.what), f("name", v.name), f("why", v.why);
}
template <class Fields, Is<TestTotals> V>
void each(Fields& f, V& v) {
  f("passed", v.passed), f("failed", v.failed), f("errors", v.errors), f("skipped", v.skipped);
}
template <class Fields, Is<RunStarted> V>
void each(Fields& f, V& v) {
  f("goal", v.goal), f("project", v.project), f("file", v.file), f("cairn", v.cairn), f("stages", v.stages);
  f("host", v.host), f("engine", v.engine);
}
template <class Fields, Is<StepPlanned> V>
void each(Fields& f, V& v) {
  f("kind", v.kind), f("phase", v.phase), f("stage", v.stage), f("after", v.after);
  f("expected_seconds", v.expected_seconds), f("virtual", v.is_virtual), f("place", v.place);
}
template <class Fields, Is<StepWaiting> V>
void each(Fields& f, V& v) {
  f("on", v.on);
}
template <class Fields, Is<StepStarted> V>
void each(Fields& f, V& v) {
  f.always("attempt", v.attempt);
}
template <class Fields, Is<StepProgress> V>
void each(Fields& f, V& v) {
  f("text", v.text), f("fraction", v.fraction);
}
template <class Fields, Is<StepLog> V>
void each(Fields& f, V& v) {
  f.always("stream", v.stream), f.always("line", v.line);
}
template <class Fields, Is<StepFinished> V>
void each(Fields& f, V& v) {
  f.always("outcome", v.outcome), f.always("seconds", v.seconds), f.always("attempt", v.attempt);
  f("reason", v.reason), f("causes", v.causes), f("help", v.help), f("place", v.place), f("root", v.root);
  f("log_tail", v.log_tail), f("exit_code", v.exit_code), f("allowed_to_fail", v.allowed_to_fail);
}
template <class Fields, Is<StepRetried> V>
void each(Fields& f, V& v) {
  f.always("attempt", v.attempt), f("reason", v.reason), f("next_in_seconds", v.next_in_seconds);
}
template <class Fields, Is<ServiceReady> V>
void each(Fields& f, V& v) {
  f.always("seconds", v.seconds), f("address", v.address);
}
template <class Fields, Is<ServiceDied> V>
void each(Fields& f, V& v) {
  f("reason", v.reason), f("exit_code", v.exit_code), f("log_tail", v.log_tail);
}
template <class Fields, Is<Artifact> V>
void each(Fields& f, V& v) {
  f("name", v.name), f("path", v.path), f.always("bytes", v.bytes);
}
template <class Fields, Is<Report> V>
void each(Fields& f, V& v) {
  f("format", v.format), f("path", v.path), f("totals", v.totals), f("line_coverage", v.line_coverage);
  f("problem", v.problem);
}
template <class Fields, Is<Message> V>
void each(Fields& f, V& v) {
  f.always("level", v.level), f("text", v.text), f("place", v.place), f("help", v.help);
}
template <class Fields, Is<RunFinished> V>
void each(Fields& f, V& v) {
  f.always("exit_code", v.exit_code), f.always("seconds", v.seconds), f("outcomes", v.outcomes),
      f("tests", v.tests);
  f("left_behind", v.left_behind);
}

template <class T>
concept Whole = requires(std::string& to, const T& value) {
  write(to, value);
};

// An object: its fields follow each other until it is closed.
class Writer {
 public:
  explicit Writer(std::string& to) : to_(to) { to_ += '{'; }
  void close() { to_ += '}'; }

  template <class T>
  void always(std::string_view name, const T& value) {
    to_ += is_first_ ? "\"" : ",\"";
    is_first_ = false;
    to_ += name;
    to_ += "\":";
    put(value);
  }

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (!(value == T())) always(name, value);
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& value) {
    if (value) always(name, *value);
  }
  template <class T>
  void operator()(std::string_view name, const std::vector<T>& value) {
    if (!value.empty()) always(name, value);
  }
  void operator()(std::string_view name, const std::array<std::uint64_t, outcome_count>& value) {
    if (std::all_of(value.begin(), value.end(), [](std::uint64_t count) { return count == 0; })) return;
    always(name, value);
  }

 private:
  template <class T>
  void put(const T& value) {
    if constexpr (Whole<T>) {
      write(to_, value);
    } else {
      Writer inner(to_);
      each(inner, value);
      inner.close();
    }
  }
  template <class T>
  void put(const std::vector<T>& list) {
    to_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) to_ += ',';
      put(list[i]);
    }
    to_ += ']';
  }
  void put(const std::array<std::uint64_t, outcome_count>& counts) {
    Writer inner(to_);
    for (std::size_t i = 0; i < outcome_count; ++i)
      if (counts[i] != 0) inner.always(name_of(static_cast<Outcome>(i)), counts[i]);
    inner.close();
  }

  std::string& to_;
  bool is_first_ = true;
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

void append_ndjson(std::string& to, const Event& event) {
  Writer writer(to);
  writer.always("version", event_schema_version);
  writer.always("seq", event.seq);
  writer.always("t", event.time_ms);
  writer.always("wall", event.wall_ms);
  writer.always("run", event.run);
  writer.always("type", type_of(event.is));
  if (!event.step.empty()) writer.always("step", event.step);
  if (!event.node.empty()) writer.always("node", event.node);
  std::visit([&](const auto& value) { each(writer, value); }, event.is);
  writer.close();
  to += '\n';
}

std::string to_ndjson(const Event& event) {
  std::string line;
  append_ndjson(line, event);
  return line;
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
  std::lock_guard lock(mutex_);
  line_.clear();
  append_ndjson(line_, event);
  write_(line_);
}

}  // namespace cairn::progress
