"""A real engine that is killed and started again in the middle of a run. Starts an engine of its own; needs root."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cli"))
from program import ProjectTest, until  # noqa: E402

if os.geteuid() != 0:
    print("skipped: needs root to start an engine")
    sys.exit(77)

NAME = f"again{os.getpid()}"
IMAGE = 'image = "cairn-test:1" ; stop_grace_period = 100ms'


class RestartedEngine(ProjectTest):
    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="cairn-again-"))
        self.environment["CAIRN_ENGINES"] = str(self.place)
        self.socket = self.sh(HERE.parent / "engine" / "start.sh", NAME).strip()
        self.environment["DOCKER_HOST"] = f"unix://{self.socket}"
        self.docker("load", "-i", self.sh(HERE.parent / "engine" / "image.sh").strip())
        self.before = self.there_is()
        self.restarted = None

    def tearDown(self):
        self.sh(HERE.parent / "engine" / "stop.sh", NAME)
        if self.restarted:
            self.restarted.wait()
        self.place.rmdir()
        super().tearDown()

    def sh(self, *command):
        return subprocess.run([str(word) for word in command], check=True, text=True, stdout=subprocess.PIPE, env=self.environment).stdout

    def docker(self, *arguments):
        return self.sh("docker", *arguments).split()

    def there_is(self):
        return {what: set(self.docker(*question)) for what, question in (("containers", ("ps", "-aq")), ("networks", ("network", "ls", "--format", "{{.Name}}")), ("volumes", ("volume", "ls", "-q")))}

    def kill(self):
        """kill -9 of the engine; the command that started it."""
        pid = int((pathlib.Path(self.socket).parent / "pid").read_text())
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        os.kill(pid, signal.SIGKILL)
        until("the engine is dead", lambda: not pathlib.Path(f"/proc/{pid}").exists())
        return command

    def start_again(self, command):
        inside = ["nsenter", f"--net=/run/netns/cairn-{NAME}", "unshare", "--mount", "--propagation", "slave"]
        log = open(pathlib.Path(self.socket).parent / "dockerd.log", "ab")
        self.restarted = subprocess.Popen([*inside, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        until("the engine answers again", lambda: subprocess.run(["docker", "version"], env=self.environment, capture_output=True).returncode == 0, patience=120)

    def test_killed_and_started_again_in_the_middle_of_a_run(self):
        self.write(f"""stage test {{
  volume data
  service db {{ {IMAGE} ; command = ["sleep", "86379"] ; mounts = {{ "/data" = data }} ; ready = [exec(["true"])] }}
  run unit {{ {IMAGE} ; command = ["sleep", "86378"] ; after = [db] }}
}}""")
        brain = self.start("run", "test", "--output", "plain")
        until("unit runs", lambda: any("86378" in line for line in self.docker("ps", "--no-trunc", "--format", "{{.Command}}")))
        self.start_again(self.kill())
        said, _ = brain.communicate(timeout=300)
        self.assertIn(brain.returncode, (1, 3), said)
        self.assertRegex(said, r"test\.(unit|db)")
        self.cairn("clean")
        self.assertEqual(self.there_is(), self.before, said)

    def test_what_is_up_is_brought_up_again(self):
        self.write(f'service db {{ {IMAGE} ; command = ["sleep", "86377"] ; ready = [exec(["true"])] }}')
        self.cairn("up")
        self.start_again(self.kill())
        self.cairn("up")
        self.assertEqual([one["state"] for one in self.json("ps")], ["running"])
        self.cairn("down")
        self.assertEqual(self.there_is(), self.before)


if __name__ == "__main__":
    unittest.main()
