"""The probe of a box and what is read of its words, without a box."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.inventory.shell import ROLES, function


@pytest.mark.parametrize("verb", ["run", "noise", "reproduce", "report"])
def test_whatever_measures_is_known_by_its_process(tmp_path: Path, verb: str) -> None:
    (tmp_path / verb).write_text("print('there', flush=True); input()")
    words = [tmp_path / "pgladder", verb, "results"]
    with subprocess.Popen(
        words, executable=sys.executable, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        script = f"{function(ROLES / 'host/files/probe.sh', 'runs')}\nruns"
        found = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout.split()
        process.kill()
    assert (str(process.pid) in found) == (verb != "report")


def test_only_what_must_run_without_python_is_raw() -> None:
    raw = [file for file in ROLES.glob("*/*/*.yml") if "ansible.builtin.raw" in file.read_text()]
    without_python = {"bootstrap.yml", "mend.yml", "reach.yml", "examine.yml", "sudo.yml"}
    assert {file.relative_to(ROLES) for file in raw} == {Path("host/tasks") / name for name in without_python}


def test_little_of_the_roles_is_shell() -> None:
    lines = [line for file in ROLES.glob("*/files/*.sh") for line in file.read_text().splitlines()]
    assert len(lines) <= 500
