"""Clones on a simulated array with its volume driver, on real engines: what is refused, and by which words; what SafeMode
keeps; an array that dies in the middle of a run."""
import signal
import subprocess
import unittest

from own_array import OwnArray
from own_engine import on_each_engine, on_one_engine
from program import until

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


class Arrays:
    def setUp(self):
        super().setUp()
        self.array = OwnArray(self)

    def write(self, text):
        super().write(self.array.block + text.replace("DRIVER", self.array.driver))

    def run_it(self, rest, code):
        self.write(USED.replace("REST", rest))
        done = self.cairn("run", "test", "--output", "plain", code=code)
        return done.stdout + done.stderr

    def own_volume(self, name):
        """A volume of somebody else on the array."""
        return self.somebodys_volume(name, "--driver", self.array.driver, "-o", "size=400MiB")

    def test_a_volume_that_a_container_has_mounted_is_not_overwritten(self):
        mine = self.own_volume("mine")
        self.somebodys_container(mine, "--name", f"user-{self.array.driver}")
        said = self.run_it(f'volume mine {{ driver = "DRIVER" ; external = true ; name = "{mine}" }} ; clone back {{ from = cut ; onto = mine }} ; '
                           'run late { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/d" = mine } ; after = [back] } ; ' + LOOK, 1)
        self.assertIn(f"the volume `mine` is mounted by the container `user-{self.array.driver}`", said)
        self.assertIn("overwritten now, it would change under a running container", said)
        self.assertEqual(self.left(), [], said)

    def test_a_volume_that_another_host_has_is_not_overwritten(self):
        mine = self.own_volume("mine")
        self.array.ask("POST", "/api/2.26/hosts?names=other", {})
        self.array.ask("POST", f"/api/2.26/connections?host_names=other&volume_names=ca-docker-{mine}", {})
        said = self.run_it(f'volume mine {{ driver = "DRIVER" ; external = true ; name = "{mine}" }} ; clone back {{ from = cut ; onto = mine }} ; '
                           'run late { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/d" = mine } ; after = [back] } ; ' + LOOK, 1)
        self.assertIn("could not overwrite volume `ca-docker-mine`", said)
        self.assertIn("host `other` is connected to it: its file system would change under it", said)
        self.array.ask("DELETE", f"/api/2.26/connections?host_names=other&volume_names=ca-docker-{mine}")
        self.assertEqual(self.left(), [], said)

    def test_what_safe_mode_keeps_is_said(self):
        self.array.ask("POST", "/simulator/settings", {"safe_mode": True})
        said = self.run_it(LOOK, 0)
        self.assertIn("SafeMode", said)
        self.assertEqual(self.left(), [])
        kept = self.array.holds()
        self.assertTrue(kept and all(one.endswith(" destroyed") for one in kept if one.startswith("ca-")), kept)
        self.assertIn("SafeMode eradicates it when its time is over", self.cairn("clean").stdout)
        self.array.ask("POST", "/simulator/settings", {"safe_mode": False})
        self.cairn("clean")
        self.assertEqual(self.array.holds(), [])

    @on_one_engine
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
        other = self.somebodys_volume("other")
        said = self.run_it(LOOK.replace("run look", f'clone more {{ from = other ; on = pure01 }} ; volume other {{ external = true ; name = "{other}" }} ; run look'), 1)
        self.assertRegex(said, r"(?s)has no volume `ca-docker-other`.*made by another driver")
        self.assertEqual((self.left(), self.array.holds()), ([], ["ca-docker-taken destroyed"]))

    @on_one_engine  # which waits a quarter of a minute whenever it asks a driver that is gone
    def test_z_an_array_and_its_driver_that_die_in_the_middle(self):
        self.write(USED.replace("REST", 'run long { image = "cairn-test:1" ; command = ["sleep", "86395"] ; mounts = { "/d" = data } ; stop_grace_period = 0s } ; '
                                        'clone late { from = cut ; after = [long] } ; run last { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/d" = late } }'))
        brain = self.start("run", "test", "--output", "plain")
        until("long runs", lambda: brain.poll() is not None or any(one["node"] == "test.long" and one["state"] == "running" for one in self.json("ps")))
        self.array.end(signal.SIGKILL)
        (long,) = self.docker("ps", "-q", "--filter", "label=dev.cairn.node=test.long")
        self.docker("kill", long)
        said = brain.communicate(timeout=240)[0]
        self.assertEqual(brain.returncode, 3, said)
        self.assertIn(f"could not reach the array at 127.0.0.1:{self.array.port}", said)
        self.assertRegex(said, f"plugins/{self.array.driver}.sock: connect: connection refused")
        self.assertRegex(said, "left behind: test.data:unmake")
        # What it could not remove is there when array and driver are; but for the mount of which the driver was not told
        # that nobody needs it any more.
        self.array.begin()
        self.assertIn("it is mounted at", self.cairn("clean", code=1).stdout)
        self.array.end()
        for mounted in (self.array.data / "mounts").iterdir():
            subprocess.run(["umount", mounted], check=True)
        self.array.begin()
        done = self.cairn("clean")
        self.assertEqual((self.left(), self.array.holds()), ([], []), said + done.stdout + done.stderr)


globals().update(on_each_engine(Arrays))

if __name__ == "__main__":
    unittest.main()
