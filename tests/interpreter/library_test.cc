// The library is written in the language: every module compiles in a small program that uses all of it.
#include <gtest/gtest.h>

#include "stdlib/stdlib.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

const std::map<std::string, std::string> uses = {
    {"postgres",
     "stage s {\n volume v\n postgres.server db { data = v ; memory = 2GiB ; env = { TZ = \"UTC\" } }\n"
     " run r { image = \"x\" ; env = db.env(\"PG\") + { U = db.url, J = db.jdbc_url, N = db.name, W = "
     "db.password, H = db.host, P = db.port, Q = db.port(5432), A = db.user } }\n"
     " sql q { on = db.database ; text = \"select 1\" }\n}\n"},
    {"mysql",
     "stage s {\n mysql.server db\n run r { image = \"x\" ; env = db.env(\"MYSQL_\") + { U = db.url, J = "
     "db.jdbc_url } }\n migrate m { on = db.database ; locations = \".\" }\n}\n"},
    {"mariadb",
     "stage s {\n mariadb.server db { name = \"a\" ; user = \"b\" ; version = \"10\" }\n run r { image = "
     "\"x\" ; env = db.env(\"DB_\") + { U = db.url, J = db.jdbc_url } }\n sql q { on = db.database ; text = "
     "\"select 1\" }\n}\n"},
    {"redis",
     "stage s {\n redis.server cache\n run r { image = \"x\" ; env = cache.env() + { U = cache.url } }\n}\n"},
    {"nginx",
     "stage s {\n nginx.server docs { root = \"./site\" }\n service app { image = \"x\" ; ready = tcp(8080) "
     "}\n nginx.proxy front { to = app.url(8080) }\n run r { image = \"x\" ; env = { D = docs.url, F = "
     "front.url } }\n}\n"},
    {"mssql",
     "stage s {\n mssql.server db\n run r { image = \"x\" ; env = db.env(\"SQL_\") + { U = db.url, J = "
     "db.jdbc_url } }\n sql q { on = db.database ; text = \"select 1\" }\n}\n"},
    {"sqlite",
     "stage s {\n sqlite.file db { path = \"a.db\" }\n sql q { on = db.database ; text = \"select 1\" }\n "
     "run r { image = \"x\" ; env = { J = db.jdbc_url } }\n}\n"},
    {"testkube",
     "stage s {\n testkube.execution e { api = \"http://tk:8088/v1\" ; workflow = \"smoke\" ; execution_tags "
     "= { release = \"1\" } ; token = secret(\"env:T\") }\n"
     " run r { image = \"x\" ; env = { S = e.status, I = e.id } }\n}\n"},
    {"azure_devops",
     "stage s {\n azure_devops.completed done { plan_url = \"https://dev.azure.example/o\" ; project = \"p\" "
     "; hub = \"checks\" ; plan = \"1\" ; job = \"2\" ; task = \"3\" ; token = secret(\"env:T\") ; succeeded "
     "= true }\n}\n"},
    {"registry",
     "stage s {\n registry.server hub\n run r { image = \"x\" ; env = { A = hub.address } }\n}\n"},
};

TEST(Library, EveryModuleIsUsedHere) {
  for (const stdlib::Embedded& embedded : stdlib::all()) {
    if (embedded.name.find('/') != std::string_view::npos) continue;
    EXPECT_TRUE(uses.contains(std::string(embedded.name))) << embedded.name;
  }
}

class LibraryModule : public testing::TestWithParam<std::string> {};

TEST_P(LibraryModule, Compiles) {
  const std::unique_ptr<Outcome> outcome =
      compile_text("use \"std/" + GetParam() + "\"\n" + uses.at(GetParam()));
  EXPECT_EQ(outcome->complaints(), "");
  EXPECT_TRUE(outcome->compiled.graph.has_value());
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, use] : uses) all.push_back(name);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Std, LibraryModule, testing::ValuesIn(names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace cairn
