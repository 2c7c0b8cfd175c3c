"""Faults of a machine: a full disk, a limit on processes, ports that are taken, processes that do not end."""
import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import faults
from faults import FaultTest, until
from program import CAIRN

faults.ENGINE = ""  # nothing here needs an engine
JUNIT = '<testsuite name="s"><testcase classname="c" name="one"/></testsuite>'


class Host(FaultTest):
    def stage(self, body):
        self.write(f'stage test {{\n  in = "host"\n{body}\n}}\n')

    def small_disk(self, size):
        place = self.folder / ".cairn"
        place.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", place], check=True)
        self.addCleanup(lambda: subprocess.run(["umount", "-l", place], check=True))

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_a_disk_that_fills_while_it_logs(self):
        self.small_disk("1m")
        self.stage('run loud { command = ["sh", "-c", "yes a line that is told again and again | head -c 4000000; exit 3"] }\nrun quiet { command = ["true"] }')
        self.fails(1, "test.loud", "exited 3", "No space left on device")

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_a_disk_that_is_full(self):
        self.small_disk("64k")
        with contextlib.suppress(OSError), open(self.folder / ".cairn" / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        self.stage('run unit { command = ["true"] }')
        done = self.cairn("run", "test", "--output", "plain", check=False)
        said = done.stdout + done.stderr
        self.assertNotEqual(done.returncode, 0, said)
        self.assertIn("No space left on device", said)
        self.assertIn(".cairn", said)
        self.assert_nothing_left(said)

    def test_deaf_to_sigterm(self):
        self.stage("""service db { command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 86380 & wait; done"] ; stop_grace_period = 200ms ; ready = [log("deaf")] }
run unit { command = ["true"] ; after = [db] }""")
        self.cairn("run", "test")
        self.assert_nothing_left()

    def test_a_death_after_ready(self):
        self.stage("""service db { command = ["sh", "-c", "echo up; until [ -e die ]; do sleep 0.05; done; echo out of memory; exit 9"] ; ready = [log("up")] }
run kill { command = ["touch", "die"] ; after = [db] }
run unit { command = ["sleep", "86379"] ; after = [db] }""")
        self.fails(1, "exited 9", "out of memory", "test.unit")

    def test_a_death_after_many_words(self):
        # It is dead long before all that it said has been read.
        self.stage("""service db { command = ["sh", "-c", "seq 1 200000; echo no room for tables >&2; exit 9"] ; ready = [log("never said", within = 60s)] }
run unit { command = ["true"] ; after = [db] }""")
        self.fails(1, "exited 9", "\n    │ no room for tables\n")

    def test_a_wall_clock_that_jumps_while_a_step_runs(self):
        # What such a jump does to files: a fresh one looks old, and an old one looks fresh.
        (self.folder / "old.xml").write_text(JUNIT)
        for jump in (3600, -3600):
            when = time.time() + jump
            os.utime(self.folder / "old.xml", (when, when))
            self.stage(f"""run fresh {{ command = ["sh", "-c", "cp old.xml new.xml && touch -d @{int(when)} new.xml"] ; reports = [junit("new.xml")] }}""")
            self.cairn("run", "test")
            self.stage("""run stale { command = ["true"] ; reports = [junit("old.xml")] }""")
            self.fails(1, "old.xml", "test.stale")

    def test_a_wall_clock_that_was_turned_back_between_runs(self):
        self.stage('run unit { command = ["true"] }')
        self.cairn("run", "test")
        (first,) = self.runs_on_disk()
        ahead = time.strftime("%Y%m%d-%H%M%S", time.gmtime(time.time() + 3600)) + first[15:]
        (self.folder / ".cairn" / "runs" / first).rename(self.folder / ".cairn" / "runs" / ahead)
        self.stage('run unit { command = ["false"] }')
        self.fails(1, "test.unit")
        (second,) = set(self.runs_on_disk()) - {ahead}
        self.assertGreater(second, ahead)
        self.assertEqual(self.json("show")["run"], second)

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.stage(f"""service web {{ command = ["python3", "-m", "http.server", "{port}", "--bind", "127.0.0.1"] ; ready = [log("Serving HTTP", within = 10s)] }}
run unit {{ command = ["true"] ; after = [web] }}""")
            self.fails(1, "exited 1", "Address already in use")

    def test_two_at_once(self):
        self.stage('run unit { command = ["sh", "-c", "echo x > $CAIRN_OUTPUT.x; cat $CAIRN_OUTPUT.x"] }')
        both = [self.start("run", "test", "--output", "plain") for _ in range(2)]
        for one in both:
            said, _ = one.communicate(timeout=120)
            self.assertEqual(one.returncode, 0, said)
        self.assert_nothing_left()

    def test_two_ups_at_once(self):
        self.write('service db { in = "host" ; command = ["sleep", "86378"] }')
        both = [self.start("up", "--output", "plain") for _ in range(2)]
        codes = sorted((one.communicate(timeout=120)[0], one.returncode)[1] for one in both)
        self.assertIn(codes, ([0, 0], [0, 1], [0, 3], [0, 2]))
        self.assertEqual(len(self.json("ps")), 1, "one of them, not two")
        self.cairn("down")
        self.assert_nothing_left()

    @unittest.skipUnless(os.geteuid() == 0, "becoming another user needs root")
    def test_few_processes(self):
        # Another user than root, whom the limit does not hold, and than anybody who runs something here.
        self.stage("for i in range(200) { run work { command = [\"sh\", \"-c\", \"sleep 0.05; exit 0\"] } }")
        user = 54000 + os.getpid() % 1000
        shutil.chown(self.folder, user, user)

        def limited():
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))

        done = subprocess.run([CAIRN, "run", "test", "--jobs", "100", "--output", "plain"], cwd=self.folder, env=dict(self.environment, HOME=str(self.folder)), preexec_fn=limited, text=True, capture_output=True, timeout=300)
        said = done.stdout + done.stderr
        self.assertIn(done.returncode, (0, 1), said)
        if done.returncode == 1:
            self.assertIn("Resource temporarily unavailable", said)
        left = [entry for entry in os.listdir("/proc") if entry.isdigit() and os.stat(f"/proc/{entry}").st_uid == user]
        self.assertEqual(left, [], said)

    def test_a_terminal_that_is_stopped(self):
        megabytes = int(os.environ.get("CAIRN_LOG_MEGABYTES", "64"))
        self.stage(f'run unit {{ command = ["sh", "-c", "yes a line that is told again and again | head -c {megabytes}000000"] }}')
        self.into_a_stopped_terminal()


class HangingEngine(FaultTest):
    def test_a_socket_that_takes_calls_and_answers_none(self):
        self.write('stage test { volume data\n run unit { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/data" = data } } }')
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / "deaf.sock"))
        listener.listen(16)
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/deaf.sock"
        try:
            self.fails(3, "deaf.sock did not answer in time")
        finally:
            listener.close()


if __name__ == "__main__":
    unittest.main()
