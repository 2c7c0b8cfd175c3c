"""`resume` after every way to die, on this machine alone: the same end, nothing done twice that must not be."""
import http.server
import json
import os
import threading
import unittest

from program import ProjectTest, processes_with, until

STACK = r"""
param who: string = "nobody"
let text = file("text")
stage test {
  in = "host"
  volume data
  service db { command = ["sh", "-c", "echo up >>ups; exec sleep 86396"] }
  run one { command = ["sh", "-c", "echo one >>log; echo kept >$D/kept; echo 'said by one'"] ; env = { D = data.path } ; after = [db] }
  run two { command = ["sh", "-c", "echo two >>log; test -e go || exec sleep 86395"] ; after = [one, db] }
  run three { command = ["sh", "-c", "echo three >>log; cat $D/kept; echo $SAID, $WHO >result; printf %s \"$TEXT\" >>result"] ; env = { D = data.path, SAID = one.stdout, WHO = who, TEXT = text } ; after = [two] }
  check said { that = one.stdout == "said by one" ; after = [one] }
  check last { that = three.exit_code == 0 }
}
"""


class Resume(ProjectTest):
    def setUp(self):
        super().setUp()
        self.write(STACK)
        (self.folder / "text").write_text("as it was\n")

    def begin(self, *arguments):
        brain = self.start("run", "test", *arguments)
        until("it begins", lambda: self.runs() or brain.poll() is not None)
        if brain.poll() is not None:
            self.fail(brain.stdout.read())
        run = self.run_of(brain)
        until("two runs", lambda: "two" in self.log() or brain.poll() is not None)
        self.assertIn("two", self.log())
        return brain, run, self.keepers(run)[0]

    def dead(self, run):
        until("the run is dead", lambda: not self.runs()[run]["alive"])

    def log(self):
        path = self.folder / "log"
        return path.read_text().split() if path.exists() else []

    def journal(self, run):
        return self.folder / ".cairn" / "runs" / run / "journal"

    def assert_resumed(self, run, *arguments):
        (self.folder / "go").touch()
        done = self.cairn("resume", "--output", "plain", *arguments)
        self.assertEqual(self.log(), ["one", "two", "two", "three"], done.stdout)
        self.assertEqual((self.folder / "ups").read_text().split(), ["up", "up"], "its process died with the run")
        outcomes = {step["step"]: step.get("outcome") for step in self.json("show", run)["steps"]}
        # An end whose event the kill caught within the 20 ms that are gathered is told by the second part: kept.
        told = {outcomes[f"test.{task}:run"] for task in ("one", "two", "three", "said", "last")}
        self.assertLessEqual(told, {"succeeded", "kept"}, outcomes)
        self.assertEqual(self.runs()[run]["state"], "passed")
        self.assertEqual(processes_with(f"CAIRN_RUN={run}"), [])
        report = (self.folder / ".cairn" / "last" / "junit.xml").read_text()
        self.assertTrue("test.said" in report and "test.last" in report, "both incarnations are reported")
        events = [json.loads(line) for line in (self.folder / ".cairn" / "last" / "events.ndjson").read_text().splitlines()]
        self.assertEqual([event["seq"] for event in events], sorted({event["seq"] for event in events}), "numbers go on")
        left = self.json("clean")
        self.assertEqual([one for one in left["removed"] if one["what"] == "process"], [])
        return done

    def test_brain_is_killed(self):
        brain, run, _ = self.begin("-p", "who=me")
        self.kill(brain.pid)
        brain.wait()
        self.dead(run)
        self.assertEqual((self.runs()[run]["state"], self.runs()[run]["resumable"]), ("died", True))
        self.assertIn("cairn resume", self.cairn("show", run).stdout)
        # What the files say by now is another matter.
        self.write("stage test { }")
        (self.folder / "text").write_text("as it is\n")
        done = self.assert_resumed(run)
        self.assertIn("`it.stack`, `text` changed since the run began", done.stderr)
        self.assertEqual((self.folder / "result").read_text(), "said by one, me\nas it was\n")
        self.assertNotIn("resumable", self.runs()[run])

    def test_keeper_is_killed(self):
        brain, run, keeper = self.begin()
        os.kill(brain.pid, 19)  # SIGSTOP: it must not notice, or it ends the run itself
        self.kill(keeper)
        self.kill(brain.pid)
        brain.wait()
        self.dead(run)
        self.assert_resumed(run)

    def test_killed_again_while_it_is_resumed(self):
        brain, run, _ = self.begin()
        self.kill(brain.pid)
        brain.wait()
        self.dead(run)
        again = self.start("resume")
        until("two runs again", lambda: self.log().count("two") == 2)
        self.kill(again.pid)
        again.wait()
        self.dead(run)
        (self.folder / "go").touch()
        self.cairn("resume")
        self.assertEqual(self.log(), ["one", "two", "two", "two", "three"])

    def test_the_machine_was_switched_off_in_the_middle_of_a_line(self):
        brain, run, _ = self.begin()
        self.kill(brain.pid)
        brain.wait()
        self.dead(run)
        for name in ("journal", "events.ndjson"):
            with (self.journal(run).parent / name).open("a") as file:
                file.write('{"half of a rec')
        self.assert_resumed(run)

    def test_what_clean_removed_is_made_again(self):
        brain, run, _ = self.begin()
        self.kill(brain.pid)
        brain.wait()
        self.dead(run)
        self.cairn("clean")
        (self.folder / "go").touch()
        done = self.cairn("resume", "--output", "plain")
        self.assertEqual(self.log(), ["one", "two", "one", "two", "three"], "the volume that `one` had filled was gone\n" + done.stdout)

    def test_killed_as_the_journal_grows(self):
        """Brain alone, and brain and keeper, at many points of a run in which nothing waits."""
        (self.folder / "go").touch()
        self.cairn("run", "test")
        records = len(self.journal(list(self.runs())[0]).read_text().splitlines())
        self.cairn("clean", "--all")
        killed = 0
        for number, at in enumerate(range(2, records, 6)):
            for name in ("log", "ups", "result"):
                (self.folder / name).unlink(missing_ok=True)
            brain = self.start("run", "test")

            def grown():
                journal = next(self.folder.glob(".cairn/runs/*/journal"), None)
                return brain.poll() is not None or (journal and journal.read_bytes().count(b"\n") >= at)

            until(f"{at} records", grown)
            brain.send_signal(19)
            (run,) = self.runs()
            if number % 2:
                for keeper in self.keepers(run):
                    self.kill(keeper)
            brain.kill()
            brain.wait()
            self.dead(run)
            ended = b'"type":"end"' in self.journal(run).read_bytes()
            done = [task for task in ("one", "two", "three") if self.succeeded(run, task)]
            before = self.log()
            if not ended:
                killed += 1
                self.cairn("resume")
            log = self.log()
            self.assertEqual(set(log), {"one", "two", "three"})
            self.assertEqual([log.count(task) for task in done], [before.count(task) for task in done], f"done again at record {at}")
            self.assertEqual((self.folder / "result").read_text(), "said by one, nobody\nas it was\n")
            self.assertEqual(processes_with(f"CAIRN_RUN={run}"), [])
            self.cairn("clean", "--all")
        self.assertGreater(killed, 0, "it was to die on its way")

    def succeeded(self, run, task):
        records = [json.loads(line) for line in self.journal(run).read_text().splitlines() if line.endswith("}")]
        return any(record.get("step") == f"test.{task}:run" and record.get("outcome") == "succeeded" for record in records)

    def refused(self, *arguments):
        return self.cairn("resume", *arguments, code=2).stderr

    def test_refuses_what_cannot_be_resumed(self):
        self.assertIn("nothing was run here yet", self.refused())
        self.assertIn("there is no run `a1b2c3`", self.refused("a1b2c3"))
        brain, run, _ = self.begin()
        self.assertIn("is still going", self.refused())
        self.assertIn("is alive", self.refused(run))
        brain.terminate()
        brain.wait()
        self.dead(run)
        self.assertIn("every run has come to its end", self.refused())
        self.assertIn("it has come to its end, with exit code 130", self.refused(run))

    def test_refuses_a_damaged_journal(self):
        brain, run, _ = self.begin()
        self.kill(brain.pid)
        brain.wait()
        self.dead(run)
        text = self.journal(run).read_bytes()
        self.journal(run).write_bytes(text.replace(b"test.one:run", b"test.two:run", 1))
        said = self.refused()
        self.assertRegex(said, "line [0-9]+: it is damaged")
        self.assertIn("cairn clean", said)
        self.journal(run).write_bytes(text.replace(b'"type":"step"', b'"type":"stop"', 1))
        self.assertRegex(self.refused(run), "it is damaged")
        self.journal(run).unlink()
        self.assertIn("it ended before it began anything", self.refused(run))
        self.cairn("clean")

    def test_refuses_params_but_secret_ones(self):
        self.write(STACK.replace('param who: string = "nobody"', "param who: secret").replace("$SAID, $WHO", "$SAID"))
        brain, run, _ = self.begin("-p", "who=hunter2hunter2")
        self.kill(brain.pid)
        brain.wait()
        self.dead(run)
        for path in (self.folder / ".cairn").rglob("*"):
            if path.is_file():
                self.assertNotIn(b"hunter2", path.read_bytes(), path)
        self.assertIn("the param `who` is secret, so its value was not kept", self.refused())
        self.assertIn("the run goes on with what it was begun with", self.refused("-p", "what=1"))
        self.assert_resumed(run, "-p", "who=hunter2hunter2")

    def test_an_up_is_not_resumed(self):
        self.write('service db { in = "host" ; command = ["sleep", "86394"] }')
        self.cairn("up")
        self.cairn("down")
        (run,) = self.runs()
        self.assertIn("it was an `up`", self.refused(run))


