#include <gtest/gtest.h>

#include "grammar/source.h"
#include "interpreter/kinds.h"
#include "runtime/kinds/addresses.h"
#include "runtime/kinds/build_contexts.h"
#include "runtime/kinds/process_settings.h"
#include "runtime/kinds/secrets.h"
#include "runtime/kinds/storage.h"

namespace cairn::kinds {
namespace {

TEST(ProcessSettings, ReadsOnlyWhatServiceOrRunDeclares) {
  Sources sources;
  Vocabulary vocabulary(sources);
  const KindDecl* service = vocabulary.kind("service");
  const KindDecl* run = vocabulary.kind("run");
  ASSERT_NE(service, nullptr);
  ASSERT_NE(run, nullptr);
  for (std::string_view name : process_setting_names())
    EXPECT_TRUE(service->param(name) != nullptr || run->param(name) != nullptr)
        << name << " is read and not declared";
}

// A setting that is declared and never read would be ignored without a word.
TEST(ProcessSettings, ReadsAllThatServiceDeclaresForItsProcess) {
  Sources sources;
  Vocabulary vocabulary(sources);
  const std::vector<std::string_view> read = process_setting_names();
  const std::vector<std::string> elsewhere = {
      // the executor, the graph or another file of this room reads these
      "after", "when", "timeout", "retry",   "allow_failure", "pool",  "profiles",       "description",
      "ready", "keep", "like",    "changes", "engine",        "links", "logs_on_failure"};
  for (const ParamDecl& param : vocabulary.kind("service")->params) {
    const bool known = std::find(read.begin(), read.end(), param.name) != read.end() ||
                       std::find(elsewhere.begin(), elsewhere.end(), param.name) != elsewhere.end();
    EXPECT_TRUE(known) << "`" << param.name << "` is declared and nobody reads it";
  }
}

TEST(ContextStages, StandBeforeTheFirstFromAndAfterGlobalArguments) {
  const std::string dockerfile =
      "# syntax=docker/dockerfile:1\nARG VERSION=1\nfrom base:${VERSION}\nCOPY --from=wheels / /w\n";
  EXPECT_EQ(with_context_stages(dockerfile, {{"wheels", "cairn-x:build"}}),
            "# syntax=docker/dockerfile:1\nARG VERSION=1\nFROM cairn-x:build AS wheels\nfrom "
            "base:${VERSION}\nCOPY --from=wheels / /w\n");
}

Graph with_service_and_readers() {
  Graph graph;
  auto add = [&](std::string kind, std::string name, Value image) {
    Node node;
    node.kind = std::move(kind);
    node.path = node.network_name = std::move(name);
    node.node_class = node.kind == "service" ? NodeClass::service : NodeClass::task;
    node.settings.push_back({"image", std::move(image), {}, true});
    graph.nodes.push_back(std::move(node));
    return NodeId{static_cast<std::uint32_t>(graph.nodes.size() - 1)};
  };
  add("service", "db", Value{std::string("postgres:16")});
  add("run", "inside", Value{std::string("app:1")});
  add("run", "outside", {});
  return graph;
}

TEST(Addresses, AreWhatTheReaderCanReach) {
  const Graph graph = with_service_and_readers();
  const NodeId db{0}, inside{1}, outside{2};
  Addresses addresses(graph, [] { return Result<int>(4711); });
  addresses.set(db, {"172.18.0.2", {{5432, 49153}}, "127.0.0.1"});
  auto text = [&](std::string_view name, List arguments, NodeId reader) {
    return plain_text(std::get<Value>(*addresses.answer(db, name, arguments, reader)));
  };
  const List port = {Value{std::int64_t{5432}}};
  EXPECT_EQ(text("host", {}, inside), "db");
  EXPECT_EQ(text("port", port, inside), "5432");
  EXPECT_EQ(text("url", port, inside), "http://db:5432");
  EXPECT_EQ(text("host", {}, outside), "127.0.0.1");
  EXPECT_EQ(text("port", port, outside), "49153");
  EXPECT_EQ(text("url", port, outside), "http://127.0.0.1:49153");
  const std::optional<LateAnswer> closed = addresses.answer(db, "port", {Value{std::int64_t{80}}}, outside);
  ASSERT_TRUE(std::holds_alternative<Unanswered>(*closed));
  EXPECT_NE(std::get<Unanswered>(*closed).message.find("port 80 of `db`"), std::string::npos);
}

TEST(Addresses, AStepInAServiceReachesWhatThatDoes) {
  Graph graph = with_service_and_readers();
  const NodeId db{0}, app{1}, step{2};
  graph.nodes[1].kind = "service";
  graph.nodes[1].node_class = NodeClass::service;
  graph.nodes[2].settings = {{"in", Value{NodeRef{app}}, {}, true}};
  EXPECT_EQ(service_around(graph, step), app);
  EXPECT_EQ(service_around(graph, app), no_node);
  Addresses addresses(graph, [] { return Result<int>(4711); });
  addresses.set(db, {"172.18.0.2", {{5432, 49153}}, "127.0.0.1"});
  const List port = {Value{std::int64_t{5432}}};
  EXPECT_EQ(plain_text(std::get<Value>(*addresses.answer(db, "url", port, step))), "http://db:5432");
  EXPECT_EQ(plain_text(std::get<Value>(*addresses.answer(app, "host", {}, step))), "inside");
}

TEST(Addresses, ANamedPortIsChosenOnceForAllReaders) {
  Graph graph = with_service_and_readers();
  graph.nodes[0].settings.clear();  // a host process
  int next = 7000;
  Addresses addresses(graph, [&] { return Result<int>(next++); });
  const List name = {Value{std::string("http")}};
  const LateAnswer own = *addresses.answer(NodeId{0}, "port", name, NodeId{0});
  const LateAnswer others = *addresses.answer(NodeId{0}, "port", name, NodeId{2});
  EXPECT_TRUE(equal(std::get<Value>(own), std::get<Value>(others)));
  EXPECT_EQ(next, 7001);
}

TEST(Storage, AVolumeThatAContainerMountsLiesOnTheEngineAndSoDoItsClones) {
  Graph graph;
  auto add = [&](std::string kind, std::vector<Setting> settings) {
    Node node;
    node.kind = std::move(kind);
    node.settings = std::move(settings);
    graph.nodes.push_back(std::move(node));
  };
  add("volume", {});  // 0: source of a clone that a container mounts
  add("clone", {{"from", Value{NodeRef{NodeId{0}}}, {}, true}});  // 1
  Map mounts;
  mounts.set("/data", Value{NodeRef{NodeId{1}}});
  add("run", {{"image", Value{std::string("app:1")}, {}, true}, {"mounts", Value{mounts}, {}, true}});  // 2
  add("volume", {});  // 3: nobody mounts it
  const std::vector<bool> engine = stored_on_engine(graph);
  EXPECT_TRUE(engine[0]);
  EXPECT_TRUE(engine[1]);
  EXPECT_FALSE(engine[3]);
}

TEST(Secrets, AreReadOnceAndMasked) {
  scribe::Masker masker;
  int asked = 0;
  Secrets secrets({[&](const std::string& name) {
                     ++asked;
                     return name == "TOKEN" ? std::optional<std::string>("correct horse battery")
                                            : std::nullopt;
                   },
                   [](const std::string&) { return std::optional<std::string>("from a file\n"); },
                   [](std::size_t n) { return std::string(n, 'x'); },
                   {}},
                  masker);
  EXPECT_EQ(plain_text(std::get<Value>(secrets.read({"env:TOKEN", nullptr, {}}))), "correct horse battery");
  EXPECT_TRUE(std::get<Value>(secrets.read({"env:TOKEN", nullptr, {}})).secret);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(masker.masked("say correct horse battery now"), "say ••• now");
  EXPECT_EQ(plain_text(std::get<Value>(secrets.read({"file:token", nullptr, {}}))), "from a file");
  const LateAnswer missing = secrets.read({"env:OTHER", nullptr, {}});
  ASSERT_TRUE(std::holds_alternative<Unanswered>(missing));
  EXPECT_NE(std::get<Unanswered>(missing).message.find("OTHER"), std::string::npos);
  const Value fallback{std::string("from the file")};
  EXPECT_EQ(plain_text(std::get<Value>(secrets.read({"env:THIRD", &fallback, {}}))), "from the file");
}

TEST(Secrets, OfParamsAreMaskedWhereverTheyAreInTheValue) {
  scribe::Masker masker;
  Secrets secrets({}, masker);
  Map map;
  map.set("token", Value{std::string("a token of a map"), true});
  map.set("name", Value{std::string("a plain name here")});
  secrets.given("plain", Value{std::string("nothing to hide")});
  secrets.given("one", Value{std::string("correct horse battery"), true});
  secrets.given("many", Value{map});
  EXPECT_EQ(masker.masked("correct horse battery, a token of a map"), "•••, •••");
  EXPECT_EQ(masker.masked("nothing to hide, a plain name here"), "nothing to hide, a plain name here");
}

TEST(RandomText, IsLettersAndDigitsOfTheLengthAskedFor) {
  const std::string text = random_text(200);
  EXPECT_EQ(text.size(), 200u);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0; }));
  EXPECT_NE(text, random_text(200));
}

}  // namespace
}  // namespace cairn::kinds
