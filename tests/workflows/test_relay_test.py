#!/usr/bin/env python3
"""The relay (W5) against a server that answers as Testkube's and Azure's documented interfaces do: an execution that
passes, one that fails, one that never comes, artifacts that are not there. Azure is told each time how it ended.

Usage: test_relay_test.py CAIRN PROJECT.
"""
import http.server
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
import urllib.parse

cairn, project = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
PASSED = '<testsuite name="smoke"><testcase classname="shop" name="opens"/><testcase classname="shop" name="sells"/></testsuite>'
FAILED = '<testsuite name="smoke"><testcase classname="shop" name="opens"/><testcase classname="shop" name="sells"><failure message="the till is stuck"/></testcase></testsuite>'


def archive(report):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("results/smoke.xml")
        member.size, member.mtime = len(report), 1_700_000_000  # made long before the run that reports it
        tar.addfile(member, io.BytesIO(report.encode()))
    return packed.getvalue()


class StandIn(http.server.ThreadingHTTPServer):
    """`statuses`: what the execution's status is, question by question, the last one from then on; None: not there yet."""

    def __init__(self, statuses, report, archive_status=200):
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.report, self.archive_status = list(statuses), report, archive_status
        self.asked, self.events = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"", kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        place = urllib.parse.urlsplit(self.path)
        self.server.asked.append(self.path)
        if place.path == "/v1/test-workflow-executions":
            status = self.server.statuses.pop(0) if len(self.server.statuses) > 1 else self.server.statuses[0]
            if status == 503:
                return self.answer(503, b'{"title": "Service Unavailable", "status": 503}', "application/problem+json")
            wanted = urllib.parse.parse_qs(place.query)["tagSelector"] == ["release=1.4.2"]
            one = {"id": "67ab1c", "name": "smoke-7", "number": 7, "tags": {"release": "1.4.2"}, "workflow": {"name": "smoke"}, "result": {"status": status}}
            results = [one] if status and wanted else []
            return self.answer(200, json.dumps({"totals": {"results": len(results)}, "filtered": {"results": len(results)}, "results": results}).encode())
        if place.path == "/v1/test-workflows/smoke/executions/67ab1c/artifact-archive" and self.server.archive_status == 200:
            return self.answer(200, archive(self.server.report), "application/octet-stream")
        return self.answer(404, b'{"title": "Not Found", "status": 404}', "application/problem+json")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.events.append((self.path, self.headers["Authorization"], body))
        self.answer(200, b"{}")

    def log_message(self, *_):
        pass


class Relay(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-relay-"))
        shutil.copytree(project / "examples" / "test-relay", self.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".cairn", "handed"))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def relay(self, server, code, patience="1m"):
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        params = dict(testkube=server.url() + "/v1", patience=patience, every="20ms", tag="1.4.2", plan_url=server.url() + "/acme/", project="shop", plan_id="plan-1", job="job-1", task="task-1")
        words = [word for name, value in params.items() for word in ("-p", f"{name}={value}")]
        environment = dict(os.environ, NO_COLOR="1", CALLBACK_TOKEN="the-token-of-the-plan")
        done = subprocess.run([cairn, "run", "relay", "--output", "plain", *words], cwd=self.folder, env=environment, text=True, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("the-token-of-the-plan", done.stdout + done.stderr)
        (place, authorization, body), = server.events
        self.assertEqual(place, "/acme/shop/_apis/distributedtask/hubs/checks/plans/plan-1/events?api-version=2.0-preview.1")
        self.assertEqual(authorization, "Bearer the-token-of-the-plan")
        self.assertEqual({**body, "result": None}, {"name": "TaskCompleted", "taskId": "task-1", "jobId": "job-1", "result": None})
        return done.stdout + done.stderr, body["result"]

    def test_an_execution_that_passes(self):
        server = StandIn([None, 503, "queued", "running", "passed"], PASSED)
        said, result = self.relay(server, 0)
        self.assertEqual(result, "succeeded")
        self.assertIn("2 tests", said)
        self.assertTrue(list((self.folder / "handed").glob("*/results/smoke.xml")))

    def test_an_execution_that_fails(self):
        said, result = self.relay(StandIn(["failed"], FAILED), 1)
        self.assertEqual(result, "failed")
        self.assertIn("smoke ended as failed", said)
        self.assertIn("the till is stuck", said)

    def test_a_failed_test_in_an_execution_that_passes(self):
        said, result = self.relay(StandIn(["passed"], FAILED), 1)
        self.assertEqual(result, "failed")
        self.assertIn("the till is stuck", said)

    def test_an_execution_that_never_comes(self):
        said, result = self.relay(StandIn([None], PASSED), 1, patience="200ms")
        self.assertEqual(result, "failed")
        self.assertIn("execution", said)

    def test_artifacts_that_are_not_there(self):
        said, result = self.relay(StandIn(["passed"], PASSED, archive_status=404), 1)
        self.assertEqual(result, "failed")
        self.assertIn("404", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
