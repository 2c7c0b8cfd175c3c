"""The floor: the same containers by bare calls of the engine's API, in parallel, with nothing around them."""
import concurrent.futures
import http.client
import json
import socket
import threading
import time
import urllib.parse

IMAGE = "cairn-test:1"
# Ends at once when it is told to, as a well-made service does; a shell without the trap would be deaf as process 1.
SERVICE = ["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"]
SERVER = ["sh", "-c", "trap 'exit 0' TERM; httpd -p 80 -h /; sleep 100000 & wait"]
JOB = ["true"]


class OnSocket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class Engine:
    """Calls of any thread, each thread with a connection that it keeps."""

    def __init__(self, path):
        self.path = path
        self.own = threading.local()

    def call(self, method, path, body=None, expect=(200, 201, 204, 304)):
        if not hasattr(self.own, "connection"):
            self.own.connection = OnSocket(self.path)
        connection = self.own.connection
        connection.request(method, "/v1.41" + path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in expect:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text) if text else None


class Floor:
    """What any tool has to ask of the engine: a network, and of each container create, start, stop and remove."""

    def __init__(self, socket_path, at_once):
        self.engine = Engine(socket_path)
        self.pool = concurrent.futures.ThreadPoolExecutor(at_once)
        # Threads and connections are there before the clock runs.
        barrier = threading.Barrier(at_once)
        list(self.pool.map(lambda _: (self.engine.call("GET", "/version"), barrier.wait()), range(at_once)))
        self.network = None
        self.containers = []

    def close(self):
        self.pool.shutdown()

    def all(self, what, over):
        return list(self.pool.map(what, over))

    def make_network(self):
        self.network = self.engine.call("POST", "/networks/create", {"Name": "floor", "CheckDuplicate": True})["Id"]

    def create(self, name, command):
        body = {"Image": IMAGE, "Cmd": command, "NetworkingConfig": {"EndpointsConfig": {"floor": {"NetworkID": self.network}}}, "HostConfig": {"NetworkMode": "floor"}}
        container = self.engine.call("POST", "/containers/create?" + urllib.parse.urlencode({"name": name}), body)["Id"]
        self.containers.append(container)
        return container

    def start(self, container):
        self.engine.call("POST", f"/containers/{container}/start")

    def until_open(self, container, port):
        networks = self.engine.call("GET", f"/containers/{container}/json")["NetworkSettings"]["Networks"]
        address = next(iter(networks.values()))["IPAddress"]
        while True:
            try:
                socket.create_connection((address, port), 1).close()
                return
            except OSError:
                time.sleep(0.002)

    def run_job(self, container):
        self.start(container)
        code = self.engine.call("POST", f"/containers/{container}/wait")["StatusCode"]
        if code != 0:
            raise RuntimeError(f"a job exited {code}")

    def stop(self, container):
        self.engine.call("POST", f"/containers/{container}/stop")

    def remove(self, container):
        self.engine.call("DELETE", f"/containers/{container}?force=1&v=1")

    def remove_network(self):
        # Docker 20.10 tells that containers are gone a little before their network knows it.
        for _ in range(1000):
            if self.engine.call("DELETE", f"/networks/{self.network}", expect=(200, 204, 403)) is None:
                return
            time.sleep(0.002)


def services(floor, count):
    floor.make_network()
    floor.all(lambda i: floor.start(floor.create(f"floor-{i}", SERVICE)), range(count))


def probed_chain(floor, count):
    floor.make_network()
    for container in floor.all(lambda i: floor.create(f"floor-{i}", SERVER), range(count)):
        floor.start(container)
        floor.until_open(container, 80)


def down(floor):
    floor.all(lambda container: (floor.stop(container), floor.remove(container)), floor.containers)
    floor.remove_network()


def down_in_order(floor):
    """A chain is stopped from its end: nobody loses what it uses."""
    for container in sorted(floor.containers, key=floor.containers.index, reverse=True):
        floor.stop(container)
    floor.all(floor.remove, floor.containers)
    floor.remove_network()


def job_chain(floor, count):
    floor.make_network()
    for container in floor.all(lambda i: floor.create(f"floor-{i}", JOB), range(count)):
        floor.run_job(container)
    floor.all(floor.remove, floor.containers)
    floor.remove_network()


def shards(floor, count):
    floor.make_network()
    made = floor.all(lambda i: floor.create(f"floor-{i}", SERVER if i == 0 else JOB), range(count + 1))
    server, jobs = made[0], made[1:]
    floor.start(server)
    floor.until_open(server, 80)
    floor.all(floor.run_job, jobs)
    floor.all(lambda container: (floor.stop(server) if container == server else None, floor.remove(container)), made)
    floor.remove_network()
