"""Snapshots and clones of volumes on an engine that is not on this machine: another network namespace, and here a view
of the mounts in which its folders are others. A storage agent on its machine does the work."""
import json
import os
import subprocess
import unittest

from own_engine import on_each_engine
from program import CAIRN, until

# What was mounted over the engine's volumes here has a volume of the seed's name, with something else in it.
ELSEWHERE = """mount -t tmpfs none "$ENGINE_VOLUMES" && mkdir -p "$ENGINE_VOLUMES/$DECOY/_data" && echo decoy >"$ENGINE_VOLUMES/$DECOY/_data/x"
[ -z "$HIDDEN_POOLS" ] || mount -t tmpfs none "$HIDDEN_POOLS"
exec "$@" """
COPIES = """
stage test {
  volume seed
  run fill { image = "cairn-test:1" ; command = ["sh", "-c", "echo one >/d/x; mkdir /d/deep; ln /d/x /d/deep/y; chown 70:70 /d/deep"] ; mounts = { "/d" = seed } }
  snapshot cut { of = seed ; after = [fill] }
  for n in range(3) { clone copy { from = cut } }
  run change { image = "cairn-test:1" ; command = ["sh", "-c", "echo two >/d/x"] ; mounts = { "/d" = copy[0] } }
  clone back { from = cut ; onto = copy[0] ; after = [change] }
  run look {
    image = "cairn-test:1" ; after = [back] ; mounts = { "/0" = copy[0], "/1" = copy[1], "/2" = copy[2], "/s" = seed }
    command = ["sh", "-c", "cat /0/x /1/x /2/x /s/x; stat -c '%u %h' /1/deep /1/deep/y"]
  }
  check how { that = copy[1].method == "METHOD" ; message = copy[1].method }
}
"""


