// Late values become values for the node that reads them.
#include "interpreter/settle.h"

#include <gtest/gtest.h>

#include "tests/interpreter/program.h"
#include "tests/interpreter/values.h"

namespace cairn {
namespace {

// Addresses as a run would answer them: the network's name for a container, a published port for the host.
struct Answers : LateSource {
  const Graph* graph = nullptr;
  std::vector<std::string> asked;
  std::int64_t status = 503;

  LateAnswer exported(NodeId of, std::string_view name, const List& arguments, NodeId reader) override {
    std::string question = graph->node(of).path + "." + std::string(name);
    for (const Value& argument : arguments) question += " " + show(argument);
    asked.push_back(question + " for " + graph->node(reader).path);
    const bool host = !graph->node(reader).value("in").null();
    if (name == "host") return host ? text("127.0.0.1") : text(graph->node(of).network_name);
    if (name == "port") return number(host ? 40'000 : *arguments.front().as<std::int64_t>());
    if (name == "status") return number(status);
    if (name == "stdout") return Unanswered{"it was not run", {}, "leave out `--only`"};
    return Unanswered{"nobody knows", {}, {}};
  }
  LateAnswer secret(const SecretPlace& place, NodeId) override { return text("hidden " + place.place); }
};

TEST(Settings, OneOfWhatAListHoldsIsAListOfOneAndNothingElseIs) {
  const auto outcome = compile_text(R"(
run no { in = "host" ; command = ["x"] ; remember = false }
run yes { in = "host" ; command = ["x"] ; remember = true }
run files { in = "host" ; command = ["x"] ; remember = "src/**" ; expect_exit = 3 ; ports = "80:80" ; after = no }
)");
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  const Graph& graph = outcome->graph();
  EXPECT_EQ(show(graph.node(graph.by_path.at("no")).value("remember")), "false");
  EXPECT_EQ(show(graph.node(graph.by_path.at("yes")).value("remember")), "true");
  const Node& files = graph.node(graph.by_path.at("files"));
  EXPECT_EQ(show(files.value("remember")), R"(["src/**"])");
  EXPECT_EQ(show(files.value("expect_exit")), "[3]");
  EXPECT_EQ(show(files.value("ports")), R"(["80:80"])");
  EXPECT_NE(files.value("after").as<List>(), nullptr);
}

TEST(Settle, AnAddressIsTheOneOfItsReader) {
  const auto outcome = compile_text(R"(
let where = "${web.host}:${web.port(80)}"
service web { image = "x" }
run inside { image = "y" ; env = { URL = where } }
run outside { in = "host" ; env = { URL = where } ; command = ["x"] }
)");
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  Answers answers;
  answers.graph = &outcome->graph();
  const Settled inside = settle(outcome->compiled, outcome->graph().by_path.at("inside"), answers);
  const Settled outside = settle(outcome->compiled, outcome->graph().by_path.at("outside"), answers);
  EXPECT_TRUE(inside.mistakes.empty());
  EXPECT_EQ(show(inside.value("env")), R"({ URL = "web:80" })");
  EXPECT_EQ(show(outside.value("env")), R"({ URL = "127.0.0.1:40000" })");
  EXPECT_EQ(outcome->graph().node(outcome->graph().by_path.at("web")).publish,
            (std::vector<std::int64_t>{80}));
}

TEST(Settle, ReadsThroughInstancesAndTheirParams) {
  const auto outcome = compile_text(R"(
kind server {
  param password = secret("generate:24")
  service main { image = "x" ; env = { PASSWORD = password } }
  export url = "db://u:${password}@${main.host}:${main.port(5432)}"
}
stage test {
  server db
  run app { image = "y" ; env = { URL = db.url } }
}
)");
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  Answers answers;
  answers.graph = &outcome->graph();
  const Settled app = settle(outcome->compiled, outcome->graph().by_path.at("test.app"), answers);
  ASSERT_TRUE(app.mistakes.empty());
  const Map* env = app.value("env").as<Map>();
  ASSERT_NE(env, nullptr);
  EXPECT_EQ(*env->find("URL")->as<std::string>(), "db://u:hidden generate:24@main:5432");
  EXPECT_TRUE(env->find("URL")->secret);
}

TEST(Settle, WhatNobodyKnowsIsADiagnosticAtItsPlace) {
  const auto outcome = compile_text(
      "run first { image = \"x\" }\nrun second { image = \"y\" ; env = { V = first.stdout } }\n");
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  Answers answers;
  answers.graph = &outcome->graph();
  const Settled second = settle(outcome->compiled, outcome->graph().by_path.at("second"), answers);
  ASSERT_EQ(second.mistakes.size(), 1u);
  EXPECT_EQ(second.mistakes[0].code, "R0301");
  EXPECT_EQ(second.mistakes[0].message, "`first.stdout` is not known: it was not run");
  EXPECT_EQ(outcome->sources.show(second.mistakes[0].primary.span), "main.stack:2:46");
}

TEST(Ask, AConditionIsEvaluatedAgainForEveryAnswer) {
  const auto outcome =
      compile_text("http poll { url = \"http://127.0.0.1\" ; until = self.status == 200 ; within = 1m }\n");
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  const NodeId poll = outcome->graph().by_path.at("poll");
  Answers answers;
  answers.graph = &outcome->graph();
  EXPECT_TRUE(settle(outcome->compiled, poll, answers).value("until").late());
  EXPECT_EQ(show(ask(outcome->compiled, poll, "until", answers).value), "false");
  answers.status = 200;
  EXPECT_EQ(show(ask(outcome->compiled, poll, "until", answers).value), "true");
  EXPECT_TRUE(ask(outcome->compiled, poll, "expect", answers).value.null());
}

}  // namespace
}  // namespace cairn
