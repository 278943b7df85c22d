"""The ports that other clusters are configured for, by the script that asks PostgreSQL itself."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.unit.inventory.shell import ROLES

SCRIPT = ROLES / "postgresql/files/ports.sh"


def _cluster(etc: Path, version: str, name: str, text: str) -> Path:
    folder = etc / version / name
    (folder / "conf.d").mkdir(parents=True)
    data = etc / f"data-{name}"
    data.mkdir(mode=0o700)
    (folder / "postgresql.conf").write_text(f"data_directory = '{data}'\n{text}include_dir 'conf.d'\n")
    return folder


def _header_value(etc: Path, text: str) -> subprocess.CompletedProcess[str]:
    names = {"OWN": "pgladder", "PATH": "/bin:/usr/bin"}
    command = ["sh", "-c", text.replace("/etc/postgresql", str(etc))]
    return subprocess.run(command, check=False, env=names, capture_output=True, text=True)


def _ports(etc: Path) -> set[str]:
    """As whoever runs the tests; on a box it is the owner of each cluster."""
    lines = SCRIPT.read_text().splitlines()
    text = "\n".join(line for line in lines if "setpriv" not in line)
    said = _header_value(etc, text.replace("  shift\n}", '  shift\n  "$@"\n}'))
    assert said.returncode == 0, said.stderr
    return set(said.stdout.splitlines())


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    _cluster(tmp_path, "15", "pgladder", "port = 5544\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "more", "port"),
    [
        ("port = 5433\n", "", "5433"),
        ("", "", "5432"),
        ("port = 5433\n", "port = '5499'  # elsewhere\n", "5499"),
        ("port 5434\n", "PORT=0x1540\n", "5440"),
    ],
)
def test_what_is_included_counts_whether_the_cluster_runs_or_not(etc: Path, text: str, more: str, port: str) -> None:
    folder = _cluster(etc, "15", "main", text)
    (folder / "conf.d/mine.conf").write_text(more)
    assert _ports(etc) == {f"{port} 15/main"}


def test_what_was_changed_by_alter_system_counts(etc: Path) -> None:
    _cluster(etc, "15", "main", "port = 5433\n")
    (etc / "data-main/postgresql.auto.conf").write_text("port = '5444'\n")
    assert _ports(etc) == {"5444 15/main"}


def test_a_cluster_whose_programs_are_gone_or_whose_configuration_is_wrong_is_read_as_text(etc: Path) -> None:
    _cluster(etc, "9.6", "old", "port = 5435\n")
    broken = _cluster(etc, "15", "broken", "no_such = 1\n")
    (broken / "conf.d/mine.conf").write_text("port = 5436\n")
    assert _ports(etc) == {"5435 9.6/old", "5436 15/broken"}


@pytest.fixture
def etc_of_nobody() -> Iterator[Path]:
    """A folder that other users may enter, as /etc/postgresql; with a cluster of nobody's."""
    if os.geteuid() != 0:
        pytest.skip("only root may read as another user")
    with TemporaryDirectory() as name:
        etc = Path(name)
        etc.chmod(0o755)
        _cluster(etc, "15", "main", "port = 5433\n")
        for each in [etc / "15", *(etc / "15").rglob("*"), etc / "data-main"]:
            shutil.chown(each, "nobody")
        yield etc


def test_a_cluster_is_read_by_the_rights_of_its_owner(etc_of_nobody: Path) -> None:
    assert _header_value(etc_of_nobody, SCRIPT.read_text()).stdout == "5433 15/main\n"
    secret = etc_of_nobody / "secret.conf"
    secret.write_text("port = 5499\n")
    secret.chmod(0o600)
    (etc_of_nobody / "15/main/conf.d/mine.conf").symlink_to(secret)
    assert _header_value(etc_of_nobody, SCRIPT.read_text()).stdout == "5433 15/main\n"


def test_the_port_of_a_cluster_whose_owner_is_gone_is_unknown(etc_of_nobody: Path) -> None:
    os.chown(etc_of_nobody / "15/main", 54321, 54321)
    said = _header_value(etc_of_nobody, SCRIPT.read_text())
    assert (said.returncode, said.stdout) == (1, "")
    assert "the port of the cluster 15/main is unknown" in said.stderr
