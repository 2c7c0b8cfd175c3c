"""The real cairn in temporary folders: what the tests of its commands share."""
import fcntl
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

CAIRN = os.environ["CAIRN"]
PATIENCE = 60  # seconds until something that has to happen counts as not happening


def until(what, condition, patience=PATIENCE):
    """Asks again and again; returns the first answer that is not false."""
    give_up = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > give_up:
            raise AssertionError(f"waited in vain: {what}")
        select.select([], [], [], 0.02)


def processes_with(marker):
    """Pids of processes whose environment has this entry and that have not ended."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if marker.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def parent_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Terminal:
    """cairn on a terminal of its own."""

    def __init__(self, test, *arguments, columns=80, rows=24):
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.process = subprocess.Popen([CAIRN, *arguments], cwd=test.folder, env=dict(test.environment, TERM="xterm"), stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.text = ""

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self):
        try:
            self.text += os.read(self.master, 65536).decode(errors="replace")
            return True
        except OSError:
            return False

    def expect(self, text):
        def seen():
            while text not in self.text and select.select([self.master], [], [], 0)[0]:
                if not self.read():
                    break
            return text in self.text
        until(f"{text!r} is on the terminal; there is {self.text!r}", seen)

    def end(self):
        while self.read():
            continue
        os.close(self.master)
        return self.process.wait(timeout=PATIENCE)


class ProjectTest(unittest.TestCase):
    """Each test has a project of its own; what it leaves running is a failure of the test, and ended."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-cli-"))
        self.started = []
        self.environment = dict(os.environ, NO_COLOR="1")

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()
        self.cairn("down", "--volumes", check=False)
        self.cairn("clean", "--all", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, text, name="it.stack"):
        (self.folder / name).write_text(text)

    def cairn(self, *arguments, check=True, code=None):
        done = subprocess.run([CAIRN, *arguments], cwd=self.folder, env=self.environment, text=True, capture_output=True, timeout=PATIENCE * 4)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        elif check:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def json(self, *arguments, code=None):
        return json.loads(self.cairn(*arguments, "--json", code=code).stdout)

    def start(self, *arguments):
        process = subprocess.Popen([CAIRN, *arguments], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.started.append(process)
        return process

    def running(self):
        return {one["node"]: one for one in self.json("ps")}

    def runs(self):
        return {one["run"]: one for one in self.json("runs")}

    def run_of(self, brain):
        """The id of the run that this process is the brain of, once it has said so."""
        def find():
            for run in self.runs().values():
                if any(parent_of(keeper) == brain.pid for keeper in self.keepers(run["run"])):
                    return run["run"]
            return None
        return until("the run has a folder", find)

    def keepers(self, run):
        """Those who hold the run's lock besides the brain, by the kernel's word: who has its lock file open."""
        lock = os.path.realpath(self.folder / ".cairn" / "runs" / run / "lock")
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and b"__keeper" in (entry / "cmdline").read_bytes().split(b"\0"):
                    if any(os.readlink(link) == lock for link in (entry / "fd").iterdir()):
                        found.append(int(entry.name))
            except OSError:
                continue
        return found

    def wait_for_node(self, node):
        return until(f"{node} runs", lambda: self.running().get(node))

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
