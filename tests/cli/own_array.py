"""A simulated array of a test's own, and its volume driver on the test's own engine."""
import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess

from program import CAIRN

ARRAY = """
flasharray pure01 {
  endpoint = "127.0.0.1:PORT" ; token = secret("env:PFA_API_TOKEN") ; prefix = "ca-docker-"
  # cairn: allow L0513 because the array of the test makes itself a new certificate
  verify_tls = false
}
"""


class OwnArray:
    """Its token gets into the environment. What the test made by its driver has to go before it ends: an engine waits a
    quarter of a minute for a driver that is gone, with every question about volumes."""

    def __init__(self, test):
        self.environment = test.environment
        self.driver = f"array{os.getpid()}"
        self.plugin = test.own.plugins / f"{self.driver}.sock"
        self.data = test.own.mounts / test.id().rpartition(".")[2]
        self.process, self.port = None, 0
        test.addCleanup(self.plugin.unlink, missing_ok=True)
        test.addCleanup(self.end)
        self.begin()

    def begin(self):
        self.process = subprocess.Popen([CAIRN, "simulate", "flasharray", "--data", self.data, "--plugin", self.plugin, "--namespace", "ca", "--port", str(self.port)],
                                        stdout=subprocess.PIPE, text=True, env=self.environment)
        words = self.process.stdout.readline().split()
        self.port = int(words[1].rpartition(":")[2])
        self.environment["PFA_API_TOKEN"] = words[words.index("token") + 1]

    def end(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    @property
    def block(self):
        return ARRAY.replace("PORT", str(self.port))

    def connection(self):
        return contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl._create_unverified_context()))

    def ask(self, method, page, body=None):
        with self.connection() as connection:
            connection.request(method, page, json.dumps(body) if body is not None else None, self.session if "/api/" in page else {})
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != 200:
            raise AssertionError(f"{method} {page}: {answer.status} {content}")
        return json.loads(content) if content else None

    @property
    def session(self):
        with self.connection() as connection:
            connection.request("POST", "/api/2.26/login", None, {"api-token": self.environment["PFA_API_TOKEN"]})
            return {"x-auth-token": connection.getresponse().getheader("x-auth-token"), "Content-Type": "application/json"}

    def holds(self):
        state = self.ask("GET", "/simulator/state")
        return sorted([one["name"] + (" destroyed" if one["destroyed"] else "") for one in state["volumes"]] + [one["suffix"] for one in state["snapshots"]])
