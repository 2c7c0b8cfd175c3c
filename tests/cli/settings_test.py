"""Every setting of `service` reaches its container, on each engine of CAIRN_TEST_ENGINES: set, brought up, read back by inspect.
On this machine itself (`in = "host"`) each is acted upon or refused by name."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from program import ProjectTest

ROOT = pathlib.Path(__file__).parent.parent.parent
ENGINES = [one.partition("=")[2] for one in os.environ.get("CAIRN_TEST_ENGINES", "").split()]
IMAGE = ROOT / "tests" / "engine" / "image.sh"

# Setting, what the file says, where inspect has it, what is there. A path ends in `?` where the list has to hold the value.
ALL = [
    ("image", '"cairn-test:1"', "Config.Labels.dev.cairn.node", "all"),
    ("command", '["sleep 3600 & wait"]', "Config.Cmd", ["sleep 3600 & wait"]),
    ("entrypoint", '["sh", "-c"]', "Config.Entrypoint", ["sh", "-c"]),
    ("env", "{ ONE = 1, GRACE = 5s }", "Config.Env?", "GRACE=5s"),
    ("env_file", '"all.env"', "Config.Env?", "FROM_FILE=yes"),
    ("working_dir", '"/data"', "Config.WorkingDir", "/data"),
    ("user", '"0:0"', "Config.User", "0:0"),
    ("mounts", '{ "/volume" = readonly(volume_of_it), "/host" = "./folder" }', "Mounts?Destination", ["/volume", "/host"]),
    ("files", '{ "/data/text" = "hello" }', "exec:cat /data/text", "hello"),
    ("ports", "[8080]", "HostConfig.PortBindings.8080/tcp", [{"HostIp": "127.0.0.1", "HostPort": ""}]),
    ("links", "[first]", "networks", ["cairn-PROJECT-file", "cairn-PROJECT-more"]),
    ("networks", "[more]", "networks", ["cairn-PROJECT-file", "cairn-PROJECT-more"]),
    ("aliases", '"also"', "aliases", "also"),
    ("hostname", '"its-name"', "Config.Hostname", "its-name"),
    ("labels", '{ "org.acme.team" = "red" }', "Config.Labels.org.acme.team", "red"),
    ("init", "true", "HostConfig.Init", True),
    ("restart", '"on-failure"', "HostConfig.RestartPolicy.Name", "on-failure"),
    ("stop_signal", '"SIGINT"', "Config.StopSignal", "SIGINT"),
    ("stop_grace_period", "7s", "Config.StopTimeout", 7),
    ("healthcheck", '{ test = ["CMD", "true"], interval = 1s, retries = 2 }', "Config.Healthcheck.Test", ["CMD", "true"]),
    ("tmpfs", '"/run:size=1m"', "HostConfig.Tmpfs./run", "size=1m"),
    ("cap_add", '"NET_ADMIN"', "HostConfig.CapAdd?", "NET_ADMIN"),
    ("cap_drop", '["MKNOD"]', "HostConfig.CapDrop?", "MKNOD"),
    ("security_opt", '"no-new-privileges:true"', "HostConfig.SecurityOpt?", "no-new-privileges:true"),
    ("devices", '"/dev/null:/dev/nothing:rw"', "HostConfig.Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/nothing", "CgroupPermissions": "rw"}]),
    ("ulimits", "{ nofile = { soft = 512, hard = 1024 } }", "HostConfig.Ulimits", [{"Name": "nofile", "Soft": 512, "Hard": 1024}]),
    ("sysctls", '{ "net.core.somaxconn" = 1024 }', "HostConfig.Sysctls.net.core.somaxconn", "1024"),
    ("shm_size", "8MiB", "HostConfig.ShmSize", 8 << 20),
    ("extra_hosts", '{ "db.test" = "10.0.0.9" }', "HostConfig.ExtraHosts?", "db.test:10.0.0.9"),
    ("dns", '"10.0.0.53"', "HostConfig.Dns", ["10.0.0.53"]),
    ("group_add", "[4321]", "HostConfig.GroupAdd", ["4321"]),
    ("pull_policy", '"never"', "Config.Image!", ""),
    ("cpus", "0.5", "HostConfig.NanoCpus", 500000000),
    ("cpuset", '"0"', "HostConfig.CpusetCpus", "0"),
    ("memory", "64MiB", "HostConfig.Memory", 64 << 20),
    ("memory_reservation", "32MiB", "HostConfig.MemoryReservation", 32 << 20),
    ("pids_limit", "50", "HostConfig.PidsLimit", 50),
    ("logging", '{ driver = "json-file", options = { "max-size" = "1m" } }', "HostConfig.LogConfig", {"Type": "json-file", "Config": {"max-size": "1m"}}),
    ("ipc", '"shareable"', "HostConfig.IpcMode", "shareable"),
    ("use_api_socket", "true", "Mounts?Destination", ["/var/run/docker.sock"]),
    ("post_start", '[["sh", "-c", "echo started >/data/started"]]', "exec:cat /data/started", "started"),
    ("pre_stop", '[["true"]]', "", None),
    ("expose", "[9999]", "Config.ExposedPorts.9999/tcp", {}),
    ("volumes_from", "[first]", "Mounts?Destination", ["/of-first"]),
    ("tty", "true", "Config.Tty", True),
    ("stdin_open", "true", "Config.OpenStdin", True),
    ("description", '"what it is for"', "", None),
]
# What cannot be together with the others: setting, the block, path, value.
ALONE = [
    ("read_only", "read_only = true", "HostConfig.ReadonlyRootfs", True),
    ("network_mode", 'network_mode = "none"', "HostConfig.NetworkMode", "none"),
    ("pid", 'pid = "host"', "HostConfig.PidMode", "host"),
    ("platform", 'platform = "linux/amd64"', "Platform", "linux"),
    ("deploy", 'deploy = { resources = { limits = { memory = "48M", cpus = "0.25", pids = 40 } }, restart_policy = { condition = "any" }, placement = {} }', "HostConfig.Memory", 48 << 20),
    ("like", "like = first", "Mounts?Destination", ["/of-first"]),
]
# What not every machine lets an engine start: read back from the container that was made.
NOT_STARTED = [("privileged", "privileged = true", "HostConfig.Privileged", True)]
REFUSED = [
    ("replicas", "replicas = 3", "asks for 3 containers"),
    ("deploy", "deploy = { replicas = 2 }", "asks for 2 containers"),
    ("deploy", "deploy = { resource = {} }", "there is no `deploy.resource`"),
    ("deploy", 'deploy = { resources = { limits = { memory = "much" } } }', "`deploy.resources.limits.memory` cannot be \"much\""),
    ("gpus", 'gpus = "all"', "GPU", "device driver"),
]
# Not of the container: the order of work, what is looked at and kept. tests/plan and tests/execute have them.
OF_THE_RUN = {"after", "when", "timeout", "retry", "allow_failure", "pool", "profiles", "ready", "keep", "changes", "logs_on_failure", "engine", "in"}

# On this machine itself: those that are acted upon; all others of a container have to be refused by their name.
ON_THE_HOST = {
    "command": 'command = ["sh", "-c", "sleep 3600 & wait"]',
    "entrypoint": 'entrypoint = ["sh", "-c"] ; command = ["sleep 3600 & wait"]',
    "env": "env = { ONE = 1 }",
    "env_file": 'env_file = "all.env"',
    "working_dir": 'working_dir = "folder"',
    "files": 'files = { "placed" = "text" }',
    "stop_signal": 'stop_signal = "SIGINT"',
    "stop_grace_period": "stop_grace_period = 7s",
    "expose": 'expose = [9999] ; ready = [exec(["true"])]',
    "memory": "memory = 64MiB",
    "pids_limit": "pids_limit = 50",
}
# Where this user has no control groups, these are refused instead.
NEED_CONTROL_GROUPS = {"memory", "pids_limit"}
HARMLESS = {"description", "links", "like"}  # of every block


def at(facts, path):
    """`a.b.c`, where a key may hold dots itself."""
    if path == "":
        return facts
    for end in range(len(path), 0, -1):
        if path[:end] in facts and (end == len(path) or path[end] == "."):
            return at(facts[path[:end]], path[end + 1:])
    raise AssertionError(f"inspect has no {path} in {sorted(facts)}")


def declared():
    names = set()
    for file in ("service.stack", "base/container.stack", "base/work.stack", "base/node.stack"):
        for line in (ROOT / "stdlib" / "kinds" / file).read_text().splitlines():
            words = line.strip().removeprefix("known ").split()
            if words[:1] == ["param"]:
                names.add(words[1].rstrip(":"))
    return names


class Settings(ProjectTest):
    def setUp(self):
        super().setUp()
        (self.folder / "folder").mkdir()
        self.write("FROM_FILE=yes\n", "all.env")

    def test_the_tables_name_every_setting(self):
        named = {row[0] for row in ALL + ALONE + NOT_STARTED + REFUSED} | OF_THE_RUN
        self.assertEqual(declared() - named, set())
        self.assertEqual(named - declared(), set())

    def on(self, socket, *command):
        return subprocess.run(["docker", "-H", f"unix://{socket}", *command], check=True, text=True, capture_output=True).stdout

    def container_of(self, node):
        (name,) = [one["name"] for one in self.json("ps") if one["node"] == node]
        return name

    def check(self, socket, node, setting, path, wanted):
        project = at(json.loads(self.on(socket, "inspect", self.container_of(node)))[0], "Config.Labels.dev.cairn.project")
        facts = json.loads(self.on(socket, "inspect", self.container_of(node)))[0]
        with self.subTest(setting=setting, engine=socket):
            if path == "":
                return
            if path.startswith("exec:"):
                self.assertEqual(self.cairn("exec", node, *path[5:].split()).stdout.strip(), wanted)
            elif path == "networks":
                names = [name.replace("PROJECT", project) for name in wanted]
                self.assertEqual(sorted(at(facts, "NetworkSettings.Networks")), sorted(names))
            elif path == "aliases":
                its = [alias for network in at(facts, "NetworkSettings.Networks").values() for alias in network["Aliases"] or []]
                self.assertIn(wanted, its)
            elif path.endswith("!"):
                self.assertNotEqual(at(facts, path[:-1]), wanted)
            elif "?" in path:
                where, _, key = path.partition("?")
                there = at(facts, where)
                for one in wanted if isinstance(wanted, list) else [wanted]:
                    self.assertIn(one, [each[key] for each in there] if key else there)
            else:
                self.assertEqual(at(facts, path), wanted)

    def test_each_reaches_the_container(self):
        if not ENGINES:
            self.skipTest("no engine (CAIRN_TEST_ENGINES is not set)")
        both = "\n".join(f"  {name} = {text}" for name, text, _, _ in ALL)
        alone = "\n".join(f'service alone_{name} {{ {text}{"" if name == "like" else chr(10) + BASE} }}' for name, text, _, _ in ALONE)
        everything = f"""
