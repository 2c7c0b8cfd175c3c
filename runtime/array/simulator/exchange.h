// One HTTP exchange with the simulator, without a socket.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::array::simulator {

struct Asked {
  std::string method;
  std::string path;   // "/api/2.26/volumes", decoded
  std::string query;  // "names=a%2Cb&limit=2", as sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string header(std::string_view name) const;  // without regard to case; empty when absent
};

enum class Fate {
  whole,
  cut,
  dropped
};  // cut: half of the body, then the connection ends; dropped: nothing at all

struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  Fate fate = Fate::whole;
  std::int64_t latency_ms = 0;
};

Answer json_answer(int status, const nlohmann::json& body);

// Query and JSON body as one object, because clients put the same parameters into either. A body that is
// empty, `null` or no object adds nothing; the query wins.
nlohmann::json parameters_of(const Asked& asked);
std::string percent_decoded(std::string_view text);

// Readers that take what the clients send: a boolean or its name, a number or its digits, a list or a comma
// text.
bool flag(const nlohmann::json& parameters, const char* key, bool otherwise = false);
std::string word(const nlohmann::json& parameters, const char* key);
std::vector<std::string> words(const nlohmann::json& parameters, const char* key);
std::uint64_t amount(const nlohmann::json& parameters, const char* key, std::uint64_t otherwise);  // "5G" too
bool has(const nlohmann::json& parameters, const char* key);

bool matches(std::string_view pattern, std::string_view text);  // `*` for anything; case does not count

std::string iso_time(std::int64_t ms);  // "2016-05-11T20:35:50Z"

}  // namespace cairn::array::simulator
