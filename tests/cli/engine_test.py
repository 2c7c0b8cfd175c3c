"""`clean`, `ps` and `down` on a real engine (CAIRN_TEST_ENGINES), among objects of somebody else."""
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import unittest

engines = os.environ.get("CAIRN_TEST_ENGINES", "").split()
if not engines:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)
os.environ["DOCKER_HOST"] = "unix://" + engines[0].partition("=")[2]

from program import CAIRN, ProjectTest, Terminal, until  # noqa: E402

IMAGE = pathlib.Path(__file__).parent.parent / "engine" / "image.sh"
RUN = """
stage test {
  volume data
  service db { image = "cairn-test:1" ; command = ["sleep", "86395"] ; stop_signal = "SIGKILL" ; mounts = { "/data" = data } ; ready = [exec(["true"])] }
  run unit { image = "cairn-test:1" ; command = ["sleep", "86394"] ; after = [db] }
}
"""
UP = """
volume data
service db { image = "cairn-test:1" ; command = ["sleep", "86393"] ; stop_signal = "SIGKILL" ; mounts = { "/data" = data } ; ready = [exec(["true"])] }
"""
TAP = pathlib.Path(__file__).parent.parent / "tap" / "tap.py"
STACK = """
volume data
network back
image app { context = "." ; tags = ["cairn-cli-test:1"] }
service db { image = "cairn-test:1" ; command = ["sleep", "86385"] ; mounts = { "/data" = data } ; networks = [back] ; ready = [exec(["true"])] }
run seed { image = "cairn-test:1" ; command = ["sh", "-c", "echo seeded >/data/it"] ; mounts = { "/data" = data } ; after = [db] }
service web { image = app ; command = ["sleep", "86384"] ; after = [seed] ; ready = [exec(["true"])] }
service host { in = "host" ; command = ["sleep", "86383"] }
stage test { run unit { image = app ; command = ["true"] } }
"""


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, text=True, capture_output=True).stdout.split()


