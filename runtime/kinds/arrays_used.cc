#include "runtime/kinds/arrays_used.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/kinds/recorded_lines.h"

namespace cairn::kinds {
namespace {

using nlohmann::json;

constexpr const char* arrays_file_name = "/arrays";
constexpr const char* objects_file_name = "/array-objects";

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<Done> record_array(const std::string& run_folder, const ArrayPlace& place) {
  const json line = {{"block", place.block},      {"address", place.address},
                     {"prefix", place.prefix},    {"api", place.api},
                     {"verify", place.verify},    {"fingerprint", place.fingerprint},
                     {"token", place.token_place}};
  return record_line(run_folder + arrays_file_name,
                     line.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::vector<ArrayPlace> recorded_arrays(const std::string& run_folder) {
  std::vector<ArrayPlace> arrays;
  std::ifstream file(run_folder + arrays_file_name, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object() || text_at(object, "address").empty()) continue;
    ArrayPlace place{text_at(object, "block"),       text_at(object, "address"),
                     text_at(object, "prefix"),      text_at(object, "api"),
                     text_at(object, "fingerprint"), object.value("verify", json(true)) != json(false),
                     text_at(object, "token")};
    if (std::find(arrays.begin(), arrays.end(), place) == arrays.end()) arrays.push_back(std::move(place));
  }
  return arrays;
}

Result<Done> record_array_object(const std::string& run_folder, const std::string& block,
                                 const std::string& name) {
  const json line = {{"block", block}, {"name", name}};
  return record_line(run_folder + objects_file_name,
                     line.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::vector<ArrayObject> recorded_array_objects(const std::string& run_folder) {
  std::vector<ArrayObject> objects;
  std::ifstream file(run_folder + objects_file_name, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    const json object = json::parse(line, nullptr, false);
    if (object.is_object() && !text_at(object, "name").empty())
      objects.push_back({text_at(object, "block"), text_at(object, "name")});
  }
  return objects;
}

array::Access access_of(const ArrayPlace& place, const std::string& token) {
  array::Access access{.address = place.address, .credentials = array::ApiToken{token}};
  access.tls.verify = place.verify;
  access.tls.fingerprint = place.fingerprint;
  access.api = place.api;
  return access;
}

}  // namespace cairn::kinds