network more
volume volume_of_it
volume of_first
service first {{ mounts = {{ "/of-first" = of_first }}
{BASE} }}
service all {{
{both}
  ready = [exec(["true"])]
}}
{alone}
"""
        self.write(everything)
        for socket in ENGINES:
            self.on(socket, "load", "-i", subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip())
            self.environment["DOCKER_HOST"] = f"unix://{socket}"
            self.cairn("up", "--output", "plain")
            for name, _, path, wanted in ALL:
                self.check(socket, "all", name, path, wanted)
            for name, _, path, wanted in ALONE:
                self.check(socket, f"alone_{name}", name, path, wanted)
            self.cairn("plan", "--up", "--exit-code", code=0)
            self.cairn("down", "--volumes")
            for name, text, path, wanted in NOT_STARTED:
                self.write(f"service alone_{name} {{ {text}\n{BASE} }}")
                self.cairn("up", check=False)
                self.check(socket, f"alone_{name}", name, path, wanted)
                self.cairn("down")
            self.write(everything)

    def test_what_an_engine_cannot_do_is_refused(self):
        if not ENGINES:
            self.skipTest("no engine (CAIRN_TEST_ENGINES is not set)")
        for socket in ENGINES:
            self.environment["DOCKER_HOST"] = f"unix://{socket}"
            self.on(socket, "load", "-i", subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip())
            for name, text, *messages in REFUSED:
                with self.subTest(setting=name, engine=socket):
                    self.write(f"service one {{ {text}\n{BASE} }}")
                    done = self.cairn("up", "--output", "plain", check=False)
                    self.assertNotEqual(done.returncode, 0)
                    said = done.stdout + done.stderr
                    self.assertTrue(any(message in said for message in messages), said)
                    self.cairn("down")

    def test_a_container_reads_its_input(self):
        if not ENGINES:
            self.skipTest("no engine (CAIRN_TEST_ENGINES is not set)")
        (self.folder / "large").write_bytes(b"0123456789abcdef" * 200_000)
        self.write("""
