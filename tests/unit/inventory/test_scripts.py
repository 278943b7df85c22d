"""Scripts of the roles and what is read of their words, without a box."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.inventory.shell import ROLES, function

PIP = """#!/bin/sh
for last; do :; done
case $* in
  download*) mkdir -p "$last" && touch "$last/one.whl" ;;
  wheel*) while [ "$1" != --wheel-dir ]; do shift; done && touch "$2/pgladder-1.whl" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("bench/cli", "templates", "requirements", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("requirements/box.txt", "pyproject.toml", "README.md", "bench/cli/main.py"):
        (tmp_path / file).write_text(file)
    pip = tmp_path / ".venv/bin/pip"
    pip.write_text(PIP)
    pip.chmod(0o755)
    return tmp_path


def _wheels(checkout: Path, architecture: str) -> set[str]:
    names = {"CHECKOUT": str(checkout), "ARCHITECTURE": architecture, "PATH": "/bin:/usr/bin"}
    subprocess.run([ROLES / "bench/files/wheelhouse.sh"], check=True, env=names, capture_output=True)
    return {file.name for file in (checkout / ".cache/wheelhouse").glob("*-*")}


def test_of_the_wheels_those_of_the_newest_release_of_an_architecture_stay(checkout: Path) -> None:
    _wheels(checkout, "aarch64")
    before = _wheels(checkout, "x86_64")
    (checkout / "bench/cli/main.py").write_text("new")
    (checkout / "requirements/box.txt").write_text("new")
    after = _wheels(checkout, "x86_64")
    assert len(before) == len(after) == 4
    assert before & after == {name for name in before if name.startswith("aarch64")}


def test_a_comma_in_the_readme_makes_no_new_release(checkout: Path) -> None:
    before = _wheels(checkout, "x86_64")
    (checkout / "README.md").write_text("README,md")
    assert _wheels(checkout, "x86_64") == before


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
