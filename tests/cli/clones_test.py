#!/usr/bin/env python3
"""Clones of folders on this machine, pools, and what is refused before anything runs: the real program, no engine."""
import os
import shutil
import subprocess
import unittest

from program import CAIRN, ProjectTest

SERVED = """
stage test {
  volume data { path = "./data" }
  service reader {
    in      = "host"
    command = ["sh", "-c", "cat $DATA/x >>started; echo >>started; echo up; exec sleep 1000"]
    env     = { DATA = data.path }
    ready   = [log("up")]
  }
  run first { in = "host" ; command = ["sh", "-c", "echo two >$DATA/x"] ; env = { DATA = data.path } ; after = [reader] }
  clone back { from = "./seed" ; onto = data ; after = [first] }
  run look { in = "host" ; command = ["grep", "-q", "one", "data/x"] ; links = [reader] ; AFTER }
}
"""
LIVE = """
image db { ref = "db:1" }
stage test {
  volume data
  service writer { image = db ; mounts = { "/d" = MOUNT } }
  run fill { image = db ; links = [writer] }
  COPY
  run look { image = db ; mounts = { "/d" = copy } }
}
"""


class Clones(ProjectTest):
    def write(self, text):
        (self.folder / "test.stack").write_text(text)
        for name, content in (("seed", "one\n"), ("data", "zero\n")):
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name / "x").write_text(content)

    def test_a_service_is_stopped_and_started_around_an_overwrite(self):
        self.write(SERVED.replace("AFTER", "after = [back]"))
        done = self.cairn("run", "test", "--output", "plain")
        self.assertIn("stops `test.reader`, which uses the volume", done.stdout)
        self.assertIn("starts `test.reader` again", done.stdout)
        self.assertEqual((self.folder / "started").read_text().split(), ["zero", "one"])
        self.assertIn("stops and starts `test.reader`", self.cairn("plan").stdout)

    def test_a_step_that_uses_it_meanwhile_is_refused(self):
        self.write(SERVED.replace("AFTER", ""))
        for command in (["plan"], ["run", "test"]):
            done = self.cairn(*command, code=2)
            self.assertIn("`test.look` uses `test.reader`, which `test.back` stops and starts", done.stderr)
            self.assertIn("write `after = [back]` in `look`", done.stderr)
        self.assertFalse((self.folder / "started").exists())

    def test_a_failed_overwrite_starts_the_service_again(self):
        self.write(SERVED.replace("AFTER", "after = [back]").replace('from = "./seed"', 'from = "./gone"'))
        done = self.cairn("run", "test", "--output", "plain", code=1)
        self.assertIn("gone", done.stdout)
        self.assertEqual((self.folder / "data" / "x").read_text(), "two\n")

    def test_a_source_that_a_service_may_write_is_refused(self):
        for copy in ("clone copy { from = data }", "snapshot cut { of = data }\n  clone copy { from = cut }"):
            self.write(LIVE.replace("COPY", copy).replace("MOUNT", "data"))
            done = self.cairn("run", "test", code=2)
            self.assertIn("would be copied while `test.writer` can write to `test.data`", done.stderr)
            self.assertIn("after = [writer.stopped]", done.stderr)
        for fine in (LIVE.replace("COPY", "clone copy { from = data ; after = [fill, writer.stopped] }").replace("MOUNT", "data"),
                     LIVE.replace("COPY", "clone copy { from = data }").replace("MOUNT", "readonly(data)")):
            self.write(fine)
            self.cairn("plan")

    def test_the_plan_says_how_copies_will_be_made(self):
        self.write('stage test {\n  clone a { from = "./seed" }\n  clone b { from = "./seed" ; method = "copy" }\n'
                   '  clone c { from = "./none" }\n  run r { in = "host" ; command = ["true"] ; env = { A = a.path, B = b.path, C = c.path } }\n}\n')
        said = self.cairn("plan").stdout
        self.assertIn("copies   test.a  by ", said)
        self.assertIn("copies   test.b  by copy: the file asks for a copy", said)
        self.assertIn("copies   test.c  by none: there is no `", said)
        self.assertEqual([copy["method"] for copy in self.json("plan")["copies"]][1:], ["copy", "none"])

    def test_without_root_folders_are_cloned_all_the_same(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("needs root, to become somebody else")
        self.write('stage test {\n  clone a { from = "./seed" }\n  run r { in = "host" ; command = ["grep", "one", "${a.path}/x"] ; outputs = [] }\n'
                   '  check c { that = a.bytes_shared >= 0B ; message = a.method ; after = [r] }\n}\n')
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, 65534, 65534)
        somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", CAIRN]
        done = subprocess.run([*somebody, "run", "test", "--output", "plain"], cwd=self.folder, env=dict(self.environment, HOME=str(self.folder)), text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = subprocess.run([*somebody, "pool", "--folder", str(self.folder / "pools"), "create"], cwd=self.folder, env=self.environment, text=True, capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("it lacks the capability SYS_ADMIN", done.stderr)
        self.assertIn("run it once with sudo", done.stderr)
        self.assertFalse((self.folder / "pools").exists())


class Pools(ProjectTest):
    def pool(self, *arguments, code):
        done = self.cairn("pool", "--folder", str(self.folder / "pools"), *arguments, code=code)
        return done.stdout + done.stderr

    def test_mistakes_are_explained(self):
        root = os.geteuid() == 0
        self.assertIn("no pools in", self.pool("list", code=0))
        self.assertIn("there is none in", self.pool("remove", code=1))
        self.assertIn("xfs", self.pool("create", "--type", "ext4", code=2))
        self.assertIn("--size", self.pool("create", "--size", "0", code=2))
        self.assertIn("--size", self.pool("create", "--size", "9999999999", code=2))
        self.assertIn("not a plain name", self.pool("create", "a/b", code=1))
        self.assertIn("not a plain name", self.pool("create", ".hidden", code=1))
        if not root:
            return
        (self.folder / "pools").mkdir()
        (self.folder / "pools" / "text.img").write_text("somebody's own file")
        self.assertIn("there is no XFS, btrfs or ext4 file system in it", self.pool("create", "text", code=1))
        self.assertEqual((self.folder / "pools" / "text.img").read_text(), "somebody's own file")
        (self.folder / "pools" / "text.img").unlink()
        (self.folder / "file").write_text("")
        done = self.cairn("pool", "--folder", str(self.folder / "file"), "create", code=1)
        self.assertIn("could not make the pool `default`", done.stderr)

    def test_one_that_is_there_stays_as_it_is(self):
        if os.geteuid() != 0 or not os.access("/dev/loop-control", os.W_OK):
            self.skipTest("needs root, to mount")
        self.addCleanup(subprocess.run, [CAIRN, "pool", "--folder", str(self.folder / "pools"), "remove", "--with-clones"], capture_output=True)
        self.pool("create", "--size", "1", code=0)
        self.assertIn("default: xfs", self.pool("create", code=0))
        said = self.pool("create", "--size", "2", code=1)
        self.assertIn("is there already: xfs, up to 1.0 GiB", said)
        self.assertIn("cairn pool remove default", said)
        self.assertIn("is there already", self.pool("create", "--type", "btrfs", code=1))
        clone = self.folder / "pools" / "default" / "shop-1a2b3c" / "abc123-test.data"
        clone.mkdir(parents=True)
        self.assertIn("test.data of run abc123 of shop-1a2b3c", self.pool("list", code=0))
        self.assertIn("1 clones are in it", self.pool("remove", code=1))
        user = subprocess.Popen(["sleep", "1000"], cwd=clone, stdout=subprocess.PIPE)
        self.started.append(user)
        self.assertIn("something still uses it", self.pool("remove", "--with-clones", code=1))
        user.kill()
        user.wait()
        self.pool("remove", "--with-clones", code=0)
        self.assertEqual(list((self.folder / "pools").iterdir()), [])


if __name__ == "__main__":
    unittest.main()
