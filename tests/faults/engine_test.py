"""Faults on a real engine (CAIRN_TEST_ENGINES), and behind a proxy that makes it misbehave."""
import json
import os
import subprocess
import sys
import unittest

from faults import CAIRN, ENGINE, FaultTest, Tap, docker, until

if not ENGINE:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)

IMAGE = 'image = "cairn-test:1" ; stop_grace_period = 100ms'
SMALL = f"""
stage test {{
  volume data
  service db {{ {IMAGE} ; command = ["sleep", "86391"] ; mounts = {{ "/data" = data }} ; ready = [exec(["true"])] }}
  run unit {{ {IMAGE} ; command = ["sh", "-c", "echo done > /out.txt"] ; after = [db] ; artifacts = ["/out.txt"] }}
}}
"""


class Engine(FaultTest):
    def test_not_there(self):
        self.write(SMALL)
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/no.sock"
        self.fails(3, "no.sock")

    def changing_requests(self):
        self.write(SMALL)
        with Tap(self.folder) as tap:
            self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
            self.cairn("run", "test")
            count = sum('"changes": true' in line for line in tap.record.read_text().splitlines())
        self.assert_nothing_left()
        return count

    def each_request(self, action, check):
        count = self.changing_requests()
        self.assertGreater(count, 8)
        files = self.engine_files()
        for n in range(1, count + 1):
            with self.subTest(request=n), Tap(self.folder, "--only-changing", "--at", str(n), action) as tap:
                self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
                done = self.cairn("run", "test", "--output", "plain", check=False)
                check(done.returncode, done.stdout + done.stderr)
                self.assert_nothing_left(done.stdout + done.stderr)
        until("the engine has closed what it had opened", lambda: self.engine_files() <= files + 2)

    def test_500_at_every_change(self):
        def check(code, said):
            self.assertIn(code, (0, 1, 3), said)
            if code != 0:
                self.assertIn("tap: 500", said)

        self.each_request("error", check)

    def test_500_for_good_at_every_removal(self):
        """What cannot be removed is said to be left; once the engine works again, `clean` removes it."""
        self.write(SMALL)
        for pattern in ("DELETE .*/containers/", "DELETE .*/networks/", "DELETE .*/volumes/"):
            with self.subTest(pattern):
                with Tap(self.folder, "--match", pattern, "--at", "1+", "error") as tap:
                    self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
                    said = self.fails(1, "tap: 500", "left behind", "cairn clean", left=True)
                with Tap(self.folder):  # cairn asks the engine where it made things: by the same way
                    self.cairn("clean")
                self.assert_nothing_left(said)

    def test_an_answer_that_is_lost_at_every_change(self):
        self.each_request("cut-after", lambda code, said: self.assertIn(code, (0, 1, 3), said))

    def test_half_a_stream(self):
        self.write(f'stage test {{ run unit {{ {IMAGE} ; command = ["sh", "-c", "for i in 1 2 3; do echo line $i; done"] }} }}')
        for pattern in ("/logs", "/wait", "/json"):
            with self.subTest(stream=pattern), Tap(self.folder, "--match", pattern, "--at", "1", "half") as tap:
                self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
                done = self.cairn("run", "test", "--output", "plain", check=False)
                said = done.stdout + done.stderr
                self.assertIn(done.returncode, (0, 1, 3), said)
                if done.returncode == 0:
                    self.assertEqual(self.cairn("logs", "test.unit").stdout.count("line 3"), 1)
                else:
                    self.assertIn("test.unit", said)
                self.assert_nothing_left(said)

    def test_gone_for_good_in_the_middle(self):
        self.write(f'stage test {{ service db {{ {IMAGE} ; command = ["sleep", "86390"] ; ready = [exec(["true"])] }}\n run unit {{ {IMAGE} ; command = ["sleep", "86389"] ; after = [db] }} }}')
        with Tap(self.folder) as tap:
            self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
            brain = self.start("run", "test", "--output", "plain")
            until("unit runs", lambda: any("86389" in line for line in docker("ps", "--no-trunc", "--format", "{{.Command}}")))
            tap.process.kill()
            said, _ = brain.communicate(timeout=180)
        self.assertEqual(brain.returncode, 3, said)
        self.assertIn("tap.sock", said)
        self.assertIn("cairn clean", said)
        self.assertIn("tap.sock", self.cairn("clean", code=3).stderr)
        with Tap(self.folder):
            self.cairn("clean")
        self.assert_nothing_left(said)


