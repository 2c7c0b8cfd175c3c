"""`clean` after every way to die: nothing of ours is left, nothing of anybody else is touched."""
import os
import subprocess
import unittest

from program import ProjectTest, lives, processes_with, until

# Two processes that would outlive everything, one of them a grandchild, a volume, and a file put into the project.
STACK = """
stage test {
  in = "host"
  volume data
  service db { command = ["sleep", "86399"] ; files = { "placed.txt" = "hello\\n" } }
  run unit { command = ["sh", "-c", "sleep 86398 & sleep 86397"] ; after = [db] }
}
stage quick {
  in = "host"
  run one { command = ["echo", "one"] }
}
"""


class Clean(ProjectTest):
    def setUp(self):
        super().setUp()
        self.write(STACK)

    def begin(self):
        """A run that is under way: its brain, its id, its keeper."""
        brain = self.start("run", "test")
        run = self.run_of(brain)
        until("unit runs", lambda: any((one["node"], one["run"]) == ("test.unit", run) for one in self.json("ps")))
        until("all of them run", lambda: len(processes_with(f"CAIRN_RUN={run}")) >= 4)
        keepers = self.keepers(run)
        self.assertEqual(len(keepers), 1)
        return brain, run, keepers[0]

    def assert_clean(self, run):
        until("the run is dead", lambda: not self.runs()[run]["alive"])
        self.json("clean")
        self.assertEqual(processes_with(f"CAIRN_RUN={run}"), [])
        folder = self.folder / ".cairn" / "runs" / run
        self.assertEqual({part.name for part in folder.iterdir()} & {"volumes", "steps", "keeper.sock"}, set())
        self.assertFalse((self.folder / "placed.txt").exists())
        self.assertTrue((folder / "events.ndjson").exists())
        again = self.json("clean")
        self.assertEqual((again["removed"], again["left"]), ([], []))

    def test_brain_is_killed(self):
        brain, run, _ = self.begin()
        self.kill(brain.pid)
        brain.wait()
        self.assert_clean(run)
        self.assertEqual(self.runs()[run]["state"], "died")

    def test_keeper_is_killed(self):
        brain, run, keeper = self.begin()
        self.kill(keeper)
        brain.wait()
        self.assertNotEqual(brain.returncode, 0)
        self.assert_clean(run)

    def test_both_are_killed(self):
        brain, run, keeper = self.begin()
        os.kill(brain.pid, 19)  # SIGSTOP: it must not notice that the keeper is gone
        self.kill(keeper)
        self.kill(brain.pid)
        brain.wait()
        until("the run is dead", lambda: not self.runs()[run]["alive"])
        orphans = processes_with(f"CAIRN_RUN={run}")
        self.assertGreaterEqual(len(orphans), 2, "those that a step has started outlive the keeper")
        would = self.json("clean", "--dry-run")
        self.assertEqual(sorted(orphans), sorted(int(one["name"]) for one in would["removed"] if one["what"] == "process"))
        self.assertTrue(all(lives(pid) for pid in orphans), "a dry run ends nothing")
        self.assert_clean(run)

    def test_same_command_of_somebody_else_lives(self):
        foreign = subprocess.Popen(["sleep", "86399"], env={"PATH": os.environ["PATH"], "CAIRN_PROJECT": "another", "CAIRN_RUN": "none"})
        try:
            brain, run, keeper = self.begin()
            os.kill(brain.pid, 19)
            self.kill(keeper)
            self.kill(brain.pid)
            brain.wait()
            self.assert_clean(run)
            self.assertIsNone(foreign.poll())
        finally:
            foreign.kill()
            foreign.wait()

    def test_file_of_the_user_in_our_place_stays(self):
        brain, run, keeper = self.begin()
        os.kill(brain.pid, 19)
        self.kill(keeper)
        self.kill(brain.pid)
        brain.wait()
        mine = self.folder / "mine"
        mine.write_text("mine")
        mine.rename(self.folder / "placed.txt")
        until("the run is dead", lambda: not self.runs()[run]["alive"])
        self.cairn("clean")
        self.assertEqual((self.folder / "placed.txt").read_text(), "mine")

    def test_two_runs_one_dies(self):
        self.write(STACK.replace('files = { "placed.txt" = "hello\\n" }', ""))
        first, dead, keeper = self.begin()
        second, alive, _ = self.begin()
        os.kill(first.pid, 19)
        self.kill(keeper)
        self.kill(first.pid)
        first.wait()
        until("the first run is dead", lambda: not self.runs()[dead]["alive"])
        done = self.json("clean")
        self.assertEqual(done["alive"], [alive])
        self.assertEqual(processes_with(f"CAIRN_RUN={dead}"), [])
        self.assertGreaterEqual(len(processes_with(f"CAIRN_RUN={alive}")), 4)
        self.assertIsNone(second.poll())
        self.assertTrue((self.folder / ".cairn" / "runs" / alive / "volumes").exists())

    def test_works_without_a_file_that_compiles(self):
        brain, run, keeper = self.begin()
        self.kill(brain.pid)
        brain.wait()
        self.write("this is no stack {")
        self.assert_clean(run)

    def test_all_takes_the_reports_too(self):
        self.cairn("run", "quick")
        self.assertTrue((self.folder / ".cairn" / "last" / "report.html").exists())
        self.json("clean", "--all")
        self.assertEqual(list((self.folder / ".cairn" / "runs").iterdir()), [])
        self.assertFalse(os.path.lexists(self.folder / ".cairn" / "last"))
        self.assertEqual(self.json("runs"), [])

    def test_nothing_was_ever_run(self):
        self.assertEqual(self.json("clean")["removed"], [])
        self.assertFalse((self.folder / ".cairn").exists(), "looking makes nothing")

    def test_engine_that_does_not_answer(self):
        self.cairn("run", "quick")
        (run,) = self.runs()
        folder = self.folder / ".cairn" / "runs" / run
        (folder / "engines").write_text('{"shown":"unix:///nowhere/docker.sock","socket":"/nowhere/docker.sock","url":"http://docker"}\n')
        done = self.cairn("clean", "--all", code=3)
        self.assertIn("/nowhere/docker.sock", done.stderr)
        self.assertTrue(folder.exists(), "it says which engine to ask again")
        self.assertFalse((folder / "steps").exists(), "the part of this machine is done all the same")


if __name__ == "__main__":
    unittest.main()
