// A question to a database and its answer. It is put by a child process (`cairn __db`): drivers block and
// sometimes crash; to cancel is to kill.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "interpreter/text.h"
#include "runtime/effects/clock.h"
#include "runtime/keeper/spawner.h"

namespace cairn::database {

inline constexpr std::string_view database_command = "__db";  // cairn's own word for that child

struct Place {
  std::string driver = {};  // "postgres" | "mariadb" | "mysql" | "sqlite" | "sqlserver"
  std::string host = {};    // a name or an address; or
  std::string file = {};    // of SQLite, absolute
  int port = 0;
  std::string name = {}, user = {};
  Text password = {};
  std::map<std::string, std::string> options = {};  // the driver's own
  bool tls = false;
  std::string ca_file = {};  // empty: the system's
};

struct Query {
  Place place;
  std::string text;
  Instant deadline;
};

// Of the last statement that gave rows. At most 1 000 of them; `count` counts all.
struct Answer {
  std::vector<std::map<std::string, std::optional<std::string>>> rows;
  std::int64_t count = 0;
};

// A Failure of class endpoint: there is no connection, the child has crashed, or, with nothing_done, there is
// no driver; of class step: the database said no. None holds the password.
Result<Answer> ask(keeper::Spawner& spawner, const Query& query, const std::string& working_dir,
                   std::stop_token stop);

// `cairn __db`: the question as JSON on stdin, the answer as JSON on stdout. Always 0, unless it crashes.
int database_main();

// The port that a driver's databases listen on when nothing else is said; 0: none.
int usual_port(std::string_view driver);

}  // namespace cairn::database
