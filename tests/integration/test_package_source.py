"""Sources of vendors: apt itself takes the source that a role writes, by its key and no other.

A local repository stands in for each, signed with a key made here; of the real ones only the key that is shipped, that
of apt.postgresql.org, is seen.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.examples import one_of
from tests.packages import Apt, Keys, sign_repository
from tests.unit.inventory.modules import load

CHECKOUT = Path(__file__).parents[2]
ROLES = CHECKOUT / "roles"
SHIPPED = ROLES / "postgresql/files/apt.postgresql.org.asc"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
CONTROL = """Package: vendors
Version: 18.1-1
Architecture: all
Maintainer: the tests
Description: stands in for PostgreSQL
"""

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs Debian's apt-get")


@pytest.fixture
def keys(place: Path):
    keys = Keys(place / "keys")
    yield keys
    keys.close()


@dataclass(frozen=True)
class Source:
    """What a role writes: its template, the names of its variables, the suite that it asks for on Debian 12."""

    template: Path
    uri: str
    key: str
    suite: str


PGDG = Source(
    ROLES / "postgresql/templates/pgdg.sources.j2", "postgresql_pgdg_uri", "postgresql_pgdg_key", "bookworm-pgdg"
)
TIMESCALEDB = Source(
    ROLES / "timescaledb/templates/vendor.sources.j2", "timescaledb_uri", "timescaledb_key", "bookworm"
)


CITUS = Source(ROLES / "citus/templates/vendor.sources.j2", "citus_uri", "citus_key", "bookworm")
CLICKHOUSE = Source(ROLES / "clickhouse/templates/vendor.sources.j2", "clickhouse_uri", "clickhouse_key", "lts")
NAMES = ("pgdg", "timescaledb", "citus", "clickhouse")


@pytest.fixture(params=[PGDG, TIMESCALEDB, CITUS, CLICKHOUSE], ids=NAMES)
def source(request: pytest.FixtureRequest) -> Source:
    return request.param


@pytest.fixture
def repository(place: Path, keys: Keys, source: Source) -> str:
    """One package, listed and signed as apt has it."""
    root = place / "repository"
    root.mkdir()
    (place / "package/DEBIAN").mkdir(parents=True)
    (place / "package/DEBIAN/control").write_text(CONTROL)
    build = ["dpkg-deb", "--build", place / "package", root / "vendors.deb"]
    subprocess.run(build, check=True, capture_output=True)
    sign_repository(root, source.suite, keys)
    return f"file://{root}"


def _write_source(apt: Apt, place: Path, source: Source, uri: str, key: str) -> None:
    """Write what the role writes to a box of Debian 12, by its own template."""
    variables = {source.uri: uri, source.key: key, "host_system": {"suite": "bookworm"}, "clickhouse_suite": "lts"}
    target = str(apt.sources / "pgladder-vendor.sources")
    template = {"src": str(source.template), "dest": target, "mode": "0644"}
    tasks = [{"ansible.builtin.template": template}]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, "tasks": tasks}
    (place / "play.yml").write_text(json.dumps([play]))
    command = [PLAYBOOK, "-i", "localhost,", "-e", f"ansible_python_interpreter={sys.executable}", place / "play.yml"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_packages_signed_with_the_key_of_the_source_are_offered(
    place: Path, keys: Keys, source: Source, repository: str
) -> None:
    apt = Apt(place)
    _write_source(apt, place, source, repository, str(keys.public(place / "key.asc")))
    updated = apt.do("apt-get", "update")
    assert updated.returncode == 0, updated.stderr
    assert "Candidate: 18.1-1" in apt.do("apt-cache", "policy", "vendors").stdout


@pytest.mark.parametrize("source", one_of(PGDG, TIMESCALEDB, CITUS, CLICKHOUSE), ids=NAMES, indirect=True)
def test_packages_signed_with_another_key_are_not(place: Path, source: Source, repository: str) -> None:
    apt = Apt(place)
    _write_source(apt, place, source, repository, str(SHIPPED))
    updated = apt.do("apt-get", "update")
    assert updated.returncode != 0
    assert "NO_PUBKEY" in updated.stderr
    assert "Candidate" not in apt.do("apt-cache", "policy", "vendors").stdout


def test_the_key_that_is_shipped_is_the_one_that_debian_ships(tmp_path: Path) -> None:
    """Its fingerprint stands in the role's README."""
    command = ["gpg", "--homedir", tmp_path, "--show-keys", "--with-colons", SHIPPED]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    [fingerprint] = [line.split(":")[9] for line in shown if line.startswith("fpr:")]
    assert load("filter", "pgladder").pgladder_fingerprints(SHIPPED.read_text()) == [fingerprint]
    stated = (ROLES / "postgresql/README.md").read_text().replace("\n", " ").split("fingerprint ")[1].split(")")[0]
    assert fingerprint == stated.replace(" ", "")
    debians = Path("/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc")
    if debians.exists():
        assert SHIPPED.read_text() == debians.read_text()
