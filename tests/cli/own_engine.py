"""Engines of a test's own, for those whose mounts the engine has to see: started after `mounts`, which is shared with them."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SCRIPTS = pathlib.Path(__file__).parent.parent / "engine"


def names():
    """Which can be had here: those that the whole suite runs with; skips the test when there are none."""
    known = dict(pair.split("=", 1) for pair in os.environ.get("CAIRN_TEST_ENGINES", "").split())
    if os.geteuid() != 0 or not known:
        print("skipped: no engines (CAIRN_TEST_ENGINES is not set), or no root to start one")
        sys.exit(77)
    return ["debian", "modern"] if "modern" in known else ["debian"]


class OwnEngine:
    def __init__(self, which):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-own-"))
        self.folder.chmod(0o711)
        self.mounts = self.folder / "mounts"
        self.mounts.mkdir()
        self.name = f"own{os.getpid()}{which[0]}"
        self.environment = dict(os.environ, CAIRN_ENGINES=str(self.folder / "engines"))
        for command in (["mount", "--bind", self.mounts, self.mounts], ["mount", "--make-shared", self.mounts]):
            subprocess.run(command, check=True)
        script = SCRIPTS / ("modern.sh" if which == "modern" else "start.sh")
        self.socket = subprocess.run([script, self.name], check=True, text=True, stdout=subprocess.PIPE, env=self.environment).stdout.strip()
        self.plugins = self.folder / "engines" / self.name / "plugins"  # of volume drivers
        image = subprocess.run([SCRIPTS / "image.sh"], check=True, text=True, capture_output=True).stdout.strip()
        subprocess.run(["docker", "load", "-i", image], check=True, capture_output=True, env=dict(os.environ, DOCKER_HOST=f"unix://{self.socket}"))

    def stop(self):
        subprocess.run([SCRIPTS / "stop.sh", "--quiet", self.name], env=self.environment)
        subprocess.run(["umount", "-R", self.mounts], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
