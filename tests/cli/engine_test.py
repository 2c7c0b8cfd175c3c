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
  service db { image = "cairn-test:1" ; command = ["sleep", "86395"] ; stop_signal = "SIGKILL" ; mounts = { "/data" = data } ; ready = [exec(["true"])] }
  run unit { image = "cairn-test:1" ; command = ["sleep", "86394"] ; after = [db] }
}
"""
UP = """
volume data
service db { image = "cairn-test:1" ; command = ["sleep", "86393"] ; stop_signal = "SIGKILL" ; mounts = { "/data" = data } ; ready = [exec(["true"])] }
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

    def test_down_lets_a_service_end_by_itself(self):
        self.write(UP.replace('"sleep", "86393"', '"sh", "-c", "trap \'echo told >/data/end; exit 0\' TERM; sleep 86380 & wait"').replace(' ; stop_signal = "SIGKILL"', ""))
        before = set(docker("volume", "ls", "-q"))
        self.cairn("up")
        (volume,) = set(docker("volume", "ls", "-q")) - before
        self.cairn("down")
        self.assertEqual(docker("run", "--rm", "-v", f"{volume}:/data", "cairn-test:1", "cat", "/data/end"), ["told"])

    def ids(self):
        return docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", *[one["name"] for one in self.json("ps")])

    def test_a_second_up_changes_nothing(self):
        self.write(UP)
        self.cairn("plan", "--up", "--exit-code", code=4)
        self.cairn("up")
        before = self.ids()
        planned = self.json("plan", "--up")
        self.assertEqual({step["step"]: step["verdict"] for step in planned["steps"] if step["verdict"] != "not needed"}, {"data:make": "keep", "db:create": "keep", "db:start": "keep", "db:ready": "keep"}, planned)
        self.cairn("plan", "--up", "--exit-code", code=0)
        self.cairn("up")
        self.assertEqual(self.ids(), before)

    def test_a_changed_service_is_made_anew_and_its_data_stay(self):
        self.write(UP)
        self.cairn("up")
        before = self.ids()
        (container,) = [one["name"] for one in self.json("ps")]
        docker("exec", container, "sh", "-c", "echo mine >/data/kept")
        self.write(UP.replace("86393", "86392"))
        verdicts = {step["step"]: (step["verdict"], step["reason"]) for step in self.json("plan", "--up")["steps"]}
        self.assertEqual(verdicts["db:create"], ("replace", "`command` has changed"))
        self.assertEqual(verdicts["data:make"][0], "keep")
        self.cairn("up")
        self.assertNotEqual(self.ids()[0], before[0])
        self.assertEqual(docker("exec", container, "cat", "/data/kept"), ["mine"])
        self.cairn("plan", "--up", "--exit-code", code=0)

    def test_one_that_has_ended_is_started_again(self):
        self.write(UP)
        self.cairn("up")
        (container,) = [one["name"] for one in self.json("ps")]
        before = self.ids()[0]
        docker("kill", container)
        until("it has ended", lambda: self.json("ps")[0]["state"] == "ended")
        self.cairn("up")
        self.assertEqual(self.ids()[0], before)
        self.assertEqual(self.json("ps")[0]["state"], "running")

    def test_a_folder_is_mounted_from_where_its_file_is(self):
        inner = self.folder / "project" / "parts"
        inner.mkdir(parents=True)
        (inner / "word").write_text("found\n")
        self.write("""stage test { run look { image = "cairn-test:1" ; command = ["cat", "/parts/word", "/word"]
  mounts = { "/parts" = readonly("./parts") } ; files = { "/word" = "./parts/word" } } }""", "project/it.stack")
        said = self.cairn("run", "test", "-f", "project/it.stack", "--output", "plain").stdout
        self.assertEqual(said.count("| found"), 2, said)

    def test_an_engine_that_is_gone_is_refused_with_3(self):
        self.write(UP)
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/no.sock"
        self.assertIn("nobody can say whether", self.cairn("plan", "--up", code=3).stderr)


if __name__ == "__main__":
    unittest.main()
