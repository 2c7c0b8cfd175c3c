#include "runtime/report/kept_tests.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/effects/file_descriptor.h"

namespace cairn::report {
namespace {

using Json = nlohmann::json;

std::string file_of(const std::string& run_folder) {
  return run_folder + "/tests.ndjson";
}

Json json_of(const TestCase& test) {
  return {{"suite", test.suite},     {"name", test.name},
          {"class", test.classname}, {"is", static_cast<int>(test.outcome)},
          {"seconds", test.seconds}, {"message", test.message},
          {"details", test.details}, {"file", test.file},
          {"line", test.line},       {"out", test.out},
          {"err", test.err}};
}

TestCase case_of(const Json& json) {
  TestCase test;
  test.suite = json.at("suite");
  test.name = json.at("name");
  test.classname = json.at("class");
  test.outcome = static_cast<TestOutcome>(json.at("is").get<int>());
  test.seconds = json.at("seconds");
  test.message = json.at("message");
  test.details = json.at("details");
  test.file = json.at("file");
  test.line = json.at("line");
  test.out = json.at("out");
  test.err = json.at("err");
  return test;
}

}  // namespace

Result<Done> keep_tests(const std::string& run_folder, const KeptTests& kept) {
  Json cases = Json::array();
  for (const TestCase& test : kept.tests.report.cases) cases.push_back(json_of(test));
  Json line = {{"key", kept.key},
               {"step", kept.tests.step},
               {"node", kept.tests.node},
               {"path", kept.tests.path},
               {"cases", std::move(cases)}};
  if (const std::optional<Coverage>& coverage = kept.tests.report.coverage)
    line["coverage"] = {coverage->lines_covered, coverage->lines, coverage->branches_covered,
                        coverage->branches};
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::string path = file_of(run_folder);
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.open() || write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return Failure{fmt::format("cannot write `{}`", path)}.because(std::strerror(errno));
  return Done{};
}

std::vector<KeptTests> kept_tests(const std::string& run_folder) {
  std::vector<KeptTests> all;
  std::ifstream file(file_of(run_folder), std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    try {
      const Json json = Json::parse(line);
      KeptTests kept;
      kept.key = json.at("key");
      kept.tests.step = json.at("step");
      kept.tests.node = json.at("node");
      kept.tests.path = json.at("path");
      for (const Json& test : json.at("cases")) kept.tests.report.cases.push_back(case_of(test));
      if (json.contains("coverage")) {
        const Json& counts = json.at("coverage");
        kept.tests.report.coverage = Coverage{counts.at(0), counts.at(1), counts.at(2), counts.at(3)};
      }
      all.push_back(std::move(kept));
    } catch (const Json::exception&) {
      continue;
    }
  }
  return all;
}

}  // namespace cairn::report
