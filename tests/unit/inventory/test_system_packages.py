"""What keeps services and clusters from starting while packages are installed is gone afterwards, however that ends."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.inventory.shell import CHECKOUT, ROLES

SCRIPT = CHECKOUT / ".ci/system-packages"
HELD_OFF = ("/etc/postgresql-common/createcluster.d/pgladder.conf", "/usr/sbin/policy-rc.d")
SCRIPTS = [
    *ROLES.glob("*/files/*.sh"),
    *(CHECKOUT / "bench").glob("*/*.sh"),
    *(each for each in (CHECKOUT / ".ci").iterdir() if each.read_bytes().startswith(b"#!/bin/sh")),
]


class Machine:
    """A folder for its root, and stubs for what would ask or change the real one."""

    def __init__(self, root: Path) -> None:
        self._script, self._bin = root / "system-packages", root / "bin"
        text, changed = re.subn(r"(?<![\w#!])/(etc|usr|run)/", f"{root}/\\1/", SCRIPT.read_text())
        assert changed >= len(HELD_OFF), "a path of the real machine is left"
        self._script.write_text(text)
        self.files = [Path(f"{root}{path}") for path in HELD_OFF]
        for file in self.files:
            file.parent.mkdir(parents=True)
        (root / "run").mkdir()
        self._bin.mkdir()
        self.stub("id", "echo 0")
        self.stub("sudo", "exit 1")
        self.stub("dpkg-query", "exit 1")
        self.stub("apt-get", "exit 0")

    def stub(self, name: str, text: str) -> None:
        """Have a program of that name say or do this."""
        file = self._bin / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def install(self) -> int:
        """Run the script; its exit code."""
        env = {"PATH": f"{self._bin}:/usr/bin:/bin"}
        words = ["env", "--default-signal", "dash", str(self._script), "some-package"]
        return subprocess.run(words, env=env, check=False, capture_output=True, timeout=60).returncode

    def left(self) -> list[str]:
        """Name what is there of the two files."""
        return [file.name for file in self.files if file.exists()]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_services_are_held_off_while_packages_are_installed_and_not_after(machine: Machine, tmp_path: Path) -> None:
    machine.stub(
        "apt-get", f"sh {machine.files[1]}; echo $? >{tmp_path}/policy; cat {machine.files[0]} >{tmp_path}/cluster"
    )
    assert machine.install() == 0
    assert (tmp_path / "policy").read_text() == "101\n"
    assert "create_main_cluster = false" in (tmp_path / "cluster").read_text()
    assert machine.left() == []


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_a_signal_leaves_nothing_that_keeps_services_from_starting(machine: Machine, name: str) -> None:
    machine.stub("apt-get", f"kill -{name} $PPID; sleep 0.1")
    assert machine.install() != 0
    assert machine.left() == []


@pytest.mark.parametrize("installed", ["install ok installed", ""])
def test_the_next_run_takes_away_what_a_kill_left_behind(machine: Machine, installed: str) -> None:
    machine.stub("apt-get", "kill -KILL $PPID")
    machine.install()
    assert machine.left() == [file.name for file in machine.files]
    machine.stub("apt-get", "exit 0")
    machine.stub("dpkg-query", f"echo {installed}")
    assert machine.install() == 0
    assert machine.left() == []


def test_what_is_somebody_elses_stays(machine: Machine) -> None:
    for file in machine.files:
        file.write_text("# mine\n")
    assert machine.install() == 0
    assert [file.read_text() for file in machine.files] == ["# mine\n", "# mine\n"]


def ends_tidily(text: str) -> bool:
    """Tell whether a script for dash that cleans up at its end does so on a signal too."""
    cleans_up = re.search(r"\btrap .*\bEXIT\b", text)
    return not cleans_up or bool(re.search(r"""\btrap ["']exit 1["'] INT TERM HUP\b""", text))


def test_a_script_that_cleans_up_only_at_its_own_end_is_found() -> None:
    assert not ends_tidily("trap 'rm -rf \"$work\"' EXIT\n")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_that_cleans_up_does_so_on_a_signal_too(script: Path) -> None:
    text = script.read_text()
    assert "bash" in text.splitlines()[0] or ends_tidily(text)