class Containers(FaultTest):
    def stage(self, body):
        self.write(f"stage test {{\n{body}\n}}\n")

    def test_deaf_to_sigterm(self):
        self.stage(f"""service db {{ {IMAGE} ; command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"] ; ready = [log("deaf")] }}
run unit {{ {IMAGE} ; command = ["true"] ; after = [db] }}""")
        self.cairn("run", "test")
        self.assert_nothing_left()

    def test_an_exit_while_the_agent_is_being_made(self):
        """The probe gives up on an agent whose container the engine makes a moment later: it goes all the same."""
        self.stage(f"""service db {{ {IMAGE} ; command = ["sleep", "1000"] ; ready = [tcp(5432)] }}""")
        with Tap(self.folder, "--match", "create.name=cairn-agent", "--at", "1", "delay:1200") as tap:
            self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
            brain = subprocess.Popen([CAIRN, "run", "test", "--output", "plain"], cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            until("the agent is being made", lambda: "create?name=cairn-agent" in tap.record.read_text())
            docker("kill", *docker("ps", "-q", "--filter", "label=dev.cairn.node=test.db"))
            said = brain.communicate(timeout=60)[0]
            self.assertEqual(brain.returncode, 1, said)
            self.assertIn("exited 137", said)
            self.assert_nothing_left(said)
            calls = [json.loads(line) for line in tap.record.read_text().splitlines()]
        made, removed = ([call["path"] for call in calls if call["method"] == method and "/containers/" in call["path"] and what in call["path"]]
                         for method, what in (("POST", "/create"), ("DELETE", "")))
        self.assertEqual((len(made), len(removed)), (2, 2), calls)

    def test_an_exit_before_the_probe(self):
        self.stage(f"""service db {{ {IMAGE} ; command = ["sh", "-c", "echo no room for tables >&2; exit 3"] ; ready = [tcp(5432)] }}
run unit {{ {IMAGE} ; command = ["true"] ; after = [db] }}""")
        self.fails(1, "exited 3", "no room for tables", "it.stack:")

    def test_the_last_words_before_a_death(self):
        # The death is known at once, the log comes later.
        self.stage(f"""service db {{ {IMAGE} ; command = ["sh", "-c", "echo no room for tables >&2; exit 3"] ; ready = [log("never said", within = 60s)] }}
run unit {{ {IMAGE} ; command = ["true"] ; after = [db] }}""")
        with Tap(self.folder, "--match", "GET .*/logs", "--at", "1+", "delay:1000") as tap:
            self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
            self.fails(1, "exited 3", "\n    │ no room for tables\n")

    def test_a_death_whose_log_never_comes(self):
        self.stage(f"""service db {{ {IMAGE} ; command = ["sh", "-c", "echo no room for tables >&2; exit 3"] ; ready = [tcp(5432, within = 300s)] }}
run unit {{ {IMAGE} ; command = ["true"] ; after = [db] }}""")
        with Tap(self.folder, "--match", "GET .*/logs", "--at", "1+", "hang") as tap:
            self.environment["DOCKER_HOST"] = f"unix://{tap.socket}"
            self.fails(1, "exited 3", "the end of its log is missing: the engine sent nothing of it for 10s")

    def test_a_death_after_ready(self):
        self.stage(f"""volume word
service db {{ {IMAGE} ; command = ["sh", "-c", "echo up; until [ -e /word/die ]; do sleep 0.1; done; echo out of memory; exit 137"] ; mounts = {{ "/word" = word }} ; ready = [log("up")] }}
run kill {{ {IMAGE} ; command = ["touch", "/word/die"] ; mounts = {{ "/word" = word }} ; after = [db] }}
run unit {{ {IMAGE} ; command = ["sleep", "86388"] ; after = [db] }}""")
        self.fails(1, "exited 137", "out of memory", "test.unit")

    def test_a_port_that_is_taken(self):
        foreign = docker("run", "-d", "--rm", "-p", "127.0.0.1:18439:80", "cairn-test:1", "sleep", "86387")[0]
        try:
            self.before = self.there_is()
            self.stage(f"""service web {{ {IMAGE} ; command = ["sleep", "86386"] ; ports = ["127.0.0.1:18439:80"] ; ready = [exec(["true"])] }}
run unit {{ {IMAGE} ; command = ["true"] ; after = [web] }}""")
            self.fails(1, "18439", "test.web")
        finally:
            docker("rm", "-f", foreign)

    def test_an_image_that_is_missing(self):
        self.stage('run unit { image = "cairn-nowhere:9" ; pull_policy = "never" ; command = ["true"] }')
        self.fails(1, "cairn-nowhere:9")

    def test_a_build_that_fails(self):
        (self.folder / "Dockerfile").write_text("FROM cairn-test:1\nRUN echo the compiler is out; exit 7\n")
        self.stage('image app { context = "." }\nrun unit { image = app ; command = ["true"] }')
        self.fails(1, "the compiler is out", "7", "test.app")

    def test_a_command_that_is_not_there(self):
        self.stage(f'run unit {{ {IMAGE} ; command = ["no-such-program"] }}')
        self.fails(1, "no-such-program")

    def test_two_at_once(self):
        self.stage(f"""volume data
service db {{ {IMAGE} ; command = ["sleep", "86385"] ; stop_signal = "SIGKILL" ; mounts = {{ "/data" = data }} ; ready = [exec(["true"])] }}
run unit {{ {IMAGE} ; command = ["sh", "-c", "echo one > /data/a; cat /data/a"] ; mounts = {{ "/data" = data }} ; after = [db] }}""")
        both = [self.start("run", "test", "--output", "plain") for _ in range(2)]
        for one in both:
            said, _ = one.communicate(timeout=180)
            self.assertEqual(one.returncode, 0, said)
        self.assert_nothing_left()

    def test_a_terminal_that_is_stopped(self):
        self.stage(f'run unit {{ {IMAGE} ; command = ["sh", "-c", "yes a line that is told again and again | head -c {self.megabytes()}000000"] }}')
        self.into_a_stopped_terminal()

    @staticmethod
    def megabytes():
        return int(os.environ.get("CAIRN_LOG_MEGABYTES", "64"))


class Adversary(FaultTest):
    """Somebody else's things with our names, and even with our labels."""

    def tearDown(self):
        docker("rm", "-fv", *self.foreign) if self.foreign else None
        for network in self.networks:
            docker("network", "rm", network)
        for volume in self.volumes:
            docker("volume", "rm", volume)
        super().tearDown()

    def setUp(self):
        super().setUp()
        self.foreign, self.networks, self.volumes = [], [], []

    UP = f"""
volume data
service db {{ {IMAGE} ; command = ["sleep", "86384"] ; stop_signal = "SIGKILL" ; mounts = {{ "/data" = data }} ; ready = [exec(["true"])] }}
"""

    def names_of_up(self):
        """What `up` calls its things: deterministic, so that anybody can have taken them."""
        self.write(self.UP)
        self.cairn("up")
        before = self.before
        there = self.there_is()
        containers = [docker("inspect", "-f", "{{.Name}}", one)[0].lstrip("/") for one in there["containers"] - before["containers"]]
        networks = [docker("network", "inspect", "-f", "{{.Name}}", one)[0] for one in there["networks"] - before["networks"]]
        volumes = list(there["volumes"] - before["volumes"])
        self.cairn("down", "--volumes")
        self.assert_nothing_left()
        return containers, networks, volumes

    def test_names_that_are_taken(self):
        containers, networks, volumes = self.names_of_up()
        self.assertTrue(containers and volumes)
        for name in containers:
            self.foreign.append(docker("run", "-d", "--name", name, "cairn-test:1", "sleep", "86383")[0])
        for name in networks:
            self.networks.append(docker("network", "create", name)[0])
        for name in volumes:
            self.volumes.append(docker("volume", "create", name)[0])
            docker("run", "--rm", "-v", f"{name}:/d", "cairn-test:1", "sh", "-c", "echo precious > /d/file")
        before = self.there_is()
        started = docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}", *self.foreign)
        done = self.cairn("up", check=False)
        said = done.stdout + done.stderr
        self.assertIn(done.returncode, (1, 3), said)
        self.assertTrue(any(name in said for name in containers + volumes), said)
        for command in (("down", "--volumes"), ("clean", "--all"), ("up",), ("down",)):
            self.cairn(*command, check=False)
        after = self.there_is()
        self.assertEqual({what: before[what] - after[what] for what in before}, {"containers": set(), "networks": set(), "volumes": set()}, said)
        self.assertEqual(docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}", *self.foreign), started)
        for name in volumes:
            self.assertEqual(docker("run", "--rm", "-v", f"{name}:/d", "cairn-test:1", "cat", "/d/file"), ["precious"])

    def test_a_container_of_an_image_that_we_committed(self):
        self.write(f"""stage test {{
  service db {{ {IMAGE} ; command = ["sleep", "86382"] ; stop_signal = "SIGKILL" ; env = {{ TOKEN = secret("generate:24") }} ; ready = [exec(["true"])] }}
  image snapshot {{ from = db ; tags = ["cairn-adversary:1"] }}
}}""")
        self.cairn("run", "test")
        self.assert_nothing_left()
        try:
            labels, variables = docker("inspect", "-f", "{{json .Config.Labels}} {{json .Config.Env}}", "cairn-adversary:1")
            self.assertEqual(set(json.loads(labels).values()), {""}, "an engine takes labels over: they are made empty")
            self.assertEqual(dict(one.split("=", 1) for one in json.loads(variables))["TOKEN"], "", "and so are secrets")
            self.foreign.append(docker("run", "-d", "cairn-adversary:1", "sleep", "86381")[0])
            for command in (("clean", "--all"), ("run", "test"), ("down", "--volumes"), ("clean",)):
                self.cairn(*command)
            self.assertEqual(docker("inspect", "-f", "{{.State.Running}}", self.foreign[0]), ["true"])
        finally:
            for one in self.foreign:
                docker("rm", "-f", one)
            self.foreign = []
            docker("rmi", "-f", "cairn-adversary:1")


if __name__ == "__main__":
    unittest.main()
