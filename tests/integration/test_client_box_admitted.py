"""A cluster lets the clients of another box in, by one step that is proved or taken back, and forgets them again."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.engines.postgresql.binaries import build_of
from bench.model.box import AdmittedClient
from tests.integration.support import PATIENCE_S
from tests.integration.test_provisioning import BOX, Box

STEP = """
import sys
import msgspec
from bench.box.client_box import admit, dismiss
from bench.model.box import AdmittedClient, read_box
from bench.model.errors import PgladderError
box, told = read_box(sys.argv[1].encode()), sys.argv[2]
try:
    if told.startswith("{"):
        print(msgspec.json.encode(admit(box, msgspec.json.decode(told, type=AdmittedClient))).decode())
    else:
        print(dismiss(box, told))
except PgladderError as error:
    sys.exit(str(error))
"""
KEY = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=box"
CLIENT = AdmittedClient(
    name="n100-b",
    address="127.0.0.2",
    port=22,
    user="pgladder",
    host_keys=("ssh-ed25519 AAAAC3Nz",),
    server_address="127.0.0.1",
    certificate="/var/lib/pgladder/server.crt",
)


class TlsBox(Box):
    """What stands in for a box whose cluster offers TLS."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        files = ("-keyout", place / "server.key", "-out", self.etc / "server.crt")
        subprocess.run([*self._prefix(), *KEY.split(), *files], check=True, capture_output=True, cwd="/")
        with (self.etc / "postgresql.conf").open("a") as conf:
            conf.write(f"ssl_cert_file = '{self.etc}/server.crt'\nssl_key_file = '{place}/server.key'\n")
        names = {"place": place, "port": self.port, "user": self.user, "max_connections": 20, "networks": []}
        text = BOX.format(**names, version=build_of(self.bin).major)
        self.text = text.replace('root_certificate = ""', f'root_certificate = "{self.etc}/server.crt"')

    def step(self, told: str) -> subprocess.CompletedProcess[str]:
        """Take a step as the cluster's owner."""
        command = [*self._prefix(), sys.executable, "-c", STEP, self.text, told]
        env = {"PATH": f"{self.place / 'programs'}:{os.environ['PATH']}", "HOME": str(self.place)}
        return subprocess.run(
            command, env=env, cwd="/", capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )

    def rules(self) -> list[str]:
        """Return who may come from elsewhere."""
        lines = (self.etc / "pg_hba.conf").read_text().splitlines()
        return [line for line in lines if line.startswith("hostssl")]


@pytest.fixture(scope="module")
def box(new_place):
    made = TlsBox(new_place())
    made.ask()
    assert made.apply(box=made.text)[0] == 0
    try:
        yield made
    finally:
        made.systemctl("stop")


def told(client: AdmittedClient = CLIENT) -> str:
    return msgspec.json.encode(client).decode()


def admitted(box: TlsBox) -> dict:
    done = box.step(told())
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout)


def test_it_is_let_in_by_tls_from_its_one_address_and_told_what_it_needs(box: TlsBox) -> None:
    answer = admitted(box)
    assert answer["changed"]
    assert answer["comes_from"].startswith("127.0.0.")
    assert answer["certificate"] == (box.etc / "server.crt").read_text()
    assert answer["public_key"].startswith("ssh-ed25519 AAAA")
    assert box.rules() == [f"hostssl all {box.user} 127.0.0.2/32 scram-sha-256"]
    assert box.sql("SHOW listen_addresses") == "*"
    known = box.place / "clients" / "127.0.0.2.known_hosts"
    assert known.read_text() == "127.0.0.2 ssh-ed25519 AAAAC3Nz\n"
    owner = pwd.getpwnam(box.user).pw_uid
    found = [(path.stat().st_uid, path.stat().st_mode & 0o777) for path in (known.parent, known.parent / "id_ed25519")]
    assert found == [(owner, 0o700), (owner, 0o600)]


def test_let_in_again_nothing_changes_and_provisioning_keeps_it(box: TlsBox) -> None:
    first = admitted(box)
    before = box.postmaster()
    again = admitted(box)
    assert (again["changed"], again["public_key"], box.postmaster()) == (False, first["public_key"], before)
    assert box.apply(box=box.text) == (0, "", "")
    assert box.rules() == [f"hostssl all {box.user} 127.0.0.2/32 scram-sha-256"]


def test_forgotten_it_leaves_nothing_and_the_cluster_is_as_it_was(box: TlsBox) -> None:
    admitted(box)
    assert box.step("127.0.0.2").stdout == "True\n"
    assert box.rules() == []
    assert box.sql("SHOW listen_addresses") == "localhost"
    assert not (box.place / "clients").exists()
    assert box.step("127.0.0.2").stdout == "False\n"
    assert box.apply(box=box.text) == (0, "", "")


def test_where_it_can_not_be_let_in_nothing_is_left_of_it(box: TlsBox) -> None:
    box.write("conf.d/99-mine.conf", "# mine\n")
    done = box.step(told())
    (box.etc / "conf.d/99-mine.conf").unlink()
    assert done.returncode == 1
    assert "has files that are not pgladder's: remove" in done.stderr
    assert not (box.place / "clients").exists()
    assert box.rules() == []