param password: secret
volume tries
stage test {
  run told { image = "cairn-test:1" ; stdin = "one\\ntwo" ; script = "cat" }
  run hushed { image = "cairn-test:1" ; stdin = "it is ${password}" ; script = "cat" }
  run counted { image = "cairn-test:1" ; stdin = "./large" ; script = "wc -c" }
  run deaf { image = "cairn-test:1" ; stdin = "./large" ; command = ["true"] }
  run again { image = "cairn-test:1" ; stdin = "once more" ; retry = 1 ; mounts = { "/tries" = tries } ; script = "cat >>/tries/read; test -e /tries/first && cat /tries/read || { touch /tries/first; exit 1; }" }
  run without { image = "cairn-test:1" ; script = "cat; echo ended" }
}""")
        self.environment["CAIRN_PARAM_password"] = "hunter2hunter2"
        for socket in ENGINES:
            self.environment["DOCKER_HOST"] = f"unix://{socket}"
            self.on(socket, "load", "-i", subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip())
            self.cairn("run", "test")
            said = {node: self.cairn("logs", f"test.{node}").stdout for node in ("told", "hushed", "counted", "deaf", "again", "without")}
            self.assertEqual(said, {"told": "one\ntwo\n", "hushed": "it is •••\n", "counted": "3200000\n", "deaf": "",
                                    "again": "once moreonce more\n", "without": "ended\n"})
        for text, said in (('stdin = "x" ; tty = true', "`test.one` has both `stdin` and `tty`"), ('stdin = "./gone"', "cannot read `./gone`, for `stdin`")):
            self.write('stage test { run one { image = "cairn-test:1" ; command = ["cat"] ; ' + text + " } }")
            done = self.cairn("run", "test", "--output", "plain", code=1)
            self.assertIn(said, done.stdout + done.stderr)

    def test_on_this_machine_each_is_acted_upon_or_refused(self):
        values = {name: f"{name} = {text}" for name, text, _, _ in ALL} | {name: text for name, text, _, _ in ALONE + NOT_STARTED} | {"replicas": "replicas = 3", "gpus": "gpus = 1"}
        for setting in sorted(declared() - OF_THE_RUN - HARMLESS - {"image"}):
            with self.subTest(setting=setting):
                text = ON_THE_HOST.get(setting, values.get(setting))
                command = "" if "command" in text else 'command = ["sleep", "3600"]'
                self.write(f'network more\nvolume volume_of_it\nservice first {{ in = "host" ; command = ["sleep", "3600"] }}\nservice one {{ in = "host"\n{text}\n{command} }}')
                done = self.cairn("up", "one", "--output", "plain", check=False)
                if setting in NEED_CONTROL_GROUPS and done.returncode != 0:
                    self.assertIn(f"`{setting}` of `one` cannot be enforced on this machine", done.stderr)
                elif setting in ON_THE_HOST:
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                else:
                    self.assertNotEqual(done.returncode, 0, f"`{setting}` does nothing on this machine, and nobody says so")
                    self.assertIn(f"`{setting}`", done.stdout + done.stderr)
                self.cairn("down")


BASE = '  image = "cairn-test:1" ; command = ["sleep", "3600"] ; ready = [exec(["true"])]'

if __name__ == "__main__":
    unittest.main()
