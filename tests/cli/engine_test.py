"""`clean`, `ps` and `down` on a real engine (CAIRN_TEST_ENGINES), among objects of somebody else."""
import os
import pathlib
import subprocess
import sys
import unittest

engines = os.environ.get("CAIRN_TEST_ENGINES", "").split()
if not engines:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)
os.environ["DOCKER_HOST"] = "unix://" + engines[0].partition("=")[2]

from program import ProjectTest, until  # noqa: E402

IMAGE = pathlib.Path(__file__).parent.parent / "engine" / "image.sh"
RUN = """
stage test {
  volume data
  service db { image = "cairn-test:1" ; command = ["sleep", "86395"] ; mounts = { "/data" = data } ; ready = [exec(["true"])] }
  run unit { image = "cairn-test:1" ; command = ["sleep", "86394"] ; after = [db] }
}
"""
UP = """
volume data
service db { image = "cairn-test:1" ; command = ["sleep", "86393"] ; mounts = { "/data" = data } ; ready = [exec(["true"])] }
"""


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, text=True, capture_output=True).stdout.split()


class OnAnEngine(ProjectTest):
    @classmethod
    def setUpClass(cls):
        docker("load", "-i", subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip())

    def of_run(self, run):
        label = f"label=dev.cairn.run={run}"
        return docker("ps", "-aq", "--filter", label) + docker("volume", "ls", "-q", "--filter", label) + docker("network", "ls", "-q", "--filter", label)

    def begin(self):
        brain = self.start("run", "test")
        run = self.run_of(brain)
        until("unit runs", lambda: any(one["node"] == "test.unit" and one["state"] == "running" and one["run"] == run for one in self.json("ps")))
        return brain, run

    def test_a_killed_run(self):
        self.write(RUN)
        brain, run = self.begin()
        self.assertEqual(self.json("clean")["removed"], [], "it is alive")
        # Somebody makes an image of our container, and a container of that image: it has our labels, under its own name.
        ours = docker("ps", "-q", "--filter", f"label=dev.cairn.run={run}", "--filter", "label=dev.cairn.node=test.db")[0]
        image = docker("commit", ours)[0]
        foreign = docker("run", "-d", image)[0]
        try:
            brain.kill()
            brain.wait()
            until("the run is dead", lambda: not self.runs()[run]["alive"])
            self.assertGreaterEqual(len(self.of_run(run)), 4)
            would = self.json("clean", "--dry-run")["removed"]
            self.assertEqual({"container", "network", "volume"} - {one["what"] for one in would}, set())
            self.assertGreaterEqual(len(self.of_run(run)), 4, "a dry run removes nothing")
            self.write("this is no stack {")
            self.assertEqual(self.json("clean")["left"], [])
            left = self.of_run(run)
            self.assertEqual([foreign.startswith(one) for one in left], [True], left)
            self.assertEqual(self.json("clean")["removed"], [])
        finally:
            docker("rm", "-fv", foreign)
            docker("rmi", image)

    def test_the_living_keep_theirs(self):
        self.write(RUN)
        first, dead = self.begin()
        second, alive = self.begin()
        before = sorted(self.of_run(alive))
        first.kill()
        first.wait()
        until("the first run is dead", lambda: not self.runs()[dead]["alive"])
        self.assertEqual(self.json("clean")["alive"], [alive])
        self.assertEqual(self.of_run(dead), [])
        self.assertEqual(sorted(self.of_run(alive)), before)
        second.kill()
        second.wait()
        until("the second run is dead", lambda: not self.runs()[alive]["alive"])
        self.cairn("clean")
        self.assertEqual(self.of_run(alive), [])

    def test_up_and_down(self):
        self.write(UP)
        self.cairn("up")
        (kept,) = self.json("ps")
        self.assertEqual((kept["node"], kept["state"], kept["run"]), ("db", "running", "up"))
        self.assertEqual([one for one in self.json("clean", "--all")["removed"] if one["what"] != "folder"], [])
        gone = {one["what"] for one in self.json("down")["removed"]}
        self.assertLessEqual({"container", "network"}, gone)
        self.assertNotIn("volume", gone)
        self.assertEqual(self.json("ps"), [])
        self.assertIn("volume", {one["what"] for one in self.json("down", "--volumes")["removed"]})


if __name__ == "__main__":
    unittest.main()
