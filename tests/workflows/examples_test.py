#!/usr/bin/env python3
"""Every file under examples/: formatted, without findings, planned and drawn in every format; nothing of it is run.

Usage: examples_test.py CAIRN PROJECT. Params without a default get a text.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree

cairn, project = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
FILES = sorted((project / "examples").rglob("*.stack"))
# A client that would connect anywhere fails: there is no such engine, and no proxy to ask.
ENVIRONMENT = dict(os.environ, NO_COLOR="1", DOCKER_HOST="unix:///nonexistent/docker.sock", http_proxy="http://127.0.0.1:9")


class Examples(unittest.TestCase):
    def run_on(self, file, command, *arguments, code=0):
        done = subprocess.run([cairn, command, *arguments], cwd=file.parent, env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, code, f"{command} {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def params(self, file):
        needed = [one["name"] for one in json.loads(self.run_on(file, "params", "-f", file.name, "--json")) if one["from"] == "not given"]
        return [word for name in needed for word in ("-p", f"{name}=https://{name}.acme.example/")]

    def each(self, check):
        for file in FILES:
            with self.subTest(file=str(file.relative_to(project))):
                check(file)

    def test_all_workflows_are_there(self):
        folders = {file.parent.name for file in FILES}
        self.assertLessEqual({"quickstart", "todobackend", "volume-clones", "infrastructure", "migrations", "test-relay"}, folders)

    def test_formatted_and_without_findings(self):
        def check(file):
            self.assertEqual(self.run_on(file, "fmt", "--check", file.name), "")
            self.assertEqual(self.run_on(file, "lint", "-f", file.name), "")
            self.assertEqual(self.run_on(file, "lint", "-f", file.name, *self.params(file)), "")

        self.each(check)

    def test_planned(self):
        def check(file):
            params = self.params(file)
            runs = file.parent / ".cairn" / "runs"
            before = list(runs.iterdir()) if runs.exists() else []
            plan = json.loads(self.run_on(file, "plan", "-f", file.name, "--json", *params))
            todo = [step for step in plan["steps"] if step["verdict"] == "do"]
            self.assertTrue(todo)
            self.assertEqual(list(runs.iterdir()) if runs.exists() else [], before, "planning leaves no run")

        self.each(check)

    def test_drawn(self):
        def check(file):
            params = self.params(file)

            def draw(form):
                return self.run_on(file, "graph", "-f", file.name, "--format", form, *params)

            picture = json.loads(draw("json"))
            titles = [box["title"] for box in picture["boxes"]]
            self.assertTrue(titles)
            for form in ("ascii", "dot", "mermaid"):
                drawn = draw(form)
                for title in titles:
                    self.assertIn(title, drawn, form)
            svg = draw("svg")
            xml.etree.ElementTree.fromstring(svg)
            html = draw("html")
            for text in (svg, html):
                outside = set(re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)[^"']+|@import""", text))
                self.assertEqual(outside, set(), "the drawing loads nothing")

        self.each(check)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
