// JUnit in the dialects that the programs of the five workflows write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/report/read_report.h"
#include "runtime/report/xml_document.h"

namespace cairn::report {
namespace {

std::vector<TestCase> cases_of(const std::string& text) {
  const Result<TestReport> read = read_report(Format::junit, text, "r.xml");
  EXPECT_TRUE(read) << read.failure().message << ": "
                    << (read.failure().causes.empty() ? "" : read.failure().causes.front());
  return read ? read->cases : std::vector<TestCase>{};
}
// One line a case, for comparing many at once.
std::vector<std::string> shown(const std::vector<TestCase>& cases) {
  std::vector<std::string> lines;
  for (const TestCase& test : cases)
    lines.push_back(std::string(name_of(test.outcome)) + " | " + test.suite + " | " + test.classname + " | " +
                    test.name + " | " + std::to_string(static_cast<int>(test.seconds * 1000 + 0.5)) + " | " +
                    test.message);
  return lines;
}
using testing::ElementsAre;
using testing::HasSubstr;

TEST(JUnit, Pytest) {
  const std::vector<TestCase> cases = cases_of(
      R"x(<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="2" tests="5" time="0.412" timestamp="2026-11-21T10:00:00.000000+00:00" hostname="ci">
<testcase classname="tests.test_orders.TestOrders" name="test_total[1-2]" time="0.001" />
<testcase classname="tests.test_orders" name="test_tax" time="0.250"><failure message="assert 19 == 20&#10;  +  where 19 = tax(100)">def test_tax():
&gt;       assert tax(100) == 20
E       assert 19 == 20

tests/test_orders.py:12: AssertionError</failure><system-out>looking up
</system-out></testcase>
<testcase classname="tests.test_orders" name="test_db" time="0.1"><error message="failed on setup with &quot;OSError: no db&quot;">tests/conftest.py:7: OSError</error></testcase>
<testcase classname="tests.test_orders" name="test_later" time="0.0"><skipped type="pytest.skip" message="not today">tests/test_orders.py:20: not today</skipped></testcase>
<testcase classname="tests.test_orders" name="test_known" time="0.0"><skipped type="pytest.xfail" message="known bug" /></testcase>
</testsuite></testsuites>)x");
  EXPECT_THAT(
      shown(cases),
      ElementsAre(
          "passed | pytest | tests.test_orders.TestOrders | test_total[1-2] | 1 | ",
          "failed | pytest | tests.test_orders | test_tax | 250 | assert 19 == 20\n  +  where 19 = tax(100)",
          "error | pytest | tests.test_orders | test_db | 100 | failed on setup with \"OSError: no db\"",
          "skipped | pytest | tests.test_orders | test_later | 0 | not today",
          "skipped | pytest | tests.test_orders | test_known | 0 | known bug"));
  EXPECT_EQ(cases.at(1).file, "tests/test_orders.py");
  EXPECT_EQ(cases.at(1).line, 12U);
  EXPECT_THAT(cases.at(1).details, HasSubstr("assert tax(100) == 20"));
  EXPECT_EQ(cases.at(1).out, "looking up\n");
}

TEST(JUnit, DjangoByUnittestXmlReporting) {
  const std::vector<TestCase> cases = cases_of(R"x(<?xml version="1.0" ?>
<testsuites>
	<testsuite errors="0" failures="1" file="todo/tests.py" name="todo.tests.CreateTodoItemTest-20261121100000" skipped="0" tests="2" time="0.031" timestamp="2026-11-21T10:00:00">
		<testcase classname="todo.tests.CreateTodoItemTest" file="todo/tests.py" line="31" name="test_item_has_correct_title" time="0.012" timestamp="2026-11-21T10:00:00"/>
		<testcase classname="todo.tests.CreateTodoItemTest" file="todo/tests.py" line="40" name="test_item_has_url" time="0.019">
			<failure type="AssertionError" message="'http://testserver/todos/1' != 'http://testserver/todos/2'"><![CDATA[Traceback (most recent call last):
  File "/app/todo/tests.py", line 44, in test_item_has_url
    self.assertEqual(a, b)
AssertionError: 'http://testserver/todos/1' != 'http://testserver/todos/2'
- http://testserver/todos/1
+ http://testserver/todos/2
]]></failure>
		</testcase>
		<system-out><![CDATA[]]></system-out>
		<system-err><![CDATA[]]></system-err>
	</testsuite>
</testsuites>)x");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[1].suite, "todo.tests.CreateTodoItemTest-20261121100000");
  EXPECT_EQ(cases[1].file, "todo/tests.py");
  EXPECT_EQ(cases[1].line, 40U);
  EXPECT_THAT(cases[1].details, HasSubstr("- http://testserver/todos/1\n+ http"));
}

TEST(JUnit, NosetestsWithARootSuite) {
  EXPECT_THAT(
      shown(cases_of(
          R"x(<?xml version="1.0" encoding="UTF-8"?><testsuite name="nosetests" tests="2" errors="1" failures="0" skip="0"><testcase classname="todo.tests" name="test_a" time="0.004"></testcase><testcase classname="nose.failure" name="Failure" time="0.000"><error type="exceptions.ImportError" message="No module named todobackend"><![CDATA[Traceback]]></error></testcase></testsuite>)x")),
      ElementsAre("passed | nosetests | todo.tests | test_a | 4 | ",
                  "error | nosetests | nose.failure | Failure | 0 | exceptions.ImportError: No module named "
                  "todobackend"));
}

TEST(JUnit, MochaJenkinsReporter) {
  EXPECT_THAT(
      shown(cases_of(R"x(<testsuites name="Mocha Tests">
<testsuite name="Todo-Backend API residing at http://nginx:8000/todos" tests="0" failures="0" errors="0" skipped="0" timestamp="2026-11-21T10:00:00" time="0">
</testsuite>
<testsuite name="Todo-Backend API residing at http://nginx:8000/todos.the pre-requisites" tests="3" failures="1" errors="1" skipped="1" timestamp="2026-11-21T10:00:00" time="0.134">
<testcase classname="the pre-requisites" name="the api root responds to a GET" time="0.053" />
<testcase classname="the pre-requisites" name="the api root responds to a POST" time="0.021"><failure message="expected promise to be fulfilled &#60;b&#62;"><![CDATA[AssertionError: expected
    at Context.<anonymous> (test/specs.js:48:12)]]></failure></testcase>
<testcase classname="the pre-requisites" name="pending" time="0"><skipped /></testcase>
</testsuite>
</testsuites>)x")),
      ElementsAre(
          "passed | Todo-Backend API residing at http://nginx:8000/todos.the pre-requisites | the "
          "pre-requisites | the api root responds to a GET | 53 | ",
          "failed | Todo-Backend API residing at http://nginx:8000/todos.the pre-requisites | the "
          "pre-requisites | the api root responds to a POST | 21 | expected promise to be fulfilled <b>",
          "skipped | Todo-Backend API residing at http://nginx:8000/todos.the pre-requisites | the "
          "pre-requisites | pending | 0 | "));
}

TEST(JUnit, MochaNamesThePlaceInItsTrace) {
  const std::vector<TestCase> cases = cases_of(
      R"x(<testsuites><testsuite name="Root Suite" file="/app/test/a.js" tests="1" failures="1"><testcase name="x" classname="x"><failure message="m" type="AssertionError">AssertionError: m
    at Context.&lt;anonymous&gt; (test/specs.js:48:12)</failure></testcase></testsuite></testsuites>)x");
  EXPECT_EQ(cases.at(0).file, "test/specs.js");
  EXPECT_EQ(cases.at(0).line, 48U);
}

TEST(JUnit, SurefireWithRerunsAndThousands) {
  EXPECT_THAT(
      shown(cases_of(
          R"x(<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="shop.OrderTest" time="1,234.5" tests="3" errors="0" skipped="0" failures="1">
  <properties><property name="java.version" value="17"/></properties>
  <testcase name="slow" classname="shop.OrderTest" time="1,234.25"/>
  <testcase name="flaky" classname="shop.OrderTest" time="0.1"><flakyFailure message="once" type="x"><stackTrace>at</stackTrace></flakyFailure></testcase>
  <testcase name="bad" classname="shop.OrderTest" time="0.2"><failure message="first" type="x">java.lang.AssertionError: first
	at shop.OrderTest.bad(OrderTest.java:31)</failure><rerunFailure message="second" type="x"/></testcase>
</testsuite>)x")),
      ElementsAre("passed | shop.OrderTest | shop.OrderTest | slow | 1234250 | ",
                  "passed | shop.OrderTest | shop.OrderTest | flaky | 100 | ",
                  "failed | shop.OrderTest | shop.OrderTest | bad | 200 | first"));
}

TEST(JUnit, GotestsumAndGoogleTest) {
  EXPECT_THAT(
      shown(cases_of(
          R"x(<testsuites tests="2" failures="1" errors="0" time="0.1"><testsuite tests="2" failures="1" time="0.1" name="shop/orders" timestamp="x"><properties><property name="go.version" value="go1.21"/></properties><testcase classname="shop/orders" name="TestA" time="0.000000"></testcase><testcase classname="shop/orders" name="TestB" time="0.01"><failure message="Failed" type="">=== RUN   TestB
    b_test.go:9: want 1
</failure></testcase></testsuite></testsuites>)x")),
      ElementsAre("passed | shop/orders | shop/orders | TestA | 0 | ",
                  "failed | shop/orders | shop/orders | TestB | 10 | Failed"));
  EXPECT_THAT(
      shown(cases_of(
          R"x(<testsuites tests="3" failures="0" disabled="1" errors="0" name="AllTests"><testsuite name="A" tests="3" failures="0" disabled="1"><testcase name="DISABLED_x" file="a.cc" line="3" status="notrun" result="suppressed" time="0." classname="A"/><testcase name="s" status="run" result="skipped" time="0." classname="A"/><testcase name="p" status="run" result="completed" time="0.5" classname="A"/></testsuite></testsuites>)x")),
      ElementsAre("skipped | A | A | DISABLED_x | 0 | ", "skipped | A | A | s | 0 | ",
                  "passed | A | A | p | 500 | "));
}

TEST(JUnit, TSqlt) {
  EXPECT_THAT(
      shown(cases_of(
          "\xEF\xBB\xBF"
          R"x(<testsuites><testsuite id="1" name="AcceleratorTests" tests="3" errors="1" failures="1" skipped="0" timestamp="2026-11-21T10:00:00" time="0.063" hostname="sql1" package="tSQLt"><properties/><testcase classname="AcceleratorTests" name="test a particle is included" time="0.016"/><testcase classname="AcceleratorTests" name="test status" time="0.023"><failure message="Expected: &lt;Ready&gt; but was: &lt;Busy&gt;" type="tSQLt.Fail"/></testcase><testcase classname="AcceleratorTests" name="test boom" time="0.024"><error message="Invalid column name 'x'.[16,1]{test boom,7}" type="SQL Error"/></testcase><system-out/><system-err/></testsuite></testsuites>)x")),
      ElementsAre(
          "passed | AcceleratorTests | AcceleratorTests | test a particle is included | 16 | ",
          "failed | AcceleratorTests | AcceleratorTests | test status | 23 | Expected: <Ready> but "
          "was: <Busy>",
          "error | AcceleratorTests | AcceleratorTests | test boom | 24 | SQL Error: Invalid column name "
          "'x'.[16,1]{test boom,7}"));
}

TEST(JUnit, TSqltInUtf16AsSqlcmdWritesIt) {
  const std::string narrow = "<testsuite name=\"a\"><testcase classname=\"a\" name=\"b\"/></testsuite>";
  std::string wide = "\xFF\xFE";
  for (const char c : narrow) wide += std::string{c, '\0'};
  EXPECT_THAT(shown(cases_of(wide)), ElementsAre("passed | a | a | b | 0 | "));
}

TEST(JUnit, NestedSuites) {
  EXPECT_THAT(
      shown(cases_of(
          R"x(<testsuites><testsuite name="outer"><testcase name="a"/><testsuite name="inner"><testcase name="b"/><testsuite name="core"><testcase name="c"/></testsuite></testsuite></testsuite></testsuites>)x")),
      ElementsAre("passed | outer |  | a | 0 | ", "passed | outer › inner |  | b | 0 | ",
                  "passed | outer › inner › core |  | c | 0 | "));
}

TEST(JUnit, NodeTellsWhatIsStillToDo) {
  EXPECT_THAT(
      shown(cases_of(
          R"x(<testsuites><testcase name="t" time="0.1" classname="test"><skipped type="todo" message="true"/><failure type="testCodeFailure" message="m">m</failure></testcase></testsuites>)x")),
      ElementsAre("skipped |  | test | t | 100 | todo: true"));
}

TEST(JUnit, NoFailureIsLost) {
  EXPECT_THAT(
      shown(cases_of(
          R"x(<testsuite name="s" tests="3" failures="2" errors="1"><testcase name="a"><failure message="x"/></testcase></testsuite>)x")),
      ElementsAre(
          "failed | s |  | a | 0 | x",
          "error | s |  | (the whole suite) | 0 | the report counts 2 failures and 1 errors here, but "
          "names only 1"));
  EXPECT_THAT(
      shown(cases_of(R"x(<testsuite name="s" errors="1"><error message="could not set up"/></testsuite>)x")),
      ElementsAre("error | s |  | (the whole suite) | 0 | could not set up"));
  const std::vector<TestCase> both = cases_of(
      R"x(<testsuite><testcase name="a"><failure message="one">1</failure><failure message="two">2</failure><skipped/></testcase></testsuite>)x");
  EXPECT_THAT(shown(both), ElementsAre("failed |  |  | a | 0 | one"));
  EXPECT_THAT(both[0].details, HasSubstr("two"));
  EXPECT_THAT(shown(cases_of("<testsuite><testcase/><testcase classname='c'/></testsuite>")),
              ElementsAre("passed |  |  | (without a name) | 0 | ", "passed |  | c | c | 0 | "));
  EXPECT_TRUE(cases_of("<testsuites/>").empty());
}

std::string refusal(const std::string& text) {
  const Result<TestReport> read = read_report(Format::junit, text, "out/r.xml");
  if (read) return "was read";
  return read.failure().message + ": " + read.failure().causes.at(0);
}

TEST(JUnit, AMalformedFileIsNamedWithPlaceAndReason) {
  EXPECT_EQ(refusal(""), "the report `out/r.xml` cannot be read: it is empty");
  EXPECT_EQ(refusal(" \n"), "the report `out/r.xml` cannot be read: it is empty");
  EXPECT_EQ(refusal("<testsuite>\n<testcase name='a'>\n"),
            "`out/r.xml` is no readable JUnit report: line 2, column 20: Start-end tags mismatch");
  EXPECT_EQ(refusal("<testsuite>\n  <testcase name=a/></testsuite>"),
            "`out/r.xml` is no readable JUnit report: line 2, column 18: Error parsing element attribute");
  EXPECT_EQ(refusal("\n<html><body/></html>"),
            "`out/r.xml` is no readable JUnit report: line 2, column 2: the first element is <html>, not "
            "<testsuites> or <testsuite>");
  EXPECT_THAT(refusal("not xml at all"), HasSubstr("is no readable JUnit report: "));
  EXPECT_THAT(refusal("{\"a\": 1}"), HasSubstr("is no readable JUnit report: "));
}

TEST(JUnit, BillionLaughsAndEveryOtherDoctypeAreRefused) {
  EXPECT_THAT(refusal("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 "
                      "\"&lol;&lol;\">]><testsuite><testcase name=\"&lol2;\"/></testsuite>"),
              HasSubstr("it has a DOCTYPE"));
  EXPECT_THAT(refusal("<!DOCTYPE testsuite SYSTEM \"file:///etc/passwd\"><testsuite/>"),
              HasSubstr("it has a DOCTYPE"));
}

TEST(JUnit, HostileContentIsKeptAsText) {
  const std::vector<TestCase> cases = cases_of(
      std::string("<testsuite><testcase name=\"&lt;script&gt;alert(1)&lt;/script&gt;\" classname=\"a") +
      '\0' + "b\xff\x1b[31m\"/></testsuite>");
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0].name, "<script>alert(1)</script>");
  EXPECT_EQ(cases[0].classname, "a?b\uFFFD?[31m");
}

TEST(JUnit, DeepNestingAndSizeHaveLimits) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "<testsuite>";
  for (int i = 0; i < 200; ++i) deep += "</testsuite>";
  EXPECT_THAT(refusal(deep), HasSubstr("suites are nested more than 100 deep"));
  std::string very_deep;
  for (int i = 0; i < 1'000'000; ++i) very_deep += "<a>";
  EXPECT_THAT(refusal("<testsuite>" + very_deep), HasSubstr("is no readable JUnit report"));
  EXPECT_THAT(refusal(std::string(largest_report + 1, ' ')), HasSubstr("the limit is 67108864"));
}

TEST(JUnit, ManyTestsAreQuick) {
  std::string text = "<testsuite>";
  for (int i = 0; i < 50'000; ++i)
    text += "<testcase name=\"t" + std::to_string(i) + "\" classname=\"c\" time=\"0.1\"/>";
  EXPECT_EQ(cases_of(text + "</testsuite>").size(), 50'000U);
}

TEST(Places, AreFoundInTraces) {
  const auto place = [](std::string_view text) {
    const CodePlace found = place_in(text);
    return found.file + "@" + std::to_string(found.line);
  };
  EXPECT_EQ(place("  File \"/a/b.py\", line 3, in f\n  File \"/a/c.py\", line 9, in g\nError"), "/a/c.py@9");
  EXPECT_EQ(place("    at Object.<anonymous> (test/a.js:12:3)"), "test/a.js@12");
  EXPECT_EQ(place("    b_test.go:7: want 1"), "b_test.go@7");
  EXPECT_EQ(place("see http://localhost:8000/x and 12:30"), "@0");
  EXPECT_EQ(place("connect to db.host.example:5432 failed"), "@0");
  EXPECT_EQ(place(""), "@0");
}

TEST(Seconds, AreReadAsWritten) {
  EXPECT_DOUBLE_EQ(seconds_of("1.5"), 1.5);
  EXPECT_DOUBLE_EQ(seconds_of("1,234.5"), 1234.5);
  EXPECT_DOUBLE_EQ(seconds_of("250ms"), 0.25);
  EXPECT_DOUBLE_EQ(seconds_of("nan"), 0);
  EXPECT_DOUBLE_EQ(seconds_of("-1"), 0);
  EXPECT_DOUBLE_EQ(seconds_of("soon"), 0);
  EXPECT_DOUBLE_EQ(seconds_of_clock("01:02:03.5"), 3723.5);
}

}  // namespace
}  // namespace cairn::report
