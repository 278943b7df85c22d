"""The client boxes of a cluster, as its own box knows them: how a client starts there, who may connect from there."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from bench.engines.postgresql import client_boxes as module
from bench.engines.postgresql.client_boxes import admitted_addresses, admitted_clients, client_boxes, file_of, ssh
from bench.engines.postgresql.provisioned import ProvisionedServer
from bench.engines.postgresql.rendered import rendered
from bench.engines.postgresql.session import ServerError
from bench.model.box import AdmittedClient, ProvisionedCluster
from bench.model.errors import HostError
from tests.unit.engines.test_provisioned import cluster

__all__ = ["cluster"]
CLIENT = AdmittedClient(
    name="n100-b",
    address="10.0.0.2",
    port=2222,
    user="pgladder",
    host_keys=("ssh-ed25519 AAAAC3Nz",),
    server_address="10.0.0.1",
    certificate="/var/lib/pgladder/server.crt",
)


@pytest.fixture
def admitted(cluster: ProvisionedCluster) -> ProvisionedCluster:
    cluster = replace(cluster, root_certificate="server.crt")
    cluster.clients_directory.mkdir()
    for client in (CLIENT, replace(CLIENT, name="n100-a", address="10.0.0.9")):
        file_of(cluster, client.address).write_bytes(msgspec.json.encode(client))
    return cluster


def test_a_cluster_without_client_boxes_has_none(cluster: ProvisionedCluster) -> None:
    assert admitted_clients(cluster) == []
    assert client_boxes(cluster, ProvisionedServer(cluster, Path("/nowhere")).endpoint("tls"), 0) == []


def test_they_are_known_by_name_in_order(admitted: ProvisionedCluster) -> None:
    assert [client.name for client in admitted_clients(admitted)] == ["n100-a", "n100-b"]
    assert admitted_clients(admitted)[1] == CLIENT
    assert admitted_addresses(admitted) == ["10.0.0.9", "10.0.0.2"]


def test_the_measuring_role_is_let_in_from_each_alone_and_the_cluster_listens(admitted: ProvisionedCluster) -> None:
    alone, with_clients = rendered(admitted, "", ()), rendered(admitted, "", admitted_addresses(admitted))
    added = {*with_clients["pg_hba"].decode().splitlines()} - {*alone["pg_hba"].decode().splitlines()}
    role = admitted.role
    assert added == {f"hostssl all {role} {address}/32 scram-sha-256" for address in ("10.0.0.2", "10.0.0.9")}
    assert b"listen_addresses = '*'" in with_clients["10-harness.conf"]
    assert b"listen_addresses = 'localhost'" in alone["10-harness.conf"]


def test_ssh_goes_by_what_is_written_down_here_and_by_nothing_else(admitted: ProvisionedCluster, monkeypatch) -> None:
    monkeypatch.setattr(module, "provisioned", lambda: None)
    words = ssh(admitted, CLIENT)
    options = {words[at + 1] for at, word in enumerate(words) if word == "-o"}
    assert words[:3] == ("ssh", "-F", "none")
    assert words[-6:] == (str(admitted.clients_directory / "id_ed25519"), "-p", "2222", "-l", "pgladder", "10.0.0.2")
    assert options >= {
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={admitted.clients_directory}/10.0.0.2.known_hosts",
        "GlobalKnownHostsFile=/dev/null",
        "HostKeyAlias=10.0.0.2",
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "ClearAllForwardings=yes",
    }


def test_clients_there_reach_the_server_by_its_address_and_its_certificate(admitted: ProvisionedCluster) -> None:
    server = ProvisionedServer(admitted, Path("/nowhere"))
    first, second = server.client_boxes(2)
    assert (first.name, second.name) == ("n100-a", "n100-b")
    endpoint = second.endpoint
    assert (endpoint.host, endpoint.port, endpoint.password) == ("10.0.0.1", 5544, "secret")
    assert endpoint.parameters == {"sslmode": "verify-ca", "sslrootcert": "/var/lib/pgladder/server.crt"}
    assert not [word for word in second.command if "secret" in word]


def test_fewer_than_the_plan_was_made_for_are_named(admitted: ProvisionedCluster) -> None:
    with pytest.raises(ServerError, match="the trial is for 3 client boxes, and this box has 2; make a new plan"):
        ProvisionedServer(admitted, Path("/nowhere")).client_boxes(3)


def test_what_is_damaged_is_named(admitted: ProvisionedCluster) -> None:
    file_of(admitted, "10.0.0.2").write_text('{"name": "n100-b"}')
    with pytest.raises(HostError, match=r"10\.0\.0\.2\.json can't be read: .*missing.*make that box a client box"):
        admitted_clients(admitted)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host_keys", ["ssh-ed25519 AAAA\n* ssh-ed25519 BBBB"]),
        ("host_keys", ["ssh-ed25519 AAAA\n"]),
        ("address", "-oProxyCommand=id"),
        ("name", "a b"),
        ("port", 0),
        ("user", "-l"),
    ],
)
def test_what_could_be_taken_for_something_else_is_refused(field: str, value: object) -> None:
    told = msgspec.to_builtins(CLIENT) | {field: value}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(told, AdmittedClient)


def test_of_the_folder_only_its_owner_sees_anything(tmp_path: Path) -> None:
    from bench.box.client_box import public_key_of

    folder = tmp_path / "clients"
    key = public_key_of(folder)
    assert key.startswith("ssh-ed25519 AAAA")
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / "id_ed25519")] == ["0o700", "0o600"]
    assert public_key_of(folder) == key
    # A power cut may have left the one without the other.
    (folder / "id_ed25519.pub").unlink()
    assert public_key_of(folder) != key
