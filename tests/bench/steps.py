"""Steps on this machine: how much cairn costs beside ninja and make, beside the bound that the graph itself sets, and
in memory. `steps.py CAIRN [--steps N] [--times N]` prints a table."""
import argparse
import json
import os
import pathlib
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time


def timed(command, folder):
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    taken = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout[-2000:]}")
    return taken


def processor_seconds(command, folder):
    """Wall clock and processor time, that of all processes below included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = timed(command, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row(what, value, unit, beside=""):
    print(f"{what:52} {value:9.2f} {unit:3} {beside}", flush=True)


def small_commands(cairn, times):
    """Whole processes that everybody waits for many times a day."""
    example = pathlib.Path(__file__).parents[2] / "examples" / "todobackend" / "release.stack"
    head = ['use "std/postgres"', "stage test {", "  postgres.server db"]
    settings = lambda i: ['image = "x:1"', f'env = db.env("PG") + {{ N = "{i}" }}', "memory = 512MiB", "timeout = 30s"]
    dense = head + [f"  run step{i} {{ {' ; '.join(settings(i))} }}" for i in range(196)] + ["}"]
    usual = head + [line for i in range(33) for line in (f"  run step{i} {{", *(f"    {one}" for one in settings(i)), "  }")] + ["}"]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "dense.stack").write_text("\n".join(dense) + "\n")
        pathlib.Path(folder, "usual.stack").write_text("\n".join(usual) + "\n")
        for what, arguments in (("start (`cairn version`)", ["version"]), ("`cairn lint` of the to-do service", ["lint", "-f", str(example)]),
                                (f"`cairn lint` of {len(usual)} lines, 33 blocks", ["lint", "-f", "usual.stack"]),
                                (f"`cairn lint` of {len(dense)} lines, 196 blocks", ["lint", "-f", "dense.stack"])):
            row(what, statistics.median(timed([cairn, *arguments], folder) for _ in range(times)) * 1000, "ms")


def nothing_to_do(cairn, steps, times):
    """Steps that do nothing, two at a time, in turns with ninja and make, so that all meet the same machine."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "many.stack").write_text(f'stage test {{\n  in = "host"\n  for i in range({steps}) {{\n    run step {{ command = ["/bin/true"] }}\n  }}\n}}\n')
        names = [f"s{i}" for i in range(steps)]
        (folder / "build.ninja").write_text("rule true\n  command = /bin/true\n" + "".join(f"build {name}: true\n" for name in names) + f"build all: phony {' '.join(names)}\n")
        (folder / "Makefile").write_text(f".PHONY: all {' '.join(names)}\nall: {' '.join(names)}\n{' '.join(names)}:\n\t@/bin/true\n")
        commands = {"ninja -j2": ["ninja", "-j2", "all"], "make -j2": ["make", "-s", "-j2"],
                    "cairn --jobs 2": [cairn, "run", "test", "-f", "many.stack", "--jobs", "2", "--output", "quiet"]}
        taken = {name: [] for name in commands}
        for _ in range(times):
            for name, command in commands.items():
                taken[name].append(processor_seconds(command, folder))
        median = {name: [statistics.median(column) for column in zip(*all_times)] for name, all_times in taken.items()}
        for name, (wall, processor) in median.items():
            row(f"{steps} steps of nothing, {name}", wall, "s", f"{wall / median['ninja -j2'][0]:6.2f} x ninja; of processors {processor:6.2f} s, {processor / median['ninja -j2'][1]:6.2f} x")


def random_waits(seed, count):
    """A graph of steps that sleep: after[i] are earlier steps, seconds[i] how long it takes."""
    chance = random.Random(seed)
    seconds = [chance.choice((0.1, 0.2, 0.4, 0.8)) for _ in range(count)]
    after = [sorted(chance.sample(range(max(0, i - 12), i), min(i, chance.randrange(0, 3)))) for i in range(count)]
    return seconds, after


def makespan(cairn, seed, count, slots, times):
    """Against what no schedule can beat: the longest chain, and all work shared evenly by the slots. How long a wait
    takes is what it takes here without anything around it: no machine wakes a process in the moment it asked for."""
    seconds, after = random_waits(seed, count)
    alone = {wait: statistics.median(timed(["sleep", str(wait)], "/") for _ in range(5)) for wait in set(seconds)}
    ends = []
    for i in range(count):
        ends.append(alone[seconds[i]] + max((ends[j] for j in after[i]), default=0))
    bound = max(max(ends), sum(alone[wait] for wait in seconds) / slots)
    text = "".join(f'  run s{i} {{ command = ["sleep", "{seconds[i]}"]' + (f" ; after = [{', '.join(f's{j}' for j in after[i])}]" if after[i] else "") + " }\n" for i in range(count))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "waits.stack").write_text('stage test {\n  in = "host"\n' + text + "}\n")
        command = [cairn, "run", "test", "-f", "waits.stack", "--jobs", str(slots), "--output", "quiet"]
        timed(command, folder)  # from here on it remembers how long each takes
        taken = statistics.median(timed(command, folder) for _ in range(times))
    row(f"{count} waits, {slots} at a time; the bound is {bound:.2f} s", taken, "s", f"{taken / bound:6.3f} x bound")


def memory_mib(pid):
    """Resident, and its share of what it has in common with others: libraries are there once for both processes."""
    sizes = dict(line.split(":") for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return [int(sizes[which].split()[0]) / 1024 for which in ("Rss", "Pss")]


def waiting_steps(cairn, count):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "wait.stack").write_text(f'stage test {{\n  in = "host"\n  for i in range({count}) {{\n    run step {{ command = ["sleep", "1000"] }}\n  }}\n}}\n')
        brain = subprocess.Popen([cairn, "run", "test", "--jobs", str(count), "--output", "json"], cwd=folder, stdout=subprocess.PIPE, text=True)
        started = 0
        while started < count:
            event = json.loads(brain.stdout.readline())
            started += event["type"] == "step_started" and event["step"].endswith(":run")
        keeper = int(pathlib.Path(f"/proc/{brain.pid}/task/{brain.pid}/children").read_text().split()[0])
        while len(pathlib.Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()) < count:
            time.sleep(0.05)
        (mine, my_share), (keepers, its_share) = memory_mib(brain.pid), memory_mib(keeper)
        brain.send_signal(signal.SIGINT)
        brain.communicate()
        row(f"{count} steps that wait: memory", my_share + its_share, "MiB", f"resident: cairn {mine:.1f}, its keeper {keepers:.1f}")


def said_on_this_machine(cairn, mebibytes, times):
    """A step that says so much, against a shell that writes the same into a file by way of a pipe."""
    lines = mebibytes * 1024 * 1024 // 64
    say = f"yes 012345678901234567890123456789012345678901234567890123456789abc | head -n {lines}"
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "say.stack").write_text(f'stage test {{\n  in = "host"\n  run say {{ script = "{say}" }}\n}}\n')
        ours = statistics.median(timed([cairn, "run", "test", "--output", "quiet"], folder) for _ in range(times))
        cat = statistics.median(timed(["sh", "-c", f"({say}) | cat > out; rm out"], folder) for _ in range(times))
    row(f"{mebibytes} MiB of output into two logs", mebibytes / ours, "MiB/s", f"the pipe alone {mebibytes / cat:.0f} MiB/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn")
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    program = os.path.realpath(asked.cairn)
    small_commands(program, 20)
    nothing_to_do(program, asked.steps, asked.times)
    makespan(program, 1, 40, 40, asked.times)
    makespan(program, 2, 40, 2, asked.times)
    waiting_steps(program, 1000)
    said_on_this_machine(program, 64, asked.times)
