"""The commands that look: runs, show, slow, logs, ps, plan, why, doctor; and `up` with `down` on this machine."""
import unittest

from program import ProjectTest, lives, processes_with, until

STACK = """
stage test {
  in = "host"
  run good { command = ["sh", "-c", "echo out; echo err >&2"] }
  run bad { command = ["sh", "-c", "echo no such luck; exit 3"] ; after = [good] }
  run never { command = ["true"] ; after = [bad] }
}
"""

SERVICES = """
service db { in = "host" ; command = ["sh", "-c", "echo ready; sleep 86396 & wait"] }
"""

CHAIN = """
service db { in = "host" ; command = ["sh", "-c", "echo $PORT >db.port; sleep 86396 & wait"] ; env = { PORT = self.port("sql") } ; files = { "db.conf" = "x = 1" } ; ready = [exists("db.port")] }
service web { in = "host" ; command = ["sh", "-c", "echo web of $DB; sleep 86395 & wait"] ; env = { DB = db.port("sql") } }
service other { in = "host" ; command = ["sleep", "86394"] }
"""


class Looking(ProjectTest):
    def setUp(self):
        super().setUp()
        self.write(STACK)

    def test_nothing_was_run(self):
        self.assertEqual(self.json("runs"), [])
        self.assertEqual(self.json("ps"), [])
        for command in ("show", "slow", "logs"):
            self.assertIn("nothing was run", self.cairn(command, code=2).stderr)
        self.assertFalse((self.folder / ".cairn").exists(), "looking makes nothing")

    def test_a_run_is_told(self):
        self.cairn("run", "test", code=1)
        (run,) = self.json("runs")
        self.assertEqual((run["goal"], run["state"], run["alive"], run["exit_code"]), ("run test", "failed", False, 1))
        shown = self.json("show")
        outcomes = {step["step"]: step["outcome"] for step in shown["steps"]}
        self.assertEqual(outcomes["test.good:run"], "succeeded")
        self.assertEqual(outcomes["test.bad:run"], "failed")
        self.assertEqual(outcomes["test.never:run"], "skipped")
        text = self.cairn("show", run["run"].rpartition("-")[2]).stdout
        self.assertIn("test.bad:run", text)
        self.assertIn("3", text)
        self.assertIn("there is no run `nope`", self.cairn("show", "nope", code=2).stderr)

    def test_timeline_and_trace(self):
        self.cairn("run", "test", code=1)
        self.cairn("show", "--timeline", "t.html", "--trace", "t.json")
        self.assertIn("<svg", (self.folder / "t.html").read_text())
        self.assertIn("traceEvents", (self.folder / "t.json").read_text())

    def test_slow_ends_with_what_ended_last(self):
        self.cairn("run", "test", code=1)
        chain = self.json("slow")["chain"]
        self.assertTrue(any(link["step"] == "test.bad:run" for link in chain), chain)
        self.assertLessEqual(self.json("slow")["lower_bound"], self.json("slow")["seconds"] + 0.001)

    def test_logs(self):
        self.cairn("run", "test", code=1)
        self.assertEqual(sorted(self.cairn("logs", "good").stdout.splitlines()), ["! err", "out"])
        self.assertIn("no such luck", self.cairn("logs", "test.bad").stdout)
        both = self.cairn("logs").stdout
        self.assertIn("test.good:run | out", both)
        self.assertIn("test.bad:run | no such luck", both)
        self.assertIn("did you mean `test.good`?", self.cairn("logs", "test.goof", code=2).stderr)

    def test_logs_follow_until_the_end(self):
        self.write("""
stage test {
  in = "host"
  run slow { command = ["sh", "-c", "echo begin; while [ ! -e go ]; do sleep 0.05; done; echo end"] }
}
""")
        self.start("run", "test")
        self.wait_for_node("test.slow")
        follower = self.start("logs", "slow", "--follow")
        self.assertEqual(follower.stdout.readline(), "begin\n")
        (self.folder / "go").touch()
        self.assertEqual(follower.stdout.readline(), "end\n")
        self.assertEqual(follower.wait(timeout=60), 0)

    def test_plan_changes_nothing_and_says_why(self):
        planned = self.json("plan", "test")
        verdicts = {step["step"]: step["verdict"] for step in planned["steps"]}
        self.assertEqual(verdicts["test.good:run"], "do")
        self.assertTrue(all(step["reason"] for step in planned["steps"]))
        self.cairn("plan", "test", "--exit-code", code=4)
        self.assertFalse((self.folder / ".cairn").exists())
        self.assertIn("test.good", self.cairn("why", "bad").stdout)
        self.assertIn("there is no block `nope`", self.cairn("why", "nope", code=2).stderr)

    def test_fmt_shows_what_it_would_change(self):
        self.write("let   a = 1\nlet b = 2\n")
        self.assertEqual(self.cairn("fmt", "--check", "it.stack", code=1).stdout, "it.stack\n")
        shown = self.cairn("fmt", "--diff", "it.stack").stdout
        self.assertTrue(shown.startswith("--- it.stack\n+++ it.stack\n"), shown)
        self.assertIn("\n-let   a = 1\n+let a = 1\n let b = 2\n", shown)
        self.assertEqual((self.folder / "it.stack").read_text(), "let   a = 1\nlet b = 2\n", "it changes nothing")

    def test_a_file_is_taken_where_it_can_only_be_one(self):
        (self.folder / "other.stack").write_text('stage only { run x { in = "host" ; command = ["true"] } }\n')
        for command in ("lint", "graph", "params"):
            self.cairn(command, "other.stack")
        told = self.cairn("run", "other.stack", "-f", "other.stack", code=2).stderr
        self.assertIn("`cairn run -f other.stack only`", told)
        self.assertEqual(self.cairn("--version").stdout, self.cairn("version").stdout)

    def test_a_file_further_up_is_named(self):
        deep = self.folder / "src" / "deep"
        deep.mkdir(parents=True)
        self.folder = deep
        self.assertIn("`-f ../../it.stack` is the nearest", self.cairn("lint", code=2).stderr)
        self.folder = deep.parent.parent

    def test_doctor(self):
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/docker.sock"
        found = {one["what"]: one for one in self.json("doctor")}
        self.assertEqual(found["engine"]["is"], "warning")
        self.assertEqual(found["keeper"]["is"], "ok")
        self.assertEqual(found["project"]["is"], "ok")
        self.assertIn(found["buildx"]["is"], ("ok", "warning"))
        (self.folder / ".cairn").mkdir(mode=0o755)
        (self.folder / ".cairn").chmod(0o755)
        broken = {one["what"]: one for one in self.json("doctor", code=1)}
        self.assertEqual(broken["project"]["is"], "bad")
        self.assertIn("chmod 700", broken["project"]["help"])
        (self.folder / ".cairn").chmod(0o700)
        # Clients that are not there, or have no plugin, keep nobody from anything else.
        self.environment["PATH"] = str(self.folder)
        self.assertEqual({one["what"]: one["says"] for one in self.json("doctor")}["buildx"], "there is no docker client in PATH")
        (self.folder / "docker").write_text("#!/bin/sh\necho \"docker: unknown command: docker $1\"\nexit 1\n")
        (self.folder / "docker").chmod(0o755)
        without = {one["what"]: one for one in self.json("doctor")}["buildx"]
        self.assertEqual((without["is"], without["says"]), ("warning", "the docker client has no plugin `buildx`"))


