"""The script that asks a box what it is, run here, with programs that stand in for the box's."""

import os
import pwd
import re
import subprocess
from pathlib import Path

from tests.unit.inventory.shell import CHECKOUT, ROLES

PROBE = ROLES / "host/files/probe.sh"


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
    subprocess.run(["sh", PROBE, "flushes"], check=True, env={"PATH": path}, capture_output=True)
    owner = pwd.getpwuid(os.getuid()).pw_name
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [each for each in asked if each.startswith(f"asked: -n -u {owner} sh -c")] != []


def test_one_probe_says_what_plays_and_the_doctor_ask_for_and_flushes_nothing_unasked() -> None:
    said = subprocess.run(["sh", PROBE], check=True, capture_output=True, text=True).stdout
    facts = dict(line.split("=", 1) for line in said.splitlines())
    sources = [*ROLES.glob("*/tasks/*.yml"), *ROLES.glob("*/vars/main.yml"), CHECKOUT / "bench/doctor/checks.py"]
    asked = {name for path in sources for name in re.findall(r"(?:host_probe\.|facts\[.)([a-z_]+)", path.read_text())}
    assert "fsync" not in facts
    assert asked - {"fsync"} <= facts.keys()
    assert facts.keys() - asked == {"now"}  # which collect.py reads
