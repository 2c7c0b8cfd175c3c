"""What a run takes and leaves out, plans in files, dry runs, and what is remembered: with processes of this machine."""
import json
import pathlib
import unittest

from program import ProjectTest, lives

STACK = """
stage build {
  in = "host"
  run make { command = ["sh", "-c", "echo made >>said"] ; artifacts = ["said"] }
}
stage test {
  after = [build]
  in = "host"
  service db { command = ["sh", "-c", "echo db >>said; sleep 86380 & wait"] }
  run first { command = ["sh", "-c", "echo first >>said"] ; after = [db] }
  run second { command = ["sh", "-c", "echo second >>said"] ; after = [first] }
  run other { command = ["sh", "-c", "echo other >>said"] }
}
"""

REMEMBER = """
stage test {
  in = "host"
  run make { command = ["sh", "-c", "echo ran >>said; cat src/* >out; echo v=1 >>$CAIRN_OUTPUT; echo told"] ; remember = ["src/**"] ; artifacts = ["out"] ; outputs = ["v"] }
  run reader { command = ["sh", "-c", "echo $V $OUT >used; cat $OUT >>used"] ; env = { V = make.outputs.v + make.stdout, OUT = make.artifacts["out"] } }
}
"""


class Plans(ProjectTest):
    def setUp(self):
        super().setUp()
        self.write(STACK)

    def said(self):
        path = self.folder / "said"
        text = sorted(path.read_text().split()) if path.exists() else []
        path.unlink(missing_ok=True)
        return text

    def test_only_from_and_skip(self):
        self.cairn("run", "test", "--only", "second")
        self.assertEqual(self.said(), ["second"], "`first` is an earlier step, and only that uses `db`")
        self.cairn("run", "--only", "other")
        self.assertEqual(self.said(), ["other"])
        self.cairn("run", "--from", "first")
        self.assertEqual(self.said(), ["db", "first", "second"])
        self.cairn("run", "test", "--skip", "make", "--skip", "other")
        self.assertEqual(self.said(), ["db", "first", "second"])
        self.assertIn("--only", self.cairn("run", "test", "--only", "first", "--from", "first", code=2).stderr)

    def test_a_dry_run_does_nothing(self):
        shown = self.cairn("run", "test", "--dry-run").stdout
        self.assertIn("do       test.first:run", shown)
        self.assertEqual(self.said(), [])
        self.assertFalse((self.folder / ".cairn").exists())
        self.cairn("up", "--dry-run")
        self.assertFalse((self.folder / ".cairn").exists())
        self.assertEqual(self.json_of("run", "test", "--dry-run", "--output", "json")["changes"], True)

    def json_of(self, *arguments):
        return json.loads(self.cairn(*arguments).stdout)

    def test_timeout_of_the_whole_run(self):
        self.write('stage test { in = "host" ; run slow { command = ["sleep", "86379"] } }')
        done = self.cairn("run", "test", "--timeout", "300ms", code=1)
        self.assertIn("the run was given 300ms", done.stdout)
        self.assertIn("`never` is no duration", self.cairn("run", "test", "--timeout", "never", code=2).stderr)

    def test_keep_leaves_what_it_made(self):
        self.cairn("run", "test", "--keep", "--only", "first")
        (kept,) = self.json("ps")
        self.assertEqual(kept["node"], "test.db")
        self.assertTrue(lives(int(kept["name"])))
        self.assertEqual(self.cairn("exec", "db", "echo", "hello").stdout, "hello\n")
        self.cairn("down")
        self.assertFalse(lives(int(kept["name"])))
        self.assertEqual(self.json("ps"), [])

    def test_keep_by_the_file(self):
        self.write(STACK.replace("service db {", "service db { keep = true ;"))
        self.cairn("run", "test", "--only", "first")
        (kept,) = self.json("ps")
        self.assertTrue(lives(int(kept["name"])))
        self.cairn("down")
        self.assertFalse(lives(int(kept["name"])))

    def test_a_plan_is_carried_out_as_it_was(self):
        self.cairn("plan", "test", "--skip", "make", "--out", "plan.json")
        self.cairn("run", "--plan", "plan.json")
        self.assertEqual(self.said(), ["db", "first", "other", "second"])

    def test_a_plan_that_is_out_of_date_is_refused_with_what_has_changed(self):
        self.cairn("plan", "test", "--out", "plan.json")
        self.write(STACK.replace("echo first", "echo FIRST").replace("run other", "run another"))
        said = self.cairn("run", "--plan", "plan.json", code=2).stderr
        self.assertIn("the plan `plan.json` is out of date", said)
        self.assertIn("`test.first`: `command` has changed", said)
        self.assertIn("`test.another` is new", said)
        self.assertIn("`test.other` takes no part any more", said)
        self.assertEqual(self.said(), [])

    def test_a_plan_of_up_knows_what_is_up(self):
        self.write('service db { in = "host" ; command = ["sleep", "86378"] }')
        self.cairn("plan", "--up", "--out", "plan.json")
        self.cairn("up")
        said = self.cairn("up", "--plan", "plan.json", code=2).stderr
        self.assertIn("`db:create` was do: it is not there; now keep", said)
        self.cairn("plan", "--up", "--out", "plan.json")
        self.assertIn("3 kept", self.cairn("up", "--plan", "plan.json").stdout)

    def test_what_plan_and_run_are_told_wrongly(self):
        (self.folder / "no.json").write_text("{}")
        self.cairn("plan", "test", "--out", "run.json")
        for arguments, message, help in [
            (("run",), "which stage is to be run?", "are build, test"),
            (("run", "tset"), "no stage `tset`", "did you mean `test`?"),
            (("run", "second"), "no stage `second`", "`cairn run test --only second`"),
            (("run", "test", "--only", "scond"), "there is no block `scond`", "did you mean `second`?"),
            (("run", "it.stack"), "is a file", "-f it.stack"),
            (("run", "--plan", "nope.json"), "the plan `nope.json` cannot be read", "--out nope.json"),
            (("run", "--plan", "no.json"), "`no.json` is no plan", ""),
            (("up", "--plan", "run.json"), "is a plan of `run`", "cairn run --plan run.json"),
            (("run", "test", "--plan", "run.json"), "a plan says itself", ""),
            (("run", "test", "-f", "nope.stack"), "nope.stack", ""),
            (("plan", "test", "--out", "nowhere/plan.json"), "cannot write the plan", ""),
            (("up", "test"), "`test` is a stage, and `up` takes services", "`cairn run test`"),
            (("up", "bd"), "there is no block `bd`", "did you mean"),
            (("down", "test"), "test", ""),
            (("why", "scond"), "there is no block `scond`", "did you mean"),
            (("show", "20200101-000000-abcdef"), "there is no run", ""),
            (("slow", "nope"), "nope", ""),
            (("run", "test", "-p", "x"), "`-p x` is no param", "name=value"),
        ]:
            with self.subTest(arguments):
                said = self.cairn(*arguments, code=2).stderr
                self.assertIn(message, said)
                self.assertIn(help, said)
        self.write(STACK, "second.stack")
        self.assertIn("there are 2 .stack files", self.cairn("run", "test", code=2).stderr)
        for path in pathlib.Path(self.folder).glob("*.stack"):
            path.unlink()
        self.assertIn("there is no .stack file", self.cairn("run", "test", code=2).stderr)

    def test_why_as_json(self):
        why = self.json("why", "second")
        (run,) = [step for step in why["steps"] if step["step"] == "test.second:run"]
        self.assertEqual(run["verdict"], "do")
        self.assertIn("test.first:run", [one["step"] for one in run["waits_for"]])


