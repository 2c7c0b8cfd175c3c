// PostgreSQL by libpq (its manual, chapter 34). The library is opened at run time, so its functions are
// declared here as libpq-fe.h has them.
#include <array>
#include <cstdlib>

#include "runtime/database/drivers.h"
#include "runtime/database/library.h"

namespace cairn::database {
namespace {

struct Connection;
struct Rows;
constexpr int connection_ok = 0, command_ok = 1, tuples_ok = 2, empty_query = 0;

std::string trimmed(const char* text) {
  std::string line = text == nullptr ? "" : text;
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  return line;
}

Answer answer_of(Library& library, Rows* rows) {
  auto* row_count = library.function<int(const Rows*)>("PQntuples");
  auto* column_count = library.function<int(const Rows*)>("PQnfields");
  auto* column = library.function<char*(const Rows*, int)>("PQfname");
  auto* is_null = library.function<int(const Rows*, int, int)>("PQgetisnull");
  auto* value = library.function<char*(const Rows*, int, int)>("PQgetvalue");
  auto* changed = library.function<char*(Rows*)>("PQcmdTuples");
  Answer answer;
  answer.count = std::atoll(changed(rows));
  for (int row = 0; row < row_count(rows) && answer.rows.size() < most_rows; ++row) {
    auto& into = answer.rows.emplace_back();
    for (int c = 0; c < column_count(rows); ++c)
      into[column(rows, c)] =
          is_null(rows, row, c) != 0 ? std::nullopt : std::optional(std::string(value(rows, row, c)));
  }
  return answer;
}

}  // namespace

Result<Answer> ask_postgres(const wire::Question& question) {
  Result<Library> opened = Library::open({"libpq.so.5"}, "libpq5");
  if (!opened) return opened.failure();
  Library& library = *opened;
  auto* connect =
      library.function<Connection*(const char* const*, const char* const*, int)>("PQconnectdbParams");
  auto* status = library.function<int(const Connection*)>("PQstatus");
  auto* error = library.function<char*(const Connection*)>("PQerrorMessage");
  auto* execute = library.function<Rows*(Connection*, const char*)>("PQexec");
  auto* outcome = library.function<int(const Rows*)>("PQresultStatus");
  auto* clear = library.function<void(Rows*)>("PQclear");
  auto* finish = library.function<void(Connection*)>("PQfinish");

  const Place& place = question.place;
  std::map<std::string, std::string> settings = place.options;
  settings["host"] = place.host;
  settings["port"] = std::to_string(place.port);
  settings["dbname"] = place.name.empty() ? place.user : place.name;
  settings["user"] = place.user;
  settings["password"] = place.password.exposed();
  settings["connect_timeout"] = std::to_string(std::max<std::int64_t>(2, question.timeout_ms / 1000));
  settings["application_name"] = "cairn";
  settings["sslmode"] = !place.tls ? "prefer" : "verify-full";
  if (!place.ca_file.empty()) settings["sslrootcert"] = place.ca_file;
  std::vector<const char*> names, values;
  for (const auto& [name, value] : settings) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  Connection* connection = connect(names.data(), values.data(), 0);
  if (status(connection) != connection_ok) {
    Failure failure{.message = trimmed(error(connection)), .is = FailureClass::endpoint};
    finish(connection);
    return failure;
  }
  Rows* rows = execute(connection, question.text.c_str());
  const int ended = outcome(rows);
  Result<Answer> answer = ended == command_ok || ended == tuples_ok || ended == empty_query
                              ? Result<Answer>(answer_of(library, rows))
                              : Result<Answer>(Failure{trimmed(error(connection))});
  clear(rows);
  finish(connection);
  return answer;
}

}  // namespace cairn::database
