#!/usr/bin/env python3
"""Kills cairn with SIGKILL around requests that change an array or an engine while it takes a snapshot, clones,
overwrites in place and tears down. What is left has to be found by `cairn clean`: nothing on the engine, the array,
in the pool, no mount and no loop device. A few points of each, chosen for what is under way there; with
CAIRN_SWEEP=all every one.

usage: crash_sweep_test.py CAIRN [array] [copy] [pool] [agent]   (root, Docker's programs, mkfs.xfs); default: all
"""
import collections
import ctypes
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ALL = os.environ.get("CAIRN_SWEEP") == "all"
# When, what the request has in its first line, and which of those: the snapshot is taken; a clone is filled; the overwrite
# in place; the teardown has begun.
ON_THE_ARRAY = [("after", "POST /volume-snapshots", 1), ("after", "POST overwrite=true", 1), ("before", "POST overwrite=true", 3), ("after", "DELETE", 2)]
# Which changing request of the engine, counted from the first.
OF_THE_ENGINE = {"copy": [12, 19], "pool": [10, 16], "agent": [13]}
ENGINE = HERE.parent / "engine"
STACK = """
param array = ""
param driver = "local"
if array != "" {
  flasharray pure01 {
    endpoint = array ; token = secret("env:PFA_API_TOKEN") ; prefix = "ca-docker-"
    # cairn: allow L0513 because the proxy of the test has a certificate of its own
    verify_tls = false
  }
}
stage test {
  volume seed { driver = driver ; size = 400MiB }
  run fill { image = "cairn-test:1" ; command = ["sh", "-c", "echo one >/d/x"] ; mounts = { "/d" = seed } }
  snapshot cut { of = seed ; on = pure01 ; after = [fill] }
  clone data { from = cut }
  clone other { from = cut }
  service user { image = "cairn-test:1" ; command = ["sleep", "1000"] ; stop_signal = "SIGKILL" ; mounts = { "/d" = data, "/o" = other } }
  run change { image = "cairn-test:1" ; command = ["sh", "-c", "echo two >/d/x"] ; mounts = { "/d" = data } }
  clone back { from = cut ; onto = data ; after = [change] }
  run look {
    image = "cairn-test:1" ; after = [back] ; mounts = { "/d" = data, "/o" = other }
    command = ["sh", "-c", "test $(cat /d/x)$(cat /o/x) = oneone"]
  }
}
"""


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def until(what, condition, patience=60):
    give_up = time.monotonic() + patience
    while not condition():
        if time.monotonic() > give_up:
            raise AssertionError("waited in vain: " + what)
        threading.Event().wait(0.02)


class Proxy:
    """Stands before the array; kills the process `victim` around the n-th request that changes something."""

    def __init__(self, work, port):
        self.target, self.count, self.when, self.part, self.at, self.victim = port, 0, "", "", 0, None
        certificate = work / "proxy.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=proxy",
                        "-keyout", certificate, "-out", str(certificate) + ".crt"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(str(certificate) + ".crt", certificate)
        self.trusting = ssl._create_unverified_context()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, raw):
        try:
            with self.context.wrap_socket(raw, server_side=True) as client:
                stream = client.makefile("rb")
                while self.one(client, stream):
                    pass
        except OSError:
            pass

    def one(self, client, stream):
        line = stream.readline().decode()
        if not line.strip():
            return False
        method, path, _ = line.split(" ", 2)
        headers = {}
        while (header := stream.readline().decode().strip()):
            name, _, value = header.partition(":")
            headers[name] = value.strip()
        length = next((int(value) for name, value in headers.items() if name.lower() == "content-length"), 0)
        body = stream.read(length) if length else None
        hit = False
        if method != "GET" and "/login" not in path and all(part in line for part in self.part.split()):
            with self.lock:
                self.count += 1
                hit = self.count == self.at
        if hit and self.when == "before":
            os.kill(self.victim.pid, signal.SIGKILL)
            return False
        with self.lock:
            upstream = http.client.HTTPSConnection("127.0.0.1", self.target, context=self.trusting, timeout=60)
            upstream.request(method, path, body, headers)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
        if hit:
            os.kill(self.victim.pid, signal.SIGKILL)
            return False
        text = f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "keep-alive"):
                text += f"{name}: {value}\r\n"
        client.sendall((text + f"Content-Length: {len(content)}\r\n\r\n").encode() + content)
        return True


