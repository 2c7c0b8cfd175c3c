"""What the tests of faults share: an engine behind a proxy that misbehaves, and what there was before and after."""
import os
import pathlib
import pty
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cli"))
from program import CAIRN, ProjectTest, processes_with, until  # noqa: E402

__all__ = ["ENGINE", "FaultTest", "Tap", "docker", "until"]

ENGINES = os.environ.get("CAIRN_TEST_ENGINES", "").split()
ENGINE = ENGINES[0].partition("=")[2] if ENGINES else ""


def docker(*arguments):
    return subprocess.run(["docker", "-H", f"unix://{ENGINE}", *arguments], check=True, text=True, capture_output=True).stdout.split()


class Tap:
    """tests/tap/tap.py between cairn and the engine, for one `with`."""

    def __init__(self, folder, *arguments):
        self.socket = folder / "tap.sock"
        self.record = folder / "tap.ndjson"
        self.arguments = arguments

    def __enter__(self):
        self.record.write_text("")
        self.process = subprocess.Popen([sys.executable, "-B", HERE.parent / "tap" / "tap.py", self.socket, ENGINE, self.record, *self.arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def drain(terminal):
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass  # the other end is closed


class FaultTest(ProjectTest):
    """A fault is told by its name, with the right exit code, and leaves nothing."""

    def setUp(self):
        super().setUp()
        self.environment["DOCKER_HOST"] = f"unix://{ENGINE or '/nonexistent/docker.sock'}"
        self.before = self.there_is()

    def there_is(self):
        things = {}
        if ENGINE:
            things["containers"] = set(docker("ps", "-aq", "--no-trunc"))
            things["networks"] = set(docker("network", "ls", "-q", "--no-trunc"))
            things["volumes"] = set(docker("volume", "ls", "-q"))
        return things

    def engine_files(self):
        """How many files the engine has open: a connection or a stream that nobody closes is one of them."""
        pid = (pathlib.Path(ENGINE).parent / "pid").read_text().strip()
        return len(os.listdir(f"/proc/{pid}/fd"))

    def processes(self):
        """What still runs of any run in this folder."""
        return [pid for run in self.runs_on_disk() for pid in processes_with(f"CAIRN_RUN={run}")]

    def runs_on_disk(self):
        folder = self.folder / ".cairn" / "runs"
        return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []

    def assert_nothing_left(self, said=""):
        self.assertEqual(self.there_is(), self.before, said)
        self.assertEqual(self.processes(), [], said)

    def into_a_stopped_terminal(self):
        """Runs it with a terminal that nobody reads: the run ends all the same; once it is read, so does cairn."""
        terminal, other_end = pty.openpty()
        brain = subprocess.Popen([CAIRN, "run", "test", "--output", "plain"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=other_end, stderr=other_end)
        os.close(other_end)
        try:
            until("the run has ended", lambda: any(run["state"] == "passed" for run in self.runs().values()), patience=300)
            self.assertEqual(self.processes(), [])
        finally:
            reader = threading.Thread(target=drain, args=(terminal,))
            reader.start()
            code = brain.wait(timeout=300)
            reader.join()
            os.close(terminal)
        self.assertEqual(code, 0)
        self.assert_nothing_left()

    def fails(self, code, *words, command=("run", "test"), left=False):
        """Runs it; it ends with `code`, says all the words, and leaves nothing (unless `left`)."""
        done = self.cairn(*command, "--output", "plain", code=code)
        said = done.stdout + done.stderr
        for word in words:
            self.assertIn(word, said[:2000] + said[-6000:])
        if not left:
            self.assert_nothing_left(said)
        return said
