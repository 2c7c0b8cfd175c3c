#include "runtime/database/wire.h"

#include <nlohmann/json.hpp>

namespace cairn::database::wire {

using nlohmann::json;

std::string question(const Query& query, Nanoseconds timeout) {
  const Place& place = query.place;
  const json document = {{"driver", place.driver},
                         {"host", place.host},
                         {"file", place.file},
                         {"port", place.port},
                         {"name", place.name},
                         {"user", place.user},
                         {"password", place.password.exposed()},
                         {"options", place.options},
                         {"tls", place.tls},
                         {"ca", place.ca_file},
                         {"text", query.text},
                         {"timeout_ms", std::chrono::ceil<Milliseconds>(timeout).count()}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Question> read_question(const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return Failure{"the question is no JSON"};
  Question question;
  Place& place = question.place;
  place.driver = document.value("driver", "");
  place.host = document.value("host", "");
  place.file = document.value("file", "");
  place.port = document.value("port", 0);
  place.name = document.value("name", "");
  place.user = document.value("user", "");
  place.password = Text(document.value("password", ""), true);
  place.options = document.value("options", std::map<std::string, std::string>());
  place.tls = document.value("tls", false);
  place.ca_file = document.value("ca", "");
  question.text = document.value("text", "");
  question.timeout_ms = document.value("timeout_ms", std::int64_t{10'000});
  return question;
}

}  // namespace cairn::database::wire
