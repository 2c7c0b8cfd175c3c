"""Engines over TLS and over ssh: a proxy of the test ends TLS in front of a real engine (CAIRN_TEST_ENGINES), a real sshd
of the test forwards its socket. What is wrong with certificates, keys and hosts is named."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

engines = os.environ.get("CAIRN_TEST_ENGINES", "").split()
if not engines:
    print("skipped: no engine (CAIRN_TEST_ENGINES is not set)")
    sys.exit(77)
ENGINE = engines[0].partition("=")[2]

from program import ProjectTest, processes_with, until  # noqa: E402

IMAGE = pathlib.Path(__file__).parent.parent / "engine" / "image.sh"
RUN = """service web { image = "cairn-test:1" ; command = ["httpd", "-f", "-p", "80"] ; stop_signal = "SIGKILL" ; ready = [tcp(80)] }
stage test { run after_it { image = "cairn-test:1" ; command = ["echo", "reached"] ; after = [web] } }
"""


def setUpModule():
    tar = subprocess.run([IMAGE], check=True, text=True, capture_output=True).stdout.strip()
    subprocess.run(["docker", "-H", f"unix://{ENGINE}", "load", "-i", tar], check=True, capture_output=True)


def run(*command, **options):
    subprocess.run(command, check=True, capture_output=True, **options)


class Authority:
    """A certificate authority in a folder, and what it signs."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={folder.name}", "-days", "2", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
        (folder / "index").write_text("")
        (folder / "ca.cnf").write_text(f"""[ca]
default_ca = it
[it]
dir = {folder}
database = $dir/index
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
""")

    def sign(self, name, names, dates=("20200101000000Z", "20491231235959Z")):
        place = self.folder / name
        place.mkdir()
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-keyout", place / "key.pem", "-out", place / "request")
        run("openssl", "ca", "-batch", "-config", self.folder / "ca.cnf", "-cert", self.folder / "ca.pem", "-keyfile", self.folder / "ca.key", "-startdate", dates[0], "-enddate", dates[1], "-in", place / "request", "-out", place / "cert.pem", "-notext")
        shutil.copy(self.folder / "ca.pem", place / "ca.pem")
        return place


class TlsProxy:
    """Ends TLS, asks for a certificate, and passes everything on to the engine's socket."""

    def __init__(self, server, authority):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(server / "cert.pem", server / "key.pem")
        self.context.load_verify_locations(authority / "ca.pem")
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.listening.accept()
                threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        with contextlib.suppress(OSError), self.context.wrap_socket(plain, server_side=True) as client, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(ENGINE)
            back = threading.Thread(target=self.copy, args=(engine, client), daemon=True)
            back.start()
            self.copy(client, engine)
            back.join()

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR) if not isinstance(target, ssl.SSLSocket) else target.close()


class OverTls(ProjectTest):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="cairn-tls-"))
        ours, theirs = Authority(cls.place / "ours"), Authority(cls.place / "theirs")
        cls.good = ours.sign("good", "IP:127.0.0.1,DNS:localhost")
        cls.client = ours.sign("client", "DNS:client")
        cls.stranger = theirs.sign("stranger", "DNS:client")
        cls.servers = {
            "good": TlsProxy(cls.good, ours.folder),
            "other name": TlsProxy(ours.sign("other", "DNS:build1.example"), ours.folder),
            "expired": TlsProxy(ours.sign("expired", "IP:127.0.0.1", ("20200101000000Z", "20210101000000Z")), ours.folder),
            "other authority": TlsProxy(theirs.sign("server", "IP:127.0.0.1"), ours.folder),
        }

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers.values():
            server.close()
        shutil.rmtree(cls.place)

    def setUp(self):
        super().setUp()
        self.write(RUN)
        self.use("good")

    def use(self, server, client=None):
        self.environment.update(DOCKER_HOST=f"tcp://127.0.0.1:{self.servers[server].port}", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(client or self.client))

    def refused(self, *words):
        done = self.cairn("run", "test", code=3)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)

    def test_a_run_over_tls_with_its_agent(self):
        self.cairn("run", "test")
        self.assertIn("reached", self.cairn("logs", "test.after_it").stdout)

    def test_a_context_with_its_files(self):
        docker = self.folder / "docker"
        name = hashlib.sha256(b"far").hexdigest()
        meta, tls = docker / "contexts" / "meta" / name, docker / "contexts" / "tls" / name / "docker"
        meta.mkdir(parents=True)
        shutil.copytree(self.client, tls)
        (meta / "meta.json").write_text(json.dumps({"Name": "far", "Metadata": {}, "Endpoints": {"docker": {"Host": self.environment["DOCKER_HOST"], "SkipTLSVerify": False}}}))
        for variable in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            del self.environment[variable]
        self.environment.update(DOCKER_CONFIG=str(docker), DOCKER_CONTEXT="far")
        self.cairn("run", "test")

    def test_files_of_the_stack(self):
        for variable in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            del self.environment[variable]
        host = self.environment.pop("DOCKER_HOST")
        shutil.copytree(self.client, self.folder / "tls")
        self.write(f'engine far {{ host = "{host}" ; tls = {{ ca = "./tls/ca.pem", cert = "./tls/cert.pem", key = "./tls/key.pem" }} }}\n' + RUN.replace("image =", "engine = far ; image ="))
        self.cairn("run", "test")

    def test_another_authority(self):
        self.use("other authority")
        self.refused("is of an authority that is not known here", "ca.pem")

    def test_expired(self):
        self.use("expired")
        self.refused("has expired", "renew it")

    def test_another_name(self):
        self.use("other name")
        self.refused("is for another name", "subjectAltName")

    def test_no_certificate_of_ours(self):
        alone = self.folder / "alone"
        alone.mkdir()
        shutil.copy(self.client / "ca.pem", alone)
        self.use("good", alone)
        self.refused("wants a certificate of ours", "cert.pem")

    def test_a_certificate_that_is_not_known_there(self):
        mixed = self.folder / "mixed"
        shutil.copytree(self.stranger, mixed)
        shutil.copy(self.client / "ca.pem", mixed)
        self.use("good", mixed)
        self.refused("refuses our certificate")

    def test_plain_to_tls_and_tls_to_plain(self):
        with socket.create_server(("127.0.0.1", 0)) as plain:
            def answer():
                connection, _ = plain.accept()
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                connection.close()
            threading.Thread(target=answer, daemon=True).start()
            self.environment["DOCKER_HOST"] = f"tcp://127.0.0.1:{plain.getsockname()[1]}"
            self.refused("does not speak TLS")


