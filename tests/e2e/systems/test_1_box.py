"""A box of each other system that is tested: from bare to a ladder to torn down; in a lab of its own.

The reference's way (Debian 12's) is that of all other tests, with its bad days; here it is walked with those that are
slow. On the others a second major joins their own: the reference's packages, by a repository that stands in for
apt.postgresql.org.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.probes.system_packages import known
from tests.e2e.lab import Lab, changed, sentence
from tests.e2e.remote.control import ROOT, SURE, Control
from tests.packages import Apt, Keys, sign_repository


@dataclass(frozen=True)
class System:
    """What a box shall be; ``name`` as SYSTEM= takes it, the rest as its line of the table has it."""

    name: str
    version: str
    suite: str
    postgresql: str
    python: str
    engines: tuple[str, ...]


def _tested() -> Iterator[System]:
    for name, entry in known()["systems"].items():
        family, version = name.split()
        if family == "debian" and entry["tested"]:
            own = str(entry["postgresql"])
            yield System(f"debian{version}", version, entry["suite"], own, entry["python"], tuple(entry["engines"]))


REFERENCE, *OTHERS = _tested()
OLDER = ("postgresql-15", "postgresql-client-15", "libicu72", "libldap-2.5-0", "libllvm14")
"""PostgreSQL of the reference, and what it needs that later systems no longer have."""
VENDOR = "/srv/vendor"
SYSTEMS = [
    *(pytest.param(each, id=each.name) for each in OTHERS),
    pytest.param(REFERENCE, id=REFERENCE.name, marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> System:
    return request.param


@pytest.fixture(scope="module")
def own(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    files = tmp_path_factory.mktemp("own")
    with Lab(files, "pgladder-e2s", "e2s", "10.86.80.0/24", size=1, system=system.name).in_use() as lab:
        yield lab


@pytest.fixture(scope="module")
def box(own: Lab) -> str:
    return own.boxes[0]


@pytest.fixture(scope="module")
def as_found(own: Lab, box: str) -> set[str]:
    """What the box was like before anything was done to it."""
    return own.snapshot(box)


def test_a_box_is_of_the_system_that_was_asked_for(own: Lab, box: str, system: System) -> None:
    host = own.host(box)
    assert (host.system_info.distribution, host.system_info.release.split(".")[0]) == ("debian", system.version)
    assert host.check_output("systemctl is-system-running") == "running"
    assert not host.exists("python3")


@pytest.mark.slow
def test_a_box_keeps_the_system_it_was_made_with(own: Lab, box: str, system: System) -> None:
    said = own.up("-e", "lab_system=")
    assert f"{box}: Debian {system.version}" in said
    assert said.count("changed=0") == said.count("changed=")
    other = (OTHERS[0] if system == REFERENCE else REFERENCE).name
    refused = own.try_up("-e", f"lab_system={other}")
    assert refused.returncode != 0
    told = " ".join(refused.stdout.split())
    assert f"{box}: made before, with {system.name}, and kept. `make lab-up N=2 SYSTEM={other}` makes another" in told
    assert own.run(box, "hostname").strip() == box


@pytest.mark.usefixtures("as_found")
def test_it_is_made_ready_with_its_own_postgresql_and_python(own: Lab, box: str, system: System) -> None:
    said = own.play("provision", box)
    assert said.returncode == 0, said.stdout
    assert "ready to measure" in said.stdout
    host = own.host(box)
    assert host.check_output("pg_lsclusters -h").split()[:5] == [
        system.postgresql,
        "pgladder",
        "5544",
        "online",
        "pgladder",
    ]
    assert host.check_output("/opt/pgladder/current/bin/python -V").startswith(f"Python {system.python}.")
    assert "0 to remove" in own.run(box, "sudo apt-get -s autoremove").lower()
    assert own.run(box, "systemctl is-system-running").strip() == "running"


@pytest.mark.slow
def test_made_ready_again_nothing_changes(own: Lab, box: str) -> None:
    said = own.play("provision", box)
    assert said.returncode == 0, said.stdout
    assert changed(said, box) == 0


def test_its_ladder_is_climbed_and_shown(own: Lab, box: str, system: System, tmp_path: Path) -> None:
    control = Control(own, tmp_path)
    control.fab("ladder", f"--limit={box}", "--run=short", "--blocks=1", *SURE).ends(0)
    results = control.results("short", box)
    assert all(record.rows for record in results.records())
    found = results.host()
    assert found is not None
    assert found.facts["system"]["os"].startswith(f"Debian GNU/Linux {system.version} ")
    assert found.facts["postgresql"]["version"].startswith(f"PostgreSQL {system.postgresql}.")


def test_partitions_and_rows_over_several_servers_are_measured_on_it_and_nothing_of_these_stays(
    own: Lab, box: str, tmp_path: Path
) -> None:
    control, cluster = Control(own, tmp_path), own.run(box, "pg_lsclusters -h").split()
    layouts = "plain hash-partitioned time-partitioned sharded"
    control.fab("ladder", f"--limit={box}", "--run=sharded", "--blocks=1", f"--layouts={layouts}", *SURE).ends(0)
    results = control.results("sharded", box)
    assert {(record.engine, record.trial.layout) for record in results.records()} == {
        ("postgresql", "plain"),
        ("postgresql", "hash-partitioned"),
        ("postgresql", "time-partitioned"),
        ("postgres_fdw", "sharded"),
    }
    for record in results.records():
        assert record.verified is not None
        assert record.verified.found == record.verified.acknowledged > 0
    assert own.run(box, "pg_lsclusters -h").split() == cluster
    assert own.run(box, "sudo find / -xdev -name made-by-pgladder").strip() == ""
    assert own.sql(box, "SELECT count(*) FROM pg_foreign_server") == "0"


TIMESCALEDB = ("-e", "host_roles=timescaledb")
BESIDE = ("--phases=2-G 3-T3", *SURE[1:])


@pytest.mark.slow
def test_an_engine_that_it_does_not_have_is_told_and_no_other_is_taken_for_it(
    own: Lab, box: str, system: System, tmp_path: Path
) -> None:
    missing = Control(own, tmp_path).fab("ladder", f"--limit={box}", *BESIDE).ends(2)
    assert "has no TimescaleDB. On a box: make provision ROLES=timescaledb" in missing
    wrong = own.play("provision", box, "-e", "host_roles=timescale")
    assert "ROLES (host_roles) names timescale; there are: timescaledb" in sentence(wrong, box)
    if "timescaledb" not in system.engines:
        said = own.play("provision", box, *TIMESCALEDB)
        assert f"Debian {system.version} has no package of TimescaleDB" in sentence(said, box)


@pytest.fixture
def with_timescaledb(own: Lab, box: str, system: System) -> None:
    if "timescaledb" not in system.engines:
        pytest.skip(f"Debian {system.version} has no package of TimescaleDB")
    said = own.play("provision", box, *TIMESCALEDB)
    assert said.returncode == 0, said.stdout


@pytest.mark.usefixtures("with_timescaledb")
def test_timescaledb_joins_it_and_its_rung_is_measured_beside_postgresqls(own: Lab, box: str, tmp_path: Path) -> None:
    control = Control(own, tmp_path)
    cluster = own.run(box, "pg_lsclusters -h").split()
    control.fab("ladder", f"--limit={box}", "--run=beside", "--blocks=1", *BESIDE).ends(0)
    results = control.results("beside", box)
    measured = {(record.trial.phase, record.engine, record.trial.layout) for record in results.records()}
    assert measured == {("2-G", "postgresql", "plain"), ("3-T3", "timescaledb", "hypertable")}
    for record in results.records():
        assert record.rows > 0
        assert record.verified is not None
        assert record.verified.found >= record.verified.acknowledged
    found = results.host()
    assert found is not None
    assert found.facts["engines"]["timescaledb"]["version"].startswith("TimescaleDB 2.")
    assert own.run(box, "pg_lsclusters -h").split() == cluster
    databases = "sudo -u pgladder psql -h /run/pgladder -p 5544 -XAtc 'SELECT datname FROM pg_database' postgres"
    assert "pgladder_beside" not in own.run(box, databases)


@pytest.mark.slow
@pytest.mark.usefixtures("with_timescaledb")
def test_with_timescaledb_made_ready_again_nothing_changes(own: Lab, box: str) -> None:
    assert changed(own.play("provision", box, *TIMESCALEDB), box) == 0


@pytest.fixture
def with_older(own: Lab, box: str, system: System, tmp_path: Path) -> Iterator[list[str]]:
    """Variables by which the reference's PostgreSQL joins the box's own, as from apt.postgresql.org."""
    if system == REFERENCE:
        pytest.skip("a newer PostgreSQL does not run with the libraries of an older system")
    there = Path(f"/var/lib/{own.name}-lab") / box / "root"
    repository = tmp_path / "repository"
    repository.mkdir()
    Apt(tmp_path).download(REFERENCE.suite, OLDER, repository)
    keys = Keys(tmp_path / "keys")
    sign_repository(repository, f"{system.suite}-pgdg", keys)
    key = keys.public(tmp_path / "key.asc")
    keys.close()
    subprocess.run([*ROOT, "cp", "-r", repository, f"{there}{VENDOR}"], check=True)
    given = {
        "postgresql_source": "pgdg",
        "postgresql_pgdg_uri": f"file://{VENDOR}",
        "postgresql_pgdg_key": key,
        "postgresql_other_versions": REFERENCE.postgresql,
    }
    yield [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    own.run(box, f"sudo rm -r {VENDOR}")


@pytest.mark.slow
def test_majors_from_a_vendor_are_compared_on_it_beside_its_cluster(
    own: Lab, box: str, system: System, with_older: list[str], tmp_path: Path
) -> None:
    both = [REFERENCE.postgresql, system.postgresql]
    refused = own.play("provision", box, "-e", f"postgresql_other_versions={REFERENCE.postgresql}")
    has = f"Debian {system.version} has {system.postgresql}; take other versions from apt.postgresql.org"
    assert has in sentence(refused, box)
    said = own.play("provision", box, *with_older)
    assert said.returncode == 0, said.stdout
    assert changed(own.play("provision", box, *with_older), box) == 0
    cluster = own.run(box, "pg_lsclusters -h").split()
    assert cluster[:4] == [system.postgresql, "pgladder", "5544", "online"]
    control = Control(own, tmp_path)
    missing = control.fab("compare", f"--limit={box}", f"--versions={system.postgresql} 14", *SURE).ends(2)
    lacking = f"PostgreSQL 14 is not installed there; it has {' and '.join(both)}: name it in postgresql_other_versions"
    assert lacking in missing
    asked = (f"--versions={' '.join(both)}", "--blocks=2", "--repeat-suspect=no", *SURE)
    control.fab("compare", f"--limit={box}", "--run=majors", *asked).ends(0)
    results = control.results("majors", box)
    assert sorted(record.trial.version for record in results.records()) == sorted(both * 2)
    assert all(record.rows for record in results.records())
    found = results.host()
    assert found is not None
    versions = found.facts["postgresql"]["versions"]
    assert [versions[major]["builder"] for major in both] == ["Debian", "Debian"]
    assert own.run(box, f"sudo ls -A /var/lib/postgresql/{system.postgresql}/pgladder-private") == ""
    assert own.run(box, "pg_lsclusters -h").split() == cluster


def test_torn_down_nothing_is_left(own: Lab, box: str, as_found: set[str]) -> None:
    said = own.play("teardown", box)
    assert said.returncode == 0, said.stdout
    assert own.snapshot(box) ^ as_found == set()
    assert changed(own.play("teardown", box), box) == 0


def test_of_its_lab_nothing_is_left(own: Lab) -> None:
    own.down()
    assert own.left() == []
