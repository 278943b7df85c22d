"""Bringing much: what is here already is not brought again, and a disk that is full here loses nothing."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab
from tests.e2e.remote.control import ROOT, Control, Fab, Large


@pytest.fixture
def small_disk(lab: Lab, control: Control, large: Large) -> Iterator[Path]:
    """Where the run is pulled to has room for some of it."""
    place = control.results(large.name, lab.boxes[1]).path
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run([*ROOT, "mount", "-t", "tmpfs", "-o", "size=20m,mode=777", "tmpfs", place], check=True)
    yield place
    subprocess.run([*ROOT, "umount", place], check=True)


def pull(lab: Lab, control: Control, large: Large) -> Fab:
    return control.fab("pull", f"--limit={lab.boxes[1]}", f"--run={large.name}")


def test_a_disk_that_is_full_here_is_told_and_the_rest_comes_when_there_is_room(
    lab: Lab, control: Control, large: Large, small_disk: Path
) -> None:
    said, box = pull(lab, control, large).ends(1), lab.boxes[1]
    place = f"results/{large.name}/{box}"
    assert f"{box}: its results can't be kept in {place} (No space left on device): mend that, and pull" in said
    files = [path.name for path in small_disk.rglob("*") if path.is_file()]
    assert 0 < len(files) < large.files
    assert [name for name in files if name.endswith(".part")] == []

    subprocess.run([*ROOT, "mount", "-o", "remount,size=400m", small_disk], check=True)
    said = pull(lab, control, large).ends(0)
    assert f"{box}: {large.files + 1 - len(files)} new files" in said  # and the plan
    assert large.is_whole(small_disk)


@pytest.mark.slow
def test_what_was_changed_or_cut_here_is_brought_again(lab: Lab, control: Control, large: Large) -> None:
    pull(lab, control, large).ends(0)
    directory = control.results(large.name, lab.boxes[1]).path
    file = directory / "samples" / "7.jsonl"
    file.write_bytes(file.read_bytes()[:1000])
    assert f"{lab.boxes[1]}: 1 new files" in pull(lab, control, large).ends(0)
    assert large.is_whole(directory)
