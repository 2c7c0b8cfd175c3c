#include <fmt/format.h>

#include <cmath>
#include <map>

#include "runtime/report/read_report.h"
#include "runtime/report/xml_document.h"

namespace cairn::report {

namespace {

// Counted from the lines themselves. A line of one file may stand under several classes and methods: it
// counts once, and is covered if any of them was.
Coverage counted(pugi::xml_node root) {
  std::map<std::string, std::map<unsigned, bool>> files;
  for (const pugi::xml_node package : root.child("packages").children("package"))
    for (const pugi::xml_node one : package.child("classes").children("class"))
      for (const pugi::xml_node line : one.child("lines").children("line")) {
        bool& covered = files[one.attribute("filename").value()][line.attribute("number").as_uint()];
        covered = covered || line.attribute("hits").as_ullong() > 0;
      }
  Coverage coverage;
  for (const auto& [file, lines] : files) {
    coverage.lines += lines.size();
    for (const auto& [number, covered] : lines) coverage.lines_covered += covered ? 1 : 0;
  }
  return coverage;
}

}  // namespace

Result<TestReport> read_cobertura(std::string_view text, const std::string& name) {
  const Result<XmlDocument> xml = XmlDocument::parse(text, name, "Cobertura", Doctype::plain_allowed);
  if (!xml) return xml.failure();
  const pugi::xml_node root = xml->root();
  if (std::string_view(root.name()) != "coverage")
    return xml->wrong(root, fmt::format("the first element is <{}>, not <coverage>", root.name()));
  Coverage coverage;
  if (root.attribute("lines-valid")) {
    coverage.lines = root.attribute("lines-valid").as_ullong();
    coverage.lines_covered = root.attribute("lines-covered").as_ullong();
    coverage.branches = root.attribute("branches-valid").as_ullong();
    coverage.branches_covered = root.attribute("branches-covered").as_ullong();
  } else {
    coverage = counted(root);
    const double rate = root.attribute("line-rate").as_double(-1);
    if (coverage.lines == 0 && rate >= 0 && rate <= 1) {  // only a rate: keep it to one in ten thousand
      coverage.lines = 10'000;
      coverage.lines_covered = static_cast<std::uint64_t>(std::llround(rate * 10'000));
    } else if (coverage.lines == 0 && rate < 0) {
      return xml->wrong(root, "it has neither `lines-valid` nor `line-rate` nor any <line>");
    }
  }
  if (coverage.lines_covered > coverage.lines)
    return xml->wrong(root,
                      fmt::format("{} lines are covered of {}", coverage.lines_covered, coverage.lines));
  TestReport report;
  report.coverage = coverage;
  return report;
}

}  // namespace cairn::report
