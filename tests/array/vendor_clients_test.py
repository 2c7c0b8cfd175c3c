"""The vendor's own unmodified Python clients against the simulated array.

    vendor_clients_test.py SIMULATOR [VENV]

Installs `purestorage` (REST 1.x, needs Python <= 3.11) and `py-pure-client` (REST 2.x) into VENV (default: a folder
in the user's cache, used again), runs itself there, and says "skipped: why" when they cannot be had.
"""
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.request

TOKEN = "e701be70-14fe-8e83-c2a3-a872eaaf46da"
GIB = 1 << 30


def in_a_venv_of_our_own():
    if os.environ.get("CAIRN_VENDOR_CLIENTS"):
        return
    if sys.version_info >= (3, 12):
        print("skipped: `purestorage` needs Python 3.11 or older")
        sys.exit(77)
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else cache / "cairn-tests" / "vendor-clients"
    python = folder / "bin" / "python"
    have = python.exists() and not subprocess.run([python, "-c", "import purestorage, pypureclient"],
                                                  capture_output=True).returncode
    if not have:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        made = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "purestorage==1.19.0",
                               "py-pure-client==1.96.0", "setuptools<70"], capture_output=True, text=True)
        if made.returncode:
            print("skipped: the clients could not be installed:", made.stderr.strip().splitlines()[-1:])
            sys.exit(77)
    os.environ["CAIRN_VENDOR_CLIENTS"] = "1"
    os.execv(python, [str(python), "-W", "ignore", __file__, *sys.argv[1:]])


in_a_venv_of_our_own()
import purestorage  # noqa: E402
import pypureclient  # noqa: E402
import urllib3  # noqa: E402
from pypureclient import flasharray  # noqa: E402

urllib3.disable_warnings()


class ArrayTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        keys = pathlib.Path(self.folder.name)
        subprocess.run(["openssl", "genrsa", "-out", keys / "key.pem", "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", keys / "key.pem", "-pubout", "-out", keys / "public.pem"], check=True,
                       capture_output=True)
        self.key = str(keys / "key.pem")
        self.certificate = str(keys / "certificate.pem")
        self.data = str(keys / "data")
        self.simulator = subprocess.Popen(
            [sys.argv[1], "--data", self.data, "--certificate", self.certificate, "--api-client", keys / "public.pem"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.target = self.simulator.stdout.readline().split()[1].removeprefix("https://")
        os.chdir(self.folder.name)  # the 2.x client writes its access token into the working folder
        self.addCleanup(os.chdir, "/")

    def stop(self):
        self.simulator.terminate()
        self.simulator.wait()
        self.simulator.stdout.close()

    def admin(self, page, body=None):
        request = urllib.request.Request(f"https://{self.target}/simulator/{page}",
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, context=ssl._create_unverified_context()) as answer:
            return json.load(answer)

    def image(self, serial):
        return pathlib.Path(self.data, "volumes", serial + ".img")


class RestOne(ArrayTest):
    def setUp(self):
        super().setUp()
        self.array = purestorage.FlashArray(self.target, api_token=TOKEN)

    def refused(self, words, call, *arguments, **more):
        with self.assertRaises(purestorage.PureHTTPError) as caught:
            call(*arguments, **more)
        self.assertEqual(caught.exception.code, 400)
        self.assertIn(words, caught.exception.text)

    def test_signs_in_with_token_or_password(self):
        self.assertEqual(self.array._rest_version, "1.19")
        self.assertEqual(self.array.get()["array_name"], "simulated")
        by_password = purestorage.FlashArray(self.target, username="pureuser", password="pureuser")
        self.assertEqual(by_password.get()["array_name"], "simulated")
        with self.assertRaises(purestorage.PureHTTPError):
            purestorage.FlashArray(self.target, api_token="no such token")

    def test_verifies_the_certificate_when_asked(self):
        verified = purestorage.FlashArray(self.target, api_token=TOKEN, verify_https=True, ssl_cert=self.certificate)
        self.assertEqual(verified.get()["array_name"], "simulated")

    def test_one_session_for_many_calls(self):
        for _ in range(5):
            self.array.list_volumes()
        self.assertEqual(self.admin("state")["sessions"], 1)

    def test_the_source_workflow_copies_bytes_with_overwrite_as_a_text(self):
        seed = self.array.create_volume("ca-docker-Seed", "80G")
        target = self.array.create_volume("ca-docker-Volume01", "80G")
        with open(self.image(seed["serial"]), "r+b") as image:
            image.seek(12345)
            image.write(b"tpch")
        copied = self.array.copy_volume("ca-docker-Seed", "ca-docker-Volume01", overwrite="true")
        self.assertEqual(copied["source"], "ca-docker-Seed")
        self.assertEqual(copied["serial"], target["serial"])
        with open(self.image(target["serial"]), "rb") as image:
            image.seek(12345)
            self.assertEqual(image.read(4), b"tpch")
        self.refused("already exists", self.array.copy_volume, "ca-docker-Seed", "ca-docker-Volume01")

    def test_a_volumes_life(self):
        made = self.array.create_volume("v1", "5G")
        self.assertEqual(made["size"], 5 * GIB)
        self.assertIsNone(made["source"])
        self.assertEqual(self.array.extend_volume("v1", "10G"), {"name": "v1", "size": 10 * GIB})
        self.refused("truncate", self.array.extend_volume, "v1", "1G")
        self.assertEqual(self.array.truncate_volume("v1", "1G")["size"], GIB)
        self.assertEqual(self.array.rename_volume("v1", "v2")["name"], "v2")
        self.refused("does not exist", self.array.get_volume, "v1")
        self.array.destroy_volume("v2")
        self.refused("has been destroyed", self.array.create_volume, "v2", "1G")
        self.assertEqual(self.array.list_volumes(), [])
        self.assertIn(self.array.list_volumes(pending=True)[0]["time_remaining"], range(86300, 86401))
        self.array.recover_volume("v2")
        self.assertEqual(self.array.get_volume("v2")["serial"], made["serial"])
        self.refused("has not been destroyed", self.array.eradicate_volume, "v2")
        self.array.destroy_volume("v2")
        self.array.eradicate_volume("v2")
        self.assertFalse(self.image(made["serial"]).exists())
        self.refused("Volume does not exist.", self.array.destroy_volume, "v2")

    def test_snapshots(self):
        self.array.create_volume("v1", "1G")
        self.array.create_volume("v2", "1G")
        taken = self.array.create_snapshots(["v1", "v2"], suffix="cut")
        self.assertEqual([one["name"] for one in taken], ["v1.cut", "v2.cut"])
        self.assertRegex(self.array.create_snapshot("v1")["name"], r"^v1\.\d+$")
        self.assertEqual(self.array.copy_volume("v1.cut", "v3")["source"], "v1")
        self.assertEqual(len(self.array.get_volume("v1", snap=True)), 2)
        self.array.destroy_volume("v1.cut")
        self.refused("has been destroyed", self.array.copy_volume, "v1.cut", "v4")
        self.array.recover_volume("v1.cut")
        self.array.destroy_volume("v1.cut")
        self.array.eradicate_volume("v1.cut")
        self.refused("No such volume or snapshot", self.array.copy_volume, "v1.cut", "v4")

    def test_lists_by_name_and_page(self):
        for number in range(7):
            self.array.create_volume(f"v{number}", "1M")
        self.assertEqual(len(self.array.list_volumes(names="v1,v2")), 2)
        self.assertEqual(len(self.array.list_volumes(names="v*")), 7)
        pages = self.array.page_through(3, self.array.list_volumes)
        self.assertEqual([(len(page), error) for page, error in pages], [(3, None), (3, None), (1, None)])

    def test_hosts_and_connections(self):
        self.array.create_volume("v1", "1G")
        self.array.create_host("h1", iqnlist=["iqn.2026-01.example:h1"])
        self.assertEqual(self.array.connect_host("h1", "v1")["lun"], 1)
        self.refused("Connection already exists.", self.array.connect_host, "h1", "v1")
        self.refused("existing connections", self.array.destroy_volume, "v1")
        self.refused("Host cannot be deleted due to existing connections.", self.array.delete_host, "h1")
        self.assertEqual(self.array.list_volume_private_connections("v1")[0]["host"], "h1")
        self.array.disconnect_host("h1", "v1")
        self.refused("Connection does not exist.", self.array.disconnect_host, "h1", "v1")
        self.array.delete_host("h1")

    def test_session_expiry_is_not_seen(self):
        self.array.create_volume("v1", "1G")
        self.admin("clock", {"advance_ms": 30 * 60 * 1000})
        self.assertEqual(self.array.get_volume("v1")["name"], "v1")
        self.admin("sessions", {"expire": True})
        self.assertEqual(self.array.get_volume("v1")["name"], "v1")

    def test_a_version_that_is_gone(self):
        self.admin("faults", {"status": 450, "path": "/volume"})
        with self.assertRaises(purestorage.PureHTTPError) as caught:  # it finds the same version again and gives up
            self.array.list_volumes()
        self.assertEqual(caught.exception.code, 450)

    def test_a_lost_answer_is_an_error_to_this_client(self):
        self.admin("faults", {"fate": "drop_after", "method": "POST", "path": "/volume/"})
        with self.assertRaises(purestorage.PureError):
            self.array.create_volume("v1", "1G")
        self.assertEqual(self.array.get_volume("v1")["name"], "v1")

    def test_eradicated_by_time(self):
        self.array.create_volume("v1", "1G")
        self.array.destroy_volume("v1")
        self.admin("clock", {"advance_ms": 24 * 3600 * 1000})
        self.assertEqual(self.array.list_volumes(pending=True), [])


class RestTwo(ArrayTest):
    def setUp(self):
        super().setUp()
        self.array = flasharray.Client(self.target, api_token=TOKEN, verify_ssl=False)

    def items(self, response):
        self.assertIsInstance(response, pypureclient.responses.ValidResponse,
                              getattr(response, "errors", None) and [vars(one) for one in response.errors])
        return list(response.items)

    def refused(self, words, response):
        self.assertIsInstance(response, pypureclient.responses.ErrorResponse)
        self.assertEqual(response.status_code, 400)
        self.assertIn(words, response.errors[0].message)

    def create(self, name, size=GIB):
        return self.items(self.array.post_volumes(names=[name], volume=flasharray.VolumePost(provisioned=size)))[0]

    def copy(self, source, target, **more):
        return self.array.post_volumes(
            names=[target], volume=flasharray.VolumePost(source=flasharray.Reference(name=source)), **more)

    def test_signs_in(self):
        self.assertEqual(self.array.get_rest_version(), "2.26")
        self.assertEqual(self.items(self.array.get_arrays())[0].name, "simulated")
        with self.assertRaises(pypureclient.exceptions.PureError):
            flasharray.Client(self.target, api_token="no such token", verify_ssl=False)

    def test_signs_in_by_token_exchange(self):
        by_key = flasharray.Client(self.target, private_key_file=self.key, username="pureuser", client_id="client",
                                   key_id="key-1", issuer="issuer", verify_ssl=False)
        self.assertEqual(self.items(by_key.get_arrays())[0].name, "simulated")
        with self.assertRaises(pypureclient.exceptions.PureError):
            flasharray.Client(self.target, private_key_file=self.key, username="pureuser", client_id="somebody",
                              key_id="key-1", issuer="issuer", verify_ssl=False)

    def test_a_volumes_life(self):
        made = self.create("v1")
        self.assertEqual((made.provisioned, made.destroyed, made.subtype), (GIB, False, "regular"))
        self.refused("Volume already exists.", self.array.post_volumes(
            names=["v1"], volume=flasharray.VolumePost(provisioned=GIB)))
        patch = flasharray.VolumePatch
        self.assertEqual(self.items(self.array.patch_volumes(names=["v1"], volume=patch(provisioned=2 * GIB)))[0]
                         .provisioned, 2 * GIB)
        self.refused("truncate", self.array.patch_volumes(names=["v1"], volume=patch(provisioned=GIB)))
        self.items(self.array.patch_volumes(names=["v1"], volume=patch(provisioned=GIB), truncate=True))
        renamed = self.items(self.array.patch_volumes(names=["v1"], volume=patch(name="v2")))[0]
        self.assertEqual((renamed.name, renamed.serial), ("v2", made.serial))
        gone = self.items(self.array.patch_volumes(names=["v2"], volume=patch(destroyed=True)))[0]
        self.assertTrue(gone.destroyed)
        self.assertIn(gone.time_remaining, range(86_300_000, 86_400_001))
        self.refused("has been destroyed", self.array.post_volumes(
            names=["v2"], volume=flasharray.VolumePost(provisioned=GIB)))
        self.items(self.array.patch_volumes(names=["v2"], volume=patch(destroyed=False)))
        self.refused("has not been destroyed", self.array.delete_volumes(names=["v2"]))
        self.items(self.array.patch_volumes(names=["v2"], volume=patch(destroyed=True)))
        self.assertEqual(self.array.delete_volumes(names=["v2"]).status_code, 200)
        self.refused("does not exist", self.array.get_volumes(names=["v2"]))

    def test_copies_and_overwrites_with_the_serial_kept(self):
        self.create("seed")
        target = self.create("data", 2 * GIB)
        self.refused("already exists", self.copy("seed", "data"))
        over = self.items(self.copy("seed", "data", overwrite=True))[0]
        self.assertEqual((over.serial, over.provisioned, over.source.name), (target.serial, GIB, "seed"))
        undo = self.items(self.array.get_volume_snapshots(source_names=["data"], destroyed=True))
        self.assertEqual(len(undo), 1)
        self.refused("does not exist", self.copy("nothing", "v9"))

    def test_snapshots(self):
        self.create("v1")
        snap = flasharray.VolumeSnapshotPost(suffix="cut")
        taken = self.items(self.array.post_volume_snapshots(source_names=["v1"], volume_snapshot=snap))[0]
        self.assertEqual((taken.name, taken.source.name), ("v1.cut", "v1"))
        self.assertEqual(self.items(self.copy("v1.cut", "v2"))[0].source.name, "v1")
        patch = flasharray.VolumeSnapshotPatch(destroyed=True)
        self.items(self.array.patch_volume_snapshots(names=["v1.cut"], volume_snapshot=patch))
        self.refused("has been destroyed", self.copy("v1.cut", "v3"))
        self.assertEqual(self.array.delete_volume_snapshots(names=["v1.cut"]).status_code, 200)
        self.refused("No such volume or snapshot", self.array.get_volume_snapshots(names=["v1.cut"]))

    def test_lists_with_filters_sorts_and_pages(self):
        for number in range(7):
            self.create(f"v{number}", (number + 1) * GIB)
        names = lambda response: [one.name for one in self.items(response)]  # noqa: E731
        self.assertEqual(names(self.array.get_volumes(limit=3)), ["v0", "v1", "v2"])
        paging = flasharray.Client(self.target, api_token=TOKEN, verify_ssl=False, auto_pagination_limit=3)
        self.assertEqual(names(paging.get_volumes()), [f"v{n}" for n in range(7)])
        self.assertEqual(names(self.array.get_volumes(filter="name='v1' or name='v2'")), ["v1", "v2"])
        self.assertEqual(names(self.array.get_volumes(filter=f"provisioned>{5 * GIB} and not(name='v6')")), ["v5"])
        self.assertEqual(names(self.array.get_volumes(filter="contains(name, '3')")), ["v3"])
        self.assertEqual(names(self.array.get_volumes(filter="name='V*'")), [f"v{n}" for n in range(7)])
        self.assertEqual(names(self.array.get_volumes(sort=["provisioned-"]))[0], "v6")
        self.assertEqual(self.array.get_volumes(limit=1, total_item_count=True).total_item_count, 7)
        self.refused("Invalid filter", self.array.get_volumes(filter="name=="))

    def test_hosts_and_connections(self):
        self.create("v1")
        self.items(self.array.post_hosts(names=["h1"], host=flasharray.HostPost(iqns=["iqn.2026-01.example:h1"])))
        connect = lambda: self.array.post_connections(  # noqa: E731
            host_names=["h1"], volume_names=["v1"], connection=flasharray.ConnectionPost())
        self.assertEqual(self.items(connect())[0].lun, 1)
        self.refused("Connection already exists.", connect())
        self.assertEqual(self.items(self.array.get_connections(volume_names=["v1"]))[0].host.name, "h1")
        self.refused("existing connections", self.array.patch_volumes(
            names=["v1"], volume=flasharray.VolumePatch(destroyed=True)))
        self.assertEqual(self.array.delete_connections(host_names=["h1"], volume_names=["v1"]).status_code, 200)
        self.refused("Connection does not exist.", self.array.delete_connections(host_names=["h1"], volume_names=["v1"]))

    def test_session_expiry_is_not_seen(self):
        self.create("v1")
        self.admin("clock", {"advance_ms": 30 * 60 * 1000})
        self.assertEqual(len(self.items(self.array.get_volumes())), 1)

    def test_too_many_requests_are_waited_out(self):
        self.admin("faults", {"status": 429, "path": "/volumes"})
        self.assertEqual(self.items(self.array.get_volumes()), [])
        self.assertEqual(self.admin("faults")["waiting"], 0)

    def test_service_unavailable_is_tried_again(self):
        self.admin("faults", {"status": 503, "count": 2, "path": "/volumes"})
        self.assertEqual(self.items(self.array.get_volumes()), [])

    def test_safe_mode(self):
        self.create("v1")
        self.items(self.array.patch_volumes(names=["v1"], volume=flasharray.VolumePatch(destroyed=True)))
        self.admin("settings", {"safe_mode": True})
        self.refused("Eradication is disabled.", self.array.delete_volumes(names=["v1"]))

    def test_both_generations_see_one_array(self):
        self.create("v1")
        one = purestorage.FlashArray(self.target, api_token=TOKEN)
        one.create_volume("v2", "1G")
        self.assertEqual([v.name for v in self.items(self.array.get_volumes())], ["v1", "v2"])
        self.assertEqual(len(one.list_volumes()), 2)

    def test_the_array_survives_its_process(self):
        serial = self.create("v1").serial
        self.stop()
        self.simulator = subprocess.Popen([sys.argv[1], "--data", self.data], stdout=subprocess.PIPE, text=True)
        target = self.simulator.stdout.readline().split()[1].removeprefix("https://")
        again = flasharray.Client(target, api_token=TOKEN, verify_ssl=False)
        self.assertEqual(self.items(again.get_volumes())[0].serial, serial)


if __name__ == "__main__":
    sys.argv[1] = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0], "-v"], warnings="ignore")
