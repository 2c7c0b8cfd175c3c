// The drivers: each connects, asks, reads and closes, and blocks all the while. Only the child calls them.
#pragma once

#include "runtime/database/wire.h"

namespace cairn::database {

// Where it failed goes into the Failure: class endpoint without a connection, and nothing_done without a
// driver; class step when the database said no.
Result<Answer> ask_postgres(const wire::Question& question);
Result<Answer> ask_mysql(const wire::Question& question);
Result<Answer> ask_sqlite(const wire::Question& question);

inline constexpr std::size_t most_rows = 1000;

}  // namespace cairn::database
