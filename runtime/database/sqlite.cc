// SQLite by its C interface (sqlite3.h), opened at run time.
#include "runtime/database/drivers.h"
#include "runtime/database/library.h"

namespace cairn::database {
namespace {

struct Handle;
struct Statement;
constexpr int ok = 0, row_ready = 100, done = 101, null_type = 5, open_read_write = 2;

}  // namespace

Result<Answer> ask_sqlite(const wire::Question& question) {
  Result<Library> opened = Library::open({"libsqlite3.so.0"}, "libsqlite3-0");
  if (!opened) return opened.failure();
  Library& library = *opened;
  auto* open = library.function<int(const char*, Handle**, int, const char*)>("sqlite3_open_v2");
  auto* close = library.function<int(Handle*)>("sqlite3_close_v2");
  auto* error = library.function<const char*(Handle*)>("sqlite3_errmsg");
  auto* wait = library.function<int(Handle*, int)>("sqlite3_busy_timeout");
  auto* prepare =
      library.function<int(Handle*, const char*, int, Statement**, const char**)>("sqlite3_prepare_v2");
  auto* step = library.function<int(Statement*)>("sqlite3_step");
  auto* finalize = library.function<int(Statement*)>("sqlite3_finalize");
  auto* columns = library.function<int(Statement*)>("sqlite3_column_count");
  auto* name = library.function<const char*(Statement*, int)>("sqlite3_column_name");
  auto* type = library.function<int(Statement*, int)>("sqlite3_column_type");
  auto* value = library.function<const unsigned char*(Statement*, int)>("sqlite3_column_text");
  auto* changes = library.function<int(Handle*)>("sqlite3_changes");

  Handle* handle = nullptr;
  const auto failed = [&](FailureClass is) {
    Failure failure{.message = error(handle), .is = is};
    close(handle);
    return failure;
  };
  // A file that is not there is no database: nothing is made by asking.
  if (open(question.place.file.c_str(), &handle, open_read_write, nullptr) != ok)
    return failed(FailureClass::endpoint);
  wait(handle, static_cast<int>(std::min<std::int64_t>(question.timeout_ms, 600'000)));
  Answer answer;
  const char* rest = question.text.c_str();
  while (*rest != '\0') {
    Statement* statement = nullptr;
    if (prepare(handle, rest, -1, &statement, &rest) != ok) return failed(FailureClass::step);
    if (statement == nullptr) continue;  // a comment, or blanks
    if (columns(statement) > 0) answer = Answer();
    int ended = step(statement);
    for (; ended == row_ready; ended = step(statement)) {
      ++answer.count;
      if (answer.rows.size() >= most_rows) continue;
      auto& into = answer.rows.emplace_back();
      for (int c = 0; c < columns(statement); ++c)
        into[name(statement, c)] =
            type(statement, c) == null_type
                ? std::nullopt
                : std::optional(std::string(reinterpret_cast<const char*>(value(statement, c))));
    }
    if (columns(statement) == 0) answer.count = changes(handle);
    finalize(statement);
    if (ended != done) return failed(FailureClass::step);
  }
  close(handle);
  return answer;
}

}  // namespace cairn::database