class UpAndDown(ProjectTest):
    def test_down_ends_what_up_left(self):
        self.write(SERVICES)
        self.cairn("up")
        kept = self.running()["db"]
        self.assertEqual(kept["state"], "running")
        self.assertTrue(lives(int(kept["name"])))
        self.assertEqual(self.json("clean")["removed"], [], "a service of `up` is no leftover")
        self.assertTrue(lives(int(kept["name"])))
        self.cairn("plan", "--down", "--exit-code", code=4)
        self.assertTrue(lives(int(kept["name"])))
        gone = self.json("down")
        self.assertEqual([one["what"] for one in gone["removed"] if one["what"] == "process"], ["process"])
        self.assertFalse(lives(int(kept["name"])))
        self.assertEqual(self.running(), {})
        self.cairn("plan", "--down", "--exit-code", code=0)

    def pids(self):
        return {one["node"]: int(one["name"]) for one in self.json("ps")}

    def test_a_second_up_keeps_all(self):
        self.write(CHAIN)
        self.cairn("up")
        before = self.pids()
        self.cairn("plan", "--up", "--exit-code", code=0)
        self.assertIn("9 kept", self.cairn("up").stdout)
        self.assertEqual(self.pids(), before)
        self.cairn("down")
        self.assertFalse((self.folder / "db.conf").exists())

    def test_a_changed_service_is_replaced_with_its_users_and_nothing_else(self):
        self.write(CHAIN)
        self.cairn("up")
        before = self.pids()
        self.write(CHAIN.replace("86396", "86397"))
        verdicts = {step["step"]: (step["verdict"], step["reason"]) for step in self.json("plan", "--up")["steps"]}
        self.assertEqual(verdicts["db:create"], ("replace", "`command` has changed"))
        self.assertEqual(verdicts["web:create"], ("replace", "`db`, which it uses, is made anew"))
        self.assertEqual(verdicts["other:create"][0], "keep")
        self.cairn("up")
        after = self.pids()
        self.assertEqual(after["other"], before["other"])
        for node in ("db", "web"):
            self.assertNotEqual(after[node], before[node])
            self.assertFalse(lives(before[node]))
        self.cairn("plan", "--up", "--exit-code", code=0)

    def test_a_new_service_learns_the_ports_of_those_that_stay(self):
        self.write(CHAIN)
        self.cairn("up")
        before = self.pids()
        self.write(CHAIN + 'service late { in = "host" ; command = ["sh", "-c", "echo $DB >late.port; sleep 86393 & wait"] ; env = { DB = db.port("sql") } ; ready = [exists("late.port")] }')
        self.cairn("up")
        self.assertEqual((self.folder / "late.port").read_text(), (self.folder / "db.port").read_text())
        self.assertEqual({node: pid for node, pid in self.pids().items() if node != "late"}, before)

    def test_one_that_was_killed_is_started_again(self):
        self.write(CHAIN)
        self.cairn("up")
        before = self.pids()
        self.kill(before["other"])
        until("it is gone", lambda: "other" not in self.pids())
        self.cairn("up")
        after = self.pids()
        self.assertNotEqual(after.pop("other"), before.pop("other"))
        self.assertEqual(after, before)

    def test_down_when_the_keeper_was_killed(self):
        self.write(SERVICES)
        self.cairn("up")
        (run,) = self.runs()
        (keeper,) = self.keepers(run)
        self.kill(keeper)
        until("the run is dead", lambda: not self.runs()[run]["alive"])
        self.assertNotEqual(processes_with(f"CAIRN_RUN={run}"), [], "what the service has started outlives the keeper")
        self.cairn("down")
        self.assertEqual(processes_with(f"CAIRN_RUN={run}"), [])

    def test_down_refuses_while_a_run_is_alive(self):
        self.write("""
stage test {
  in = "host"
  run slow { command = ["sh", "-c", "while [ ! -e go ]; do sleep 0.05; done"] }
}
""")
        run = self.start("run", "test")
        self.wait_for_node("test.slow")
        self.assertIn("locked", self.cairn("down", code=2).stderr)
        (self.folder / "go").touch()
        self.assertEqual(run.wait(timeout=60), 0)


if __name__ == "__main__":
    unittest.main()
