"""The script that asks a box for facts, run here, with programs that stand in for the box's."""

import os
import pwd
import subprocess
from pathlib import Path

FACTS = Path(__file__).parents[3] / "bench/doctor/facts.sh"


def _program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_flushes_on_a_disk_of_its_own_are_measured_as_its_owner_not_as_root(tmp_path: Path) -> None:
    """As root, it would write through a link that the owner puts in the place of its file."""
    mount = tmp_path / "data"
    mount.mkdir()
    _program(
        tmp_path, "df", f'case $* in *target*tmp*) printf "on\\n/\\n" ;; *target*) printf "on\\n{mount}\\n" ;; esac'
    )
    _program(tmp_path, "sudo", f'echo "asked: $*" >>{tmp_path}/asked')
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(["sh", FACTS], check=True, env={"PATH": path}, capture_output=True)
    owner = pwd.getpwuid(os.getuid()).pw_name
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [each for each in asked if each.startswith(f"asked: -n -u {owner} sh -c")] != []
