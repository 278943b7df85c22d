"""The kernel's settings read, proved and written down where one of them can't be read."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.inventory.shell import ROLES

KNOBS, RECORD = (ROLES / "host/files" / name for name in ("knobs.sh", "record.sh"))
GOVERNOR = "cpufreq/scaling_governor"


@pytest.fixture
def cores(tmp_path: Path) -> Path:
    """Three cores; of the second nothing can be read (a folder answers EISDIR, a core that is off EBUSY)."""
    for core in range(3):
        governor = tmp_path / f"cpu{core}" / GOVERNOR
        governor.parent.mkdir(parents=True)
        governor.mkdir() if core == 1 else governor.write_text("powersave\n")
    (tmp_path / "swappiness").write_text("60\n")
    return tmp_path


def _knobs(cores: Path, verb: str, swappiness: str = "60") -> subprocess.CompletedProcess[str]:
    knobs = f"CPU governor|powersave|{cores}/cpu[0-9]*/{GOVERNOR}\nswappiness|{swappiness}|{cores}/swappiness"
    names = {"KNOBS": knobs, "KNOBS_FILE": str(cores / "knobs.conf"), "CONTAINER": "none", "PATH": "/bin:/usr/bin"}
    return subprocess.run(["sh", KNOBS, verb], check=False, env=names, capture_output=True, text=True)


def _states(cores: Path) -> list[tuple[str, str]]:
    said = _knobs(cores, "read")
    assert said.returncode == 0, said.stderr
    return [(knob["name"], knob["state"]) for knob in map(json.loads, said.stdout.splitlines())]


def test_a_core_that_is_off_is_not_applicable_and_all_others_are_read(cores: Path) -> None:
    (cores / "cpu1/online").write_text("0\n")
    assert _states(cores) == [
        ("CPU governor", "set"),
        ("CPU governor of cpu1", "not applicable: cpu1 is switched off"),
        ("CPU governor", "set"),
        ("swappiness", "set"),
    ]
    assert _knobs(cores, "set").returncode == 0


def test_a_knob_that_cannot_be_read_fails_by_its_name_once_all_others_are_set(cores: Path) -> None:
    assert _states(cores) == [
        ("CPU governor", "set"),
        ("CPU governor", "unreadable: Is a directory"),
        ("CPU governor", "set"),
        ("swappiness", "set"),
    ]
    swappiness = cores / "swappiness"
    (cores / "knobs.conf").write_text(f"w {cores}/cpu1/{GOVERNOR} - - - - powersave\nw {swappiness} - - - - 10\n")
    said = _knobs(cores, "set", swappiness="10")
    unread = f'CPU governor could not be proved: {cores}/cpu1/{GOVERNOR} was given "powersave" and can\'t be read'
    assert said.returncode == 1
    assert said.stdout.splitlines()[-1].startswith(unread)
    assert swappiness.read_text().strip() == "10"


def test_every_knob_that_did_not_take_is_named(cores: Path) -> None:
    said = _knobs(cores, "set", swappiness="70").stdout.splitlines()[-1]
    assert "CPU governor could not be proved: " in said
    assert f'; swappiness could not be set: {cores}/swappiness was given "70" and reads "60"' in said


def test_of_a_knob_that_cannot_be_read_nothing_is_written_down(cores: Path) -> None:
    state = cores / "state"
    (state / "found").mkdir(parents=True)
    (state / "found/knobs").touch()
    knobs = [cores / f"cpu{core}" / GOVERNOR for core in range(3)]
    names = {"STATE": str(state), "KNOBS": " ".join(map(str, knobs)), "PATH": "/bin:/usr/bin"}
    subprocess.run(["sh", RECORD], check=True, env=names, capture_output=True)
    assert (state / "found/knobs").read_text() == f"{knobs[0]} powersave\n{knobs[2]} powersave\n"
