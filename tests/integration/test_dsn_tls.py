"""What a connection string says of TLS holds for every connection, by either driver, or is refused by name."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.engines.postgresql.dsn import connect_first, endpoint_of
from bench.engines.postgresql.private import ordinary_user
from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters
from bench.workload.messages import Job
from bench.workload.phase import ladder
from bench.workload.processes import ClientFailedError, Clients
from tests.integration.support import BRIEF, SMALL, Theirs, passwords, pgladder, wait_for

SETTINGS = "ssl = on\nssl_ca_file = 'ca.crt'\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'"
HBA = "local all dba trust\nhostssl all ann 127.0.0.1/32 scram-sha-256 clientcert=verify-full\n"


class Authority:
    """Somebody who makes certificates."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt")

    def _openssl(self, arguments: str) -> None:
        subprocess.run(["openssl", *arguments.split()], cwd=self.place, check=True, capture_output=True)

    def make(self, name: str) -> None:
        """Make a key and a certificate for a name."""
        self._openssl(f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr")
        (self.place / f"{name}.ext").write_text(f"subjectAltName = DNS:{name}\n")
        signed = f"-CA ca.crt -CAkey ca.key -CAcreateserial -extfile {name}.ext"
        self._openssl(f"x509 -req -days 2 -in {name}.csr -out {name}.crt {signed}")

    def give(self, server: Theirs, name: str) -> None:
        """Let a server show the certificate of a name."""
        for source, target in ((f"{name}.crt", "server.crt"), (f"{name}.key", "server.key"), ("ca.crt", "ca.crt")):
            file = server.data / target
            file.write_bytes((self.place / source).read_bytes())
            file.chmod(0o600)
            os.chown(file, ordinary_user().pw_uid, ordinary_user().pw_gid)


@pytest.fixture(scope="module")
def certified(new_place) -> Iterator[tuple[Theirs, Authority]]:
    """Start a server that shows a certificate for localhost and wants to see ann's."""
    place = new_place()
    authority, server = Authority(place), Theirs(place)
    for name in ("localhost", "elsewhere", "ann"):
        authority.make(name)
    authority.give(server, "localhost")
    (server.data / "pg_hba.conf").write_text(HBA)
    with (server.data / "postgresql.conf").open("a") as conf:
        conf.write(f"{SETTINGS}\n")
    server.control("restart")
    try:
        yield server, authority
    finally:
        server.control("stop")


def dsn(certified, more: str = "") -> str:
    """Return a connection string that verifies the server by name, and shows ann's certificate."""
    server, authority = certified
    files = " ".join(
        f"{name}={authority.place / file}"
        for name, file in (("sslrootcert", "ca.crt"), ("sslcert", "ann.crt"), ("sslkey", "ann.key"))
    )
    return f"host=localhost port={server.port} user=ann dbname=shop sslmode=verify-full {files} {more}"


def run(certified, place, *asked: object, more: str = ""):
    """Run phases."""
    asked = ["--phases", *asked, *BRIEF, "--blocks", 1, "--dsn", dsn(certified, more), "--out", place / "out"]
    return pgladder("run", *asked, cwd=place, env=passwords(place))


def test_a_client_shows_its_certificate_at_every_connection(certified, place):
    ended = run(certified, place, "1", "1-B", "2", "2-G", *SMALL)
    assert (ended.code, ended.err) == (0, "")


def endpoint(certified, place, monkeypatch) -> Endpoint:
    """Return what clients would be given."""
    monkeypatch.setenv("PGPASSFILE", passwords(place)["PGPASSFILE"])
    connection = connect_first(dsn(certified))
    found = endpoint_of(connection, "public")
    connection.close()
    return found


@pytest.mark.parametrize(("phase", "words"), [("1", "does not match host name"), ("2", "Hostname mismatch")])
def test_a_server_that_shows_another_name_is_not_written_to(certified, place, monkeypatch, phase, words):
    server, authority = certified
    job = Job(
        phase=phase,
        driver=ladder()[phase].driver,
        parameters=Parameters(pool_min=1, pool_max=1),
        endpoint=endpoint(certified, place, monkeypatch),
        writer=1,
        seed=1,
    )
    with Clients([job]) as clients:
        clients.wait_ready(60)
    authority.give(server, "elsewhere")
    try:
        loaded = server.ask("SELECT pg_conf_load_time()")
        server.ask("SELECT pg_reload_conf()")
        wait_for(lambda: server.ask("SELECT pg_conf_load_time()") != loaded, "it shows another certificate")
        with Clients([job]) as clients, pytest.raises(ClientFailedError, match=words):
            clients.wait_ready(60)
    finally:
        authority.give(server, "localhost")
        server.ask("SELECT pg_reload_conf()")


def test_what_a_driver_can_not_keep_is_refused_by_name(certified, place):
    ended = run(certified, place, "1-B", "2", more="channel_binding=require")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "channel_binding=require" in ended.err
    assert "2 connect" in ended.err
    assert not (place / "out").exists()


def test_the_other_driver_keeps_it(certified, place):
    assert run(certified, place, "1", "1-B", more="channel_binding=require").code == 0
