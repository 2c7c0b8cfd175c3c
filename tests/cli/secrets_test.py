"""What is secret stays secret: in what is shown, in what is kept, in what is left."""
import base64
import os
import unittest
import urllib.parse

from program import ProjectTest

VALUE = "s3cret/of the+house=%ä"
FORMS = [VALUE, base64.b64encode(VALUE.encode()).decode(), urllib.parse.quote(VALUE, safe=""), VALUE.replace("/", "\\/")]

STACK = """
let password = secret("env:HOUSE_PASSWORD")

service db {
  in      = "host"
  command = ["sh", "-c", "echo starting with $PASSWORD; echo up; sleep 86395 & wait"]
  env     = { PASSWORD = password }
  ready   = [log("up")]
}

stage test {
  in = "host"
  run speaks {
    script = \"\"\"
      echo "plainly: $PASSWORD"
      printf %s "$PASSWORD" | base64
      cat "$KEY_FILE" >&2
      printf '<testsuite name="t"><testcase name="says %s"><failure message="%s"/></testcase></testsuite>' "$PASSWORD" "$PASSWORD" > report.xml
      exit 3
      \"\"\"
    env     = { PASSWORD = password, URL = "postgres://app:${url_encode(password)}@db", KEY_FILE = "key.txt" }
    reports = [junit("report.xml")]
    after   = [db]
  }
  check unequal { that = reveal(password) == "x" ; message = "not x" }
}
"""


class Secrets(ProjectTest):
    def setUp(self):
        super().setUp()
        (self.folder / "key.txt").write_text(VALUE)
        self.environment["HOUSE_PASSWORD"] = VALUE
        self.write(STACK)

    def assert_unspoken(self, text, where):
        for form in FORMS:
            self.assertNotIn(form, text, where)

    def test_looking_shows_none(self):
        for command in (["lint"], ["lint", "--format", "json"], ["lint", "--format", "sarif"], ["plan", "test"], ["plan", "test", "--json"], ["params"],
                        ["graph", "--format", "html"], ["graph", "--format", "json"], ["graph", "--level", "step"], ["why", "test.speaks"]):
            done = self.cairn(*command, check=False)
            self.assertNotIn("error", done.stderr, command)
            self.assert_unspoken(done.stdout + done.stderr, command)

    def test_a_run_that_shouts_it_keeps_none(self):
        for output in ("plain", "json"):
            done = self.cairn("run", "test", "--output", output, code=1)
            self.assertIn("plainly: •••", done.stdout)
            self.assert_unspoken(done.stdout + done.stderr, output)
        for path, _, names in os.walk(self.folder / ".cairn"):
            for name in names:
                kept = os.path.join(path, name)
                with open(kept, encoding="utf-8", errors="replace") as file:
                    self.assert_unspoken(file.read(), kept)
        for command in (["show"], ["show", "--json"], ["logs", "test.speaks"], ["slow"]):
            self.assert_unspoken(self.cairn(*command, check=False).stdout, command)

    def test_one_that_is_missing_is_named(self):
        del self.environment["HOUSE_PASSWORD"]
        told = self.cairn("run", "test", check=False)
        self.assertIn("HOUSE_PASSWORD", told.stdout + told.stderr)
        self.assertNotEqual(told.returncode, 0)


class SecretParams(Secrets):
    """The same of a param, which somebody gives."""

    def setUp(self):
        super().setUp()
        self.environment["CAIRN_PARAM_password"] = VALUE
        self.write(STACK.replace('let password = secret("env:HOUSE_PASSWORD")', "param password: secret"))

    def test_one_that_is_missing_is_named(self):
        del self.environment["CAIRN_PARAM_password"]
        self.assertIn("the param `password` has no value", self.cairn("run", "test", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
