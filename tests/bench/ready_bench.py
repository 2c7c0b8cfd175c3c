#!/usr/bin/env python3
"""From ready to the dependants' first call: `tests/bench/ready_bench.py build/cairn SOCKET [RUNS]`.

A service begins to listen after a random time; the moment is what its own clock said. The first call of what depends on
it is the making of its container, as a proxy before the engine's socket sees it. Needs root to enter the engine's network
namespace, as `tests/engine/start.sh NAME` makes it; without one the engine is this machine's or the agent's. Prints the
quartiles for the way that was taken.
"""
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

cairn, socket = os.path.realpath(sys.argv[1]), sys.argv[2]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
tap = pathlib.Path(__file__).parent.parent / "tap" / "tap.py"
namespace = f"/run/netns/cairn-{pathlib.Path(socket).parent.name}"

STACK = """stage test {{
  service web {{ image = "cairn-test:1" ; stop_signal = "SIGKILL" ; ready = [tcp(80)] ; mounts = {{ "/said" = {said} }}
    command = ["sh", "-c", "usleep {wait}; httpd -p 80; cat /proc/uptime >/said/at; exec sleep 86386"] }}
  run after_it {{ image = "cairn-test:1" ; command = ["true"] ; after = [web] }}
}}
"""


def measure(inside):
    taken = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="cairn-ready-") as folder:
            folder = pathlib.Path(folder)
            (folder / "said").mkdir()
            (folder / "it.stack").write_text(STACK.format(said=json.dumps(str(folder / "said")), wait=random.randrange(200_000, 1_500_000)))
            proxy = subprocess.Popen([sys.executable, tap, folder / "tap.sock", socket, folder / "record", "--uptime"], stdout=subprocess.PIPE, text=True)
            proxy.stdout.readline()
            command = [cairn, "run", "test", "--output", "quiet"]
            if inside:
                command = ["nsenter", f"--net={namespace}", *command]
            subprocess.run(command, cwd=folder, env=dict(os.environ, DOCKER_HOST=f"unix://{folder}/tap.sock"), check=True, capture_output=True)
            proxy.terminate()
            proxy.wait()
            calls = [json.loads(line) for line in (folder / "record").read_text().splitlines()]
            starts = [call["at"] for call in calls if "/containers/create" in call["path"]]
            listening = float((folder / "said" / "at").read_text().split()[0])
            taken.append((starts[-1] - listening) * 1000)
    first, middle, third = statistics.quantiles(taken, n=4)
    way = "on this machine" if inside else "through the agent"
    print(f"ready to the dependants' first call, {way}: median {middle:.0f} ms, quartiles {first:.0f} and {third:.0f} ms, {runs} runs", flush=True)


if os.path.exists(namespace) and os.geteuid() == 0:
    measure(True)
measure(False)
