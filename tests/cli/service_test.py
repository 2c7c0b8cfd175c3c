"""Commands that reach into what is up: exec, shell, restart, logs; and plans in files, dry runs, what is remembered."""
import os
import signal
import subprocess
import unittest

from program import CAIRN, PATIENCE, ProjectTest, Terminal, lives, until

UP = """
service db { in = "host" ; command = ["sh", "-c", "echo db began; echo trouble >&2; sleep 86390 & wait"] ; env = { WHO = "the service" } ; working_dir = "inside" }
service web { in = "host" ; command = ["sh", "-c", "echo web began; sleep 86389 & wait"] ; links = [db] }
service other { in = "host" ; command = ["sleep", "86388"] }
run job { in = "host" ; command = ["true"] }
stage test { run unit { in = "host" ; command = ["true"] } }
"""


class Probes(ProjectTest):
    def test_a_chosen_port_by_its_name_and_a_whole_url(self):
        self.write("""stage test {
  service web { in = "host" ; command = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "${self.port("http")}"] ; ready = [tcp("http"), http("http")] }
  probe page { ready = [http("${web.url("http")}/it.stack", contains = "as it is")] }
}""")
        self.cairn("run", "test")
        self.write('service web { in = "host" ; command = ["sleep", "86386"] ; ready = [http("host:port")] }')
        self.assertIn("`port` is no port", self.cairn("up", code=2).stderr)


