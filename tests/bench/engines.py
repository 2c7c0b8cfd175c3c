"""Containers: cairn against the floor, in turns. `engines.py CAIRN NAME=SOCKET… [--times N]` prints a table; Compose is
beside them where CAIRN_BENCH_COMPOSE names its program."""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import engine_floor
from engine_floor import IMAGE, JOB, SERVER, SERVICE


def text(command):
    return "[" + ", ".join('"' + word + '"' for word in command) + "]"


def independent(count):
    # Written out: each turn of a `for` would have a network of its own.
    return "".join(f'service s{i} {{ image = "{IMAGE}" ; command = {text(SERVICE)} }}\n' for i in range(count))


def chain_of_services(count):
    block = '  service s{i} {{ image = "{image}" ; command = {command} ; ready = [tcp(80)]{after} }}\n'
    return "".join(block.format(i=i, image=IMAGE, command=text(SERVER), after=f" ; after = [s{i - 1}]" if i else "") for i in range(count))


def chain_of_jobs(count):
    block = '  run j{i} {{ image = "{image}" ; command = {command}{after} }}\n'
    return "stage test {\n" + "".join(block.format(i=i, image=IMAGE, command=text(JOB), after=f" ; after = [j{i - 1}]" if i else "") for i in range(count)) + "}\n"


def test_stage(count):
    return (f'stage test {{\n  service db {{ image = "{IMAGE}" ; command = {text(SERVER)} ; ready = [tcp(80)] }}\n'
            f'  for i in range({count}) {{\n    run shard {{ image = "{IMAGE}" ; command = {text(JOB)} ; after = [db] }}\n  }}\n}}\n')


def compose_services(count, chain):
    lines = ["services:"]
    for i in range(count):
        lines += [f"  s{i}:", f"    image: {IMAGE}", f"    command: {text(SERVER if chain else SERVICE).replace('$', '$$')}"]
        if chain:
            lines += ["    healthcheck: {test: ['CMD', 'nc', '-z', '127.0.0.1', '80'], interval: 1s}"]
            if i:
                lines += [f"    depends_on: {{s{i - 1}: {{condition: service_healthy}}}}"]
    return "\n".join(lines) + "\n"


def compose_jobs(count):
    lines = ["services:"]
    for i in range(count):
        lines += [f"  j{i}:", f"    image: {IMAGE}", f"    command: {text(JOB)}"]
        if i:
            lines += [f"    depends_on: {{j{i - 1}: {{condition: service_completed_successfully}}}}"]
    return "\n".join(lines) + "\n"


