// Functions: every example of the docs, the secret bit, and what they refuse.
#include <gtest/gtest.h>

#include <regex>

#include "interpreter/functions/functions.h"
#include "interpreter/kinds.h"
#include "tests/interpreter/memory_inputs.h"
#include "tests/interpreter/program.h"
#include "tests/interpreter/values.h"

namespace cairn {
namespace {

struct Functions : testing::Test {
  MemoryInputs inputs;
  FunctionResult call(std::string_view name, std::vector<Value> arguments) {
    return call_native(name, arguments, inputs);
  }
  Value value(std::string_view name, std::vector<Value> arguments) {
    FunctionResult result = call(name, std::move(arguments));
    if (const FunctionError* error = std::get_if<FunctionError>(&result)) {
      ADD_FAILURE() << name << ": " << error->message;
      return {};
    }
    return std::get<Value>(result);
  }
  std::string error(std::string_view name, std::vector<Value> arguments) {
    FunctionResult result = call(name, std::move(arguments));
    const FunctionError* error = std::get_if<FunctionError>(&result);
    return error == nullptr ? "no error" : error->message;
  }
};

// "Example: `upper("a")` is `"A"`." in the docs of a function.
TEST_F(Functions, TheExamplesOfTheDocsHold) {
  Sources sources;
  Vocabulary vocabulary(sources);
  const std::regex example("`([^`]+)` is `([^`]+)`");
  std::size_t held = 0;
  for (const std::string& name : vocabulary.function_names()) {
    const std::string& doc = vocabulary.function(name)->doc;
    const std::size_t at = doc.find("Example: ");
    if (at == std::string::npos) continue;
    const std::string examples = doc.substr(at);
    for (std::sregex_iterator found(examples.begin(), examples.end(), example), end; found != end; ++found) {
      const auto outcome =
          compile_text("let got = " + (*found)[1].str() + "\nlet wanted = " + (*found)[2].str() +
                       "\nstage s { check c { that = got == wanted } }\n");
      ASSERT_EQ(outcome->complaints(), "") << (*found)[0];
      const Value& that =
          outcome->graph().nodes[static_cast<std::size_t>(outcome->graph().find("c").front())].value("that");
      EXPECT_TRUE(that.as<bool>() != nullptr && *that.as<bool>()) << (*found)[0] << " gives " << show(that);
      ++held;
    }
  }
  EXPECT_GE(held, 50u);
}

TEST_F(Functions, WhatIsComputedFromASecretIsSecret) {
  EXPECT_TRUE(value("upper", {secret("a")}).secret);
  EXPECT_TRUE(value("sha256", {secret("a")}).secret);
  EXPECT_TRUE(value("join", {to_value(List{text("a"), secret("b")}), text(",")}).secret);
  EXPECT_TRUE(value("json", {to_value(List{secret("b")})}).secret);
  EXPECT_FALSE(value("upper", {text("a")}).secret);
}

TEST_F(Functions, WhatOnlyMovesElementsLeavesEachItsOwnBit) {
  Map map;
  map.set("a", secret("x"));
  map.set("b", text("y"));
  EXPECT_FALSE(value("keys", {to_value(map)}).secret_anywhere());
  EXPECT_FALSE(value("len", {to_value(map)}).secret);
  EXPECT_TRUE(value("lookup", {to_value(map), text("a"), Value{}}).secret);
  EXPECT_FALSE(value("lookup", {to_value(map), text("b"), Value{}}).secret);
  Value hidden = to_value(List{text("a")});
  hidden.secret = true;
  EXPECT_TRUE(value("first", {hidden}).secret);
  EXPECT_TRUE(value("merge", {to_value(List{to_value(map),
                                            [] {
                                              Value all = to_value(Map{});
                                              all.secret = true;
                                              return all;
                                            }()})})
                  .secret);
}

TEST_F(Functions, ErrorsNeverShowASecret) {
  EXPECT_EQ(error("int", {secret("hunter2")}), "this secret is not a whole number");
  EXPECT_EQ(error("parse_json", {secret("hunter2")}).find("hunter"), std::string::npos);
}

TEST_F(Functions, RefuseWhatHasNoAnswer) {
  EXPECT_EQ(error("int", {text("4x")}), "`\"4x\"` is not a whole number");
  EXPECT_EQ(error("int", {text("99999999999999999999")}),
            "`\"99999999999999999999\"` is too large for an int");
  EXPECT_TRUE(error("int", {to_value(1e300)}).ends_with("is too large for an int"));
  EXPECT_EQ(error("split", {text("a"), text("")}), "the separator is empty");
  EXPECT_EQ(error("replace", {text("a"), text(""), text("b")}), "the text to replace is empty");
  EXPECT_TRUE(
      error("matches", {text("a"), text("(")}).starts_with("the pattern is not a regular expression"));
  EXPECT_EQ(error("capture", {text("a"), text("a"), number(2)}), "the pattern has 0 groups");
  EXPECT_EQ(error("base64_decode", {text("%%")}), "this is not base64");
  EXPECT_EQ(error("base64_decode", {text("/w==")}), "what stands behind this base64 is not a text");
  EXPECT_EQ(error("parse_json", {text("{\n\"a\": }")}),
            "this is not JSON: it goes wrong in line 2, at byte 8");
  EXPECT_EQ(error("parse_json", {text(std::string(100'000, '['))}),
            "this JSON nests more than 200 levels deep");
  EXPECT_EQ(error("range", {number(10'000'000), Value{}, number(1)}),
            "a range holds at most 1000000 numbers");
  EXPECT_EQ(error("range", {number(1), number(2), number(0)}), "a range with steps of 0 never ends");
  EXPECT_EQ(error("first", {to_value(List{})}), "the list is empty: it has no first element");
  EXPECT_EQ(error("sort", {to_value(List{number(1), text("a")})}),
            "the elements are of different types: they have no order");
  EXPECT_EQ(error("sum", {to_value(List{number(INT64_MAX), number(1)})}), "the sum is too large");
  EXPECT_EQ(error("chunks", {to_value(List{}), number(0)}), "pieces of 0 elements");
  EXPECT_EQ(error("div", {number(1), number(0)}), "division by zero");
  EXPECT_EQ(error("abs", {number(INT64_MIN)}), "the number is too large");
  EXPECT_EQ(error("env", {text("NOT_SET"), Value{}}), "the environment has no `NOT_SET`");
  EXPECT_EQ(error("file", {to_value(Path{"gone.txt", ""})}), "`gone.txt` cannot be read: no such file");
  EXPECT_EQ(error("json", {to_value(NodeRef{NodeId{1}})}), "a block cannot be written as JSON");
}

TEST_F(Functions, EdgesOfTexts) {
  EXPECT_EQ(show(value("trim", {text(" \t ")})), "\"\"");
  EXPECT_EQ(show(value("split", {text(""), text(",")})), "[\"\"]");
  EXPECT_EQ(show(value("lines", {text("a\r\n\nb")})), "[\"a\", \"\", \"b\"]");
  EXPECT_EQ(show(value("capture", {text("abc"), text("x(.)"), number(1)})), "null");
  EXPECT_EQ(show(value("capture", {text("ac"), text("a(b)?c"), number(1)})), "null");
  EXPECT_EQ(show(value("shell_quote", {text("")})), "\"''\"");
  EXPECT_EQ(show(value("shell_quote", {text("a/b.c")})), "\"a/b.c\"");
  EXPECT_EQ(show(value("url_encode", {text("é")})), "\"%C3%A9\"");
  EXPECT_EQ(show(value("len", {text("é€")})), "2");
}

TEST_F(Functions, JsonGoesBothWays) {
  const std::string written = "{\"b\":1,\"a\":[true,null,2.5,\"x\"],\"big\":-9223372036854775808}";
  EXPECT_EQ(plain_text(value("json", {value("parse_json", {text(written)})})), written);
  EXPECT_EQ(show(value("parse_json", {text("{\"a\":1,\"a\":2}")})), "{ a = 2 }");
  EXPECT_EQ(show(value("parse_json", {text("18446744073709551615")})), "18446744073709551616.0");
  EXPECT_EQ(plain_text(value("json", {to_value(Duration{90'000})})), "\"1m30s\"");
}

TEST_F(Functions, PathsEndWhereverTheyEnd) {
  for (const auto& [path, base, folder] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"a/b/", "b", "a"}, {"/", "/", "/"}, {"/a", "a", "/"}, {"a", "a", "."}, {"a//b", "b", "a"}}) {
    EXPECT_EQ(plain_text(value("basename", {text(path)})), base) << path;
    EXPECT_EQ(plain_text(value("dirname", {text(path)})), folder) << path;
  }
  EXPECT_EQ(plain_text(value("extension", {text(".bashrc")})), "");
}

TEST_F(Functions, TheOutsideComesThroughInputs) {
  inputs.files["sub/a.txt"] = "hello";
  inputs.variables["X"] = "1";
  EXPECT_EQ(plain_text(value("file", {to_value(Path{"a.txt", "sub"})})), "hello");
  EXPECT_EQ(plain_text(value("env", {text("X"), Value{}})), "1");
  EXPECT_EQ(plain_text(value("env", {text("Y"), text("d")})), "d");
  EXPECT_EQ(plain_text(value("now", {})), "2023-11-14T22:13:20Z");
  EXPECT_EQ(plain_text(value("run_id", {})), "r1");
  EXPECT_EQ(plain_text(value("git_branch", {})), "main");
}

}  // namespace
}  // namespace cairn
