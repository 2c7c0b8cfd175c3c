"""Images from and to a real registry that wants a password, on every engine of the tests (CAIRN_TEST_ENGINES)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import crypt

engines = dict(pair.split("=", 1) for pair in os.environ.get("CAIRN_TEST_ENGINES", "").split())
reachable = {name: socket for name, socket in engines.items() if pathlib.Path(f"/run/netns/cairn-{name}").exists()}
if not reachable or not shutil.which("docker-registry") or not shutil.which("nsenter"):
    print("skipped: no engine of tests/engine/start.sh (CAIRN_TEST_ENGINES), or no docker-registry")
    sys.exit(77)

from program import ProjectTest, until  # noqa: E402

IMAGE = pathlib.Path(__file__).parent.parent / "engine" / "image.sh"
PASSWORD = "correct horse battery"
PUSH = """
param word = "one"
registry house { host = "127.0.0.1:5001" ; user = "ann" ; password = secret("env:REGISTRY_PASSWORD") }
image made { context = "box" ; dockerfile_inline = "FROM cairn-test:1\\nRUN echo ${word} >/word\\n" ; tags = "127.0.0.1:5001/made:local" }
stage publish { push it { image = made ; tags = "127.0.0.1:5001/made:1" ; registry = house } }
"""


class Registry:
    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="cairn-registry-"))
        (self.place / "users").write_text(f"ann:{crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))}\n")
        (self.place / "registry.yml").write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {self.place}/data}}}}\nhttp: {{addr: 127.0.0.1:5001}}\nauth: {{htpasswd: {{realm: house, path: {self.place}/users}}}}\n")
        inside = ["nsenter", f"--net=/run/netns/cairn-{self.engine}"]
        self.server = subprocess.Popen([*inside, "docker-registry", "serve", self.place / "registry.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("the registry answers", lambda: subprocess.run([*inside, "curl", "-s", "-o", "/dev/null", "http://127.0.0.1:5001/v2/"]).returncode == 0)
        self.environment.update(DOCKER_HOST=f"unix://{engines[self.engine]}", DOCKER_CONFIG=str(self.folder / "docker"), REGISTRY_PASSWORD=PASSWORD)
        (self.folder / "docker").mkdir()
        (self.folder / "box").mkdir()
        self.docker("load", "-i", subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip())

    def tearDown(self):
        self.server.kill()  # asked politely it waits half a minute for the engine's idle connections
        self.server.wait()
        self.forget()
        super().tearDown()
        shutil.rmtree(self.place)

    def docker(self, *arguments, check=True):
        return subprocess.run(["docker", *arguments], check=check, text=True, capture_output=True, env=self.environment).stdout.split()

    def forget(self):
        for image in set(self.docker("images", "-q", "--filter", "reference=127.0.0.1:5001/made")):
            self.docker("rmi", "-f", image, check=False)

    def pushed(self):
        self.write(PUSH)
        self.cairn("run", "publish")
        (digest,) = {one.partition("@")[2] for one in self.docker("inspect", "-f", "{{join .RepoDigests \"\\n\"}}", "127.0.0.1:5001/made:1")}
        self.forget()
        return digest

    def use(self, image, more=""):
        self.write(f'{more}\nstage test {{ run it {{ image = "{image}" ; command = ["cat", "/word"] }} }}')

    def test_push_and_pull_by_tag_and_digest_with_a_helper(self):
        digest = self.pushed()
        helper = self.folder / "docker-credential-house"
        helper.write_text(f"""#!/bin/sh
