"""Builds by a real buildx (tests/engine/buildx.sh) on real engines (CAIRN_TEST_ENGINES)."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ENGINES = dict(pair.split("=", 1) for pair in os.environ.get("CAIRN_TEST_ENGINES", "").split())
if not ENGINES:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)
SCRIPTS = pathlib.Path(__file__).parent.parent / "engine"
MADE = subprocess.run([SCRIPTS / "buildx.sh"], text=True, capture_output=True)
if MADE.returncode != 0:
    print("skipped: no buildx:", MADE.stderr)
    sys.exit(77)

import endpoints_test as endpoints  # noqa: E402
from program import ProjectTest, processes_with, until  # noqa: E402

CONFIG = pathlib.Path(tempfile.mkdtemp(prefix="cairn-buildx-"))  # the docker client's, with the plugin
RUN = '\nstage test { run unit { image = app ; command = ["cat", "/told"] } }\n'
WHOLE = """
image base { dockerfile_inline = "FROM cairn-test:1\\nRUN echo base >/base\\n" ; tags = ["cairn-buildx-test:base"] }
image app {
  context    = "src"
  dockerfile = "docker/app.Dockerfile"
  target     = "last"
  args       = { GREETING = "hello, \\"you\\"" }
  labels     = { "test.label" = "a=b, c" }
  contexts   = { more = "more", under = base }
  secrets    = { token = secret("env:TOKEN"), key = "key.txt" }
  ssh        = "default=./id"
  tags       = ["cairn-buildx-test:1"]
}
""" + RUN
DOCKERFILE = """ARG GREETING
FROM cairn-test:1 AS last
ARG GREETING
COPY . /all
COPY --from=more . /more
COPY --from=under /base /base
RUN --mount=type=secret,id=token --mount=type=secret,id=key,required=true echo "saw $(cat /run/secrets/token) $(cat /run/secrets/key)"
RUN --mount=type=ssh,required=true test -S "$SSH_AUTH_SOCK"
RUN echo "$GREETING; $(cd /all; find . | sort | xargs); $(ls /more); $(cat /base); $(ls /run/secrets 2>/dev/null)" >/told
FROM last
RUN false
"""


def setUpModule():
    (CONFIG / "cli-plugins").mkdir()
    (CONFIG / "cli-plugins" / "docker-buildx").symlink_to(MADE.stdout.strip())
    tar = subprocess.run([SCRIPTS / "image.sh"], check=True, text=True, capture_output=True).stdout.strip()
    for socket in ENGINES.values():
        subprocess.run(["docker", "-H", f"unix://{socket}", "load", "-i", tar], check=True, capture_output=True)


def tearDownModule():
    shutil.rmtree(CONFIG)


def sleepers():
    return subprocess.run(["pgrep", "-f", "^sleep 86371"], text=True, capture_output=True).stdout.split()


class BuildxTest(ProjectTest):
    engine = next(iter(ENGINES.values()))

    def setUp(self):
        super().setUp()
        for name in ("BUILDX_BUILDER", "BUILDX_CONFIG", "SSH_AUTH_SOCK"):
            self.environment.pop(name, None)
        self.environment.update(DOCKER_HOST=f"unix://{self.engine}", DOCKER_CONFIG=str(CONFIG), TOKEN="t0ken-in-the-environment")
        self.before = self.images()

    def tearDown(self):
        for image in self.images() - self.before:
            self.docker("rmi", "-f", image, check=False)
        super().tearDown()

    def docker(self, *arguments, check=True):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        return subprocess.run(["docker", "-H", f"unix://{self.engine}", *arguments], check=check, text=True, capture_output=True, env=environment).stdout

    def images(self):
        return set(self.docker("images", "-q", "--no-trunc").split())

    def build(self, block, code=0):
        self.write(f"image app {{ {block} }}{RUN}")
        done = self.cairn("run", "test", code=code)
        return done.stdout + done.stderr

    def assert_nothing_left(self):
        self.assertEqual([str(path) for path in self.folder.glob(".cairn/runs/*/builds")], [])
        self.assertEqual(processes_with("CAIRN_STEP=app"), [])


class OnEachEngine:
    def write_whole(self):
        for folder in ("src/docker", "src/deep/.cairn", "src/.cairn", "more"):
            (self.folder / folder).mkdir(parents=True)
        (self.folder / "src/docker/app.Dockerfile").write_text(DOCKERFILE)
        (self.folder / "src/.dockerignore").write_text("docker\n*.log\n!kept.log\n")
        for name in ("src/a", "src/x.log", "src/kept.log", "src/.cairn/journal", "src/deep/.cairn/journal", "more/m"):
            (self.folder / name).write_text(f"of {self.folder}: the engine has built none of it before")
        (self.folder / "key.txt").write_text("k3y-in-a-file\n")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "id"], check=True)
        self.write(WHOLE)

    def test_everything_at_once_and_then_nothing(self):
        self.write_whole()
        done = self.cairn("run", "test")
        self.assertIn('hello, "you"; . ./.dockerignore ./a ./deep ./kept.log; m; base;', self.cairn("logs", "test.unit").stdout)
        self.assertIn("| saw ••• •••", self.cairn("logs", "app").stdout)
        self.assertIn("RUN --mount=type=ssh,required=true test -S", done.stdout)
        (image,) = json.loads(self.docker("inspect", "cairn-buildx-test:1"))
        self.assertEqual(image["Config"]["Labels"]["test.label"], "a=b, c")
        self.assertNotIn("context-", self.docker("images"), "a tag of a context")
        kept = [path for path in self.folder.glob(".cairn/**/*") if path.is_file()]
        for path in kept:
            text = path.read_text(errors="replace")
            for secret in ("t0ken-in-the-environment", "k3y-in-a-file"):
                self.assertNotIn(secret, text, path)
        self.assert_nothing_left()
        # The same again: nobody builds.
        verdicts = {step["step"]: step["verdict"] for step in self.json("plan", "test")["steps"]}
        self.assertEqual((verdicts["app:make"], verdicts["base:make"]), ("keep", "keep"))
        self.environment["TOKEN"] = "an0ther-value"
        self.cairn("run", "test")
        self.assertEqual(json.loads(self.docker("inspect", "cairn-buildx-test:1"))[0]["Id"], image["Id"])
        (self.folder / "src/a").write_text("changed")
        self.assertIn("`a`", self.cairn("plan", "test").stdout)
        self.cairn("run", "test")
        self.assertNotEqual(json.loads(self.docker("inspect", "cairn-buildx-test:1"))[0]["Id"], image["Id"])

    def test_a_dockerfile_in_the_block_is_told_by_its_mounts(self):
        told = self.build('dockerfile_inline = "FROM cairn-test:1\\nRUN --mount=type=secret,id=x test ! -e /run/secrets/x && echo inline >/told\\n"')
        self.assertIn("inline", told)
        self.assert_nothing_left()

    def test_what_fails_is_named_by_its_line(self):
        (self.folder / "more").mkdir()
        (self.folder / "Dockerfile").write_text("# a comment\nFROM cairn-test:1\n\nRUN true\nRUN echo so; \\\n    exit 7\n")
        told = self.build('context = "." ; builder = "buildx" ; contexts = { more = "more" }', code=1)
        self.assertIn("| so", told)
        self.assertIn("could not build `app`", told)
        self.assertRegex(told, r"(?s)Dockerfile:5: RUN echo so;.*exit code: 7")
        (self.folder / "Dockerfile").write_text("FROM cairn-test:1\nRUNN true\n")
        self.assertRegex(self.build('context = "." ; builder = "buildx"', code=1), "(?s)Dockerfile:2: RUNN true.*unknown instruction: RUNN")
        told = self.build('dockerfile_inline = "FROM cairn-test:1\\nRUN --mount=type=secret,id=x,required=true true\\n"', code=1)
        self.assertRegex(told, "(?s)dockerfile_inline:2: RUN --mount.*secret x.*not found.*`secrets` has to have the `id`")
        self.assert_nothing_left()

    def test_a_plugin_and_a_builder_that_are_not_there(self):
        block = 'dockerfile_inline = "FROM cairn-test:1\\n" ; builder = "buildx"'
        self.environment["BUILDX_BUILDER"] = "nobody"
        told = self.build(block, code=1)
        self.assertIn('no builder "nobody" found', told)
        self.assertIn("`docker buildx ls`", told)
        self.environment["DOCKER_CONFIG"] = str(self.folder)
        if subprocess.run(["docker", "buildx", "version"], env=self.environment, capture_output=True).returncode != 0:
            told = self.build(block, code=1)
            self.assertIn("the docker client has no plugin `buildx`", told)
            self.assertIn("docker-buildx-plugin", told)

    def test_a_cache_that_goes_elsewhere(self):
        (self.folder / "Dockerfile").write_text("FROM cairn-test:1\nRUN echo cached >/told\n")
        block = 'context = "." ; cache_to = "type=local,dest=cache"'
        if not self.containerd_store:
            self.assertIn('`cache_to = "type=inline"` goes everywhere', self.build(block, code=1))
            self.assertIn("cached", self.build(block.replace("local,dest=cache", "inline")))
            return
        self.build(block)
        self.assertTrue((self.folder / "cache/index.json").exists())
        self.build('context = "." ; builder = "buildx" ; cache_from = "type=local,src=cache"')

    def test_several_platforms(self):
        (self.folder / "told").write_text("many\n")
        self.write('image app { context = "." ; dockerfile_inline = "FROM scratch\\nCOPY told /\\n" ; platforms = ["linux/amd64", "linux/arm64"] ; tags = ["cairn-buildx-test:many"] }'
                   '\nstage test { run unit { image = "cairn-test:1" ; command = ["true"] ; after = [app] } }\n')
        done = self.cairn("run", "test", code=0 if self.containerd_store else 1)
        if self.containerd_store:
            told = subprocess.run(["curl", "-fsS", "--unix-socket", self.engine, "http://docker/images/cairn-buildx-test:many/json?manifests=1"], check=True, text=True, capture_output=True).stdout
            self.assertEqual({one["ImageData"]["Platform"]["architecture"] for one in json.loads(told)["Manifests"]}, {"amd64", "arm64"})
        else:
            self.assertIn("`platforms` names 2, and the engine can hold one", done.stdout)
            self.assertIn("containerd-snapshotter", done.stdout)
            self.assertNotIn("COPY", done.stdout, "nothing was begun")

    def begin_to_sleep(self):
        self.write(f'image app {{ dockerfile_inline = "FROM cairn-test:1\\nRUN echo begun; sleep 86371\\n" ; builder = "buildx" ; secrets = {{}} }}{RUN}')
        brain = self.start("run", "test", "--output", "plain")
        for line in brain.stdout:
            if "| begun" in line:
                self.assertNotEqual(sleepers(), [])
                return brain
        self.fail("it did not begin")

    def test_an_interrupt_ends_it(self):
        brain = self.begin_to_sleep()
        brain.send_signal(signal.SIGINT)
        self.assertEqual(brain.wait(timeout=60), 130)
        self.assert_nothing_left()
        until("the builder has given up", lambda: not sleepers())

    def test_a_kill_ends_it(self):
        brain = self.begin_to_sleep()
        self.assertNotEqual(processes_with("CAIRN_STEP=app"), [])
        brain.kill()
        brain.wait()
        until("the client has ended", lambda: not processes_with("CAIRN_STEP=app"))
        until("the builder has given up", lambda: not sleepers())
        self.cairn("clean")
        self.assert_nothing_left()


for name, socket in ENGINES.items():
    globals()[f"OnEachEngine_{name}"] = type(f"OnEachEngine_{name}", (OnEachEngine, BuildxTest), {"engine": socket, "containerd_store": name == "modern"})
del OnEachEngine


def only_ours(base):
    """Its own tests are in endpoints_test.py."""
    return {name: None for name in dir(base) if name.startswith("test")}


STACK = f'image app {{ dockerfile_inline = "FROM cairn-test:1\\nRUN echo far >/told\\n" ; builder = "buildx" }}{RUN}'


class OverTls(type("OverTls", (endpoints.OverTls,), only_ours(endpoints.OverTls))):
    def setUp(self):
        super().setUp()
        self.environment.update(DOCKER_CONFIG=str(CONFIG))
        self.write(STACK)

    def test_the_environments_certificates(self):
        self.assertIn("| far", self.cairn("run", "test").stdout)

    def test_files_of_the_stack(self):
        for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            host = self.environment.pop(name) if name == "DOCKER_HOST" else self.environment.pop(name) and host
        files = " ; ".join(f'{name} = "{self.client}/{file}.pem"' for name, file in (("ca", "ca"), ("cert", "cert"), ("key", "key")))
        self.write(f'engine far {{ host = "{host}" ; tls = {{ {files.replace(" ; ", ", ")} }} }}\n' + STACK.replace("builder", "engine = far ; builder").replace("run unit {", "run unit { engine = far ;"))
        self.assertIn("| far", self.cairn("run", "test").stdout)

    def test_a_context(self):
        client = self.client
        config = self.folder / "config"
        shutil.copytree(CONFIG, config, symlinks=True)
        self.environment["DOCKER_CONFIG"] = str(config)
        host = self.environment.pop("DOCKER_HOST")
        for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            self.environment.pop(name)
        subprocess.run(["docker", "context", "create", "far", "--docker", f"host={host},ca={client}/ca.pem,cert={client}/cert.pem,key={client}/key.pem"], check=True, capture_output=True, env=self.environment)
        self.environment["DOCKER_CONTEXT"] = "far"
        self.assertIn("| far", self.cairn("run", "test").stdout)


class OverSsh(type("OverSsh", (endpoints.OverSsh,), only_ours(endpoints.OverSsh))):
    def test_the_tunnel_is_the_clients_way_too(self):
        self.environment.update(DOCKER_CONFIG=str(CONFIG))
        self.write(STACK)
        self.assertIn("| far", self.cairn("run", "test").stdout)
        self.assertEqual(self.tunnels(), [])


if __name__ == "__main__":
    unittest.main()
