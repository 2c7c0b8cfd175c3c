"""kill -9 of cairn at requests to a real engine (CAIRN_TEST_ENGINES), mini stacks of every kind.

After each death either `clean` leaves nothing and touches nobody else's, or `resume` reaches the same end, and leaves
nothing as well. CAIRN_SWEEP=all dies at every request, before and after it, with both; otherwise a part of them is
chosen, the same each time, so that it fits into CI.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

engines = os.environ.get("CAIRN_TEST_ENGINES", "").split()
if not engines:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)
# The last one is the fastest: a current engine, if there is one.
ENGINE_NAME, _, ENGINE = engines[-1].partition("=")
os.environ["DOCKER_HOST"] = "unix://" + ENGINE
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cli")]

import tap  # noqa: E402
from program import CAIRN, processes_with, until  # noqa: E402

ALL = os.environ.get("CAIRN_SWEEP") == "all"
WIDE = 4  # deaths at once: most of the time is the engine's

IMAGE = 'image = "cairn-test:1"'
STACKS = {
    "run": f'''
stage test {{
  run one {{ {IMAGE} ; command = ["sh", "-c", "echo one >>/out/log"] ; mounts = {{ "/out" = "./out" }} }}
}}''',
    "service": f'''
stage test {{
  service db {{ {IMAGE} ; command = ["sh", "-c", "echo up >>/out/ups; exec sleep 3600"] ; mounts = {{ "/out" = "./out" }} ; ready = [exec(["true"])] ; stop_signal = "SIGKILL" }}
  run one {{ {IMAGE} ; command = ["sh", "-c", "echo one >>/out/log"] ; mounts = {{ "/out" = "./out" }} ; after = [db] }}
  run two {{ {IMAGE} ; command = ["sh", "-c", "echo two >>/out/log; echo said"] ; mounts = {{ "/out" = "./out" }} ; after = [one, db] }}
  check said {{ that = two.stdout == "said" }}
}}''',
    "volume": f'''
stage test {{
  volume data
  network back
  run one {{ {IMAGE} ; command = ["sh", "-c", "echo one >>/out/log; echo full >/data/it"] ; mounts = {{ "/out" = "./out", "/data" = data }} ; networks = [back] }}
  run two {{ {IMAGE} ; command = ["sh", "-c", "echo two >>/out/log; grep full /data/it"] ; mounts = {{ "/out" = "./out", "/data" = data }} ; after = [one] }}
}}''',
    "clone": f'''
stage test {{
  volume seed
  run one {{ {IMAGE} ; command = ["sh", "-c", "echo one >>/out/log; echo full >/data/it"] ; mounts = {{ "/out" = "./out", "/data" = seed }} }}
  clone copy {{ from = seed ; after = [one] }}
  run two {{ {IMAGE} ; command = ["sh", "-c", "echo two >>/out/log; grep full /data/it"] ; mounts = {{ "/out" = "./out", "/data" = copy }} }}
}}''',
    "image": f'''
stage test {{
  image made {{ dockerfile_inline = "FROM cairn-test:1\\nCOPY --from=more . /made\\n" ; context = "./made" ; contexts = {{ more = "./made" }} }}
  run one {{ image = made ; command = ["sh", "-c", "grep full /made/it && echo one >>/out/log"] ; mounts = {{ "/out" = "./out" }} }}
}}''',
    "commit": f'''
stage test {{
  run one {{ {IMAGE} ; command = ["sh", "-c", "echo one >>/out/log; echo full >/it"] ; mounts = {{ "/out" = "./out" }} }}
  image made {{ from = one ; tags = ["cairn-sweep-PROJECT:1"] }}
  run two {{ image = made ; command = ["sh", "-c", "echo two >>/out/log; grep full /it"] ; mounts = {{ "/out" = "./out" }} }}
}}''',
    "push": f'''
stage test {{
  image made {{ ref = "cairn-test:1" }}
  push sent {{ image = made ; tags = ["127.0.0.1:5055/PROJECT:1"] }}
  run one {{ {IMAGE} ; command = ["sh", "-c", "echo one >>/out/log"] ; mounts = {{ "/out" = "./out" }} ; after = [sent] }}
}}''',
    "files": f'''
stage test {{
  service web {{ {IMAGE} ; command = ["sleep", "3600"] ; files = {{ "/etc/said" = "hello\\n" }} ; post_start = [["sh", "-c", "cat /etc/said >/tmp/started"]] ; ready = [exec(["grep", "hello", "/tmp/started"])] ; stop_signal = "SIGKILL" }}
  run one {{ {IMAGE} ; command = ["sh", "-c", "grep hello /etc/it && echo one >>/out/log"] ; files = {{ "/etc/it" = "hello\\n" }} ; mounts = {{ "/out" = "./out" }} ; after = [web] }}
}}''',
    "inside": f'''
stage test {{
  service db {{ {IMAGE} ; command = ["sleep", "3600"] ; mounts = {{ "/out" = "./out" }} ; stop_signal = "SIGKILL" ; pre_stop = [["true"]] }}
  run one {{ in = db ; command = ["sh", "-c", "grep hello it && echo one >>/out/log"] ; working_dir = "/data" ; files = {{ "it" = "hello\\n" }} }}
}}''',
}
# Of the requests of each stack every n-th is a death, unless all are asked for.
EVERY = {"run": 1, "service": 9, "volume": 9, "clone": 9, "image": 6, "commit": 7, "push": 4, "files": 9, "inside": 9}


def docker(*arguments, check=True):
    return subprocess.run(["docker", *arguments], check=check, text=True, capture_output=True).stdout.split()


class TapBefore(tap.Tap):
    """A tap in this process, with the process that it kills."""

    def __init__(self, folder, at=None):
        super().__init__(argparse.Namespace(listen=f"{folder}/tap.sock", engine=ENGINE, record=f"{folder}/requests", at=at, only_changing=False, match=None))
        self.began = threading.Event()
        self.victim = None
        self.listener = self.listen()
        self.thread = threading.Thread(target=self.accept_from, args=(self.listener,), daemon=True)
        self.thread.start()

    def kill(self, argument):
        self.began.wait()
        super().kill(self.victim.pid)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for a client
        self.thread.join()
        self.listener.close()
        self.record.close()


class Project:
    """A folder with one of the stacks, and cairn in it."""

    def __init__(self, stack):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-sweep-"))
        self.tap = None
        self.name = self.folder.name.lower().replace("_", "0")  # not everywhere in a reference there may be one
        (self.folder / "it.stack").write_text(STACKS[stack].replace("PROJECT", self.name))
        for name in ("out", "made"):
            (self.folder / name).mkdir()
        (self.folder / "made" / "it").write_text("full\n")

    def cairn(self, *arguments, engine=None):
        environment = dict(os.environ, NO_COLOR="1")
        if engine:
            environment["DOCKER_HOST"] = f"unix://{engine}"
        return subprocess.run([CAIRN, *arguments], cwd=self.folder, env=environment, text=True, capture_output=True, timeout=300)

    def run_killed(self, at):
        """Runs it, and dies at this request; the exit code and the number of requests."""
        # It stays for those who come after the death: to them it is the engine.
        its = self.tap = TapBefore(self.folder, at)
        output = open(self.folder / "output", "wb")
        its.victim = subprocess.Popen([CAIRN, "run", "test"], cwd=self.folder, env=dict(os.environ, NO_COLOR="1", DOCKER_HOST=f"unix://{self.folder}/tap.sock"), stdout=output, stderr=subprocess.STDOUT)
        its.began.set()
        code = its.victim.wait()
        output.close()
        its.options.at = None
        return code, its.all

    def the_run(self):
        (run,) = json.loads(self.cairn("runs", "--json").stdout)
        return run

    def outcomes(self):
        shown = json.loads(self.cairn("show", "--json").stdout)
        done = {"kept": "succeeded"}  # what was there after a death need not be made again
        return {step["step"]: done.get(step.get("outcome"), step.get("outcome")) for step in shown["steps"] if not step["step"].endswith((":stop", ":remove", ":unmake", ":collect"))}

    def succeeded_tasks(self):
        """By the journal: those that must not be run again."""
        found = {}
        for line in (self.folder / ".cairn" / "runs" / self.the_run()["run"] / "journal").read_text().splitlines():
            record = json.loads(line) if line.endswith("}") else {}
            if record.get("type") == "step" and record["step"].endswith(":run"):
                found[record["step"]] = record["outcome"]
        return {step.partition(":")[0].rpartition(".")[2] for step, outcome in found.items() if outcome == "succeeded"}

    def log(self):
        path = self.folder / "out" / "log"
        return collections.Counter(path.read_text().split()) if path.exists() else collections.Counter()

    def left(self):
        """What the engine and this machine still have of the project."""
        run = self.the_run()["run"]
        label = f"label=dev.cairn.run={run}"
        found = docker("ps", "-aq", "--filter", label) + docker("volume", "ls", "-q", "--filter", label) + docker("network", "ls", "-q", "--filter", label)
        images = docker("images", "-q", "--filter", f"reference=cairn-{self.folder.name.lower()}*:build")
        return found + images + processes_with(f"CAIRN_RUN={run}")

    def remove(self):
        self.cairn("clean", "--all")
        if self.tap:
            self.tap.close()
        docker("rmi", "-f", f"cairn-sweep-{self.name}:1", f"127.0.0.1:5055/{self.name}:1", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        docker("load", "-i", subprocess.run([HERE.parent / "engine" / "image.sh"], check=True, text=True, capture_output=True).stdout.strip())
        # Somebody else's, as like ours as can be, but for the name: the labels of an image that we committed.
        cls.foreign = docker("run", "-d", "--label", "dev.cairn.project=it", "--label", "dev.cairn.run=x", "--label", "dev.cairn.name=another", "cairn-test:1", "sleep", "86400")
        cls.volume = docker("volume", "create", "--label", "dev.cairn.run=x")

    @classmethod
    def tearDownClass(cls):
        docker("rm", "-fv", *cls.foreign)
        docker("volume", "rm", *cls.volume)

    def foreigners(self):
        return docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}} {{.State.Status}}", *self.foreign) + docker("volume", "inspect", "-f", "{{.Name}}", *self.volume)

    def die(self, stack, at, then, expected):
        """One death; what is wrong afterwards, or nothing."""
        project = Project(stack)
        try:
            code, _ = project.run_killed(at)
            if code == 0:
                return None  # this time it took fewer requests
            if code != -9:
                return f"it was to be killed, and exited {code}"
            if not (project.folder / ".cairn" / "runs").exists():
                return None
            until("the run is dead", lambda: not project.the_run()["alive"])
            return project_problem(project, then, expected)
        finally:
            project.remove()

    def sweep(self, stack):
        whole = Project(stack)
        try:
            code, count = whole.run_killed(None)
            self.assertEqual(code, 0, (whole.folder / "output").read_text())
            expected = whole.outcomes()
            self.assertEqual(whole.left(), [])
        finally:
            whole.remove()
        before = self.foreigners()
        points = []
        for n in range(1, count + 1):
            for side, then in (("kill-before", "clean"), ("kill-after", "resume"), ("kill-after", "clean"), ("kill-before", "resume")):
                if ALL or (n % EVERY[stack] == 0 and (side == "kill-after") == (then == "resume")):
                    points.append((n, side, then))
        with concurrent.futures.ThreadPoolExecutor(WIDE) as pool:
            done = list(pool.map(lambda point: self.die(stack, [str(point[0]), point[1]], point[2], expected), points))
        wrong = [f"{stack}: {side} of request {n} of {count}, then {then}: {what}" for (n, side, then), what in zip(points, done) if what]
        print(f"{stack}: {len(points)} deaths at {count} requests", flush=True)
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertEqual(self.foreigners(), before)


def project_problem(project, then, expected):
    if then == "clean":
        done = project.cairn("clean", "--json")
        if done.returncode != 0 or project.left():
            return f"clean exited {done.returncode} and left {project.left()}: {done.stdout}{done.stderr}"
    else:
        succeeded, log = project.succeeded_tasks(), project.log()
        done = project.cairn("resume", "--output", "plain")
        if done.returncode == 2 and "cairn resume --repeat test.sent" in done.stderr:  # nobody else can know
            done = project.cairn("resume", "--repeat", "sent", "--output", "plain")
        if done.returncode != 0:
            return f"resume exited {done.returncode}: {done.stdout}{done.stderr}"
        outcomes = project.outcomes()
        if outcomes != expected:
            return f"it ended otherwise: {outcomes}, not {expected}\n{done.stdout}"
        again = [task for task in succeeded if project.log()[task] != log[task]]
        if again:
            return f"{again} had succeeded, and ran again: {done.stdout}"
        if project.left():
            return f"resume left {project.left()}: {done.stdout}"
    rest = json.loads(project.cairn("clean", "--json").stdout)
    rest["removed"] = [one for one in rest["removed"] if one["what"] not in ("folder", "socket")]
    if rest["removed"] or rest["left"]:
        return f"clean found more: {rest}"
    return None


def with_registry(self):
    """The registry listens where the engine is: in the engine's network namespace."""
    if not shutil.which("docker-registry"):
        self.skipTest("docker-registry is not installed")
    with tempfile.TemporaryDirectory() as folder:
        settings = pathlib.Path(folder) / "registry.yml"
        settings.write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: 127.0.0.1:5055}}\n")
        inside = ["nsenter", f"--net=/run/netns/cairn-{ENGINE_NAME}"]
        registry = subprocess.Popen([*inside, "docker-registry", "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until("the registry answers", lambda: subprocess.run([*inside, "curl", "-fs", "http://127.0.0.1:5055/v2/"], capture_output=True).returncode == 0)
            self.sweep("push")
        finally:
            registry.kill()
            registry.wait()


for name in STACKS:
    setattr(Sweep, f"test_{name}", with_registry if name == "push" else lambda self, name=name: self.sweep(name))

if __name__ == "__main__":
    unittest.main()
