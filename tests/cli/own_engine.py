"""Engines of a test's own, for those whose mounts the engine has to see: started after `mounts`, which is shared with them."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from program import CAIRN, ProjectTest

SCRIPTS = pathlib.Path(__file__).parent.parent / "engine"
IMAGE = 'image = "cairn-test:1"'


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


class OnOwnEngine:
    """Tests with an engine of their own, which those of one class share; `engine` says which. Not more: an engine asks every
    volume driver that it ever knew, and waits for those that are gone."""

    @classmethod
    def setUpClass(cls):
        cls.own = OwnEngine(cls.engine)
        cls.addClassCleanup(cls.own.stop)

    def setUp(self):
        super().setUp()
        self.pools = self.own.mounts / "pools"
        self.environment.update(DOCKER_HOST=f"unix://{self.own.socket}", CAIRN_POOLS=str(self.pools))

    def docker(self, *arguments):
        return subprocess.run(["docker", *arguments], check=True, text=True, capture_output=True, env=self.environment).stdout.split()

    def left(self):
        label = "label=dev.cairn.project"
        return [*self.docker("ps", "-aq", "--filter", label), *self.docker("volume", "ls", "-q", "--filter", label),
                *self.docker("network", "ls", "-q", "--filter", label), *self.docker("images", "-q", "--filter", label)]

    def somebodys_volume(self, name, *options):
        """A volume that no run has made."""
        self.docker("volume", "create", *options, name)
        self.addCleanup(subprocess.run, ["docker", "volume", "rm", "-f", name], env=self.environment, capture_output=True)
        return name

    def somebodys_container(self, volume, *options):
        """One that runs and has the volume at /d."""
        container = self.docker("run", "-d", "-v", f"{volume}:/d", *options, "cairn-test:1", "sleep", "86394")[0]
        self.addCleanup(subprocess.run, ["docker", "rm", "-f", container], env=self.environment, capture_output=True)
        return container

    def pool(self):
        """A pool of the engine's machine, which is this one."""
        subprocess.run([CAIRN, "pool", "--folder", self.pools, "create", "--size", "1"], check=True, capture_output=True)
        self.addCleanup(subprocess.run, [CAIRN, "pool", "--folder", self.pools, "remove", "--with-clones"], capture_output=True)
        return self.pools / "default"


def on_one_engine(test):
    """A test, or a class of them, that no engine can make a difference to, or that lasts too long for more."""
    test.on_one_engine = True
    return test


def on_each_engine(*classes):
    """{name: class} for the caller's globals(): these on each engine that can be had here, which are those that the whole suite
    runs with. Skips the file when there are none."""
    known = dict(pair.split("=", 1) for pair in os.environ.get("CAIRN_TEST_ENGINES", "").split())
    if os.geteuid() != 0 or not known:
        print("skipped: no engines (CAIRN_TEST_ENGINES is not set), or no root to start one")
        sys.exit(77)
    *others, last = ["debian", "modern"] if "modern" in known else ["debian"]
    made = {}
    for each in classes:
        for engine in [*others, last]:
            leaves_out = {name: None for name in dir(each) if engine != last and hasattr(getattr(each, name), "on_one_engine")}
            if engine == last or not hasattr(each, "on_one_engine"):
                made[f"{each.__name__}_{engine}"] = type(f"{each.__name__}_{engine}", (each, OnOwnEngine, ProjectTest), {"engine": engine, **leaves_out})
    return made
