"""The commands that only read: what they print for people and for tools, and how they take a wrong command line."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from program import CAIRN, ProjectTest

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "show"
WRONG = """run t { image = "x:1" ; environment = { A = "1" } }
let n = missing
let s = "x" + 1
"""


class Showing(ProjectTest):
    """`plan --show` prints each stage on the way from text to plan, in a form that stays the same."""

    def test_every_stage(self):
        shutil.copy(GOLDEN / "shop.stack", self.folder)
        for stage in ("syntax", "model", "graph", "plan"):
            with self.subTest(stage=stage):
                shown = self.cairn("plan", "--show", stage).stdout
                expected = GOLDEN / f"shop.{stage}"
                if os.environ.get("ACCEPT", "0") not in ("", "0"):
                    expected.write_text(shown)
                    self.skipTest(f"wrote {expected}")
                self.assertEqual(shown, expected.read_text(), "if the new text is right, ACCEPT=1 writes it")

    def test_what_can_be_shown_of_a_wrong_file(self):
        self.write(WRONG)
        for stage, shown in (("syntax", "block run t"), ("model", "run t"), ("graph", "")):
            done = self.cairn("plan", "--show", stage, code=2)
            self.assertIn(shown, done.stdout)
            self.assertIn("3 errors", done.stderr)

    def test_no_secret_is_shown(self):
        self.write('run t { image = "x:1" ; env = { TOKEN = secret("env:TOKEN"), S = "a ${secret("env:TOKEN")}" } }\nstage test { run u { image = "x:1" } }\n')
        self.environment["TOKEN"] = "hush-hush"
        for stage in ("syntax", "model", "graph", "plan"):
            self.assertNotIn("hush-hush", self.cairn("plan", "--show", stage).stdout)


class WhyOfAGraph(ProjectTest):
    """`graph --why A B`: the edges between two blocks and their reasons."""

    def setUp(self):
        super().setUp()
        self.write("""stage test {
  for i in range(2) {
    service db { image = "x:1" }
    run unit { image = "x:1" ; env = { HOST = db.host } }
  }
  run last { image = "x:1" ; after = unit }
}
""")

    def why(self, first, then, code=0):
        return self.cairn("graph", "--why", first, then, code=code)

    def test_one_of_several_and_all_of_them(self):
        self.assertEqual(self.why("db[1]", "unit[1]").stdout, "test.unit[1] waits for test.db[1]\n    reads `test.db[1].host`  (it.stack:4:47)\n")
        self.assertIn("test.unit[*] waits for test.db[*]\n    reads `test.db[0].host`", self.why("test.db", "test.unit").stdout)
        self.assertIn("test.last waits for test.unit[*]", self.why("db", "last").stdout)

    def test_no_way(self):
        self.assertEqual(self.why("db[0]", "unit[1]", code=1).stdout, "`test.unit[1]` does not wait for `test.db[0]`\n")
        self.assertEqual(self.why("last", "db", code=1).stdout, "`test.db` does not wait for `test.last`: it is the other way round\n")

    def test_a_name_that_is_none(self):
        done = self.why("bd", "unit", code=2)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("error: there is no block `bd`"), done.stderr)


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class OnlyReading(ProjectTest):
    """What only reads starts no program, connects nowhere and opens nothing of anybody else's, whatever the file names."""

    # Of the system and its libraries: what every program opens.
    SYSTEM = re.compile(r"^(/usr/|/lib|/etc/(ld\.so|localtime|machine-id|ssl|gnutls|krb5|ldap|locale)|/proc/|/sys/|/dev/)")

    def test_nothing_is_started_and_nobody_asked(self):
        outside = self.folder.parent / (self.folder.name + "-outside")
        outside.write_text("secret")
        self.addCleanup(outside.unlink)
        (self.folder / "inside").symlink_to(outside)
        self.write(f"""param a = env("HOME")
service db {{ image = "postgres:16" ; files = {{ "/x" = "./inside" }} ; env_file = ["{outside}"] ; ready = [exec(["true"]), http("http://127.0.0.1:80/")] }}
image app {{ context = "../{outside.name}" }}
stage test {{ run unit {{ image = app ; command = ["${{db.host}}"] ; reports = [junit("/r.xml")] }} }}
""")
        for line in ("lint", "graph", "plan test", "fmt --diff it.stack", "params", "plan --show graph"):
            with self.subTest(line=line):
                record = self.folder / "record"
                done = subprocess.run(["strace", "-f", "-qq", "-o", record, "-e", "trace=execve,connect,bind,openat,openat2,open", CAIRN, *line.split()],
                                      cwd=self.folder, env=self.environment, text=True, capture_output=True, check=False)
                self.assertIn(done.returncode, (0, 1, 2), done.stderr)
                calls = record.read_text().splitlines()
                self.assertEqual([call for call in calls if re.search(r"\b(connect|bind)\(", call)], [])
                self.assertEqual(sum("execve(" in call for call in calls), 1)
                opened = [match.group(1) for call in calls if " = -1 " not in call for match in [re.search(r'open(?:at2?)?\([^"]*"([^"]*)"', call)] if match]
                theirs = [path for path in opened if path.startswith("/") and not self.SYSTEM.match(path) and not path.startswith((str(self.folder), self.environment["HOME"]))]
                self.assertEqual(theirs, [])
                self.assertNotIn(outside.name, "".join(opened))


