"""Files that no tool should choke on: each ends with a diagnostic, soon, and without a look at anything else."""
import os
import pathlib
import shutil
import subprocess
import unittest

from program import CAIRN, ProjectTest

SECONDS = 60  # a whole process; each takes well under a second, but machines of tests are slow


class LimitTest(ProjectTest):
    def told(self, text, *arguments, name="it.stack"):
        """What lint says of this text, which has to be an error."""
        if isinstance(text, bytes):
            (self.folder / name).write_bytes(text)
        else:
            self.write(text, name)
        return self.refused(*(arguments or ("lint", "-f", name)))

    def refused(self, *arguments, program=(CAIRN,)):
        done = subprocess.run([*program, *arguments], cwd=self.folder, env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=SECONDS, errors="replace", text=True)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("error", done.stderr)
        self.assertLess(len(done.stderr), 20_000)
        return done.stderr


class Unfolding(LimitTest):
    def test_loops(self):
        self.assertIn("more than 250000 nodes", self.told('for i in range(1000000) { run t { image = "x:1" } }'))
        self.assertIn("at most 1000000 numbers", self.told('for i in range(1000000000000) { volume v }'))
        self.assertIn("more than 1000000 elements", self.told("let x = [for i in range(1000000): [for j in range(1000000): j]]"))

    def test_kinds_in_kinds(self):
        kinds = "".join(f"kind a{i} {{ a{i - 1} x ; a{i - 1} y }}\n" for i in range(1, 30))
        self.assertIn("more than 250000 nodes", self.told("kind a0 { volume v }\n" + kinds + "a29 z\n"))

    def doubled(self, first, double):
        lets = "".join(f"let a{i} = {double.replace('PREVIOUS', f'a{i - 1}')}\n" for i in range(1, 40))
        return self.told(f"let a0 = {first}\n{lets}")

    def test_values(self):
        for first, double in (('["lol"]', "PREVIOUS + PREVIOUS"), ('"lol"', '"${PREVIOUS}${PREVIOUS}"'), ('"lol"', "PREVIOUS + PREVIOUS"),
                              ("[1]", "[PREVIOUS, PREVIOUS]"), ("{ a = 1 }", "{ a = PREVIOUS, b = PREVIOUS }"),
                              ('"lol"', 'join([PREVIOUS, PREVIOUS], "")'), ("[1]", "flatten([PREVIOUS, PREVIOUS])")):
            with self.subTest(double=double):
                told = self.doubled(first, double)
                self.assertRegex(told, r"S031[12]")
                self.assertIn("1 error", told)

    def test_values_in_values(self):
        lets = "".join(f"let a{i} = [a{i - 1}]\n" for i in range(1, 100_000))
        self.assertIn("nests more than 300 levels deep", self.told("let a0 = [1]\n" + lets))

    def test_many_keys(self):
        self.write("let m = { for i in range(200000): \"k${i}\" => i }\nlet n = merge(m, m)\nlet o = len(distinct(keys(m + n)))\n")
        self.cairn("plan")

    def test_cycle_of_needs(self):
        lets = "".join(f"let a{i} = a{i + 1}\n" for i in range(5000))
        self.assertIn("2000 levels deep", self.told(lets + "let a5000 = 1\n"))


class Nesting(LimitTest):
    def test_brackets(self):
        for text in ("[" * 100_000 + "]" * 100_000, '"${' * 100_000 + "1" + '}"' * 100_000, "{a=" * 100_000, "(" * 100_000, "f(" * 100_000):
            with self.subTest(text=text[:4]):
                self.assertIn("nested too deeply", self.told("let x = " + text))

    def test_operators(self):
        for text in ("-" * 100_000 + "1", "1 + " * 100_000 + "1", "a" + ".b" * 100_000, "a" + "[0]" * 100_000, "a ? b : " * 100_000 + "c"):
            with self.subTest(text=text[:8]):
                self.assertRegex(self.told("let x = " + text), "too many operators|nested too deeply")

    def test_bodies(self):
        self.assertIn("nested too deeply", self.told("if true { " * 100_000))
        self.assertIn("nested too deeply", self.told("if true { volume v } " + "else if true { volume v } " * 100_000))