class OverSsh(ProjectTest):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("sshd", path="/usr/sbin:/usr/bin") or os.geteuid() != 0:
            raise unittest.SkipTest("no sshd (openssh-server), or not root")
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="cairn-ssh-"))
        for key in ("host", "mine", "other"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", cls.place / key)
        with socket.create_server(("127.0.0.1", 0)) as free:
            cls.port = free.getsockname()[1]
        shutil.copy(cls.place / "mine.pub", cls.place / "authorized")
        (cls.place / "sshd_config").write_text(f"""Port {cls.port}
ListenAddress 127.0.0.1
HostKey {cls.place}/host
AuthorizedKeysFile {cls.place}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxSessions 2
""")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        with (cls.place / "sshd.log").open("w") as log:
            cls.server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", cls.place / "sshd_config"], stderr=log)
        def listens():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", cls.port)):
                return True
        until("sshd listens", listens)
        # What a person's ~/.ssh would say, on the way of the one `ssh` that is found first.
        (cls.place / "bin").mkdir()
        (cls.place / "bin" / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F "$CAIRN_TEST_SSH" "$@"\n'.replace("$CAIRN_TEST_SSH", str(cls.place / "config")))
        (cls.place / "bin" / "ssh").chmod(0o755)

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait()
        shutil.rmtree(cls.place)

    def setUp(self):
        super().setUp()
        self.write(RUN)
        self.environment["PATH"] = f"{self.place}/bin:{os.environ['PATH']}"
        self.environment.pop("SSH_AUTH_SOCK", None)
        self.use()
        self.configure()

    def use(self, path=None, port=None):
        self.environment["DOCKER_HOST"] = f"ssh://root@127.0.0.1:{port or self.port}{path or ENGINE}"

    def configure(self, key="mine", host_key="host"):
        known = self.place / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {(self.place / (host_key + '.pub')).read_text()}" if host_key else "")
        (self.place / "config").write_text(f"IdentityFile {self.place}/{key}\nIdentitiesOnly yes\nUserKnownHostsFile {known}\nGlobalKnownHostsFile /dev/null\n")

    def refused(self, *words):
        done = self.cairn("run", "test", code=3)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)

    def tunnels(self):
        return [pid for pid in processes_with("CAIRN_STEP=engine " + self.environment["DOCKER_HOST"])]

    def test_a_run_with_its_agent(self):
        self.cairn("run", "test")
        self.assertIn("reached", self.cairn("logs", "test.after_it").stdout)
        self.assertEqual(self.tunnels(), [])
        self.assertEqual([path.name for path in self.folder.glob(".cairn/runs/*/engine-*")], [])

    def test_up_ps_and_down(self):
        self.cairn("up")
        self.assertEqual([one["node"] for one in self.json("ps")], ["web"])
        self.cairn("plan", "--up", "--exit-code", code=0)
        self.assertIn("container", {one["what"] for one in self.json("down")["removed"]})
        self.assertEqual(self.tunnels(), [])

    def test_a_killed_run_leaves_no_tunnel_and_is_cleaned(self):
        self.write(RUN.replace('"echo", "reached"', '"sleep", "86389"'))
        brain = self.start("run", "test")
        run_id = self.run_of(brain)
        until("the last step runs", lambda: any(one["node"] == "test.after_it" and one["state"] == "running" for one in self.json("ps")))
        brain.kill()
        brain.wait()
        until("the tunnel is gone", lambda: not self.tunnels())
        until("the run is dead", lambda: not self.runs()[run_id]["alive"])
        self.assertIn("container", {one["what"] for one in self.json("clean")["removed"]})

    def test_doctor(self):
        self.assertIn("API", self.cairn("doctor", check=False).stdout)
        self.configure(host_key=None)
        self.assertIn("host key of `127.0.0.1` is not known here", self.cairn("doctor", check=False).stdout)

    def test_a_host_key_that_is_not_known(self):
        self.configure(host_key=None)
        self.refused("the host key of `127.0.0.1` is not known here", "compare the fingerprint")

    def test_another_host_key(self):
        self.configure(host_key="other")
        self.refused("shows another host key than the one that is known")

    def test_no_key_of_ours(self):
        self.configure(key="other")
        self.refused("accepts none of your keys", "ssh-copy-id")

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.use(port=port)
        self.refused("nobody answers ssh")

    def test_no_engine_there(self):
        self.use(path="/nowhere/docker.sock")
        self.refused("no engine answers on `127.0.0.1`", "there is no /nowhere/docker.sock")

    def test_a_socket_that_nobody_listens_on(self):
        deaf = self.place / "deaf.sock"
        if not deaf.exists():
            with socket.socket(socket.AF_UNIX) as left:
                left.bind(str(deaf))
        self.use(path=str(deaf))
        self.refused("nothing comes through it")


if __name__ == "__main__":
    unittest.main()