class Sweep:
    def __init__(self, cairn):
        self.cairn = cairn
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="cairn-sweep-"))
        self.name, self.driver = f"sweep{os.getpid()}", f"sweep{os.getpid()}"
        self.plugin = f"{self.work}/engines/{self.name}/plugins/{self.driver}.sock"
        self.environment = dict(os.environ, CAIRN_ENGINES=str(self.work / "engines"), CAIRN_POOLS=str(self.work / "none"), NO_COLOR="1")
        self.simulator = None
        self.points = collections.Counter()

    def sh(self, *command, **more):
        return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, env=self.environment, **more).stdout

    def begin(self):
        self.mounts, self.project = self.work / "mounts", self.work / "project"
        self.mounts.mkdir()
        self.project.mkdir()
        (self.project / "sweep.stack").write_text(STACK)
        self.sh("mount", "--bind", self.mounts, self.mounts)
        self.sh("mount", "--make-shared", self.mounts)
        self.socket = self.sh(ENGINE / "start.sh", self.name).strip()
        self.environment["DOCKER_HOST"] = "unix://" + self.socket
        image = self.sh(ENGINE / "image.sh").strip()
        self.sh("docker", "load", "-i", image)
        self.empty = self.on_engine()
        # From here on in the engine's network: it reaches the array, and cairn the containers.
        with open(f"/run/netns/cairn-{self.name}") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0x40000000) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def end(self):
        if self.simulator:
            self.simulator.terminate()
            self.simulator.wait()
        subprocess.run([ENGINE / "stop.sh", self.name], env=self.environment, capture_output=True)
        for pool in ("default", "array"):
            subprocess.run([self.cairn, "pool", "--folder", self.mounts, "remove", pool, "--with-clones"], capture_output=True)
        subprocess.run(["umount", "-R", self.mounts], capture_output=True)
        shutil.rmtree(self.work, ignore_errors=True)
        pathlib.Path(self.plugin).unlink(missing_ok=True)

    def on_engine(self):
        return self.sh("docker", "ps", "-aq") + self.sh("docker", "volume", "ls", "-q") + self.sh("docker", "network", "ls", "-q")

    def start_array(self):
        self.sh(self.cairn, "pool", "--folder", self.mounts, "create", "array", "--size", 4)
        self.simulator = subprocess.Popen([self.cairn, "simulate", "flasharray", "--data", self.mounts / "array" / "data", "--plugin", self.plugin, "--namespace", "ca"],
                                          stdout=subprocess.PIPE, text=True, env=self.environment)
        words = self.simulator.stdout.readline().split()
        self.port = int(words[1].rpartition(":")[2])
        self.environment["PFA_API_TOKEN"] = words[words.index("token") + 1]
        self.proxy = Proxy(self.work, self.port)

    def on_array(self):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl._create_unverified_context())
        connection.request("GET", "/simulator/state")
        state = json.loads(connection.getresponse().read())
        return [v["name"] for v in state["volumes"]] + [s["suffix"] for s in state["snapshots"]] + [str(c) for c in state["connections"]]

    def check_clean(self, point):
        # The keeper ends after its brain; until then the run counts as alive.
        until("the run's keeper has ended", lambda: "alive" not in subprocess.run(
            [self.cairn, "clean", "--dry-run"], cwd=self.project, env=self.environment, capture_output=True, text=True).stdout)
        view = ["sh", "-c", f'exec {self.elsewhere} "$@"', "sh"] if "HIDDEN_VOLUMES" in self.environment else []
        cleaned = subprocess.run([*view, self.cairn, "clean"], cwd=self.project, env=self.environment, capture_output=True, text=True)
        said = f"{point}: after clean (exit code {cleaned.returncode}):\n{cleaned.stdout}{cleaned.stderr}\n"
        assert cleaned.returncode == 0, said
        assert self.on_engine() == self.empty, said + self.sh("docker", "ps", "-a") + self.sh("docker", "volume", "ls")
        if self.simulator:
            assert self.on_array() == [], said + str(self.on_array())
            assert not list((self.mounts / "array" / "data" / "mounts").glob("*")), said + "mount points of the driver"
        for pool in self.mounts.glob("default"):
            assert not list(pool.rglob("*")), said + str(list(pool.rglob("*"))[:5])
        again = subprocess.run([self.cairn, "clean"], cwd=self.project, env=self.environment, capture_output=True, text=True)
        assert "nothing to remove" in again.stdout, said + again.stdout + again.stderr
        shutil.rmtree(self.project / ".cairn")
        print(f"{time.monotonic():.0f} {point}", flush=True)

    def run(self, *arguments):
        return subprocess.Popen([self.cairn, "run", "test", "--output", "plain", *arguments], cwd=self.project, env=self.environment,
                                stdout=open(self.work / "out", "w"), stderr=subprocess.STDOUT)

    def sweep_array(self):
        points = ((when, "", at) for when in ("before", "after") for at in range(1, 1000)) if ALL else iter(ON_THE_ARRAY)
        over = ""  # of which kind every point has been tried
        for when, part, at in points:
            if when == over:
                continue
            self.proxy.count, self.proxy.when, self.proxy.part, self.proxy.at = 0, when, part, at
            self.proxy.victim = self.run("-p", f"array=127.0.0.1:{self.proxy.port}", "-p", f"driver={self.driver}")
            code = self.proxy.victim.wait()
            if self.proxy.count < at:  # it got through
                assert ALL and code == 0, (self.work / "out").read_text()
                over = when
            else:
                assert code == -signal.SIGKILL, (self.work / "out").read_text()
                self.points["array"] += 1
            self.check_clean(f"array, {when} change {part} {at}")

    def sweep_engine(self, what, prefix=""):
        """Through the tap: before and after every request that changes the engine, or before a few."""
        for point, when in ((point, when) for point in range(1, 1000) for when in ("before", "after")) if ALL else ((point, "before") for point in OF_THE_ENGINE[what]):
            tapped, record = self.work / "tap.sock", self.work / "tap.record"
            record.write_text("")
            victim = subprocess.Popen(["sh", "-c", f'read -r _ && cd "{self.project}" && exec {prefix} "{self.cairn}" run test --output plain >"{self.work}/out" 2>&1'],
                                      stdin=subprocess.PIPE, env=dict(self.environment, DOCKER_HOST=f"unix://{tapped}"))
            tap = subprocess.Popen([sys.executable, HERE.parent / "tap" / "tap.py", tapped, self.socket, record, "--at", str(point), f"kill-{when}:{victim.pid}", "--only-changing"],
                                   stdout=subprocess.PIPE, text=True)
            assert tap.stdout.readline().strip() == "ready"
            victim.stdin.write(b"go\n")
            victim.stdin.close()
            code = victim.wait()
            tap.kill()  # it may be in the middle of an answer that does not end
            tap.wait()
            tapped.unlink(missing_ok=True)
            # What a run has recorded is its engine's socket: that of the tap, which is gone.
            for name in ("engines", "engine-pools"):
                for recorded in self.project.glob(f".cairn/runs/*/{name}"):
                    recorded.write_text(recorded.read_text().replace(str(tapped), self.socket))
            if code == 0:
                assert ALL, "it got through: name an earlier point in OF_THE_ENGINE"
                self.check_clean(f"{what}, a whole run")
                return
            assert code == -signal.SIGKILL, (self.work / "out").read_text()
            self.check_clean(f"{what}, {when} change {point} of the engine")
            self.points[what] += 1

    # A view of the mounts in which neither the engine's volumes nor the pool are there: an agent has to do it.
    elsewhere = """unshare --mount --propagation private sh -c 'mount -t tmpfs none "$HIDDEN_VOLUMES" && mount -t tmpfs none "$CAIRN_POOLS" && exec "$@"' sh"""

    def hide(self):
        self.environment["HIDDEN_VOLUMES"] = self.sh("docker", "info", "--format", "{{.DockerRootDir}}").strip() + "/volumes"

    def show(self):
        self.environment.pop("HIDDEN_VOLUMES", None)
        self.environment["CAIRN_POOLS"] = str(self.work / "none")

    def sweep_copying(self):
        """In the middle of bringing a seed into the pool: as soon as its folder is there."""
        (self.project / "sweep.stack").write_text(STACK.replace("echo one >/d/x", "echo one >/d/x; dd if=/dev/urandom of=/d/large bs=1M count=200 2>/dev/null"))
        victim = self.run()
        until("a clone has begun", lambda: list((self.mounts / "default").glob("*/*")) or victim.poll() is not None)
        victim.kill()
        victim.wait()
        self.check_clean("pool, in the middle of copying")
        self.points["copying"] += 1
        (self.project / "sweep.stack").write_text(STACK)


