// What goes into the child and comes out of it, as JSON.
#pragma once

#include <string>

#include "runtime/database/query.h"

namespace cairn::database::wire {

inline constexpr std::string_view at_driver = "driver", at_connection = "connection", at_query = "query";

// For the child's stdin. Holds the password.
std::string question(const Query& query, Nanoseconds timeout);

struct Question {
  Place place;
  std::string text;
  std::int64_t timeout_ms = 0;
};
Result<Question> read_question(const std::string& text);

}  // namespace cairn::database::wire