class Reaching(ProjectTest):
    def setUp(self):
        super().setUp()
        (self.folder / "inside").mkdir()
        self.write(UP)

    def up(self):
        self.cairn("up")
        return {one["node"]: int(one["name"]) for one in self.json("ps")}

    def test_exec_has_the_environment_and_folder_of_the_service(self):
        self.up()
        done = self.cairn("exec", "db", "sh", "-c", "echo $WHO; pwd; echo oops >&2; exit 7", code=7)
        self.assertEqual(done.stdout, f"the service\n{os.path.realpath(self.folder)}/inside\n")
        self.assertEqual(done.stderr, "oops\n")

    def test_exec_leaves_the_words_of_the_command_alone(self):
        self.up()
        for words in (["ps", "--json"], ["--", "-x"], ["run", "-f", "--help"], ["-T", "--", "exec", "db"]):
            command = [word for word in words if word not in ("-T", "--")]
            script = self.folder / "inside" / command[0]
            script.write_text('#!/bin/sh\necho "$(basename $0)" "$@"\n')
            script.chmod(0o755)
            done = self.cairn("exec", "db", "-e", f"PATH=.:{os.environ['PATH']}", *words)
            self.assertEqual(done.stdout, " ".join(command) + "\n")

    def test_exec_reads_standard_input(self):
        self.up()
        done = subprocess.run([CAIRN, "exec", "db", "cat"], cwd=self.folder, env=self.environment, input="some\ninput", text=True, capture_output=True, timeout=PATIENCE)
        self.assertEqual((done.stdout, done.returncode), ("some\ninput", 0))

    def test_a_program_that_is_not_there(self):
        self.up()
        self.assertIn("cannot run `no-such-program`", self.cairn("exec", "db", "no-such-program", code=127).stderr)
        (self.folder / "inside" / "text").write_text("")
        self.assertIn("Permission denied", self.cairn("exec", "db", "./text", code=126).stderr)

    def test_a_shell_has_the_terminal(self):
        self.up()
        shell = Terminal(self, "shell", "db")
        shell.type("echo $((40 + 2)) $WHO; stty size\n")
        shell.expect("42 the service")
        shell.expect("24 80")
        shell.type("exit 5\n")
        self.assertEqual(shell.end(), 5)

    def test_a_running_run_is_reached_too(self):
        self.write("""
stage test {
  in = "host"
  service db { command = ["sh", "-c", "sleep 86387 & wait"] ; env = { WHO = "of a run" } }
  run slow { command = ["sh", "-c", "while [ ! -e go ]; do sleep 0.05; done"] ; after = [db] }
}
""")
        run = self.start("run", "test")
        self.wait_for_node("test.slow")
        self.assertEqual(self.cairn("exec", "db", "printenv", "WHO").stdout, "of a run\n")
        (self.folder / "go").touch()
        self.assertEqual(run.wait(timeout=60), 0)

    def test_what_exec_is_told_wrongly(self):
        (self.folder / "empty").mkdir()
        mistakes = [
            (("exec", "db", "true"), "`db` is not running", "`cairn up db` brings it up"),
            (("exec", "bd", "true"), "`bd` is not running", "did you mean `db`?"),
            (("exec", "test", "true"), "`test` is not running", "`test` is a stage"),
            (("exec", "job", "true"), "`job` is not running", "`job` is a `run`"),
            (("exec", "nothing-like-it", "true"), "is not running", "has no block of that name"),
            (("exec", "-f", "nowhere/it.stack", "db", "true"), "there is no folder", ""),
            (("exec", "db"), "there is nothing to run", "`cairn shell db`"),
            (("exec", "--run", "nope", "db", "true"), "`db` is not running in nope", ""),
            (("exec", "-e", "NAME", "db", "true"), "`--env NAME` is no variable", "NAME=value"),
            (("shell",), "`cairn shell` needs a service that runs", ""),
        ]
        for arguments, message, help in mistakes:
            with self.subTest(arguments):
                said = self.cairn(*arguments, code=2).stderr
                self.assertIn(message, said)
                self.assertIn(help, said)
        self.cairn("up")
        self.assertIn("did you mean `other`?", self.cairn("exec", "othr", "true", code=2).stderr)
        self.write(UP, "second.stack")
        self.assertIn("`nope` is not running", self.cairn("exec", "nope", "true", code=2).stderr, "two files: neither is asked")

    def test_restart_takes_the_users_along(self):
        before = self.up()
        self.cairn("restart", "db")
        after = {one["node"]: int(one["name"]) for one in self.json("ps")}
        self.assertEqual(after["other"], before["other"])
        for node in ("db", "web"):
            self.assertNotEqual(after[node], before[node])
            self.assertFalse(lives(before[node]))
        self.cairn("restart", "web")
        alone = {one["node"]: int(one["name"]) for one in self.json("ps")}
        self.assertEqual((alone["db"], alone["other"]), (after["db"], after["other"]))
        self.assertNotEqual(alone["web"], after["web"])
        self.cairn("restart")
        self.assertTrue(all(alone[one["node"]] != int(one["name"]) for one in self.json("ps")))
        self.cairn("plan", "--up", "--exit-code", code=0)

    def test_what_restart_is_told_wrongly(self):
        for arguments, message, help in [
            ((), "nothing is up", "`cairn up`"),
            (("db",), "`db` is not up", "`cairn up db`"),
            (("bd",), "there is no block `bd`", "did you mean `db`?"),
            (("job",), "`job` is a `run`, and `restart` takes services", ""),
            (("test",), "`test` is a `stage`, and `restart` takes services", ""),
            (("db", "--timeout", "soon"), "`soon` is no duration", "90s"),
            (("db", "-f", "nowhere.stack"), "nowhere.stack", ""),
        ]:
            with self.subTest(arguments):
                said = self.cairn("restart", *arguments, code=2).stderr
                self.assertIn(message, said)
                self.assertIn(help, said)

    def test_logs_of_what_is_up(self):
        self.up()
        self.assertEqual(sorted(self.cairn("logs", "db").stdout.splitlines()), ["! trouble", "db began"])
        both = self.cairn("logs").stdout
        self.assertIn("web | web began", both)
        self.assertIn("db ! trouble", both)
        self.assertEqual(len(self.cairn("logs", "db", "--tail", "1").stdout.splitlines()), 1)
        self.assertEqual(self.cairn("logs", "db", "--since", "1970-01-01T00:00:00.000Z").stdout.count("\n"), 2)
        self.assertEqual(self.cairn("logs", "db", "--since", "2999-01-01T00:00:00.000Z").stdout, "")
        self.assertIn("no duration and no time", self.cairn("logs", "--since", "then", code=2).stderr)
        self.cairn("run", "test")
        self.assertIn("db began", self.cairn("logs", "db").stdout, "a run meanwhile is no reason to forget it")
        self.cairn("up")
        self.assertIn("db began", self.cairn("logs", "db").stdout, "nor is another up")

    def test_logs_follow_what_is_up_to_its_end(self):
        pids = self.up()
        follower = self.start("logs", "web", "--follow")
        self.assertEqual(follower.stdout.readline(), "web began\n")
        self.assertIsNone(follower.poll())
        os.kill(pids["web"], signal.SIGKILL)
        self.assertEqual(follower.wait(timeout=PATIENCE), 0)
        self.assertIn("web began", self.cairn("logs", "web", "--run", "up").stdout, "also of one that has died")

    def test_logs_are_told_wrongly(self):
        self.assertIn("nothing was run", self.cairn("logs", code=2).stderr)
        self.up()
        for arguments, message in [
            (("wbe",), "did you mean `web`?"),
            (("--run", "nope"), "there is no run `nope`"),
            (("--run", "up", "job"), "`job` is not up"),
            (("--tail", "-1"), "--tail"),
        ]:
            with self.subTest(arguments):
                self.assertIn(message, self.cairn("logs", *arguments, code=2).stderr)


if __name__ == "__main__":
    unittest.main()
