#include <cstdio>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "runtime/database/drivers.h"

namespace cairn::database {
namespace {

using nlohmann::json;

Result<Answer> answer_to(const wire::Question& question) {
  const std::string& driver = question.place.driver;
  if (driver == "postgres") return ask_postgres(question);
  if (driver == "mysql" || driver == "mariadb") return ask_mysql(question);
  if (driver == "sqlite") return ask_sqlite(question);
  return Failure{.message = "this cairn has no driver for `" + driver + "`",
                 .causes = {},
                 .help = "ask it with its own client, as `exec` inside of the service",
                 .is = FailureClass::endpoint,
                 .nothing_done = true};
}

json document_of(const Result<Answer>& answer) {
  if (!answer) {
    const Failure& failure = answer.failure();
    const std::string_view at = failure.is == FailureClass::step ? wire::at_query
                                : failure.nothing_done           ? wire::at_driver
                                                                 : wire::at_connection;
    return {{"error", {{"at", at}, {"message", failure.message}, {"help", failure.help}}}};
  }
  json rows = json::array();
  for (const auto& row : answer->rows) {
    json one = json::object();
    for (const auto& [column, value] : row) one[column] = value ? json(*value) : json(nullptr);
    rows.push_back(std::move(one));
  }
  return {{"rows", rows}, {"count", answer->count}};
}

}  // namespace

int database_main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const Result<wire::Question> question = wire::read_question(text);
  const json document =
      document_of(question ? answer_to(*question) : Result<Answer>(Failure(question.failure())));
  const std::string line = document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() ? 0 : 1;
}

}  // namespace cairn::database
