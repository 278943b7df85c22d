"""The ports that other clusters are configured for, by the module that asks PostgreSQL itself."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest

from bench.engines.postgresql.binaries import build_of, find_binaries
from tests.unit.inventory.modules import load

MAJOR = build_of(find_binaries()).major


def _cluster(etc: Path, version: str, name: str, text: str) -> Path:
    folder = etc / version / name
    (folder / "conf.d").mkdir(parents=True)
    data = etc / f"data-{name}"
    data.mkdir(mode=0o700)
    (folder / "postgresql.conf").write_text(f"data_directory = '{data}'\n{text}include_dir 'conf.d'\n")
    return folder


@pytest.fixture
def module() -> ModuleType:
    return load("modules", "pgladder_cluster")


def _ports(module: ModuleType, etc: Path) -> set[str]:
    """As whoever runs the tests, or as the owner of each cluster where that is root."""
    module.CONFIGURATIONS = etc
    own = module.Cluster(MAJOR, "pgladder")
    return {f"{module.port_of(each)} {each}" for each in module.others(own)}


@pytest.fixture
def etc() -> Iterator[Path]:
    """A folder that other users may enter, as /etc/postgresql; PostgreSQL does not run as root."""
    with TemporaryDirectory() as name:
        etc = Path(name)
        etc.chmod(0o755)
        _cluster(etc, MAJOR, "pgladder", "port = 5544\n")
        yield etc


def _given_away(etc: Path) -> None:
    if os.geteuid() == 0:
        for each in etc.rglob("*"):
            shutil.chown(each, "nobody")


@pytest.mark.parametrize(
    ("text", "more", "port"),
    [
        ("port = 5433\n", "", "5433"),
        ("", "", "5432"),
        ("port = 5433\n", "port = '5499'  # elsewhere\n", "5499"),
        ("port 5434\n", "PORT=0x1540\n", "5440"),
    ],
)
def test_what_is_included_counts_whether_the_cluster_runs_or_not(
    module: ModuleType, etc: Path, text: str, more: str, port: str
) -> None:
    folder = _cluster(etc, MAJOR, "main", text)
    (folder / "conf.d/mine.conf").write_text(more)
    _given_away(etc)
    assert _ports(module, etc) == {f"{port} {MAJOR}/main"}


def test_what_was_changed_by_alter_system_counts(module: ModuleType, etc: Path) -> None:
    _cluster(etc, MAJOR, "main", "port = 5433\n")
    (etc / "data-main/postgresql.auto.conf").write_text("port = '5444'\n")
    _given_away(etc)
    assert _ports(module, etc) == {f"5444 {MAJOR}/main"}


def test_a_cluster_whose_programs_are_gone_or_whose_configuration_is_wrong_is_read_as_text(
    module: ModuleType, etc: Path
) -> None:
    _cluster(etc, "9.6", "old", "port = 5435\n")
    broken = _cluster(etc, MAJOR, "broken", "no_such = 1\n")
    (broken / "conf.d/mine.conf").write_text("port = 5436\n")
    _given_away(etc)
    assert _ports(module, etc) == {"5435 9.6/old", f"5436 {MAJOR}/broken"}


@pytest.fixture
def etc_of_nobody(etc: Path) -> Path:
    """With a cluster of nobody's."""
    if os.geteuid() != 0:
        pytest.skip("only root may read as another user")
    _cluster(etc, MAJOR, "main", "port = 5433\n")
    _given_away(etc)
    return etc


def test_a_cluster_is_read_by_the_rights_of_its_owner(module: ModuleType, etc_of_nobody: Path) -> None:
    assert _ports(module, etc_of_nobody) == {f"5433 {MAJOR}/main"}
    secret = etc_of_nobody / "secret.conf"
    secret.write_text("port = 5499\n")
    secret.chmod(0o600)
    (etc_of_nobody / f"{MAJOR}/main/conf.d/mine.conf").symlink_to(secret)
    assert _ports(module, etc_of_nobody) == {f"5433 {MAJOR}/main"}


def test_the_port_of_a_cluster_whose_owner_is_gone_is_unknown(module: ModuleType, etc_of_nobody: Path) -> None:
    os.chown(etc_of_nobody / f"{MAJOR}/main", 54321, 54321)
    with pytest.raises(module.Refused) as refusal:
        _ports(module, etc_of_nobody)
    assert f"the port of the cluster {MAJOR}/main is unknown: its owner (user id 54321) can't read" in str(
        refusal.value
    )
