from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.model.box import provisioned
from bench.model.errors import DataError

TEMPLATES = Path(__file__).parents[3] / "roles" / "bench" / "templates"
VARIABLES = {
    "__bench_release": "3f2a",
    "__bench_home": "/var/lib/pgladder",
    "__bench_cluster": "17/pgladder",
    "__bench_cluster_unit": "postgresql@17-pgladder.service",
    "__bench_networks": ["10.0.0.0/8", "fd00::/8"],
    "postgresql_version": "17",
    "postgresql_cluster": "pgladder",
    "postgresql_port": 5544,
    "postgresql_variant": "stock",
    "postgresql_max_connections": 300,
    "postgresql_owner": "pgladder",
    "__bench_tls": True,
    "inventory_hostname": "n100-b",
    "replica_of": "",
}
LATER = ("remote_clients", "replica_of")


def rendered(**changes: object) -> str:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined)
    return environment.get_template("pgladder.toml.j2").render(VARIABLES | changes)


def test_what_the_role_writes_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pgladder.toml"
    path.write_text(rendered())
    box = provisioned(path)
    assert box is not None
    assert box.runs == Path("/var/lib/pgladder/runs")
    assert (box.cluster.version, box.cluster.port) == ("17", 5544)
    assert box.cluster.root_certificate == "/etc/postgresql/17/pgladder/server.crt"
    assert box.cluster.private_directory == Path("/var/lib/postgresql/17/pgladder-private")
    assert box.cluster.log_file == Path("/var/log/postgresql/postgresql-17-pgladder.log")
    assert box.cluster.remote_clients == ("10.0.0.0/8", "fd00::/8")
    assert box.cluster.replica_of == ""


@pytest.mark.parametrize(("replica_of", "found"), [("n100-a", "n100-a"), ("n100-b", "")])
def test_a_standby_knows_its_primary_and_a_primary_is_not_its_own(tmp_path: Path, replica_of: str, found: str) -> None:
    path = tmp_path / "pgladder.toml"
    path.write_text(rendered(replica_of=replica_of))
    box = provisioned(path)
    assert box is not None
    assert box.cluster.replica_of == found


def test_what_an_earlier_release_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pgladder.toml"
    earlier = rendered(__bench_cluster="pgladder")
    path.write_text("".join(line for line in earlier.splitlines(True) if not line.startswith(LATER)))
    box = provisioned(path)
    assert box is not None
    assert (box.cluster.version, box.cluster.remote_clients) == ("15", ())


def test_without_tls_there_is_no_certificate(tmp_path: Path) -> None:
    path = tmp_path / "pgladder.toml"
    path.write_text(rendered(__bench_tls=False))
    box = provisioned(path)
    assert box is not None
    assert box.cluster.root_certificate == ""


def test_a_machine_that_was_not_provisioned_has_none(tmp_path: Path) -> None:
    assert provisioned(tmp_path / "pgladder.toml") is None


@pytest.mark.parametrize("text", [b"schema = 'pgladder/box/9'", b"release = 3", b"not toml at all", b"", b"\xff"])
def test_a_file_that_is_not_ours_is_refused_with_the_next_step(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "pgladder.toml"
    path.write_bytes(text)
    with pytest.raises(DataError, match="provision this box again"):
        provisioned(path)
