"""Clones on a simulated array with its volume driver, on real engines: what is refused, and by which words; what SafeMode
keeps; an array that dies in the middle of a run."""
import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import unittest

from own_engine import OwnEngine, names

engines = names()

from program import CAIRN, ProjectTest, until  # noqa: E402

ARRAY = """
flasharray pure01 {
  endpoint = "127.0.0.1:PORT" ; token = secret("env:PFA_API_TOKEN") ; prefix = "ca-docker-"
  # cairn: allow L0513 because the array of the test makes itself a new certificate
  verify_tls = false
}
"""
USED = """
stage test {
  volume seed { driver = "DRIVER" ; size = 400MiB }
  run fill { image = "cairn-test:1" ; command = ["sh", "-c", "echo one >/d/x"] ; mounts = { "/d" = seed } }
  snapshot cut { of = seed ; on = pure01 ; after = [fill] }
  clone data { from = cut }
  REST
}
"""
LOOK = 'run look { image = "cairn-test:1" ; command = ["cat", "/d/x"] ; mounts = { "/d" = data } }'


class OnAnArray:
    @classmethod
    def setUpClass(cls):
        cls.own = OwnEngine(cls.engine)
        cls.addClassCleanup(cls.own.stop)

    def setUp(self):
        super().setUp()
        self.environment.update(DOCKER_HOST=f"unix://{self.own.socket}", CAIRN_POOLS=str(self.folder / "none"))
        self.driver = f"arrays{os.getpid()}"
        self.plugin = self.own.plugins / f"{self.driver}.sock"
        self.data = self.own.mounts / self.id().rpartition(".")[2]
        self.addCleanup(self.plugin.unlink, missing_ok=True)
        self.array = None
        self.addCleanup(self.end_array)
        self.port = 0
        self.begin_array()

    def tearDown(self):
        super().tearDown()
        self.end_array()

    def begin_array(self):
        self.array = subprocess.Popen([CAIRN, "simulate", "flasharray", "--data", self.data, "--plugin", self.plugin, "--namespace", "ca", "--port", str(self.port)],
                                      stdout=subprocess.PIPE, text=True, env=self.environment)
        words = self.array.stdout.readline().split()
        self.port = int(words[1].rpartition(":")[2])
        self.environment["PFA_API_TOKEN"] = words[words.index("token") + 1]

    def end_array(self, how=signal.SIGTERM):
        if self.array is not None:
            self.array.send_signal(how)
            self.array.wait()
            self.array.stdout.close()
            self.array = None

    def docker(self, *arguments):
        return subprocess.run(["docker", *arguments], check=True, text=True, capture_output=True, env=self.environment).stdout.split()

    def ask(self, method, page, body=None):
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl._create_unverified_context())) as connection:
            connection.request(method, page, json.dumps(body) if body is not None else None, self.session if "/api/" in page else {})
            answer = connection.getresponse()
            content = answer.read()
        self.assertEqual(answer.status, 200, content)
        return json.loads(content) if content else None

    @property
    def session(self):
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl._create_unverified_context())) as connection:
            connection.request("POST", "/api/2.26/login", None, {"api-token": self.environment["PFA_API_TOKEN"]})
            return {"x-auth-token": connection.getresponse().getheader("x-auth-token"), "Content-Type": "application/json"}

    def on_array(self):
        state = self.ask("GET", "/simulator/state")
        return sorted([one["name"] + (" destroyed" if one["destroyed"] else "") for one in state["volumes"]] + [one["suffix"] for one in state["snapshots"]])

    def write(self, text):
        array = ARRAY.replace("PORT", str(self.port))
        super().write(array + text.replace("DRIVER", self.driver))

    def run_it(self, rest, code):
        self.write(USED.replace("REST", rest))
        done = self.cairn("run", "test", "--output", "plain", code=code)
        return done.stdout + done.stderr

    def left(self):
        label = "label=dev.cairn.project"
        return [*self.docker("ps", "-aq", "--filter", label), *self.docker("volume", "ls", "-q", "--filter", label), *self.docker("network", "ls", "-q", "--filter", label)]

    def own_volume(self, name):
        """A volume of somebody else on the array."""
        self.docker("volume", "create", "--driver", self.driver, "-o", "size=400MiB", name)
        self.addCleanup(subprocess.run, ["docker", "volume", "rm", "-f", name], env=self.environment, capture_output=True)
        return name

    def test_a_volume_that_a_container_has_mounted_is_not_overwritten(self):
        mine = self.own_volume("mine")
        user = self.docker("run", "-d", "-v", f"{mine}:/d", "--name", f"user-{self.driver}", "cairn-test:1", "sleep", "86394")[0]
        self.addCleanup(subprocess.run, ["docker", "rm", "-f", user], env=self.environment, capture_output=True)
        said = self.run_it(f'volume mine {{ driver = "DRIVER" ; external = true ; name = "{mine}" }} ; clone back {{ from = cut ; onto = mine }} ; '
                           'run late { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/d" = mine } ; after = [back] } ; ' + LOOK, 1)
        self.assertIn(f"the volume `mine` is mounted by the container `user-{self.driver}`", said)
        self.assertIn("overwritten now, it would change under a running container", said)
        self.assertEqual(self.left(), [], said)

    def test_a_volume_that_another_host_has_is_not_overwritten(self):
        mine = self.own_volume("mine")
        self.ask("POST", "/api/2.26/hosts?names=other", {})
        self.ask("POST", f"/api/2.26/connections?host_names=other&volume_names=ca-docker-{mine}", {})
        said = self.run_it(f'volume mine {{ driver = "DRIVER" ; external = true ; name = "{mine}" }} ; clone back {{ from = cut ; onto = mine }} ; '
                           'run late { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/d" = mine } ; after = [back] } ; ' + LOOK, 1)
        self.assertIn("could not overwrite volume `ca-docker-mine`", said)
        self.assertIn("host `other` is connected to it: its file system would change under it", said)
        self.ask("DELETE", f"/api/2.26/connections?host_names=other&volume_names=ca-docker-{mine}")
        self.assertEqual(self.left(), [], said)

    def test_what_safe_mode_keeps_is_said(self):
        self.ask("POST", "/simulator/settings", {"safe_mode": True})
        said = self.run_it(LOOK, 0)
        self.assertIn("SafeMode", said)
        self.assertEqual(self.left(), [])
        kept = self.on_array()
        self.assertTrue(kept and all(one.endswith(" destroyed") for one in kept if one.startswith("ca-")), kept)
        self.assertIn("SafeMode eradicates it when its time is over", self.cairn("clean").stdout)
        self.ask("POST", "/simulator/settings", {"safe_mode": False})
        self.cairn("clean")
        self.assertEqual(self.on_array(), [])

    def test_names_and_sizes_are_explained(self):
        said = self.run_it('clone odd { from = cut ; name = "my_volume." } ; ' + LOOK.replace("= data", "= odd"), 1)
        self.assertIn("the array cannot have a volume named `ca-docker-my_volume.`", said)
        self.assertIn("a dot separates a volume from its snapshot", said)
        said = self.run_it(f'clone long {{ from = cut ; name = "{"x" * 60}" }} ; ' + LOOK.replace("= data", "= long"), 1)
        self.assertIn("it has 70 characters, the array takes at most 63", said)
        self.write(USED.replace("400MiB", "1000B").replace("REST", LOOK))
        said = self.cairn("run", "test", "--output", "plain", code=1).stdout
        self.assertIn("the smallest volume has 1 MiB", said)
        taken = self.own_volume("taken")
        said = self.run_it(f'clone again {{ from = cut ; name = "{taken}" }} ; ' + LOOK.replace("= data", "= again"), 1)
        self.assertIn("has a volume `ca-docker-taken` already", said)
        self.docker("volume", "rm", taken)
        said = self.run_it(f'clone again {{ from = cut ; name = "{taken}" }} ; ' + LOOK.replace("= data", "= again"), 1)
        self.assertIn("it has been destroyed, and its name is taken until it is eradicated", said)
        said = self.run_it(LOOK.replace("run look", "clone more { from = other ; on = pure01 } ; volume other ; run look"), 1)
        self.assertRegex(said, r"(?s)has no volume `ca-docker-.*made by another driver")
        self.assertEqual((self.left(), self.on_array()), ([], ["ca-docker-taken destroyed"]))

    def test_z_an_array_and_its_driver_that_die_in_the_middle(self):
        self.write(USED.replace("REST", 'run long { image = "cairn-test:1" ; command = ["sleep", "86395"] ; mounts = { "/d" = data } ; stop_grace_period = 0s } ; '
                                        'clone late { from = cut ; after = [long] } ; run last { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/d" = late } }'))
        brain = self.start("run", "test", "--output", "plain")
        until("long runs", lambda: brain.poll() is not None or any(one["node"] == "test.long" and one["state"] == "running" for one in self.json("ps")))
        self.end_array(signal.SIGKILL)
        (long,) = self.docker("ps", "-q", "--filter", "label=dev.cairn.node=test.long")
        self.docker("kill", long)
        said = brain.communicate(timeout=240)[0]
        self.assertEqual(brain.returncode, 3, said)
        self.assertIn(f"could not reach the array at 127.0.0.1:{self.port}", said)
        self.assertRegex(said, f"plugins/{self.driver}.sock: connect: connection refused")
        self.assertRegex(said, "left behind: test.data:unmake")
        # What it could not remove is there when array and driver are; but for the mount of which the driver was not told
        # that nobody needs it any more.
        self.begin_array()
        self.assertIn("it is mounted at", self.cairn("clean", code=1).stdout)
        self.end_array()
        for mounted in (self.data / "mounts").iterdir():
            subprocess.run(["umount", mounted], check=True)
        self.begin_array()
        done = self.cairn("clean")
        self.assertEqual((self.left(), self.on_array()), ([], []), said + done.stdout + done.stderr)


for name in engines:
    globals()[f"Test_{name}"] = type(f"Test_{name}", (OnAnArray, ProjectTest), {"engine": name})

if __name__ == "__main__":
    unittest.main()
