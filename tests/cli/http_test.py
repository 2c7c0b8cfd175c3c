"""`http` blocks, asked of a server of this test: what is sent, what is read of the answer, and what is said when it is not as wanted."""
import base64
import http.server
import json
import threading
import unittest

from program import ProjectTest


class Server(http.server.ThreadingHTTPServer):
    """Answers with what it was asked; /slowly/N with 503 until it was asked N times."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked.append(self.path)
        status = 200
        if self.path.startswith("/slowly/"):
            status = 200 if self.server.asked.count(self.path) >= int(self.path.rpartition("/")[2]) else 503
        if self.path == "/missing":
            status = 404
        text = json.dumps({"method": self.command, "path": self.path, "body": body, "type": self.headers.get("Content-Type"), "auth": self.headers.get("Authorization"), "state": "done" if status == 200 else "pending"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Http(ProjectTest):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.environment["CAIRN_PARAM_at"] = self.server.address

    def run_stage(self, text, **how):
        self.write("param at: string\nparam token: secret = \"hunter2hunter2\"\nstage test {\n" + text + "\n}")
        return self.cairn("run", "test", "--output", "plain", **how)

    def answers(self, text, name="ask"):
        """What the server was asked, as a step after it reads it."""
        self.run_stage(text + f'\n  run read {{ in = "host" ; command = ["printf", "%s", "{"${"}{name}.body{"}"}"] }}')
        return json.loads(self.cairn("logs", "test.read").stdout)

    def test_what_is_sent(self):
        (self.folder / "conf").write_text("in a file")
        self.assertEqual(self.answers('http ask { url = "${at}/a" ; query = { q = "x y", n = 2, no = null } }')["path"], "/a?q=x%20y&n=2")
        self.assertEqual(self.answers('http ask { url = at ; method = "POST" ; body = "a text" }')["body"], "a text")
        self.assertEqual(self.answers('http ask { url = at ; method = "PUT" ; body = "./conf" }')["body"], "in a file")
        self.assertEqual(self.answers('run make { in = "host" ; script = "printf made >out" ; artifacts = ["out"] }\n  http ask { url = at ; method = "POST" ; body = make.artifacts["out"] }')["body"], "made")
        sent = self.answers('http ask { url = at ; method = "POST" ; json = { name = "x", list = [1, true, null] } }')
        self.assertEqual((json.loads(sent["body"]), sent["type"]), ({"name": "x", "list": [1, True, None]}, "application/json"))
        sent = self.answers('http ask { url = at ; method = "POST" ; form = { a = "1 2", b = true } }')
        self.assertEqual((sent["body"].replace("+", "%20"), sent["type"]), ("a=1%202&b=true", "application/x-www-form-urlencoded"))

    def test_a_secret_is_sent_and_not_shown(self):
        done = self.run_stage('http ask { url = at ; auth = { user = "ci", password = token } ; save_to = "answer" }')
        self.assertEqual(json.loads((self.folder / "answer").read_text())["auth"], "Basic " + base64.b64encode(b"ci:hunter2hunter2").decode())
        done = self.run_stage('http ask { url = at ; auth = { bearer = token } }\n  check it { that = ask.json.auth == "Bearer no" }', check=False)
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("hunter2", done.stdout + done.stderr)

    def test_it_is_asked_until_it_is_as_wanted(self):
        self.run_stage('http ask { url = "${at}/slowly/3" ; until = self.status == 200 && self.json.state == "done" ; every = 10ms ; within = 1m }')
        self.assertEqual(self.server.asked, ["/slowly/3"] * 3)
        done = self.run_stage('http ask { url = "${at}/slowly/99" ; until = self.json.state == "done" ; every = 10ms ; within = 200ms }', check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/slowly/99", done.stdout + done.stderr)
        self.assertIn("pending", done.stdout + done.stderr, "what was answered last")

    def test_the_likeliest_mistakes(self):
        for text, *said in (
                ('url = "${at}/missing"', "404", "/missing"),
                ('url = at ; expect = self.status == 201', "200"),
                ('url = at ; expect = self.json.state == "other"', "done"),
                ('url = "http://127.0.0.1:1/x"', "127.0.0.1:1", "refused"),
                ('url = "http://nowhere.invalid/x"', "nowhere.invalid"),
                ('url = at ; method = "POST" ; body = "./gone"', "gone"),
        ):
            with self.subTest(text):
                done = self.run_stage(f"http ask {{ {text} }}", check=False)
                self.assertIn(done.returncode, (1, 3))
                for words in ("ask", *said):
                    self.assertIn(words, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