class Remembered(ProjectTest):
    def setUp(self):
        super().setUp()
        (self.folder / "src").mkdir()
        (self.folder / "src" / "a").write_text("a\n")
        self.write(REMEMBER)

    def ran(self):
        path = self.folder / "said"
        return path.read_text().count("ran") if path.exists() else 0

    def reason(self):
        return {step["step"]: step["reason"] for step in self.json("plan", "test")["steps"]}["test.make:run"]

    def test_it_is_not_done_again_until_an_input_changes(self):
        self.cairn("run", "test")
        self.assertEqual(self.ran(), 1)
        self.assertEqual(self.reason(), "it succeeded with the same inputs")
        self.cairn("run", "test")
        self.assertEqual(self.ran(), 1)
        used = (self.folder / "used").read_text().split()
        self.assertEqual((used[0], used[2]), ("1told", "a"), "what it handed on is there all the same")
        (self.folder / "src" / "a").write_text("b\n")
        self.assertEqual(self.reason(), "`src/a` has changed")
        self.assertIn("`src/a` has changed", self.cairn("why", "make").stdout)
        self.cairn("run", "test")
        self.assertEqual(self.ran(), 2)
        (self.folder / "src" / "c").write_text("c\n")
        self.assertEqual(self.reason(), "`src/c` has changed")
        self.cairn("run", "test")
        self.write(REMEMBER.replace("echo told", "echo TOLD"))
        self.assertEqual(self.reason(), "`command` has changed")

    def test_it_is_done_again_when_what_it_left_is_gone_or_another(self):
        self.cairn("run", "test")
        (self.folder / "out").write_text("somebody else's")
        self.assertIn("was changed since", self.reason())
        (self.folder / "out").unlink()
        self.assertIn("is not there any more", self.reason())
        self.cairn("run", "test")
        self.assertEqual(self.ran(), 2)

    def test_what_is_not_to_be_remembered_is_done_each_time(self):
        for setting in ("", "; remember = false"):
            with self.subTest(setting):
                self.write('stage test { run make { in = "host" ; command = ["sh", "-c", "echo ran >>said"] ' + setting + " } }")
                (self.folder / "said").unlink(missing_ok=True)
                for times in (1, 2):
                    self.assertNotIn("kept", self.cairn("run", "test").stdout)
                    self.assertEqual(self.ran(), times)

    def test_files_that_texts_name_are_inputs_by_what_is_in_them(self):
        self.write("""
stage test {
  in = "host"
  run make { script = "cat given/conf; cat" ; files = { "given/conf" = "./conf" } ; stdin = "./in" ; remember = true }
}""")
        (self.folder / "conf").write_text("one\n")
        (self.folder / "in").write_text("A\n")
        told = []
        for name, text in (("in", "A\n"), ("in", "A\n"), ("conf", "two\n"), ("in", "B\n")):
            (self.folder / name).write_text(text)
            self.cairn("run", "test")
            told.append(self.cairn("logs", "test.make", check=False).stdout.split())
        self.assertEqual(told, [["one", "A"], [], ["two", "A"], ["two", "B"]])

    def test_a_service_is_replaced_when_a_file_of_it_was_changed(self):
        self.write('service a { in = "host" ; command = ["sh", "-c", "cat given; exec sleep 86376"] ; files = { "given" = "./conf" } }')
        (self.folder / "conf").write_text("one\n")
        self.cairn("up")
        self.assertIn("kept", self.cairn("up", "--output", "plain").stdout)
        (self.folder / "conf").write_text("two\n")
        self.cairn("up")
        self.assertEqual(self.cairn("logs", "a").stdout.split()[-1], "two")
        self.cairn("down")

    def test_a_failed_one_is_not_remembered(self):
        self.write(REMEMBER.replace("echo told", "echo told; test -e go"))
        self.cairn("run", "test", code=1)
        (self.folder / "go").touch()
        self.cairn("run", "test")
        self.assertEqual(self.ran(), 2)
        self.cairn("run", "test")
        self.assertEqual(self.ran(), 2)

    def test_what_it_depends_on_counts_too(self):
        self.write(REMEMBER.replace("stage test {", 'stage test {\n service db { in = "host" ; command = ["sleep", "86377"] }').replace("remember =", "after = [db] ; remember ="))
        self.cairn("run", "test")
        self.assertEqual(self.reason(), "`test.db`, which it depends on, is made anew")

    def test_up_repeats_a_run_only_when_its_inputs_have_changed(self):
        self.write("""
service db { in = "host" ; command = ["sleep", "86376"] }
run seed { in = "host" ; command = ["sh", "-c", "echo ran >>said"] ; after = [db] }
service web { in = "host" ; command = ["sleep", "86375"] ; after = [seed] }
""")
        self.cairn("up")
        self.cairn("up")
        self.assertEqual(self.ran(), 1)
        self.cairn("plan", "--up", "--exit-code", code=0)
        self.write((self.folder / "it.stack").read_text().replace("86376", "86374"))
        self.cairn("up")
        self.assertEqual(self.ran(), 2, "another database is seeded, too")
        self.cairn("down")
        self.cairn("up")
        self.assertEqual(self.ran(), 3)


if __name__ == "__main__":
    unittest.main()
