"""For the night, not in CI: kill -9 of `cairn run publish` of examples/todobackend at requests to a real engine.

  CAIRN=build/cairn CAIRN_TEST_ENGINES="name=socket" CAIRN_SWEEP_EVERY=20 python3 -B tests/tap/todobackend_sweep.py

At every n-th request (CAIRN_SWEEP_EVERY, 20 unless said; CAIRN_SWEEP_FROM: the first of them), in turns before and after the
engine gets it. Then `resume` comes to the end of the run that was not killed, and `clean` finds nothing more; every third
time `clean` follows at once, and leaves nothing. Needs root, an engine of tests/engine/start.sh and docker-registry; a death
takes about as long as one run of the example.
"""
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import sweep_test as sweep
from program import CAIRN, until

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "todobackend"
INSIDE = ["nsenter", f"--net=/run/netns/cairn-{sweep.ENGINE_NAME}"]
EVERY = int(os.environ.get("CAIRN_SWEEP_EVERY", "20"))
FROM = int(os.environ.get("CAIRN_SWEEP_FROM", str(EVERY)))
REGISTRY = "http://127.0.0.1:5000/v2/"
PATIENCE = 1800


class Todo(sweep.Project):
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-sweep-"))
        shutil.copytree(EXAMPLE, self.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".cairn"))
        self.tap = None
        self.name = self.folder.name.lower().replace("_", "0")

    def cairn(self, *arguments, engine=None):
        return subprocess.run([*INSIDE, CAIRN, *arguments], cwd=self.folder, env=dict(os.environ, NO_COLOR="1"), text=True, capture_output=True, timeout=PATIENCE)

    def run_killed(self, at):
        its = self.tap = sweep.TapBefore(self.folder, at)
        with open(self.folder / "output", "wb") as output:
            its.victim = subprocess.Popen([*INSIDE, CAIRN, "run", "publish", "--output", "plain"], cwd=self.folder, env=dict(os.environ, NO_COLOR="1", DOCKER_HOST=f"unix://{self.folder}/tap.sock"), stdout=output, stderr=subprocess.STDOUT)
            its.began.set()
            code = its.victim.wait(PATIENCE)
        its.options.at = None
        return code, its.all

    def log(self):
        return collections.Counter()  # these steps leave no marks; what had succeeded is asked of `show`


def objects():
    return [sorted(sweep.docker(*what)) for what in (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q"))]


def problem_of(project, then, expected):
    """What is wrong after a death, or nothing."""
    if then == "resume":
        done = project.cairn("resume", "--output", "plain")
        for _ in range(3):  # one push after the other may be in doubt
            asked = [word.strip("`") for word in done.stderr.split("--repeat ")[1:2] for word in word.split()[:1]]
            if done.returncode != 2 or not asked:
                break
            done = project.cairn("resume", "--repeat", asked[0], "--output", "plain")
        if done.returncode != 0:
            return f"resume exited {done.returncode}: {done.stdout[-3000:]}{done.stderr}"
        if project.outcomes() != expected:
            return f"it ended otherwise: {project.outcomes()}, not {expected}"
        if project.left():
            return f"resume left {project.left()}"
    done = project.cairn("clean", "--json")
    if done.returncode != 0 or project.left():
        return f"clean exited {done.returncode} and left {project.left()}: {done.stdout}{done.stderr}"
    return None


def main():
    if os.geteuid() != 0 or not shutil.which("docker-registry"):
        print("skipped: needs root and docker-registry")
        return 77
    subprocess.run([EXAMPLE / "base" / "make.sh"], check=True)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        settings = pathlib.Path(folder) / "registry.yml"
        settings.write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: 127.0.0.1:5000}}\n")
        registry = subprocess.Popen([*INSIDE, "docker-registry", "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until("the registry answers", lambda: subprocess.run([*INSIDE, "curl", "-fs", REGISTRY], capture_output=True).returncode == 0)
            before = objects()
            whole = Todo()
            try:
                began = time.monotonic()
                code, count = whole.run_killed(None)
                assert code == 0, (whole.folder / "output").read_text()
                expected = whole.outcomes()
                print(f"{count} requests, {time.monotonic() - began:.0f} s", flush=True)
            finally:
                whole.remove()
            for number, at in enumerate(range(FROM, count + 1, EVERY)):
                side = ("kill-before", "kill-after")[number % 2]
                then = "clean" if number % 3 == 2 else "resume"
                project = Todo()
                try:
                    began = time.monotonic()
                    code, _ = project.run_killed([str(at), side])
                    if code == 0:
                        continue  # this time it took fewer requests
                    until("the run is dead", lambda project=project: not project.the_run()["alive"])
                    what = f"it was to be killed, and exited {code}" if code != -9 else problem_of(project, then, expected)
                    print(f"{side} of request {at} of {count}, then {then}: {what or 'well'} ({time.monotonic() - began:.0f} s)", flush=True)
                    wrong += [what] if what else []
                finally:
                    project.remove()
            if objects() != before:
                wrong.append(f"there is {objects()}, and there was {before}")
        finally:
            registry.kill()
            registry.wait()
    print("\n".join(wrong) or "todobackend: well after every death")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
