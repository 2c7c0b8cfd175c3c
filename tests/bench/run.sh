#!/usr/bin/env bash
# Prints a table from one run: `tests/bench/run.sh build`. Needs a built cairn and, for the front end, `ninja parse_bench
# front_bench`; ninja and make for the comparison. What it measures: how fast files are read, what programs of every
# shape take, how soon the program starts, how long lint takes as a process, and 1 000 host steps that do nothing against
# ninja and make on the same machine.
set -eu
for bench in parse_bench front_bench; do
  if [ -x "$1/tests/$bench" ]; then "$1/tests/$bench"; elif [ -x "$1/$bench" ]; then "$1/$bench"; fi
done
cairn="$(realpath "$1/cairn")"
root="$(cd "$(dirname "$0")/../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 - "$cairn" "$root" <<'P'
import pathlib
import statistics
import subprocess
import sys
import time

cairn, root = sys.argv[1], sys.argv[2]
steps = 1000


def seconds(command, times, **more):
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, **more)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


print(f"{'start (`cairn version`)':44} {seconds([cairn, 'version'], 20) * 1000:8.1f} ms")
example = f"{root}/examples/todobackend/release.stack"
print(f"{'`cairn lint` of the to-do service':44} {seconds([cairn, 'lint', '-f', example], 20) * 1000:8.1f} ms")

lines = ['use "std/postgres"', "stage test {", "  postgres.server db"]
while len(lines) < 199:
    lines.append(f'  run step{len(lines)} {{ image = "x:1" ; env = db.env("PG") + {{ N = "{len(lines)}" }} ; memory = 512MiB ; timeout = 30s }}')
pathlib.Path("lines.stack").write_text("\n".join(lines + ["}"]) + "\n")
print(f"{'`cairn lint` of a file of 200 lines':44} {seconds([cairn, 'lint', '-f', 'lines.stack'], 20) * 1000:8.1f} ms")

pathlib.Path("many.stack").write_text(
    f'stage test {{\n  in = "host"\n  for i in range({steps}) {{\n    run step {{ command = ["/bin/true"] }}\n  }}\n}}\n')
pathlib.Path("build.ninja").write_text(
    "rule true\n  command = /bin/true\n" + "".join(f"build s{i}: true\n" for i in range(steps)) +
    "build all: phony " + " ".join(f"s{i}" for i in range(steps)) + "\n")
pathlib.Path("Makefile").write_text(
    "all: " + " ".join(f"s{i}" for i in range(steps)) + "\n" + "".join(f"s{i}:\n\t@/bin/true\n" for i in range(steps)))
ninja = seconds(["ninja", "-j2", "all"], 3)
make = seconds(["make", "-s", "-j2"], 3)
ours = seconds([cairn, "run", "test", "-f", "many.stack", "--jobs", "2", "--output", "quiet"], 3)
for name, taken in (("ninja -j2", ninja), ("make -j2", make), ("cairn --jobs 2", ours)):
    print(f"{f'{steps} steps of nothing, {name}':44} {taken:8.2f} s   {taken / ninja:6.2f} x ninja")
P
