"""A folder in place of a box, with programs that stand in for its service manager and for changing the user."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.box import runs, units

SYSTEMCTL = """
for unit; do :; done
echo "$*" >>"$BOX/asked"
run=${unit#pgladder-run@}
run=${run%.service}
case $1 in
  show)
    echo "Result=success"
    echo "MainPID=$(cat "$BOX/pids/$run" 2>/dev/null || echo 0)"
    echo "ActiveState=$(cat "$BOX/states/$run" 2>/dev/null || echo inactive)"
    ;;
  list-units) for each in "$BOX"/states/*; do
      [ ! -e "$each" ] || echo "pgladder-run@${each##*/}.service loaded $(cat "$each") running pgladder run"
    done ;;
  enable) ln -sf /nowhere "$BOX/wanted/$unit" ;;
  disable) rm -f "$BOX/wanted/$unit" "$BOX/states/$run" ;;
  reset-failed) exit 1 ;;
esac
"""
RUNUSER = """
[ "$1 $2 $3" = "-u me --" ] || exit 9
shift 3
[ ! -e "$BOX/full" ] || [ "$1" != touch ] || { echo "No space left on device" >&2; exit 1; }
exec "$@"
"""


@dataclass
class Folder:
    """What stands in for a box."""

    path: Path
    box: SimpleNamespace = field(init=False)
    """As provisioning tells of it."""

    def __post_init__(self) -> None:
        self.box = SimpleNamespace(runs=self.path / "runs", cluster=SimpleNamespace(role="me"))
        for name in ("runs", "wanted", "states", "pids", "programs"):
            (self.path / name).mkdir()

    def program(self, name: str, text: str) -> None:
        """Have a program of the box be this shell script."""
        file = self.path / "programs" / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def is_active(self, run: str, state: str = "active", pid: int = 0) -> None:
        """Have a run's unit be in a state."""
        (self.path / "states" / run).write_text(state)
        (self.path / "pids" / run).write_text(str(pid))

    def has_ended(self, run: str) -> None:
        """Have a run's agent be gone."""
        (self.path / "states" / run).unlink()

    def asked(self, verb: str) -> list[str]:
        """Return the units that systemd was told this of."""
        lines = (self.path / "asked").read_text().splitlines()
        return [line.split()[-1] for line in lines if line.startswith(verb)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    made = Folder(tmp_path)
    made.program("systemctl", SYSTEMCTL)
    made.program("runuser", RUNUSER)
    monkeypatch.setattr(units, "WANTED", tmp_path / "wanted")
    monkeypatch.setattr(runs, "OWN", tmp_path / "own")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:{os.environ['PATH']}")
    monkeypatch.setenv("BOX", str(tmp_path))
    return made