read -r server
[ "$server" = 127.0.0.1:5001 ] || {{ echo "credentials not found in native keychain"; exit 1; }}
echo '{{"ServerURL":"127.0.0.1:5001","Username":"ann","Secret":"{PASSWORD}"}}'
""")
        helper.chmod(0o755)
        self.environment["PATH"] = f"{self.folder}:{os.environ['PATH']}"
        (self.folder / "docker" / "config.json").write_text(json.dumps({"credsStore": "house"}))
        for image in ("127.0.0.1:5001/made:1", f"127.0.0.1:5001/made@{digest}"):
            self.use(image)
            self.cairn("run", "test")
            self.assertIn("one", self.cairn("logs", "test.it").stdout)
            self.forget()
        # What the helper keeps nothing for is asked for without a name; and who has no helper is told so.
        self.use("127.0.0.1:1/nothing:1")
        self.assertIn("connection refused", self.cairn("run", "test", check=False).stdout)
        helper.unlink()
        self.use("127.0.0.1:5001/made:1")
        self.assertIn("docker-credential-house", self.cairn("run", "test", check=False).stdout)

    def test_the_block_of_the_registry_logs_in_for_pulls_too(self):
        self.pushed()
        self.use("127.0.0.1:5001/made:1", PUSH.splitlines()[2])
        done = self.cairn("run", "test")
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        for path in self.folder.rglob(".cairn/**/*"):
            if path.is_file():
                self.assertNotIn(PASSWORD.encode(), path.read_bytes(), path)

    def test_a_wrong_password_and_none(self):
        self.pushed()
        self.use("127.0.0.1:5001/made:1")
        nobody = self.cairn("run", "test", check=False)
        self.assertNotEqual(nobody.returncode, 0)
        self.assertRegex(nobody.stdout, "(?i)no basic auth credentials|unauthorized|authorization")
        self.assertIn("docker login", nobody.stdout)
        self.environment["REGISTRY_PASSWORD"] = "wrong password"
        self.write(PUSH)
        wrong = self.cairn("run", "publish", code=3)
        self.assertRegex(wrong.stdout, "(?i)unauthorized|authentication required|no basic auth")
        self.assertNotIn("wrong password", wrong.stdout)

    def test_a_tag_and_a_digest_that_are_not_there(self):
        self.pushed()
        self.use("127.0.0.1:5001/made:2", PUSH.splitlines()[2])
        self.assertRegex(self.cairn("run", "test", check=False).stdout, "(?i)manifest|not found")
        self.use(f"127.0.0.1:5001/made@sha256:{'0' * 64}", PUSH.splitlines()[2])
        self.assertRegex(self.cairn("run", "test", check=False).stdout, "(?i)manifest|not found")

    def test_what_is_committed_has_neither_labels_nor_secrets(self):
        self.write("""stage test {
          service db { image = "cairn-test:1" ; command = ["sh", "-c", "echo data >/kept; exec sleep 86387"] ; stop_signal = "SIGKILL"
            env = { PASSWORD = secret("env:REGISTRY_PASSWORD"), PLAIN = "yes" } ; files = { "/run/token" = secret("env:REGISTRY_PASSWORD") } ; ready = [exists("/kept")] }
          image kept { from = db ; tags = "127.0.0.1:5001/made:committed" }
          run look { image = kept ; command = ["cat", "/kept"] }
        }""")
        self.cairn("run", "test")
        facts = json.loads(subprocess.run(["docker", "inspect", "127.0.0.1:5001/made:committed"], check=True, text=True, capture_output=True, env=self.environment).stdout)[0]
        self.assertEqual({value for name, value in (facts["Config"]["Labels"] or {}).items() if name.startswith("dev.cairn.")} - {""}, set())
        # Engines of API 1.41 keep the settings of the container beside the image's own; nobody can leave them out.
        facts.pop("ContainerConfig", None)
        self.assertNotIn(PASSWORD, json.dumps(facts))
        history = subprocess.run(["docker", "history", "--no-trunc", "127.0.0.1:5001/made:committed"], check=True, text=True, capture_output=True, env=self.environment).stdout
        self.assertNotIn(PASSWORD, history)
        # Not in its files either.
        saved = self.place / "saved"
        saved.mkdir()
        subprocess.run(["docker", "save", "-o", saved / "it.tar", "127.0.0.1:5001/made:committed"], check=True, env=self.environment)
        subprocess.run(["tar", "-xf", saved / "it.tar", "-C", saved], check=True)
        (saved / "it.tar").unlink()
        for path in saved.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                if content[:2] == b"\\x1f\\x8b":
                    content = subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout
                if content.startswith(b"{"):
                    described = json.loads(content)
                    described.pop("container_config", None)
                    content = json.dumps(described).encode()
                self.assertNotIn(PASSWORD.encode(), content, path)


for name in reachable:
    globals()[f"Test_{name}"] = type(f"Test_{name}", (Registry, ProjectTest), {"engine": name})

if __name__ == "__main__":
    unittest.main()
