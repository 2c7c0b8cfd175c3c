// Reports of test programs in: one reader a format, one answer. A report that is malformed is a Failure that
// names the file, the place and the reason; nothing in it is half read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/effects/result.h"
#include "runtime/report/test_case.h"

namespace cairn::report {

enum class Format { junit, tap, trx, cobertura, gotest };
std::string_view name_of(Format format);
std::optional<Format> format_named(std::string_view name);

inline constexpr std::size_t largest_report = std::size_t{64} << 20;  // bytes

// `name` is what people call the file. Invalid UTF-8 is replaced, not refused; XML may be UTF-8, UTF-16 or
// Latin-1.
Result<TestReport> read_report(Format format, std::string_view text, const std::string& name);
// From the disk of this machine: a regular file (links are not followed), not larger than largest_report.
Result<TestReport> read_report_file(Format format, const std::string& path);
// For what a step promised and no file matches: `pattern` as in the file, `where` as in "in the container".
Failure missing_report(Format format, const std::string& pattern, const std::string& where);

// The readers, for texts within the size limit.
//
// JUnit as pytest, unittest-xml-reporting (Django), nose, Mocha's reporters, Surefire, gotestsum, GoogleTest
// and tSQLt write it: any nesting of suites, several failures a test, errors of a whole suite. A suite that
// counts more failures than it names gets a case that says so, so that none is lost.
Result<TestReport> read_junit(std::string_view text, const std::string& name);
// TAP 12, 13 and 14, with subtests, YAML blocks, todo, skip and bail out; a plan that was not kept is an
// error.
Result<TestReport> read_tap(std::string_view text, const std::string& name);
// Visual Studio's test results (xmlns …/TeamTest/2010), inner results of data-driven tests included.
Result<TestReport> read_trx(std::string_view text, const std::string& name);
Result<TestReport> read_cobertura(std::string_view text, const std::string& name);
// What `go test -json` writes, or `go test -v`; a package that fails without a failing test, and a test that
// never ended, are errors.
Result<TestReport> read_gotest(std::string_view text, const std::string& name);

}  // namespace cairn::report
