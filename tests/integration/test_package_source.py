"""PostgreSQL from apt.postgresql.org: apt itself takes the source that the role writes, by its key and no other.

A local repository stands in for it, signed with a key made here; of the real one only the key that is shipped is seen.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages import Apt, Keys, sign_repository

CHECKOUT = Path(__file__).parents[2]
ROLE = CHECKOUT / "roles/postgresql"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
CONTROL = """Package: postgresql-18
Version: 18.1-1.pgdg12+1
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


@pytest.fixture
def repository(place: Path, keys: Keys) -> str:
    """One package, listed and signed as apt has it."""
    root = place / "repository"
    root.mkdir()
    (place / "package/DEBIAN").mkdir(parents=True)
    (place / "package/DEBIAN/control").write_text(CONTROL)
    build = ["dpkg-deb", "--build", place / "package", root / "postgresql-18.deb"]
    subprocess.run(build, check=True, capture_output=True)
    sign_repository(root, "bookworm-pgdg", keys)
    return f"file://{root}"


def _write_source(apt: Apt, place: Path, uri: str, key: str) -> None:
    """Write what the role writes to a box of Debian 12, by its own template."""
    variables = {"postgresql_pgdg_uri": uri, "postgresql_pgdg_key": key, "host_system": {"suite": "bookworm"}}
    target = str(apt.sources / "pgladder-pgdg.sources")
    template = {"src": str(ROLE / "templates/pgdg.sources.j2"), "dest": target, "mode": "0644"}
    tasks = [{"ansible.builtin.template": template}]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, "tasks": tasks}
    (place / "play.yml").write_text(json.dumps([play]))
    command = [PLAYBOOK, "-i", "localhost,", "-e", f"ansible_python_interpreter={sys.executable}", place / "play.yml"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_packages_signed_with_the_key_of_the_source_are_offered(place: Path, keys: Keys, repository: str) -> None:
    apt = Apt(place)
    _write_source(apt, place, repository, str(keys.public(place / "key.asc")))
    updated = apt.do("apt-get", "update")
    assert updated.returncode == 0, updated.stderr
    assert "Candidate: 18.1-1.pgdg12+1" in apt.do("apt-cache", "policy", "postgresql-18").stdout


def test_packages_signed_with_another_key_are_not(place: Path, repository: str) -> None:
    apt = Apt(place)
    _write_source(apt, place, repository, str(ROLE / "files/apt.postgresql.org.asc"))
    updated = apt.do("apt-get", "update")
    assert updated.returncode != 0
    assert "NO_PUBKEY" in updated.stderr
    assert "Candidate" not in apt.do("apt-cache", "policy", "postgresql-18").stdout


def test_the_key_that_is_shipped_is_the_one_that_debian_ships(tmp_path: Path) -> None:
    """Its fingerprint stands in the role's README."""
    shipped = ROLE / "files/apt.postgresql.org.asc"
    command = ["gpg", "--homedir", tmp_path, "--show-keys", "--with-colons", shipped]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    [fingerprint] = [line.split(":")[9] for line in shown if line.startswith("fpr:")]
    stated = (ROLE / "README.md").read_text().replace("\n", " ").split("fingerprint ")[1].split(")")[0]
    assert fingerprint == stated.replace(" ", "")
    debians = Path("/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc")
    if debians.exists():
        assert shipped.read_text() == debians.read_text()
