"""A `run` in a running service, and the commands that are run inside of one before it is stopped, on each engine of
CAIRN_TEST_ENGINES."""
import os
import signal
import subprocess
import sys
import unittest

from program import ProjectTest, until

ENGINES = dict(one.split("=", 1) for one in os.environ.get("CAIRN_TEST_ENGINES", "").split())
IMAGE = 'image = "cairn-test:1" ; stop_signal = "SIGKILL"'
DB = f'service db {{ {IMAGE} ; command = ["sleep", "3600"] ; working_dir = "/data" ; env = {{ WHO = "db" }} ; ready = [exec(["true"])] }}'


class Inside:
    """Of one engine: `socket`."""

    def setUp(self):
        super().setUp()
        self.environment["DOCKER_HOST"] = f"unix://{self.socket}"
        (self.folder / "out").mkdir()
        (self.folder / "out").chmod(0o777)

    def docker(self, *arguments):
        return subprocess.run(["docker", *arguments], check=True, text=True, capture_output=True, env=self.environment).stdout

    def log(self, node):
        return self.cairn("logs", node).stdout

    def processes(self, container):
        return self.docker("top", container, "-eo", "pid,args").splitlines()[1:]

    def test_it_is_a_process_of_the_service(self):
        self.environment["CAIRN_PARAM_password"] = "correct horse battery"
        self.write(f"""
param password: secret
{DB}
stage test {{
  service other {{ {IMAGE} ; command = ["sleep", "3600"] }}
  run one {{
    in      = db
    command = ["sh", "-c", "echo $WHO $A $OTHER; pwd; cat conf; echo $SECRET; echo bad >&2; echo version=7 >>$CAIRN_OUTPUT; echo made >art; echo '<testsuite><testcase name=\\"t\\"/></testsuite>' >report.xml"]
    env     = {{ A = 1, OTHER = other.host, SECRET = password }}
    files   = {{ "conf" = "placed\\n", "deep/key" = password }}
    outputs = "version"
    artifacts = ["art"]
    reports = [junit("*.xml")]
  }}
  run two {{ in = db ; script = "cat; id -un; pwd; ls /data" ; stdin = "given\\n" ; user = "nobody" ; working_dir = "../tmp" ; after = one }}
  run three {{ in = db ; command = ["sh", "-c", "exit 3"] ; expect_exit = [3, 4] }}
  check all {{ that = one.outputs.version == "7" && three.exit_code == 3 && one.container == db.container }}
  run host {{ in = "host" ; command = ["cat", one.artifacts["art"]] }}
}}""")
        self.cairn("run", "test")
        self.assertEqual(sorted(self.log("test.one").splitlines()), sorted(["db 1 other", "/data", "placed", "•••", "! bad"]))
        said = self.log("test.two").splitlines()
        self.assertEqual(said[:3], ["given", "nobody", "/tmp"])
        self.assertEqual(sorted(said[3:]), ["art", "deep", "report.xml"], "`files` are gone again")
        self.assertEqual(self.log("test.host"), "made\n")
        self.assertIn('name="t"', (self.folder / ".cairn" / "last" / "junit.xml").read_text())

    def test_outputs_in_memory_are_read(self):
        self.write(f"""
service db {{ {IMAGE} ; command = ["sleep", "3600"] ; tmpfs = "/tmp" ; read_only = true }}
stage test {{
  run one {{ in = db ; script = "echo a=1 >>$CAIRN_OUTPUT" ; outputs = "a" }}
  run two {{ in = db ; command = ["ls", "-A", "/tmp"] ; after = one }}
  check all {{ that = one.outputs.a == "1" && two.stdout == "" }}
}}""")
        self.cairn("run", "test")

    def test_nothing_is_left_of_one_that_is_cut_off(self):
        # Deaf to its signal, in the background, in a session of its own, without its environment.
        self.write(f"""
{DB}
stage test {{
  run late {{ in = db ; script = "trap '' TERM; sleep 86301 & setsid sleep 86302 & env -i /bin/sleep 86303 & sleep 86304" ; timeout = 700ms ; stop_grace_period = 300ms ; allow_failure = true }}
  run gentle {{ in = db ; script = "trap 'echo told to end; exit 0' TERM; while :; do sleep 0.02; done" ; timeout = 700ms ; allow_failure = true }}
  run left {{ in = db ; command = ["ps", "-o", "args"] ; after = [late, gentle] ; when = "always" }}
  check all {{ that = late.outcome == "timed_out" && gentle.outcome == "timed_out" }}
}}""")
        self.cairn("run", "test")
        self.assertNotIn("8630", self.log("test.left"))
        self.assertIn("told to end", self.log("test.gentle"))

    def test_what_it_leaves_running_when_it_has_ended_is_the_services(self):
        self.write(f"""
{DB}
stage test {{
  run provision {{ in = db ; script = "setsid sleep 86305 >/dev/null 2>&1 &" }}
  run seen {{ in = db ; command = ["ps", "-o", "args"] ; after = provision }}
}}""")
        self.cairn("run", "test")
        self.assertIn("sleep 86305", self.log("test.seen"))

    def test_an_interrupt_ends_it(self):
        self.write(f"""
{DB}
stage test {{
  run slow {{ in = db ; script = "trap '' TERM; echo begun; sleep 86306" ; stop_grace_period = 100ms }}
  run left {{ in = db ; command = ["ps", "-o", "args"] ; after = slow ; when = "always" }}
}}""")
        run = self.start("run", "test", "--output", "plain")
        until("it has begun", lambda: "begun" in run.stdout.readline())
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=60), 130, run.stdout.read())
        self.assertNotIn("86306", self.log("test.left"))

    def test_a_service_that_dies_takes_it_along(self):
        self.write(f"""
stage test {{
  service db {{ {IMAGE} ; command = ["sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.02; done; echo its last words; exit 3"] }}
  run user {{ in = db ; script = "touch /tmp/end; sleep 86307" }}
}}""")
        said = self.cairn("run", "test", code=1)
        self.assertIn("exited 3", said.stdout + said.stderr)
        self.assertIn("its last words", said.stdout + said.stderr)

    def test_a_killed_run_goes_on_without_the_one_that_was_left(self):
        self.write(f"""
stage test {{
  service db {{ {IMAGE} ; command = ["sleep", "3600"] ; mounts = {{ "/out" = "./out" }} }}
  run work {{ in = db ; script = "echo begun >>/out/log; [ -e /out/again ] || sleep 86308; ps -o args; echo done >>/out/log" ; files = {{ "/tmp/placed" = "text" }} }}
}}""")
        brain = self.start("run", "test")
        log = self.folder / "out" / "log"
        until("it has begun", lambda: log.exists() and log.read_text() == "begun\n")
        brain.kill()
        brain.wait()
        (container,) = self.docker("ps", "-q", "--filter", f"label=dev.cairn.run={next(iter(self.runs()))}").split()
        self.assertTrue(any("86308" in one for one in self.processes(container)), "no engine ends one")
        (self.folder / "out" / "again").touch()
        until("the run is dead", lambda: not any(run["alive"] for run in self.runs().values()))
        self.cairn("resume")
        self.assertEqual(log.read_text(), "begun\nbegun\ndone\n")
        self.assertNotIn("sleep 86308", self.log("test.work").splitlines())
        self.assertIn("an earlier one", self.log("test.work"))

    def test_what_is_up_is_left_alone_and_a_change_is_done(self):
        text = f"""
{DB}
run migrate {{ in = db ; script = "echo once >>/data/log" }}
service web {{ {IMAGE} ; command = ["sleep", "3600"] ; after = migrate }}
"""
        self.write(text)
        self.cairn("up")
        self.cairn("plan", "--up", "--exit-code", code=0)
        self.cairn("up")
        self.assertEqual(self.cairn("exec", "db", "cat", "/data/log").stdout, "once\n")
        self.write(text.replace("once", "twice"))
        self.cairn("up")
        self.assertEqual(self.cairn("exec", "db", "cat", "/data/log").stdout, "once\ntwice\n")

    def test_an_up_that_was_killed_leaves_none_behind(self):
        self.write(f"""
service db {{ {IMAGE} ; command = ["sleep", "3600"] ; mounts = {{ "/out" = "./out" }} }}
run migrate {{ in = db ; script = "echo begun >>/out/log; [ -e /out/again ] || sleep 86309" }}
service web {{ {IMAGE} ; command = ["sleep", "3600"] ; after = migrate }}
""")
        brain = self.start("up")
        log = self.folder / "out" / "log"
        until("it has begun", lambda: log.exists())
        brain.kill()
        brain.wait()
        (self.folder / "out" / "again").touch()
        until("it is dead", lambda: not any(run["alive"] for run in self.runs().values()))
        self.cairn("up")
        self.assertNotIn("86309", self.cairn("exec", "db", "ps", "-o", "args").stdout)

    def test_an_image_without_a_shell(self):
        self.write("""
image bare { dockerfile_inline = "FROM scratch\\nCOPY --from=cairn-test:1 /bin/busybox /busybox\\n" }
stage test {
  service db { image = bare ; command = ["/busybox", "sleep", "3600"] ; stop_signal = "SIGKILL" }
  run works { in = db ; command = ["/busybox", "echo", "fine"] ; files = { "/placed" = "text" } }
  run late { in = db ; command = ["/busybox", "sleep", "86310"] ; timeout = 300ms ; after = works }
}""")
        said = self.cairn("run", "test", "--output", "plain", code=1).stdout
        self.assertIn("fine", said)
        self.assertIn("its `files` stay in `test.db`, texts made empty: there is no `rm`", said)
        self.assertIn("`test.late` goes on in `test.db`", said)

    def test_the_likeliest_mistakes(self):
        mistakes = {
            "program": ('command = ["nosuch"]', "cannot run `nosuch` in `test.db`", "executable file not found"),
            "shell": ('script = "true" ; shell = "bash"', "cannot run `bash` in `test.db`", "executable file not found"),
            "user": ('command = ["true"] ; user = "nobdy"', "", "unable to find user nobdy"),
            "folder": ('command = ["pwd"] ; working_dir = "/nope"', "cannot run `pwd` in `test.db`", "no such file or directory"),
            "taken": ('command = ["true"] ; files = { "/etc/passwd" = "mine" }', "there is something at `/etc/passwd` in `test.db` already", "name another place"),
            "artifact": ('command = ["true"] ; artifacts = ["dist"]', "the artifact `dist` is not there", ""),
            "report": ('command = ["true"] ; reports = [junit("*.xml")]', "*.xml", ""),
            "output": ('command = ["true"] ; outputs = "a"', "the output `a` is missing", "$CAIRN_OUTPUT"),
            "code": ('command = ["sh", "-c", "exit 7"]', "`test.code` exited 7", ""),
            "variables": ('command = ["true"] ; env_file = "no.env"', "`no.env` cannot be read", ""),
        }
        # One after the other: a current engine gives those that fail at once each other's words.
        runs, before = "", "db"
        for name, (text, *_) in mistakes.items():
            runs += f"  run {name} {{ in = db ; allow_failure = true ; after = {before} ; {text} }}\n"
            before = name
        self.write(f"stage test {{\n  {DB}\n{runs}\n}}")
        said = self.cairn("run", "test", "--output", "plain").stdout
        for name, (_, *wanted) in mistakes.items():
            its = "\n".join(line for line in said.splitlines() if line.startswith(f"test.{name}:"))
            for text in wanted:
                with self.subTest(name, text=text):
                    self.assertIn(text, its)

    def test_pre_stop_is_run_by_down_and_restart(self):
        hooks = '[["sh", "-c", "echo first >>/out/log"], ["sh", "-c", "echo $WHO >>/out/log"]]'
        self.write(f"""
service web {{ {IMAGE} ; command = ["sleep", "3600"] ; env = {{ WHO = "web" }} ; mounts = {{ "/out" = "./out" }} ; pre_stop = {hooks} }}
service bad {{ {IMAGE} ; command = ["sleep", "3600"] ; pre_stop = [["sh", "-c", "exit 4"], ["touch", "/out/never"]] }}
""")
        self.cairn("up")
        log = self.folder / "out" / "log"
        self.assertIn('warning: `pre_stop` of `bad` exited 4', self.cairn("restart").stderr)
        self.assertEqual(log.read_text(), "first\nweb\n")
        self.cairn("plan", "--up", "--exit-code", code=0)
        self.assertFalse(self.cairn("down", "--dry-run").stderr)
        done = self.cairn("down")
        self.assertIn('warning: `pre_stop` of `bad` exited 4: the command was ["sh","-c","exit 4"]', done.stderr)
        self.assertEqual(log.read_text(), "first\nweb\n" * 2)
        self.assertEqual(self.json("ps"), [])

    def test_what_died_is_not_asked_to_drain(self):
        self.write(f'service web {{ {IMAGE} ; command = ["sleep", "3600"] ; pre_stop = [["true"]] }}')
        self.cairn("up")
        self.docker("kill", self.json("ps")[0]["name"])
        self.assertEqual(self.cairn("down").stderr, "")


if not ENGINES:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)
for name, socket in ENGINES.items():
    globals()[f"Inside_{name}"] = type(f"Inside_{name}", (Inside, ProjectTest), {"socket": socket})

if __name__ == "__main__":
    unittest.main()
