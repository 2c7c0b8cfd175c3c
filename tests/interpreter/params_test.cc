#include "interpreter/params.h"

#include <gtest/gtest.h>

#include "interpreter/show.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

const char* const program_text = R"(
param version = "1.0"
param shards = 4
param within: duration = 3m
param target: string
param tags: list(string) = []
param mode: "fast" | "slow" = "fast"
run t { image = "x:${version}" ; timeout = within ; env = { TARGET = target, N = shards } }
)";

GivenParam given(std::string name, std::string value) {
  return {std::move(name), std::move(value), ParamOrigin::command_line};
}

TEST(Params, TextIsTakenAsItIsForStringsAndReadAsALiteralElsewhere) {
  const auto outcome = compile_files({{"main.stack", program_text}},
                                     {given("version", "007"), given("shards", "8"), given("within", "1h30m"),
                                      given("target", "a b"), given("tags", "[\"x\", \"y\"]")});
  ASSERT_TRUE(outcome->diagnostics.empty()) << outcome->complaints();
  EXPECT_EQ(show_params(outcome->compiled.params),
            "version: string        \"007\"       -p\n"
            "shards: int            8           -p\n"
            "within: duration       1h30m       -p\n"
            "target: string         \"a b\"       -p\n"
            "tags: list(string)     [\"x\", \"y\"]  -p\n"
            "mode: \"fast\" | \"slow\"  \"fast\"      default\n");
}

TEST(Params, TheStrongestOriginWins) {
  auto outcome = std::make_unique<Outcome>();
  outcome->inputs.files = {
      {"main.stack", program_text},
      {"cairn.local.json", R"({ "target": "local", "shards": 2, "within": "10s", "version": "local" })"}};
  outcome->inputs.variables = {{"CAIRN_PARAM_version", "environment"}, {"CAIRN_PARAM_shards", "3"}};
  Value from_file;
  from_file.is = std::int64_t{5};
  outcome->compiled = compile({"main.stack", {{"shards", from_file, ParamOrigin::params_file}}, false},
                              outcome->inputs, outcome->sources, outcome->diagnostics);
  ASSERT_TRUE(outcome->diagnostics.empty()) << outcome->complaints();
  std::vector<std::string> origins;
  for (const ParamListing& one : outcome->compiled.params)
    origins.push_back(one.name + "=" + show(one.value) + " " + show(one.origin));
  EXPECT_EQ(origins,
            (std::vector<std::string>{"version=\"environment\" environment", "shards=5 --params",
                                      "within=10s cairn.local.json", "target=\"local\" cairn.local.json",
                                      "tags=[] default", "mode=\"fast\" default"}));
}

TEST(Params, MistakesAreNamed) {
  EXPECT_EQ(compile_files({{"main.stack", program_text}})->complaints(),
            "S0217 at 5:7: the param `target` has no value\n");
  EXPECT_EQ(compile_files({{"main.stack", program_text}}, {given("target", "x"), given("shard", "8")})
                ->complaints(),
            "S0218 at -: no param named `shard` (-p)\n");
  EXPECT_EQ(compile_files({{"main.stack", program_text}}, {given("target", "x"), given("mode", "fats")})
                ->complaints(),
            "S0302 at 7:7: `mode` (-p) is \"fast\" | \"slow\", found `\"fats\"`\n");
}

TEST(Params, UnknownOnesLeaveOutWhatDependsOnThem) {
  const auto outcome = compile_files({{"main.stack",
                                       "param n: int\nstage s {\n  for i in range(n) { run a { image = \"x\" "
                                       "} }\n  run b { image = \"x\" ; after = a ; env = { N = n } }\n}\n"}},
                                     {}, true);
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  EXPECT_EQ(outcome->compiled.left_out.size(), 1u);
}

}  // namespace
}  // namespace cairn
