// Questions to real databases, each started by the test that needs it.
#include "runtime/database/query.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "tests/keeper/keeper_fixture.h"

namespace cairn::database {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

int free_port() {
  const FileDescriptor listening(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listening.number(), reinterpret_cast<sockaddr*>(&address), size);
  getsockname(listening.number(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

class Asking : public keeper::KeeperTest {
 protected:
  void SetUp() override { spawner_ = start(); }
  Result<Answer> ask(const std::string& text, Milliseconds within = std::chrono::seconds(60)) {
    return database::ask(*spawner_, {place_, text, std::chrono::steady_clock::now() + within}, folder_.path(),
                         {});
  }
  // A command of the shell; its exit code.
  static int run(const std::string& command) {
    const int status = std::system((command + " >/dev/null 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // What every database can do.
  void talk() {
    ASSERT_TRUE(ask("create table t (id int, word varchar(20))").ok());
    const Result<Answer> changed = ask("insert into t values (1, 'one'), (2, null)");
    ASSERT_TRUE(changed.ok()) << changed.failure().message;
    EXPECT_EQ(changed->count, 2);
    const Result<Answer> rows = ask("select id, word from t order by id");
    ASSERT_TRUE(rows.ok()) << rows.failure().message;
    EXPECT_EQ(rows->count, 2);
    EXPECT_THAT(rows->rows, ElementsAre(UnorderedElementsAre(Pair("id", "1"), Pair("word", "one")),
                                        UnorderedElementsAre(Pair("id", "2"), Pair("word", std::nullopt))));
    const Result<Answer> wrong = ask("select x from nowhere");
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.failure().is, FailureClass::step);
    EXPECT_THAT(wrong.failure().message, HasSubstr("nowhere"));
  }

  std::unique_ptr<keeper::KeeperSpawner> spawner_;
  Place place_;
};

TEST_F(Asking, Sqlite) {
  place_.driver = "sqlite";
  place_.file = folder_ / "it.db";
  const Result<Answer> missing = ask("select 1");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.failure().is, FailureClass::endpoint);
  EXPECT_THAT(missing.failure().message, HasSubstr("unable to open database file"));
  EXPECT_FALSE(std::filesystem::exists(place_.file)) << "asking makes nothing";
  folder_.write("it.db", "");
  talk();
}

TEST_F(Asking, SqliteThatIsNone) {
  place_.driver = "sqlite";
  place_.file = folder_.write("it.db", std::string(4096, 'x'));
  const Result<Answer> wrong = ask("select * from sqlite_master");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.failure().message, HasSubstr("not a database"));
}

TEST_F(Asking, Postgres) {
  const std::string bin = "/usr/lib/postgresql/15/bin/";
  if (!std::filesystem::exists(bin + "initdb")) GTEST_SKIP() << "no " << bin << "initdb";
  // It refuses to run as root.
  const std::string as = geteuid() == 0 ? "runuser -u postgres -- " : "";
  const std::string data = folder_ / "data";
  chmod(folder_.path().c_str(), 0777);
  folder_.write("password", "hunter2 & co\n");
  chmod((folder_ / "password").c_str(), 0644);
  ASSERT_EQ(run(as + bin + "initdb --no-sync -A scram-sha-256 -U ann --pwfile=" + (folder_ / "password") +
                " -D " + data),
            0);
  place_ = {
      .driver = "postgres", .host = "127.0.0.1", .port = free_port(), .name = "postgres", .user = "ann"};
  place_.password = Text("hunter2 & co", true);
  const Result<Answer> nobody = ask("select 1");
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.failure().is, FailureClass::endpoint);
  EXPECT_THAT(nobody.failure().message, HasSubstr("Connection refused"));
  ASSERT_EQ(run(as + bin + "pg_ctl -w -D " + data + " -l " + data + "/log -o '-F -h 127.0.0.1 -k " + data +
                " -p " + std::to_string(place_.port) + "' start"),
            0);
  talk();
  // To cancel is to kill: the child goes, whatever it waits for.
  std::stop_source stop;
  const Instant before = std::chrono::steady_clock::now();
  const Result<Answer> late = ask("select pg_sleep(600)", Milliseconds(100));
  EXPECT_EQ(late.failure().is, FailureClass::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(60));
  place_.password = Text("wrong password", true);
  const Result<Answer> refused = ask("select 1");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().is, FailureClass::endpoint);
  EXPECT_THAT(refused.failure().message, HasSubstr("password authentication failed"));
  EXPECT_THAT(refused.failure().message, testing::Not(HasSubstr("wrong password")));
  EXPECT_EQ(run(as + bin + "pg_ctl -w -m immediate -D " + data + " stop"), 0);
}

TEST_F(Asking, Mariadb) {
  if (run("command -v mariadbd && command -v mariadb-install-db") != 0) GTEST_SKIP() << "no mariadbd";
  const std::string data = folder_ / "data";
  const std::string user = geteuid() == 0 ? " --user=root" : "";
  if (run("mariadb-install-db --no-defaults --skip-name-resolve "
          "--auth-root-authentication-method=normal --datadir=" +
          data + user) != 0)
    GTEST_SKIP() << "mariadb-install-db does not run here";
  place_ = {.driver = "mariadb", .host = "localhost", .port = free_port(), .name = "test", .user = "root"};
  keeper::SpawnSpec server =
      spec({"mariadbd", "--no-defaults", "--skip-name-resolve", "--datadir=" + data,
            "--socket=" + data + "/socket", "--bind-address=127.0.0.1",
            "--port=" + std::to_string(place_.port), "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0"});
  server.environment = {{"PATH", Text("/usr/sbin:/usr/bin:/bin")}};
  if (!user.empty()) server.command.push_back("--user=root");
  const Result<keeper::Process> process = spawner_->spawn(server);
  ASSERT_TRUE(process.ok()) << process.failure().causes.front();
  // It listens when it is ready; until then nobody is there.
  const Instant give_up = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  Result<Answer> first = ask("select 1");
  EXPECT_TRUE(first.ok() || first.failure().is == FailureClass::endpoint);
  while (!first.ok() && std::chrono::steady_clock::now() < give_up) first = ask("select 1");
  ASSERT_TRUE(first.ok()) << first.failure().message << "\n" << err();
  talk();
  place_.user = "nobody";
  const Result<Answer> refused = ask("select 1");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().is, FailureClass::endpoint);
  EXPECT_THAT(refused.failure().message, HasSubstr("nobody"));
  ASSERT_TRUE(spawner_->kill_tree(*process).ok());
  ASSERT_TRUE(spawner_->wait(*process, {}).ok());
}

TEST_F(Asking, ADriverThatThisCairnHasNotIsNamed) {
  place_ = {.driver = "sqlserver", .host = "127.0.0.1", .port = 1433};
  const Result<Answer> none = ask("select 1");
  ASSERT_FALSE(none.ok());
  EXPECT_TRUE(none.failure().nothing_done);
  EXPECT_EQ(none.failure().message, "this cairn has no driver for `sqlserver`");
}

}  // namespace
}  // namespace cairn::database
