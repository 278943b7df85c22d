"""The units of runs, ``pgladder-run@RUN.service``: asked of systemd, started and ended; no call waits for ever."""

import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.model.errors import PgladderError

WANTED = Path("/etc/systemd/system/multi-user.target.wants")
"""Where systemd keeps the links of enabled units."""
UNITS = "pgladder-run@{}.service"
UNDER_WAY = ("active", "activating", "deactivating")
TIMED_OUT = 124
"""The exit code of timeout(1)."""
ANSWER_S = 30
"""Before a control machine gives up, so that it hears why."""
START_S = 300
"""A unit waits for the cluster."""
END_S = 600
"""The unit's own limits come first."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A run's unit, now; ``pid`` is its agent's process, 0 where there is none."""

    active: str
    pid: int
    result: str

    @property
    def under_way(self) -> bool:
        """Return whether its agent runs, begins or ends."""
        return self.active in UNDER_WAY


def command(*words: str, timeout_s: int, stdin: bytes = b"") -> str:
    """Run a program of the system to its end and return what it prints.

    Raises:
        PgladderError: it failed, or was ended as it took too long; nothing is taken for its answer.

    """
    # By timeout(1), for it ends what the program has started too.
    done = subprocess.run(["timeout", str(timeout_s), *words], input=stdin, capture_output=True, check=False)
    if done.returncode == TIMED_OUT:
        raise PgladderError(f"{words[0]} did not answer within {timeout_s} s")
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip()
        last_line = complaint.rpartition("\n")[2].removeprefix("pgladder: ")
        raise PgladderError(f"{words[0]} failed: {last_line or f'exit code {done.returncode}'}")
    return done.stdout.decode(errors="replace")


def unit_of(run: str) -> Unit:
    """Return the unit of a run; systemd knows one that was never started as ``inactive``."""
    properties = "--property=ActiveState,MainPID,Result"
    shown = command("systemctl", "show", properties, UNITS.format(run), timeout_s=ANSWER_S)
    values = dict(line.partition("=")[::2] for line in shown.splitlines())
    return Unit(active=values["ActiveState"], pid=int(values["MainPID"]), result=values["Result"])


def is_wanted(run: str) -> bool:
    """Return whether a run's unit is enabled: it goes on at the next boot."""
    return (WANTED / UNITS.format(run)).is_symlink()


def wanted() -> list[str]:
    """Return the runs whose units are enabled."""
    return [_run_of(link.name) for link in sorted(WANTED.glob(UNITS.format("*"))) if link.is_symlink()]


def under_way() -> list[str]:
    """Return the runs whose units are under way."""
    state = f"--state={','.join(UNDER_WAY)}"
    words = ("systemctl", "list-units", "--plain", "--no-legend", state, UNITS.format("*"))
    return [_run_of(line.split()[0]) for line in command(*words, timeout_s=ANSWER_S).splitlines()]


def start(run: str) -> None:
    """Enable and start; both hold after a power cut once this returns."""
    command("systemctl", "enable", "--now", "--quiet", UNITS.format(run), timeout_s=START_S)
    _sync()


def end(run: str) -> None:
    """Disable and stop; both hold after a power cut once this returns."""
    unit = UNITS.format(run)
    command("systemctl", "disable", "--now", "--quiet", unit, timeout_s=END_S)
    # Where systemd does not have it loaded any more, there is nothing to reset.
    with suppress(PgladderError):
        command("systemctl", "reset-failed", "--quiet", unit, timeout_s=END_S)
    _sync()


def _sync() -> None:
    command("sync", "-f", str(WANTED), timeout_s=END_S)


def _run_of(unit: str) -> str:
    prefix, suffix = UNITS.split("{}")
    return unit.removeprefix(prefix).removesuffix(suffix)
