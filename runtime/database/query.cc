#include "runtime/database/query.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "runtime/database/wire.h"

namespace cairn::database {
namespace {

using nlohmann::json;

constexpr std::size_t largest_answer = 8 << 20;
constexpr std::chrono::seconds to_give_up(2);  // how much longer than the driver the child may take

std::string where(const Place& place) {
  if (!place.file.empty()) return place.file;
  return fmt::format("{}:{}", place.host, place.port);
}

Result<Answer> read_answer(const std::string& text, const Query& query) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object())
    return Failure{
        .message = fmt::format("the driver for {} said nothing that can be read", query.place.driver),
        .is = FailureClass::endpoint};
  if (document.contains("error")) {
    const json& error = document["error"];
    Failure failure{.message = error.value("message", ""), .causes = {}, .help = error.value("help", "")};
    if (error.value("at", "") != wire::at_query) failure.is = FailureClass::endpoint;
    failure.nothing_done = error.value("at", "") == wire::at_driver;
    return failure;
  }
  Answer answer;
  answer.count = document.value("count", std::int64_t{0});
  for (const json& row : document.value("rows", json::array())) {
    auto& into = answer.rows.emplace_back();
    for (const auto& [column, value] : row.items())
      into[column] = value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
  }
  return answer;
}

}  // namespace

int usual_port(std::string_view driver) {
  if (driver == "postgres") return 5432;
  if (driver == "mysql" || driver == "mariadb") return 3306;
  return driver == "sqlserver" ? 1433 : 0;
}

Result<Answer> ask(keeper::Spawner& spawner, const Query& query, const std::string& working_dir,
                   std::stop_token stop) {
  const Instant now = std::chrono::steady_clock::now();
  keeper::SpawnSpec spec;
  spec.step = fmt::format("database {}", where(query.place));
  // The keeper is cairn, and what it starts is the keeper's own program.
  spec.command = {"/proc/self/exe", std::string(database_command)};
  for (const char* name : {"PATH", "HOME", "USER", "LANG", "TZ"})
    if (const char* value = std::getenv(name); value != nullptr)
      spec.environment.push_back({name, Text(value)});
  spec.working_dir = working_dir;
  spec.input =
      Text(wire::question(query, std::max<Nanoseconds>(query.deadline - now, Milliseconds(1))), true);
  spec.tail_bytes = largest_answer;
  spec.grace = Nanoseconds::zero();
  const Result<keeper::Process> child = spawner.spawn(spec);
  if (!child) return child.failure();
  const Result<keeper::Exit> ended = spawner.wait(*child, stop, query.deadline + to_give_up);
  if (!ended) {
    (void)spawner.kill_tree(*child);
    if (ended.failure().is != FailureClass::timeout) return ended.failure();
    return Failure{.message = fmt::format("no answer from {}", where(query.place)),
                   .is = FailureClass::timeout};
  }
  if (ended->signal != 0)
    return Failure{.message = fmt::format("the driver for {} {}", query.place.driver, ended->says()),
                   .causes = {"that is a bug of the driver or of its library, not of your file"},
                   .is = FailureClass::endpoint};
  return read_answer(ended->tail, query);
}

}  // namespace cairn::database