def main():
    if os.geteuid() != 0:
        skip("needs root for an engine and for mounts")
    for tool in ("dockerd", "docker", "mkfs.xfs", "openssl", "losetup"):
        if shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
            skip(tool + " is not installed")
    sweep = Sweep(os.path.realpath(sys.argv[1]))
    try:
        sweep.begin()
        parts = sys.argv[2:] or ["array", "copy", "pool", "agent"]
        begun = time.monotonic()
        if "copy" in parts:
            sweep.sweep_engine("copy")
        if "pool" in parts or "agent" in parts:
            sweep.sh(sweep.cairn, "pool", "--folder", sweep.mounts, "create", "--size", 2)
            sweep.environment["CAIRN_POOLS"] = str(sweep.mounts)
        if "pool" in parts:
            sweep.sweep_engine("pool")
            sweep.sweep_copying()
        if "agent" in parts:
            sweep.hide()
            sweep.sweep_engine("agent", sweep.elsewhere)
        # Last: an engine asks every driver that it ever knew, and waits a quarter of a minute for one that is gone.
        if "array" in parts:
            sweep.show()
            sweep.start_array()
            sweep.sweep_array()
            sweep.simulator.terminate()
            sweep.simulator.wait()
            sweep.simulator = None
    except subprocess.CalledProcessError as error:
        print("FAILED:", error, error.stdout, error.stderr)
        sys.exit(1)
    except AssertionError as error:
        print("FAILED:", error)
        sys.exit(1)
    finally:
        sweep.end()
    now = subprocess.run(["losetup", "-a"], capture_output=True, text=True).stdout
    assert str(sweep.work) not in now, f"loop devices: {now}"
    print("ok: killed", ", ".join(f"{count} times ({what})" for what, count in sweep.points.items()), "and cleaned up every time")


main()
