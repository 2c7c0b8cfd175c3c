"""Services on an engine whose networks are not on this machine: the engines of the tests (CAIRN_TEST_ENGINES) live in
network namespaces of their own, and cairn has nothing but their sockets."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

engines = dict(pair.split("=", 1) for pair in os.environ.get("CAIRN_TEST_ENGINES", "").split())
if not engines:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)

from program import ProjectTest, until  # noqa: E402

IMAGE = pathlib.Path(__file__).parent.parent / "engine" / "image.sh"
WEB = """echo fine >/data/ok.txt; ln -sf /data/log /dev/log; syslogd -O /data/messages; exec httpd -f -p 8080 -h /data"""
SERVICES = f"""
  service web {{
    image = "cairn-test:1"
    command = ["sh", "-c", {json.dumps(WEB)}]
    stop_signal = "SIGKILL"
    ports = [8080]
    ready = [tcp(8080), http(8080, path = "/ok.txt", contains = "fine"), exists("/data/ok.txt"), socket("/data/log"), exec(["true"])]
  }}
"""


class OnAnotherMachine:
    def setUp(self):
        super().setUp()
        self.there_before = []
        self.environment["DOCKER_HOST"] = f"unix://{engines[self.engine]}"
        self.docker("load", "-i", subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip())
        self.there_before = self.left()

    def docker(self, *arguments):
        return subprocess.run(["docker", *arguments], check=True, text=True, capture_output=True, env=self.environment).stdout.split()

    def left(self):
        label = "label=dev.cairn.project"
        there = [*self.docker("ps", "-aq", "--filter", label), *self.docker("network", "ls", "-q", "--filter", label), *self.docker("images", "-q", "--filter", label)]
        return [one for one in there if one not in self.there_before]

    def test_probes_requests_and_host_steps_reach_it(self):
        self.write(f"""stage test {{ {SERVICES}
          http ask {{ url = web.url(8080) + "/ok.txt" ; expect = self.body == "fine\\n" }}
          run fetch {{ in = "host" ; command = ["curl", "-fsS", web.url(8080) + "/ok.txt"] }}
          run count {{ image = "cairn-test:1" ; command = ["wget", "-qO-", web.url(8080) + "/ok.txt"] }}
        }}""")
        done = self.cairn("run", "test")
        self.assertIn("fine", self.cairn("logs", "test.fetch").stdout)
        self.assertEqual(self.left(), [], done.stdout)

    def test_what_was_seen_last_is_said(self):
        self.write("""service quiet { image = "cairn-test:1" ; command = ["sleep", "86391"] ; stop_signal = "SIGKILL" ; ready = [tcp(7, within = 1s)] }
        stage test { run never { image = "cairn-test:1" ; command = ["true"] ; after = [quiet] } }""")
        self.assertRegex(self.cairn("run", "test", code=1).stdout, r"tcp\(7\) did not succeed within 1s\s+.*\d+\.\d+\.\d+\.\d+:7: connection refused, \d+ tries")
        self.assertEqual(self.left(), [])

    def test_the_network_of_its_machine(self):
        self.write("""service web { image = "cairn-test:1" ; command = ["httpd", "-f", "-p", "18080", "-h", "/data"] ; stop_signal = "SIGKILL" ; network_mode = "host" ; ready = [tcp(18080)] }
        stage test { run after_it { image = "cairn-test:1" ; command = ["true"] ; after = [web] } }""")
        self.cairn("run", "test")
        self.assertEqual(self.left(), [])

    def test_the_agent_may_do_nothing_and_goes_with_cairn(self):
        self.write(f"""stage test {{ {SERVICES}
          run long {{ image = "cairn-test:1" ; command = ["sleep", "86390"] ; after = [web] ; stop_grace_period = 0s }} }}""")
        brain = self.start("run", "test")
        run = self.run_of(brain)
        find = ("ps", "-q", "--no-trunc", "--filter", "label=dev.cairn.node=(agent)", "--filter", f"label=dev.cairn.run={run}")
        (agent,) = until("there is an agent", lambda: self.docker(*find))
        until("long runs", lambda: any(one["node"] == "test.long" and one["state"] == "running" for one in self.json("ps")))
        self.assertEqual(self.docker(*find), [agent], "one for the whole run")
        facts = json.loads(subprocess.run(["docker", "inspect", agent], check=True, text=True, capture_output=True, env=self.environment).stdout)[0]
        host = facts["HostConfig"]
        self.assertEqual((host["CapDrop"], host["ReadonlyRootfs"], host["Privileged"], facts["Config"]["User"]), (["ALL"], True, False, "65534:65534"))
        self.assertEqual((host["PidsLimit"], host["SecurityOpt"], host["Binds"], facts["Mounts"]), (8, ["no-new-privileges"], None, []))
        self.assertEqual(facts["Config"]["Labels"]["dev.cairn.name"], facts["Name"].lstrip("/"))
        brain.kill()
        brain.wait()
        until("the agent has ended by itself", lambda: self.docker(*find) == [])
        until("the run is dead", lambda: not self.runs()[run]["alive"])
        self.assertIn("agent image", {one["what"] for one in self.json("clean")["removed"]})
        self.assertEqual(self.left(), [])

    def test_one_that_is_killed_is_replaced(self):
        # The first probe brings the agent; it is killed; the next probe brings another.
        self.write("""service first { image = "cairn-test:1" ; command = ["httpd", "-f", "-p", "80"] ; stop_signal = "SIGKILL" ; ready = [tcp(80)] }
        service second { image = "cairn-test:1" ; command = ["sh", "-c", "while [ ! -e /go ]; do sleep 0.1; done; exec httpd -f -p 80"] ; stop_signal = "SIGKILL" ; ready = [tcp(80)] ; after = [first] }
        stage test { run after_it { image = "cairn-test:1" ; command = ["true"] ; after = [second] } }""")
        brain = self.start("run", "test")
        find = ("ps", "-q", "--filter", "label=dev.cairn.node=(agent)")
        (agent,) = until("there is an agent", lambda: self.docker(*find))
        second = until("the second runs", lambda: self.docker("ps", "-q", "--filter", "label=dev.cairn.node=second"))[0]
        self.docker("kill", agent)
        until("there is another", lambda: self.docker(*find) not in ([], [agent]))
        self.docker("exec", second, "touch", "/go")
        self.assertEqual(brain.wait(60), 0, brain.stdout.read())
        self.assertEqual(self.left(), [])

    def test_up_leaves_no_agent(self):
        self.write(SERVICES)
        self.cairn("up")
        self.assertEqual(self.docker("ps", "-aq", "--filter", "label=dev.cairn.node=(agent)"), [])
        self.cairn("up")
        self.cairn("down")
        self.assertEqual(self.left(), [])


for name in engines:
    globals()[f"Test_{name}"] = type(f"Test_{name}", (OnAnotherMachine, ProjectTest), {"engine": name})

if __name__ == "__main__":
    unittest.main()
