"""The ports that other clusters are configured for, by the script that asks PostgreSQL itself."""

import subprocess
from pathlib import Path

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


def _ports(etc: Path, own: str = "pgladder") -> set[str]:
    # As whoever runs the tests; on a box it is the owner of each cluster.
    lines = SCRIPT.read_text().splitlines()
    text = "\n".join(line for line in lines if "setpriv" not in line).replace("/etc/postgresql", str(etc))
    text = text.replace("  shift\n}", '  shift\n  "$@"\n}')
    names = {"OWN": own, "PATH": "/bin:/usr/bin"}
    return set(
        subprocess.run(["sh", "-c", text], check=True, env=names, capture_output=True, text=True).stdout.split("\n")
    ) - {""}


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
