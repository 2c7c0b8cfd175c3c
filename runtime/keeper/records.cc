#include "runtime/keeper/records.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace cairn::keeper {
namespace {

using Json = nlohmann::json;

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void Records::append(std::string line) {
  if (!file_.open()) return;
  line += '\n';
  // One write to an O_APPEND file; a record that a full disk refuses is made up for by the environment
  // markers.
  while (::write(file_.number(), line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

void Records::started(std::uint64_t process, const std::string& step, const ProcessFacts& facts) {
  append(fmt::format(R"({{"process":{},"step":{},"pid":{},"start_time":{},"boot":"{}"}})", process,
                     quoted(step), facts.pid, facts.start_time, boot_id()));
}
void Records::failed(std::uint64_t process, const std::string& step) {
  append(fmt::format(R"({{"process":{},"step":{},"failed":true}})", process, quoted(step)));
}
void Records::ended(std::uint64_t process, const Exit& exit) {
  append(fmt::format(R"({{"process":{},"code":{},"signal":{}}})", process, exit.code, exit.signal));
}
void Records::left_behind(std::uint64_t process, pid_t pid) {
  append(fmt::format(R"({{"process":{},"left_behind":{}}})", process, pid));
}

std::vector<RecordedProcess> read_records(const std::string& path) {
  std::map<std::uint64_t, RecordedProcess> by_number;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object() || !record.value("process", Json()).is_number_unsigned()) continue;
    RecordedProcess& process = by_number[record["process"].get<std::uint64_t>()];
    process.number = record["process"].get<std::uint64_t>();
    if (record.contains("step")) process.step = record.value("step", "");
    if (record.contains("pid")) {
      process.started.emplace();
      process.started->pid = record.value("pid", 0);
      process.started->start_time = record.value("start_time", std::uint64_t{0});
      process.boot = record.value("boot", "");
    }
    if (record.contains("code")) process.exit = Exit{record.value("code", 0), record.value("signal", 0), {}};
    if (record.contains("failed")) process.failed = true;
    if (record.contains("left_behind")) process.left_behind.push_back(record.value("left_behind", 0));
  }
  std::vector<RecordedProcess> processes;
  for (auto& [number, process] : by_number) processes.push_back(std::move(process));
  return processes;
}

}  // namespace cairn::keeper