class Bench:
    def __init__(self, cairn, name, socket_path, times):
        self.cairn, self.name, self.socket, self.times = cairn, name, socket_path, times
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{socket_path}", "NO_COLOR": "1"}
        self.compose = os.environ.get("CAIRN_BENCH_COMPOSE", "")

    def command(self, arguments, folder):
        began = time.perf_counter()
        done = subprocess.run(arguments, cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        taken = time.perf_counter() - began
        if done.returncode != 0:
            sys.exit(f"{' '.join(arguments)} exited {done.returncode}:\n{done.stdout}")
        return taken

    def ours(self, *arguments, folder):
        return self.command([self.cairn, *arguments, "--output", "quiet"] if arguments[0] != "down" else [self.cairn, *arguments], folder)

    def floor(self, at_once, *phases):
        floor = engine_floor.Floor(self.socket, at_once)
        taken = []
        for phase in phases:
            began = time.perf_counter()
            phase(floor)
            taken.append(time.perf_counter() - began)
        floor.close()
        return taken

    def row(self, what, floor, ours, compose=None):
        base = statistics.median(floor)
        line = f"{self.name:8} {what:34} {base:8.2f} s {statistics.median(ours):8.2f} s {statistics.median(ours) / base:6.2f}"
        print(line + (f" {statistics.median(compose):8.2f} s {statistics.median(compose) / base:6.2f}" if compose else ""), flush=True)

    def lasting(self, title, stack, compose_file, floor_up, floor_down):
        """`up`, `up` again and `down`; the floor with as many calls at once as suits it best."""
        ups, again, downs, floors, compose = [], [], [], [], {"up": [], "again": [], "down": []}
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "bench.stack").write_text(stack)
            pathlib.Path(folder, "compose.yaml").write_text(compose_file)
            for _ in range(self.times):
                floors.append(min((self.floor(at_once, floor_up, floor_down) for at_once in (4, 8, 16)), key=sum))
                ups.append(self.ours("up", folder=folder))
                again += [self.ours("up", folder=folder) for _ in range(3)]
                downs.append(self.ours("down", folder=folder))
                if self.compose:
                    compose["up"].append(self.command([self.compose, "compose", "up", "-d", "--wait", "--quiet-pull"], folder))
                    compose["again"].append(self.command([self.compose, "compose", "up", "-d", "--wait"], folder))
                    compose["down"].append(self.command([self.compose, "compose", "down"], folder))
        self.row(f"{title}: up", [f[0] for f in floors], ups, compose["up"])
        self.row(f"{title}: down", [f[1] for f in floors], downs, compose["down"])
        self.row(f"{title}: up + down", [sum(f) for f in floors], [u + d for u, d in zip(ups, downs)])
        extra = f" {statistics.median(compose['again']):10.3f} s" if compose["again"] else ""
        print(f"{self.name:8} {title + ': up again':34} {'':10} {statistics.median(again):8.3f} s {'':6}{extra}", flush=True)

    def passing(self, title, stack, compose_file, floor_all):
        ours, floors, compose = [], [], []
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "bench.stack").write_text(stack)
            pathlib.Path(folder, "compose.yaml").write_text(compose_file)
            for _ in range(self.times):
                floors.append(min(self.floor(at_once, floor_all)[0] for at_once in (4, 8, 16)))
                ours.append(self.ours("run", "test", folder=folder))
                if self.compose and compose_file:
                    compose.append(self.command([self.compose, "compose", "up"], folder) + self.command([self.compose, "compose", "down"], folder))
        self.row(title, floors, ours, compose)

    def said(self, mebibytes):
        """A container that says so much: `cairn run`, into its log, against `docker logs --follow` into a file."""
        say = f"yes 012345678901234567890123456789012345678901234567890123456789abc | head -n {mebibytes * 1024 * 1024 // 64}"
        job = ["sh", "-c", say]
        ours, theirs = [], []
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "bench.stack").write_text(f'stage test {{\n  run say {{ image = "{IMAGE}" ; command = {text(job)} }}\n}}\n')
            for _ in range(self.times):
                ours.append(self.ours("run", "test", folder=folder))
                began = time.perf_counter()
                name = subprocess.run(["docker", "create", IMAGE, *job], env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
                subprocess.run(["docker", "start", name], env=self.environment, check=True, stdout=subprocess.DEVNULL)
                with open(os.path.join(folder, "log"), "wb") as log:
                    subprocess.run(["docker", "logs", "--follow", name], env=self.environment, check=True, stdout=log)
                subprocess.run(["docker", "rm", name], env=self.environment, check=True, stdout=subprocess.DEVNULL)
                theirs.append(time.perf_counter() - began)
        self.row(f"{mebibytes} MiB said (docker logs -f)", theirs, ours)

    def run(self):
        for count in (10, 30):
            self.lasting(f"{count} services", independent(count), compose_services(count, False), lambda f, n=count: engine_floor.services(f, n), engine_floor.down)
        self.lasting("10 probed in a chain", chain_of_services(10), compose_services(10, True), lambda f: engine_floor.probed_chain(f, 10), engine_floor.down_in_order)
        self.passing("10 jobs in a chain", chain_of_jobs(10), compose_jobs(10), lambda f: engine_floor.job_chain(f, 10))
        self.passing("a stage of 4 shards", test_stage(4), "", lambda f: engine_floor.shards(f, 4))
        if shutil.which("docker"):
            self.said(128)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn")
    parser.add_argument("engine", nargs="+", help="NAME=SOCKET")
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    print(f"{'engine':8} {'':34} {'floor':>10} {'cairn':>10} {'ratio':>6}" + (f" {'Compose':>10} {'ratio':>6}" if os.environ.get("CAIRN_BENCH_COMPOSE") else ""))
    for one in asked.engine:
        name, _, path = one.partition("=")
        Bench(os.path.realpath(asked.cairn), name, path, asked.times).run()