class OnAnEngine(ProjectTest):
    @classmethod
    def setUpClass(cls):
        docker("load", "-i", subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip())

    def of_run(self, run):
        label = f"label=dev.cairn.run={run}"
        return docker("ps", "-aq", "--filter", label) + docker("volume", "ls", "-q", "--filter", label) + docker("network", "ls", "-q", "--filter", label)

    def begin(self):
        brain = self.start("run", "test")
        run = self.run_of(brain)
        until("unit runs", lambda: any(one["node"] == "test.unit" and one["state"] == "running" and one["run"] == run for one in self.json("ps")))
        return brain, run

    def test_a_killed_run(self):
        self.write(RUN)
        brain, run = self.begin()
        self.assertEqual(self.json("clean")["removed"], [], "it is alive")
        # Somebody makes an image of our container, and a container of that image: it has our labels, under its own name.
        ours = docker("ps", "-q", "--filter", f"label=dev.cairn.run={run}", "--filter", "label=dev.cairn.node=test.db")[0]
        image = docker("commit", ours)[0]
        foreign = docker("run", "-d", image)[0]
        try:
            brain.kill()
            brain.wait()
            until("the run is dead", lambda: not self.runs()[run]["alive"])
            self.assertGreaterEqual(len(self.of_run(run)), 4)
            would = self.json("clean", "--dry-run")["removed"]
            self.assertEqual({"container", "network", "volume"} - {one["what"] for one in would}, set())
            self.assertGreaterEqual(len(self.of_run(run)), 4, "a dry run removes nothing")
            self.write("this is no stack {")
            self.assertEqual(self.json("clean")["left"], [])
            left = self.of_run(run)
            self.assertEqual([foreign.startswith(one) for one in left], [True], left)
            self.assertEqual(self.json("clean")["removed"], [])
        finally:
            docker("rm", "-fv", foreign)
            docker("rmi", image)

    def test_the_living_keep_theirs(self):
        self.write(RUN)
        first, dead = self.begin()
        second, alive = self.begin()
        before = sorted(self.of_run(alive))
        first.kill()
        first.wait()
        until("the first run is dead", lambda: not self.runs()[dead]["alive"])
        self.assertEqual(self.json("clean")["alive"], [alive])
        self.assertEqual(self.of_run(dead), [])
        self.assertEqual(sorted(self.of_run(alive)), before)
        second.kill()
        second.wait()
        until("the second run is dead", lambda: not self.runs()[alive]["alive"])
        self.cairn("clean")
        self.assertEqual(self.of_run(alive), [])

    def test_what_a_container_says_last_is_in_its_log_without_a_line_end(self):
        runs = "\n".join(f'  run r{n} {{ image = "cairn-test:1" ; command = ["sh", "-c", "echo first; printf half"] ; stop_grace_period = 100ms }}' for n in range(8))
        readers = "\n".join(f'  run c{n} {{ in = "host" ; command = ["test", r{n}.stdout, "=", "first\\nhalf"] }}' for n in range(8))
        self.write(f"stage test {{\n{runs}\n{readers}\n}}")
        self.cairn("run", "test")
        for n in range(8):
            self.assertEqual(self.cairn("logs", f"test.r{n}").stdout.count("half"), 1)

    def test_up_and_down(self):
        self.write(UP)
        self.cairn("up")
        (kept,) = self.json("ps")
        self.assertEqual((kept["node"], kept["state"], kept["run"]), ("db", "running", "up"))
        self.assertEqual([one for one in self.json("clean", "--all")["removed"] if one["what"] != "folder"], [])
        gone = {one["what"] for one in self.json("down")["removed"]}
        self.assertLessEqual({"container", "network"}, gone)
        self.assertNotIn("volume", gone)
        self.assertEqual(self.json("ps"), [])
        self.assertIn("volume", {one["what"] for one in self.json("down", "--volumes")["removed"]})

    def test_down_lets_a_service_end_by_itself(self):
        self.write(UP.replace('"sleep", "86393"', '"sh", "-c", "trap \'echo told >/data/end; exit 0\' TERM; sleep 86380 & wait"').replace(' ; stop_signal = "SIGKILL"', ""))
        before = set(docker("volume", "ls", "-q"))
        self.cairn("up")
        (volume,) = set(docker("volume", "ls", "-q")) - before
        self.cairn("down")
        self.assertEqual(docker("run", "--rm", "-v", f"{volume}:/data", "cairn-test:1", "cat", "/data/end"), ["told"])

    def ids(self):
        containers = [one["name"] for one in self.json("ps") if one["what"] == "container"]
        shown = subprocess.run(["docker", "inspect", "-f", "{{.Id}} {{.State.StartedAt}}", *containers], check=True, text=True, capture_output=True).stdout
        return shown.splitlines()

    def test_a_second_up_changes_nothing(self):
        self.write(UP)
        self.cairn("plan", "--up", "--exit-code", code=4)
        self.cairn("up")
        before = self.ids()
        planned = self.json("plan", "--up")
        self.assertEqual({step["step"]: step["verdict"] for step in planned["steps"] if step["verdict"] != "not needed"}, {"data:make": "keep", "db:create": "keep", "db:start": "keep", "db:ready": "keep"}, planned)
        self.cairn("plan", "--up", "--exit-code", code=0)
        self.cairn("up")
        self.assertEqual(self.ids(), before)

    def test_a_changed_service_is_made_anew_and_its_data_stay(self):
        self.write(UP)
        self.cairn("up")
        before = self.ids()
        (container,) = [one["name"] for one in self.json("ps")]
        docker("exec", container, "sh", "-c", "echo mine >/data/kept")
        self.write(UP.replace("86393", "86392"))
        verdicts = {step["step"]: (step["verdict"], step["reason"]) for step in self.json("plan", "--up")["steps"]}
        self.assertEqual(verdicts["db:create"], ("replace", "`command` has changed"))
        self.assertEqual(verdicts["data:make"][0], "keep")
        self.cairn("up")
        self.assertNotEqual(self.ids()[0], before[0])
        self.assertEqual(docker("exec", container, "cat", "/data/kept"), ["mine"])
        self.cairn("plan", "--up", "--exit-code", code=0)

    def test_one_that_has_ended_is_started_again(self):
        self.write(UP)
        self.cairn("up")
        (container,) = [one["name"] for one in self.json("ps")]
        before = self.ids()[0]
        docker("kill", container)
        until("it has ended", lambda: self.json("ps")[0]["state"] == "ended")
        self.cairn("up")
        self.assertEqual(self.ids()[0].split()[0], before.split()[0], "the same container")
        self.assertEqual(self.json("ps")[0]["state"], "running")

    def test_a_folder_is_mounted_from_where_its_file_is(self):
        inner = self.folder / "project" / "parts"
        inner.mkdir(parents=True)
        (inner / "word").write_text("found\n")
        self.write("""stage test { run look { image = "cairn-test:1" ; command = ["cat", "/parts/word", "/word"]
  mounts = { "/parts" = readonly("./parts") } ; files = { "/word" = "./parts/word" } } }""", "project/it.stack")
        said = self.cairn("run", "test", "-f", "project/it.stack", "--output", "plain").stdout
        self.assertEqual(said.count("| found"), 2, said)

    def test_an_engine_that_is_gone_is_refused_with_3(self):
        self.write(UP)
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/no.sock"
        self.assertIn("nobody can say whether", self.cairn("plan", "--up", code=3).stderr)

    # ---- how many calls ----

    def through_tap(self):
        """The engine from now on behind a proxy; returns what gives the changing calls since the last time."""
        record, socket = self.folder / "calls", self.folder / "tap.sock"
        tap = subprocess.Popen([sys.executable, TAP, socket, os.environ["DOCKER_HOST"].removeprefix("unix://"), record], stdout=subprocess.PIPE, text=True)
        self.started.append(tap)
        self.assertEqual(tap.stdout.readline(), "ready\n")
        self.environment["DOCKER_HOST"] = f"unix://{socket}"

        def changing():
            calls = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
            record.write_text("")
            return [f"{call['method']} {call['path']}" for call in calls if call["changes"] and "/exec" not in call["path"]]  # a probe looks
        return changing

    def test_dry_runs_and_a_second_up_make_no_changing_call(self):
        (self.folder / "Dockerfile").write_text("FROM cairn-test:1\nCOPY text /text\n")
        (self.folder / "text").write_text("one")
        (self.folder / ".dockerignore").write_text("calls\n")  # what the proxy writes
        self.write(STACK)
        changing = self.through_tap()
        self.cairn("up", "--dry-run")
        self.cairn("run", "test", "--dry-run")
        self.cairn("plan", "test", "--out", "plan.json")
        self.assertEqual(changing(), [])
        self.cairn("up")
        self.assertTrue(any("/build" in call for call in changing()))
        before = self.ids()
        for command in (["up"], ["up"], ["plan", "--up"], ["why", "db", "--up"], ["ps"], ["logs"], ["up", "--dry-run"], ["down", "--dry-run"]):
            self.cairn(*command)
            self.assertEqual(changing(), [], command)
        self.assertEqual(self.ids(), before)

    def test_an_image_is_built_again_only_when_what_it_is_made_from_has_changed(self):
        (self.folder / "Dockerfile").write_text("FROM cairn-test:1\nCOPY text /text\n")
        (self.folder / "text").write_text("one")
        (self.folder / ".dockerignore").write_text("noise\n.cairn\n*.stack\ntap.sock\ncalls\n")
        self.write(STACK)
        self.cairn("up")
        before = dict(zip([one["node"] for one in self.json("ps") if one["what"] == "container"], self.ids()))
        (self.folder / "noise").write_text("it is not part of the context")
        self.cairn("plan", "--up", "--exit-code", code=0)
        (self.folder / "text").write_text("two")
        verdicts = {step["step"]: (step["verdict"], step["reason"]) for step in self.json("plan", "--up")["steps"]}
        self.assertEqual(verdicts["app:make"], ("replace", "`text` has changed"))
        self.assertEqual(verdicts["web:create"], ("replace", "`app`, which it uses, is made anew"))
        self.assertEqual(verdicts["db:create"][0], "keep")
        self.cairn("up")
        after = dict(zip([one["node"] for one in self.json("ps") if one["what"] == "container"], self.ids()))
        self.assertEqual(after["db"], before["db"])
        self.assertNotEqual(after["web"], before["web"])
        self.assertEqual(self.cairn("exec", "web", "cat", "/text").stdout, "two")

    # ---- into a container ----

    def test_exec(self):
        self.write(UP.replace('command =', 'env = { WHO = "db" } ; command ='))
        self.cairn("up")
        done = self.cairn("exec", "db", "sh", "-c", "echo $WHO; echo oops >&2; exit 7", code=7)
        self.assertEqual((done.stdout, done.stderr), ("db\n", "oops\n"))
        self.assertEqual(self.cairn("exec", "-w", "/data", "-e", "A=b", "db", "sh", "-c", "pwd; echo $A").stdout, "/data\nb\n")
        large = "x" * 300_000 + "\n"
        fed = subprocess.run([CAIRN, "exec", "db", "cat"], cwd=self.folder, env=self.environment, input=large, text=True, capture_output=True, timeout=60)
        self.assertEqual((fed.returncode, fed.stdout == large), (0, True))
        missing = self.cairn("exec", "db", "no-such-program", check=False)
        self.assertIn(missing.returncode, (126, 127), missing.stdout + missing.stderr)
        self.assertIn("no-such-program", missing.stdout + missing.stderr)

    def test_a_shell_has_a_terminal_and_follows_its_size(self):
        self.write(UP)
        self.cairn("up")
        shell = Terminal(self, "shell", "db", columns=91, rows=33)
        shell.type("stty size; echo $((40 + 2))\n")
        shell.expect("33 91")
        shell.expect("42")
        shell.resize(77, 22)
        os.kill(shell.process.pid, signal.SIGWINCH)

        def resized():
            shell.type("stty size\n")
            select.select([shell.master], [], [], 0.2)
            shell.read()
            return "22 77" in shell.text
        until("the new size has arrived", resized)
        shell.type("exit 5\n")
        self.assertEqual(shell.end(), 5)

    def test_restart_stops_users_first_and_makes_nothing_anew(self):
        self.write(UP + 'service web { image = "cairn-test:1" ; command = ["sleep", "86391"] ; links = [db] ; ready = [exec(["true"])] }')
        self.cairn("up")
        before = dict(zip([one["node"] for one in self.json("ps") if one["what"] == "container"], self.ids()))
        self.cairn("restart", "db")
        after = dict(zip([one["node"] for one in self.json("ps") if one["what"] == "container"], self.ids()))
        for node in ("db", "web"):
            self.assertEqual(after[node].split()[0], before[node].split()[0], "the same container")
            self.assertNotEqual(after[node], before[node], "started again")

    def test_logs_of_a_container_that_is_up(self):
        self.write(UP.replace('["sleep", "86393"]', '["sh", "-c", "echo out; echo err >&2; sleep 86393 & wait"]'))
        self.cairn("up")
        self.assertEqual(sorted(self.cairn("logs", "db").stdout.splitlines()), ["! err", "out"])
        self.assertEqual(len(self.cairn("logs", "db", "--tail", "1").stdout.splitlines()), 1)
        follower = self.start("logs", "db", "--follow")
        self.assertIn(follower.stdout.readline(), ("out\n", "! err\n"))
        docker("kill", self.json("ps")[0]["name"])
        self.assertEqual(follower.wait(timeout=60), 0)

    def test_down_stops_a_container_as_it_wants_to_be_stopped(self):
        (self.folder / "seen").mkdir(mode=0o777)
        self.write(UP.replace('["sleep", "86393"]', """["sh", "-c", "trap 'echo gone >/seen/it; exit 0' USR1; echo up; while true; do sleep 0.05; done"] ; stop_signal = "SIGUSR1\"""").replace(' ; stop_signal = "SIGKILL"', "").replace('mounts = {', 'mounts = { "/seen" = "./seen",'))
        self.cairn("up")
        self.cairn("down")
        self.assertEqual((self.folder / "seen" / "it").read_text(), "gone\n")

    def test_a_volume_that_is_kept_lives_until_it_is_to_go_with_its_data(self):
        self.write("""stage test {
  volume data { keep = true }
  run once { image = "cairn-test:1" ; command = ["sh", "-c", "echo one >>/data/said; cat /data/said"] ; mounts = { "/data" = data } }
}""")
        for times in (1, 2):
            self.cairn("run", "test")
            self.assertEqual(self.cairn("logs", "once").stdout.count("one"), times)
        for command in (("down",), ("clean",), ("clean", "--all")):
            self.cairn(*command)
            self.cairn("run", "test")
            times += 1
            self.assertEqual(self.cairn("logs", "once").stdout.count("one"), times, command)
        self.assertEqual([one["what"] for one in json.loads(self.cairn("down", "--volumes", "--json").stdout)["removed"]], ["volume"])
        self.cairn("run", "test")
        self.assertEqual(self.cairn("logs", "once").stdout.count("one"), 1)
        self.cairn("down", "--volumes")

    def test_an_engine_that_was_never_reached_is_not_asked_again(self):
        self.write("""stage test {
  network edge
  volume data
  run once { image = "cairn-test:1" ; command = ["true"] ; networks = [edge] ; mounts = { "/data" = data } }
}""")
        there, self.environment["DOCKER_HOST"] = self.environment["DOCKER_HOST"], "unix:///nonexistent/docker.sock"
        said = self.cairn("run", "test", code=3).stdout
        self.assertIn("/nonexistent/docker.sock", said)
        self.assertNotIn("left behind", said)
        self.environment["DOCKER_HOST"] = there
        for command in ("ps", "down", "clean"):
            self.cairn(command)

    def test_keep_leaves_containers_until_down(self):
        self.write(RUN.replace('"sleep", "86394"', '"true"'))
        self.cairn("run", "test", "--keep")
        (kept,) = [one for one in self.json("ps") if one["node"] == "test.db"]
        self.assertEqual(kept["state"], "running")
        self.cairn("exec", "db", "true")
        self.cairn("down", "--volumes")
        self.assertEqual(self.of_run(kept["run"]), [])


if __name__ == "__main__":
    unittest.main()
