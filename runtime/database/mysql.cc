// MariaDB and MySQL by MariaDB's client library, or MySQL's own: both have these functions (mysql.h).
#include "runtime/database/drivers.h"
#include "runtime/database/library.h"

namespace cairn::database {
namespace {

struct Connection;
struct Rows;
struct Column {
  char* name;  // the first member, in both libraries
};
constexpr int option_connect_timeout = 0, option_read_timeout = 11, option_ssl_enforce = 38,
              option_ssl_ca = 27;
constexpr unsigned long multi_statements = 1UL << 16;

}  // namespace

Result<Answer> ask_mysql(const wire::Question& question) {
  Result<Library> opened = Library::open({"libmariadb.so.3", "libmysqlclient.so.21"}, "libmariadb3");
  if (!opened) return opened.failure();
  Library& library = *opened;
  auto* init = library.function<Connection*(Connection*)>("mysql_init");
  auto* option = library.function<int(Connection*, int, const void*)>("mysql_options");
  auto* connect =
      library.function<Connection*(Connection*, const char*, const char*, const char*, const char*,
                                   unsigned int, const char*, unsigned long)>("mysql_real_connect");
  auto* error = library.function<const char*(Connection*)>("mysql_error");
  auto* query = library.function<int(Connection*, const char*, unsigned long)>("mysql_real_query");
  auto* next = library.function<int(Connection*)>("mysql_next_result");
  auto* store = library.function<Rows*(Connection*)>("mysql_store_result");
  auto* fetch = library.function<char**(Rows*)>("mysql_fetch_row");
  auto* lengths = library.function<unsigned long*(Rows*)>("mysql_fetch_lengths");
  auto* column_count = library.function<unsigned int(Rows*)>("mysql_num_fields");
  auto* column = library.function<Column*(Rows*, unsigned int)>("mysql_fetch_field_direct");
  auto* release = library.function<void(Rows*)>("mysql_free_result");
  auto* changed = library.function<unsigned long long(Connection*)>("mysql_affected_rows");
  auto* errors = library.function<unsigned int(Connection*)>("mysql_errno");
  auto* close = library.function<void(Connection*)>("mysql_close");

  const Place& place = question.place;
  Connection* connection = init(nullptr);
  const unsigned int seconds =
      static_cast<unsigned int>(std::max<std::int64_t>(1, question.timeout_ms / 1000));
  option(connection, option_connect_timeout, &seconds);
  option(connection, option_read_timeout, &seconds);
  if (place.tls) {
    const char yes = 1;
    option(connection, option_ssl_enforce, &yes);
    if (!place.ca_file.empty()) option(connection, option_ssl_ca, place.ca_file.c_str());
  }
  const auto failed = [&](FailureClass is) {
    Failure failure{.message = error(connection), .is = is};
    close(connection);
    return failure;
  };
  // "localhost" would mean a socket of this machine.
  const std::string host = place.host == "localhost" ? "127.0.0.1" : place.host;
  if (connect(connection, host.c_str(), place.user.c_str(), place.password.exposed().c_str(),
              place.name.empty() ? nullptr : place.name.c_str(), static_cast<unsigned int>(place.port),
              nullptr, multi_statements) == nullptr)
    return failed(FailureClass::endpoint);
  if (query(connection, question.text.data(), question.text.size()) != 0) return failed(FailureClass::step);
  Answer answer;
  for (int more = 0; more == 0; more = next(connection)) {
    Rows* rows = store(connection);
    if (rows == nullptr) {
      if (errors(connection) != 0) return failed(FailureClass::step);
      answer.count = static_cast<std::int64_t>(changed(connection));
      continue;
    }
    answer = Answer();
    while (char** row = fetch(rows)) {
      ++answer.count;
      if (answer.rows.size() >= most_rows) continue;
      auto& into = answer.rows.emplace_back();
      const unsigned long* sizes = lengths(rows);
      for (unsigned int c = 0; c < column_count(rows); ++c)
        into[column(rows, c)->name] =
            row[c] == nullptr ? std::nullopt : std::optional(std::string(row[c], sizes[c]));
    }
    release(rows);
  }
  if (errors(connection) != 0) return failed(FailureClass::step);
  close(connection);
  return answer;
}

}  // namespace cairn::database
