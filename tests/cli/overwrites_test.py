"""`clone … onto` on real engines that is killed at each of its parts, and `resume`: by copies, in a pool, on a simulated array."""
import pathlib
import unittest

from own_array import OwnArray
from own_engine import IMAGE, on_each_engine, on_one_engine
from program import until

# The service says what it finds. It does not end, and not get ready a second time, before a file tells it to.
STACK = """
stage test {
  volume seed { driver = "DRIVER" ; size = 400MiB }
  run fill { IMAGE ; command = ["sh", "-c", "echo one >/d/x; FILL"] ; mounts = { "/d" = seed } }
  snapshot cut { of = seed ; ON after = [fill] }
  clone data { from = cut }
  service user {
    IMAGE ; mounts = { "/d" = data, "/out" = "./out" } ; stop_grace_period = 4m ; init = false
    command = ["sh", "/out/script"]
    ready = [exec(["test", "-e", "/tmp/ready"], every = 50ms)]
  }
  run change { IMAGE ; command = ["sh", "-c", "echo two >/d/x"] ; mounts = { "/d" = data } ; after = [user] }
  clone back { from = cut ; onto = data ; after = [change] }
  run look { IMAGE ; command = ["sh", "-c", "until [ -e /out/may_look ]; do sleep 0.05; done; cat /d/x"] ; mounts = { "/d" = data, "/out" = "./out" } ; links = [user] ; after = [back] }
}
"""
SCRIPT = """
trap 'echo down >>/out/log; until [ -e /out/may_end ]; do sleep 0.05; done; exit 0' TERM
echo "up $(cat /d/x)" >>/out/log
[ "$(grep -c up /out/log)" = 1 ] || until [ -e /out/may_begin ]; do sleep 0.05; done
touch /tmp/ready
while :; do sleep 0.05; done
"""


class Overwrites:
    driver, on, fill = "local", "", "true"

    def log(self):
        path = self.folder / "out" / "log"
        return path.read_text().splitlines() if path.exists() else []

    def begin(self, *allowed):
        (self.folder / "out").mkdir()
        (self.folder / "out" / "script").write_text(SCRIPT)
        self.allow(*allowed)
        self.write(STACK.replace("IMAGE", IMAGE).replace("DRIVER", self.driver).replace("ON ", self.on).replace("FILL", self.fill))
        return self.start("run", "test", "--output", "plain")

    def allow(self, *names):
        for name in names:
            (self.folder / "out" / name).touch()

    def die(self, brain, what, condition):
        until(what, lambda: condition() or brain.poll() is not None)
        if brain.poll() is not None:
            self.fail(brain.stdout.read())
        self.kill(brain.pid)
        brain.wait()
        until("the run is dead", lambda: not any(run["alive"] for run in self.json("runs")))

    def assert_resumed(self):
        self.allow("may_end", "may_begin", "may_look")
        done = self.cairn("resume", "--output", "plain")
        self.assertEqual(self.cairn("logs", "test.look").stdout.split()[-1:], ["one"], done.stdout)
        self.assertEqual(self.log()[0], "up one")
        self.assertEqual([line for line in self.log() if "up" in line][-1], "up one", done.stdout)
        self.assert_nothing_left(done.stdout)

    def assert_nothing_left(self, said):
        self.assertEqual(self.left(), [], said)
        volumes = self.docker("info", "--format", "{{.DockerRootDir}}")[0] + "/volumes"
        self.assertEqual(self.beside(volumes), [], said)
        self.assertIn("nothing to remove", self.cairn("clean").stdout, said)

    def beside(self, volumes):
        return [str(path) for path in pathlib.Path(volumes).glob("*/*.cairn-new*")]

    def test_while_the_service_ends(self):
        brain = self.begin("may_begin")
        self.die(brain, "the service is told to end", lambda: "down" in self.log())
        self.assert_resumed()

    def test_when_the_service_is_to_start_again(self):
        brain = self.begin("may_end")
        self.die(brain, "the service has begun again", lambda: self.log().count("up one") == 2)
        self.assert_resumed()

    def test_what_is_overwritten_stays_so(self):
        brain = self.begin("may_begin", "may_end")
        self.die(brain, "look runs", lambda: any(one["node"] == "test.look" and one["state"] == "running" for one in self.json("ps")))
        self.assert_resumed()
        self.assertEqual(self.log().count("up one"), 2, "it was overwritten once")


@on_one_engine
class Copies(Overwrites):
    fill = "dd if=/dev/urandom of=/d/large bs=1M count=300"

    def test_in_the_middle_of_copying(self):
        brain = self.begin("may_begin", "may_end")
        volumes = self.docker("info", "--format", "{{.DockerRootDir}}")[0] + "/volumes"
        self.die(brain, "the new content is made", lambda: self.beside(volumes))
        self.assertTrue(self.beside(volumes), "the copy was too fast to be cut off")
        self.assert_resumed()


class Pool(Overwrites):
    def setUp(self):
        super().setUp()
        self.content = self.pool()

    def assert_nothing_left(self, said):
        self.assertEqual(list(self.content.iterdir()), [], said)
        super().assert_nothing_left(said)


class Array(Overwrites):
    def setUp(self):
        super().setUp()
        self.array = OwnArray(self)
        self.driver, self.on = self.array.driver, "on = pure01 ; "

    def write(self, text):
        super().write(self.array.block + text)

    def assert_nothing_left(self, said):
        self.assertEqual((self.array.holds(), self.array.ask("GET", "/simulator/hazards")), ([], []), said)
        super().assert_nothing_left(said)

    def test_when_the_array_has_done_it_and_not_said_so(self):
        brain = self.begin("may_begin", "may_end")
        # `data` was overwritten when it was made; the answer to the second overwrite comes never.
        until("the first version is there", lambda: self.log() or brain.poll() is not None)
        self.array.ask("POST", "/simulator/faults", {"count": 1, "path": "volumes", "method": "POST", "latency_ms": 240_000})
        self.die(brain, "the array has overwritten it", lambda: self.array.ask("GET", "/simulator/faults")["waiting"] == 0)
        self.assert_resumed()


globals().update(on_each_engine(Copies, Pool, Array))

if __name__ == "__main__":
    unittest.main()