class Imports(LimitTest):
    def test_a_chain(self):
        for i in range(1, 1200):
            self.write(f'use "./f{i + 1}.stack"\n', f"f{i}.stack")
        self.assertIn("more than 1000 files", self.refused("lint", "-f", "f1.stack"))

    def test_a_web(self):
        for i in range(1100):
            self.write("".join(f'use "./g{j}.stack" as x{j}\n' for j in range(i + 1, min(i + 20, 1100))), f"g{i}.stack")
        self.assertIn("more than 1000 files", self.refused("lint", "-f", "g0.stack"))

    def test_of_itself(self):
        self.assertIn("it.stack → it.stack", self.told('use "./it.stack" as me\n'))


class Files(LimitTest):
    """Every command that reads a file, given what is none."""
    COMMANDS = (("lint", "-f"), ("plan", "-f"), ("graph", "-f"), ("params", "-f"), ("fmt",), ("fmt", "--check"))

    def each(self, path, what, program=(CAIRN,)):
        for command in self.COMMANDS:
            with self.subTest(command=command, path=path):
                told = self.refused(*command, str(path), program=program)
                self.assertIn(what, told)
                self.assertIn(pathlib.Path(path).name, told)

    def test_devices_and_pipes(self):
        os.mkfifo(self.folder / "pipe.stack")
        self.each("pipe.stack", "not a regular file")
        self.each("/dev/zero", "not a regular file")

    def test_folders(self):
        (self.folder / "folder").mkdir()
        self.each("folder", "is a directory")
        self.write("volume v\n", "folder/shop.stack")
        self.assertIn("did you mean `folder/shop.stack`?", self.refused("lint", "-f", "folder"))

    def test_missing(self):
        self.write("volume v\n", "shop.stack")
        self.each("missing.stack", "no such file")
        self.each("missing/missing.stack", "no such folder")
        self.assertIn("did you mean `shop.stack`?", self.refused("lint", "-f", "shp.stack"))
        self.assertIn("did you mean `shop.stack`?", self.refused("lint", "-f", "shop"))

    def test_large(self):
        with open(self.folder / "large.stack", "wb") as large:
            large.truncate(100 << 20)
        self.each("large.stack", "large")
        self.assertIn("is larger than 64 MiB", self.told("# a comment\n" * (90_000_000 // 12)))

    def test_not_readable(self):
        self.write("volume v\n", "closed.stack")
        (self.folder / "closed.stack").chmod(0)
        program = (CAIRN,)
        if os.getuid() == 0:  # who may read everything: so somebody else asks, with a cairn that he can reach
            shutil.copy(CAIRN, self.folder / "cairn")
            self.folder.chmod(0o755)
            program = ("setpriv", "--reuid", "65534", "--clear-groups", "--", str(self.folder / "cairn"))
        self.each("closed.stack", "may not read it", program)

    def test_not_text(self):
        program = pathlib.Path(CAIRN).read_bytes()[:100_000]
        for text, what in ((program, "not a text file"), ("volume v\n".encode("utf-16"), "UTF-16"), (b'let a = "\xff"\n', "not UTF-8"),
                           (b"volume v\n\0", "not a text file"), (b"volume a\rvolume b\r", "carriage return")):
            with self.subTest(what=what):
                self.assertIn(what, self.told(text))
                self.refused("fmt", "it.stack")
                self.assertEqual((self.folder / "it.stack").read_bytes(), text, "what cannot be read is left as it is")

    def test_what_is_fine(self):
        for text in (b"", b"\n", b"# nothing\n", b"\xef\xbb\xbfvolume v\r\nrun t { image = \"x:1\" ; mounts = { \"/v\" = v } }\r\n", b"\xef\xbb\xbf"):
            with self.subTest(text=text):
                (self.folder / "it.stack").write_bytes(text)
                for command in ("lint", "plan", "graph", "params"):
                    self.cairn(command)
                self.cairn("fmt", "it.stack")
                self.cairn("fmt", "--check", "it.stack")


class Outside(LimitTest):
    def test_reading_out_of_the_project(self):
        os.symlink("/etc/passwd", self.folder / "link")
        os.symlink("/etc", self.folder / "folder")
        os.symlink("itself", self.folder / "itself")
        for path in ("/dev/zero", "/etc/passwd", "../../etc/passwd", "link", "folder/passwd", "/proc/self/environ"):
            with self.subTest(path=path):
                told = self.told(f'let a = file("{path}")\n')
                self.assertIn("outside of the project", told)
                self.assertNotIn("root:", told)
        self.assertIn("leads nowhere", self.told('let a = file("itself")\n'))

    def test_using_out_of_the_project(self):
        self.assertIn("outside of the project", self.told('use "../lib.stack"\n'))


if __name__ == "__main__":
    unittest.main()
