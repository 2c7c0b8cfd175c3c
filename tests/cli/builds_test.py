"""Builds that are certain to fail are refused by the plan: what a new user gets wrong. No engine is asked."""
import os
import pathlib
import unittest

from program import ProjectTest

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "builds"
SECRET = 'RUN --mount=type=secret,id=npm_token,required=true cat /run/secrets/npm_token\\n'
MISTAKES = {
    "another_name_of_the_secret": f'image app {{ dockerfile_inline = "FROM scratch\\n{SECRET}" ; secrets = {{ npmtoken = secret("env:TOKEN") }} }}',
    "a_secret_that_nothing_mounts": 'image app { dockerfile_inline = "FROM scratch\\nCOPY a /a\\n" ; secrets = { token = secret("env:TOKEN") } }',
    "a_secret_among_others": f'image app {{ dockerfile_inline = "FROM scratch\\n{SECRET}" ; secrets = {{ npm_token = secret("env:TOKEN"), pip = secret("env:TOKEN") }} }}',
    "a_secret_file_that_is_not_there": f'image app {{ dockerfile_inline = "FROM scratch\\n{SECRET}" ; secrets = {{ npm_token = "./token.txt" }} }}',
    "the_secret_itself_as_text": f'image app {{ dockerfile_inline = "FROM scratch\\n{SECRET}" ; secrets = {{ npm_token = "hunter2" }} }}',
    "no_ssh_agent": 'image app { dockerfile_inline = "FROM scratch\\nRUN --mount=type=ssh true\\n" ; ssh = "default" }',
    "an_ssh_agent_that_is_gone": 'image app { dockerfile_inline = "FROM scratch\\nRUN --mount=type=ssh true\\n" ; ssh = ["github"] }',
    "an_ssh_key_that_is_not_there": 'image app { context = "." ; dockerfile_inline = "FROM scratch\\n" ; ssh = "default=./id_ed25519" }',
    "the_classic_builder_with_secrets": f'image app {{ dockerfile_inline = "FROM scratch\\n{SECRET}" ; builder = "classic" ; secrets = {{ npm_token = secret("env:TOKEN") }} }}',
    "buildkit_for_several_platforms": 'image app { dockerfile_inline = "FROM scratch\\n" ; builder = "buildkit" ; platforms = ["linux/amd64", "linux/arm64"] }',
    "an_unknown_platform": 'image app { dockerfile_inline = "FROM scratch\\n" ; builder = "buildx" ; platforms = ["amd64"] }',
    "no_docker_client": 'image app { dockerfile_inline = "FROM scratch\\n" ; builder = "buildx" }',
    "an_unknown_builder": 'image app { dockerfile_inline = "FROM scratch\\n" ; builder = "kaniko" }',
    "a_secret_as_argument": 'image app { dockerfile_inline = "FROM scratch\\n" ; args = { TOKEN = secret("env:TOKEN") } }',
}


class Mistakes(ProjectTest):
    def told(self, name):
        self.write(MISTAKES[name] + '\nstage test { run unit { image = app ; command = ["true"] } }\n')
        self.environment.pop("SSH_AUTH_SOCK", None)
        if name == "an_ssh_agent_that_is_gone":
            self.environment["SSH_AUTH_SOCK"] = str(self.folder / "agent")
        if name == "no_docker_client":
            self.environment["PATH"] = str(self.folder)
        # An engine that nobody asks.
        self.environment.update(DOCKER_HOST=f"unix://{self.folder}/no.sock", TOKEN="s3cretvalue")
        done = self.cairn("run", "test", code=2)
        self.assertNotIn("s3cretvalue", done.stdout + done.stderr)
        return (done.stdout + done.stderr).replace(str(self.folder), "FOLDER")

    def test_each_is_told_before_anything_runs(self):
        for name in MISTAKES:
            with self.subTest(name):
                told, expected = self.told(name), GOLDEN / f"{name}.expected"
                if os.environ.get("ACCEPT"):
                    expected.parent.mkdir(exist_ok=True)
                    expected.write_text(told)
                else:
                    self.assertEqual(told, expected.read_text())
        if os.environ.get("ACCEPT"):
            self.skipTest("golden files were written")
        self.assertEqual({path.stem for path in GOLDEN.iterdir()}, set(MISTAKES))


if __name__ == "__main__":
    unittest.main()