class RemoteClones:
    def setUp(self):
        super().setUp()
        root = self.docker("info", "--format", "{{.DockerRootDir}}")[0]
        self.environment.update(ENGINE_VOLUMES=root + "/volumes", DECOY="nothing", HIDDEN_POOLS="")

    def elsewhere(self, *arguments):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", ELSEWHERE, "sh", CAIRN, *arguments]

    def there(self, *arguments, code=0):
        done = subprocess.run(self.elsewhere(*arguments), cwd=self.folder, env=self.environment, text=True, capture_output=True, timeout=240)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def seed(self, name, content="one"):
        self.somebodys_volume(name)
        self.docker("run", "--rm", "-v", f"{name}:/d", "cairn-test:1", "sh", "-c", f"echo {content} >/d/x")
        self.environment["DECOY"] = name
        return name

    def pool(self):
        """A pool of the engine's machine, which cairn does not see from where it is."""
        self.environment["HIDDEN_POOLS"] = str(self.pools)
        return super().pool()

    def agents(self):
        return self.docker("ps", "-q", "--no-trunc", "--filter", "label=dev.cairn.node=(storage agent)")

    def test_copies_where_nothing_can_be_shared(self):
        self.write(COPIES.replace("METHOD", "copy"))
        done = self.there("run", "test", "--output", "plain")
        self.assertRegex(done, r"copy: .* \(by the agent on ")
        self.assertEqual(self.cairn("logs", "test.look").stdout.split()[-8:], ["one", "one", "one", "one", "70", "2", "0", "2"])
        self.assertEqual(self.left(), [], done)

    def test_a_pool_of_its_machine(self):
        pool = self.pool()
        self.write(COPIES.replace("METHOD", "reflink"))
        done = self.there("run", "test", "--output", "plain")
        self.assertRegex(done, r"copy\[1\] \| reflink: .*/default can share extents \(by the agent on ")
        self.assertEqual(self.cairn("logs", "test.look").stdout.split()[-8:], ["one", "one", "one", "one", "70", "2", "0", "2"])
        self.assertEqual((self.left(), list(pool.iterdir())), ([], []), done)

    def test_a_folder_of_the_same_name_here_is_not_taken_for_it(self):
        seed = self.seed("cairn-decoy-seed", "real")
        self.write(f"""stage test {{ volume seed {{ external = true ; name = "{seed}" }}
          clone copy {{ from = seed }}
          run look {{ image = "cairn-test:1" ; command = ["cat", "/d/x"] ; mounts = {{ "/d" = copy }} }} }}""")
        self.there("run", "test", "--output", "plain")
        self.assertIn("real", self.cairn("logs", "test.look").stdout)
        self.assertEqual(self.left(), [])

    def test_one_agent_with_few_rights_that_ends_with_cairn(self):
        pool = self.pool()
        self.write(COPIES.replace("METHOD", "reflink").replace("run look {", 'run look { stop_grace_period = 0s ;').replace('"cat /0/x', '"sleep 86392; cat /0/x'))
        brain = subprocess.Popen(self.elsewhere("run", "test", "--output", "plain"), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.started.append(brain)
        until("look runs", lambda: brain.poll() is not None or any(one["node"] == "test.look" and one["state"] == "running" for one in self.json("ps")))
        (agent,) = self.agents()
        facts = json.loads(subprocess.run(["docker", "inspect", agent], check=True, text=True, capture_output=True, env=self.environment).stdout)[0]
        host = facts["HostConfig"]
        self.assertEqual((host["CapDrop"], host["ReadonlyRootfs"], host["Privileged"], host["NetworkMode"]), (["ALL"], True, False, "none"))
        self.assertEqual(sorted(one.removeprefix("CAP_") for one in host["CapAdd"]), ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP"])
        self.assertEqual((host["PidsLimit"], host["SecurityOpt"], host["Devices"] or []), (32, ["no-new-privileges"], []))
        self.assertEqual(sorted(one["Source"] for one in facts["Mounts"]), sorted([self.environment["ENGINE_VOLUMES"], str(self.own.mounts / "pools")]))
        self.assertEqual(len(list(pool.glob("*/*"))), 4, "the snapshot, three clones")
        brain.kill()
        brain.wait()
        until("the agent has ended by itself", lambda: self.agents() == [])
        until("the run is dead", lambda: not any(run["alive"] for run in self.json("runs")))
        said = self.there("clean", "--dry-run")
        self.assertIn("pool folders", said)
        self.assertEqual(len(list(pool.glob("*/*"))), 4)
        said = self.there("clean")
        self.assertIn("pool folder", said)
        self.assertIn("agent image", said)
        self.assertEqual((self.left(), list(pool.iterdir())), ([], []), said)
        self.assertIn("nothing to remove", self.there("clean"))

    def test_interrupted_in_the_middle_of_copying(self):
        seed = self.seed("cairn-large-seed")
        self.docker("run", "--rm", "-v", f"{seed}:/d", "cairn-test:1", "dd", "if=/dev/urandom", "of=/d/large", "bs=1M", "count=300")
        self.write(f"""stage test {{ volume seed {{ external = true ; name = "{seed}" }}
          clone copy {{ from = seed }}
          run look {{ image = "cairn-test:1" ; command = ["true"] ; mounts = {{ "/d" = copy }} }} }}""")
        brain = subprocess.Popen(self.elsewhere("run", "test", "--output", "plain"), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.started.append(brain)
        until("there is an agent", lambda: self.agents() or brain.poll() is not None)
        brain.terminate()
        said = brain.communicate(timeout=60)[0]
        self.assertEqual((brain.returncode, self.agents(), self.left()), (130, [], []), said)

    def test_what_is_in_use_is_refused(self):
        seed = self.seed("cairn-busy-seed")
        target = self.seed("cairn-busy-target")
        self.somebodys_container(seed)
        self.write(f"""stage test {{ volume seed {{ external = true ; name = "{seed}" }}
          clone copy {{ from = seed }}
          run look {{ image = "cairn-test:1" ; command = ["true"] ; mounts = {{ "/d" = copy }} }} }}""")
        self.assertRegex(self.there("run", "test", "--output", "plain", code=1), f"the volume `{seed}` is in use by the container `")
        self.write(f"""stage test {{ volume seed {{ external = true ; name = "{target}" }} ; volume busy {{ external = true ; name = "{seed}" }}
          clone copy {{ from = seed ; onto = busy }}
          run look {{ image = "cairn-test:1" ; command = ["true"] ; mounts = {{ "/d" = busy }} ; after = [copy] }} }}""")
        self.assertRegex(self.there("run", "test", "--output", "plain", code=1), f"the volume `{seed}` is mounted by the container `")
        self.assertEqual(self.left(), [])

    def test_a_folder_of_this_machine_does_not_lie_there(self):
        (self.folder / "seed").mkdir()
        (self.folder / "seed" / "x").write_text("one")
        self.write("""stage test { clone copy { from = "./seed" }
          run look { image = "cairn-test:1" ; command = ["true"] ; mounts = { "/d" = copy } } }""")
        self.assertIn("the folder is on this machine, and the volume is not", self.there("run", "test", "--output", "plain", code=1))
        self.assertEqual(self.left(), [])

    def test_without_root_on_the_engines_own_machine(self):
        self.write(COPIES.replace("METHOD", "copy"))
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, 65534, 65534)
        group = os.stat(self.own.socket).st_gid
        somebody = ["setpriv", "--reuid=65534", f"--regid={group}", "--clear-groups", CAIRN]
        done = subprocess.run([*somebody, "run", "test", "--output", "plain"], cwd=self.folder, env=dict(self.environment, HOME=str(self.folder)), text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("by the agent on", done.stdout)
        self.assertEqual(self.left(), [])


globals().update(on_each_engine(RemoteClones))

if __name__ == "__main__":
    unittest.main()
