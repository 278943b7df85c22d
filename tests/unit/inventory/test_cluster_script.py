"""What the cluster's script does with what an earlier play, or somebody else, left; the rest is tested on boxes."""

import subprocess
from pathlib import Path

import pytest

from tests.unit.inventory.shell import ROLES, function

SCRIPT = ROLES / "postgresql/files/cluster.sh"
FUNCTIONS = ("keep", "see_that_it_is_there")
VARIANT = "20-variant.conf"


def _shell(etc: Path, calls: str) -> subprocess.CompletedProcess[str]:
    """Call the script's functions on a folder."""
    lines = [line for line in SCRIPT.read_text().splitlines() if line.startswith("die()")]
    lines += [function(SCRIPT, name) for name in FUNCTIONS]
    script = "\n".join(["set -eu", *lines, 'as_owner() { "$@"; }', calls])
    names = {"ETC": str(etc), "DATA": str(etc), "CLUSTER": "mine", "PATH": "/bin:/usr/bin"}
    return subprocess.run(["sh", "-c", script], check=False, env=names, capture_output=True, text=True)


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Provisioned by an earlier release."""
    (tmp_path / "next").mkdir()
    for name in ("10-harness.conf", VARIANT, "pg_hba"):
        (tmp_path / "next" / name).write_text("stock")
    for file in ("postgresql.conf", "PG_VERSION"):
        (tmp_path / file).touch()
    return tmp_path


def test_a_cluster_that_somebody_dropped_is_missed_with_the_way_out(etc: Path) -> None:
    (etc / "postgresql.conf").unlink()
    said = _shell(etc, "see_that_it_is_there")
    assert f"15/mine has no {etc}/postgresql.conf any more: make teardown, then make provision" in said.stderr


def test_what_an_earlier_release_provisioned_counts_as_proved(etc: Path) -> None:
    (etc / "proved.first").mkdir()  # by a play that was cut off
    assert _shell(etc, "see_that_it_is_there").returncode == 0
    assert (etc / "proved" / VARIANT).read_text() == "stock"
    (etc / "next" / VARIANT).write_text("asked for")
    assert _shell(etc, "see_that_it_is_there").returncode == 0
    assert (etc / "proved" / VARIANT).read_text() == "stock"
    assert [file.name for file in sorted((etc / "proved").iterdir())] == ["10-harness.conf", VARIANT, "pg_hba"]