class Server(http.server.ThreadingHTTPServer):
    """Counts what is posted, and lets the first caller wait."""

    def __init__(self):
        self.posted = 0
        self.go = threading.Event()

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(answer):
                self.posted += 1
                if self.posted == 1:
                    self.go.wait(60)
                try:
                    answer.send_response(201)
                    answer.send_header("Content-Length", "0")
                    answer.end_headers()
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Interrupted(ProjectTest):
    """What must not happen twice, cut off in the middle."""

    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.go.set)

    def interrupted(self, more=""):
        url = f"http://127.0.0.1:{self.server.server_address[1]}/orders"
        self.write(f"""stage test {{
  http order {{ url = "{url}" ; method = "POST" ; json = {{ a = 1 }} {more} }}
  run after {{ in = "host" ; command = ["sh", "-c", "echo after >>log"] ; after = [order] }}
}}""")
        brain = self.start("run", "test")
        until("it is posted", lambda: self.server.posted == 1)
        self.kill(brain.pid)
        brain.wait()
        (run,) = self.runs()
        until("the run is dead", lambda: not self.runs()[run]["alive"])
        self.server.go.set()
        return run

    def test_is_asked_for_and_never_repeated_in_silence(self):
        self.interrupted()
        for _ in range(2):
            said = self.cairn("resume", code=2).stderr
            self.assertIn("nobody knows whether `test.order` was done", said)
            self.assertIn("`cairn resume --repeat test.order`", said)
            self.assertIn("it.stack:2:3", said)
        self.assertEqual(self.server.posted, 1)
        self.assertIn("`after` was not interrupted", self.cairn("resume", "--repeat", "after", code=2).stderr)
        self.cairn("resume", "--done", "order")
        self.assertEqual((self.server.posted, (self.folder / "log").read_text()), (1, "after\n"))

    def test_is_repeated_when_told_to(self):
        self.interrupted()
        self.cairn("resume", "--repeat", "test.order")
        self.assertEqual((self.server.posted, (self.folder / "log").read_text()), (2, "after\n"))

    def test_is_repeated_when_the_file_says_that_it_does_no_harm(self):
        self.interrupted("; repeatable = true")
        self.cairn("resume")
        self.assertEqual((self.server.posted, (self.folder / "log").read_text()), (2, "after\n"))


if __name__ == "__main__":
    unittest.main()
