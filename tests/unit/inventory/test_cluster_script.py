"""What the cluster's script does when something is refused or fails; the rest of it is tested on boxes."""

import subprocess
from pathlib import Path

import pytest

from tests.unit.inventory.shell import ROLES, function

SCRIPT = ROLES / "postgresql/files/cluster.sh"
ONE_LINERS = ("die()", "place()", "damaged()")
FUNCTIONS = ("refuse_strangers", "swap", "keep", "give_up", "restart", "must_restart", "see_that_it_is_there")
VARIANT = "20-variant.conf"


def _shell(etc: Path, calls: str, starts: str = "true") -> subprocess.CompletedProcess[str]:
    """Call the script's functions on a folder; ``starts``: does PostgreSQL start?"""
    lines = [line for line in SCRIPT.read_text().splitlines() if line.startswith(ONE_LINERS)]
    lines += [function(SCRIPT, name) for name in FUNCTIONS]
    stubs = ['as_owner() { "$@"; }', f"systemctl() {{ {starts}; }}", "query() { :; }", "swapped="]
    script = "\n".join(["set -eu", *lines, *stubs, calls])
    log = str(etc / "postgresql-15-mine.log")
    names = {"ETC": str(etc), "DATA": str(etc), "LOG": log, "CLUSTER": "mine", "UNIT": "unit", "PATH": "/bin:/usr/bin"}
    return subprocess.run(["sh", "-c", script], check=False, env=names, capture_output=True, text=True)


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Provisioned as stock and proved so; a killed run's variant is in force; another one is asked for."""
    for folder in ("conf.d", "next"):
        (tmp_path / folder).mkdir()
        for name in ("10-harness.conf", VARIANT):
            (tmp_path / folder / name).write_text("stock")
    (tmp_path / "pg_hba.conf").write_text("stock")
    (tmp_path / "next/pg_hba").write_text("stock")
    assert _shell(tmp_path, "keep").returncode == 0
    (tmp_path / "conf.d" / VARIANT).write_text("left by a run")
    (tmp_path / "next" / VARIANT).write_text("asked for")
    return tmp_path


def _texts(etc: Path) -> list[str]:
    return [(etc / folder / VARIANT).read_text() for folder in ("conf.d", "next", "proved")]


def test_a_file_somebody_added_to_the_configuration_is_named_and_the_rest_is_as_proved_last(etc: Path) -> None:
    assert _shell(etc, "refuse_strangers").returncode == 0
    stranger = etc / "conf.d/99-mine.conf"
    stranger.touch()
    said = _shell(etc, "refuse_strangers")
    assert said.returncode == 1
    assert f"remove {stranger}, then run this again; it is as it was provisioned last" in said.stderr
    assert _texts(etc) == ["stock"] * 3


def test_what_does_not_start_makes_way_for_what_was_proved_not_for_what_a_killed_run_left(etc: Path) -> None:
    (etc / "postgresql-15-mine.log").write_text("FATAL: of last week\n")
    log = 'echo "FATAL: no memory" >>"$LOG"'
    said = _shell(etc, 'swap "$ETC/next"; must_restart', f"{log}; grep -q stock $ETC/conf.d/{VARIANT}")
    assert said.returncode == 1
    assert "did not start: FATAL: no memory; it is as it was provisioned last. Choose another" in said.stderr
    assert _texts(etc) == ["stock"] * 3


def test_an_old_complaint_is_not_told_and_where_nothing_was_swapped_the_cluster_is_suspected(etc: Path) -> None:
    (etc / "postgresql-15-mine.log").write_text("FATAL: of last week\n")
    assert _shell(etc, "must_restart", "false").stderr == (
        "PostgreSQL does not start: journalctl -u unit on the box says why."
        " If that stays so, the cluster is damaged: make teardown, then make provision"
    )
    said = _shell(etc, 'swap "$ETC/next"; must_restart', "false").stderr
    assert "did not start: journalctl" in said
    assert "; as it was provisioned last PostgreSQL does not start: " in said
    assert _texts(etc) == ["stock"] * 3


def test_what_is_kept_is_whole_and_nothing_else_stays(etc: Path) -> None:
    (etc / "proved.cutoff").mkdir()
    assert _shell(etc, "keep").returncode == 0
    assert [file.name for file in sorted((etc / "proved").iterdir())] == ["10-harness.conf", VARIANT, "pg_hba"]
    assert (etc / "proved" / VARIANT).read_text() == "asked for"
    assert len(list(etc.glob("proved*"))) == 2


def test_a_cluster_that_somebody_dropped_is_missed_with_the_way_out(etc: Path) -> None:
    said = _shell(etc, "see_that_it_is_there")
    assert f"15/mine has no {etc}/postgresql.conf any more: make teardown, then make provision" in said.stderr


def test_what_an_earlier_release_provisioned_counts_as_proved(etc: Path) -> None:
    (etc / "proved").unlink()
    for file in ("postgresql.conf", "PG_VERSION"):
        (etc / file).touch()
    assert _shell(etc, "see_that_it_is_there").returncode == 0
    assert (etc / "proved" / VARIANT).read_text() == "asked for"