class ForTools(ProjectTest):
    def test_json(self):
        self.write(WRONG)
        told = json.loads(self.cairn("lint", "--format", "json", code=2).stdout)
        self.assertEqual(told["errors"], 3)
        for one in told["diagnostics"]:
            self.assertRegex(one["code"], r"^[SL]\d{4}$")
            self.assertTrue(one["message"])

    def test_sarif(self):
        """SARIF 2.1.0 (OASIS), sections 3.13 to 3.30: what a reader may rely on. With CAIRN_SARIF_SCHEMA, the file of the
        standard's own JSON schema, and jsonschema, by that as well."""
        schema = os.environ.get("CAIRN_SARIF_SCHEMA")
        self.write(WRONG + 'run u { image = "x:latest" ; command = ["sleep", "5"] }\n', "wrong.stack")
        self.write('run u { image = "x:latest" ; command = ["sh", "-c", "sleep 5"] }\n', "found.stack")
        for name, code, level in (("wrong.stack", 2, "error"), ("found.stack", 1, "warning")):
            log = json.loads(self.cairn("lint", "-f", name, "--format", "sarif", code=code).stdout)
            if schema:
                import jsonschema
                jsonschema.validate(log, json.loads(pathlib.Path(schema).read_text()))
            self.assertEqual(log["version"], "2.1.0")
            self.assertIn("sarif", log["$schema"])
            (run,) = log["runs"]
            driver = run["tool"]["driver"]
            self.assertEqual(driver["name"], "cairn")
            rules = [rule["id"] for rule in driver["rules"]]
            self.assertEqual(len(rules), len(set(rules)))
            for rule in driver["rules"]:
                self.assertTrue(rule["shortDescription"]["text"])
            self.assertTrue(run["results"])
            for result in run["results"]:
                self.assertEqual(result["level"], level)
                self.assertIn(result["ruleId"], rules)
                if "ruleIndex" in result:
                    self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
                self.assertTrue(result["message"]["text"])
                for place in result["locations"]:
                    physical = place["physicalLocation"]
                    self.assertEqual(physical["artifactLocation"]["uri"], name)
                    region = physical["region"]
                    self.assertGreaterEqual(region["startLine"], 1)
                    self.assertGreaterEqual(region["startColumn"], 1)
                    self.assertGreaterEqual((region.get("endLine", region["startLine"]), region["endColumn"]), (region["startLine"], region["startColumn"]))

    def test_colour(self):
        self.write(WRONG)
        def coloured(*arguments, **environment):
            done = subprocess.run([CAIRN, *arguments, "lint"], cwd=self.folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2)
            return "\x1b[" in done.stderr
        self.assertFalse(coloured(), "no terminal")
        self.assertTrue(coloured("--color", "always"))
        self.assertTrue(coloured("--color", "always", NO_COLOR="1"), "what is asked for wins")
        self.assertFalse(coloured("--color", "never"))
        terminal = subprocess.run(["script", "-qec", f"{CAIRN} lint", "/dev/null"], cwd=self.folder, env={**os.environ, "TERM": "xterm"}, capture_output=True, text=True, timeout=60)
        self.assertIn("\x1b[", terminal.stdout)
        plain = subprocess.run(["script", "-qec", f"{CAIRN} lint", "/dev/null"], cwd=self.folder, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"}, capture_output=True, text=True, timeout=60)
        self.assertNotIn("\x1b[", plain.stdout)

    def test_places_can_be_opened_from_here(self):
        (self.folder / "sub").mkdir()
        self.write('use "./lib.stack"\nlet a = missing\n', "sub/it.stack")
        self.write("let b = missing\n", "sub/lib.stack")
        told = self.cairn("lint", "-f", "sub/it.stack", code=2).stderr
        self.assertIn("--> sub/it.stack:2:9", told)
        self.assertIn("--> sub/lib.stack:1:9", told)
        for name in ("it.stack", "lib.stack"):
            shutil.copy(self.folder / "sub" / name, self.folder)
        self.assertIn("--> it.stack:2:9", self.cairn("lint", "-f", "./it.stack", code=2).stderr)

    def test_fmt_diff(self):
        self.write("volume   v\n")
        self.assertEqual(self.cairn("fmt", "--diff", "it.stack").stdout, "--- it.stack\n+++ it.stack\n@@ -1 +1 @@\n-volume   v\n+volume v\n")
        self.assertEqual(self.cairn("fmt", "--check", "it.stack", code=1).stdout, "it.stack\n")
        self.cairn("fmt", "it.stack")
        self.assertEqual((self.folder / "it.stack").read_text(), "volume v\n")
        self.cairn("fmt", "--check", "it.stack")


class Completion(ProjectTest):
    def test_bash(self):
        def complete(*words):
            quoted = " ".join(f"'{word}'" for word in words)
            asked = f'source <("{CAIRN}" completion bash); COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _cairn; printf "%s\\n" "${{COMPREPLY[@]}}"'
            done = subprocess.run(["bash", "-uc", asked], cwd=self.folder, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return done.stdout.split()
        self.write("volume v\n")
        self.assertEqual(complete("cairn", "li"), ["lint"])
        self.assertIn("explain", complete("cairn", ""))
        self.assertEqual(complete("cairn", "lint", "--form"), ["--format"])
        self.assertIn("it.stack", complete("cairn", "lint", "-f", "it"))

    def test_other_shells(self):
        for shell, check in (("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            with self.subTest(shell=shell):
                script = self.folder / f"cairn.{shell}"
                script.write_text(self.cairn("completion", shell).stdout)
                self.assertIn("cairn", script.read_text())
                if shutil.which(shell) is not None:
                    done = subprocess.run([*check, script], capture_output=True, text=True, timeout=60)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))


class WrongCommandLines(ProjectTest):
    def test_they_are_told_what_was_meant(self):
        self.write("volume v\n")
        for line, told, help_ in (
                ("lnt", "there is no command `lnt`", "`lint`"),
                ("lint --formt json", "`cairn lint` has no option `--formt`", "`--format`"),
                ("lint --format yaml", "`--format` cannot be `yaml`", "`text`, `json`, `sarif`"),
                ("lint --format jsn", "`--format` cannot be `jsn`", "did you mean `json`?"),
                ("plan --show grap", "`--show` cannot be `grap`", "did you mean `graph`?"),
                ("lint -f", "`--file` needs a value", "--help"),
                ("graph --why a", "`--why` needs 2 values", "--help"),
                ("run", "which stage is to be run?", "`cairn up`"),
                ("fmt", "`cairn fmt` needs the files", "--help"),
                ("run test --jobs x", "`--jobs` takes a number above 0", "--help"),
                ("pool", "`cairn pool` alone does nothing", "write `cairn pool create`, `list` or `remove`"),
                ("pool creat", "`cairn pool` cannot `creat`", "did you mean `cairn pool create`?"),
                ("pool rm", "`cairn pool` cannot `rm`", "did you mean `cairn pool remove`?"),
                ("pool list extra", "`cairn pool list` cannot take `extra`", "`cairn pool list --help`"),
                ("pool create --size 10GiB", "`--size` takes a number from 1 to 1048576", "in GiB"),
                ("simulate flasharry", "`cairn simulate` cannot `flasharry`", "did you mean `cairn simulate flasharray`?"),
                ("simulate flasharray --port 99999", "`--port` takes a number from 0 to 65535", "a free one"),
                ("", "say what to do", "cairn --help"),
                ("explain servce", "no kind or function named `servce`", "`service`"),
                ("explain S9999", "there is no message with the code `S9999`", "--all"),
                ("--color sometimes lint", "`--color` cannot be `sometimes`", "`auto`")):
            with self.subTest(line=line):
                done = self.cairn(*line.split(), code=2)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith(f"error: {told}"), done.stderr)
                self.assertIn(help_, done.stderr)
                self.assertIsNone(re.search(r"TEXT|INT|Required|179769", done.stderr), done.stderr)


if __name__ == "__main__":
    unittest.main()
