"""A control machine: `fab` as people call it, from a folder of its own; and what can happen to it and to the boxes."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.journal import RunDirectory
from bench.model import Record
from tests.e2e.lab import BIN, CHECKOUT, Lab

SHORT = ("--phases=2-C", "--warm-up=0.2", "--window=0.5")
RUNS = "/var/lib/pgladder/runs"
ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
TABLE = "pgladder-faults"
PATIENCE_S = 90


class Fab:
    """A command of `fab` that is under way; what it says goes to a file."""

    def __init__(self, control: "Control", *words: str, inventory: Path | None = None) -> None:
        control.commands += 1
        self.file = control.folder / f"said-{control.commands}"
        listed = inventory or control.lab.files / "lab.yml"
        with self.file.open("w") as out:
            self.process = subprocess.Popen(
                [BIN / "fab", "--search-root", CHECKOUT, *words],
                cwd=control.folder,
                env=os.environ | {"ANSIBLE_INVENTORY": f"{CHECKOUT / 'inventory'},{listed}"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return " ".join(self.file.read_text().split())

    def says(self, words: str) -> None:
        """Wait until it says so."""
        wait_until(lambda: words in self.said or self._is_over(words), f"{words!r} of {self.file.read_text()}")

    def _is_over(self, words: str) -> bool:
        assert self.process.poll() is None or words in self.said, f"no {words!r} in: {self.file.read_text()}"
        return False

    def ends(self, code: int) -> str:
        """Wait for its end, with this exit code; return what it said."""
        assert self.process.wait(PATIENCE_S) == code, self.file.read_text()
        return self.said

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait(PATIENCE_S)


class Control:
    """What is done from here."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder, self.commands = lab, folder, 0

    def fab(self, *words: str, inventory: Path | None = None) -> Fab:
        return Fab(self, *words, inventory=inventory)

    def results(self, run: str, box: str) -> RunDirectory:
        return RunDirectory(self.folder / "results" / run / box)

    # --- what can happen ---------------------------------------------------------------------------------------------

    def drop_packets(self, box: str) -> None:
        """From now on, nothing passes between here and the box, and nobody is told."""
        address = self.lab.address(box)
        rules = f"""table ip {TABLE} {{
            chain out {{ type filter hook output priority 0; ip daddr {address} drop; }}
            chain in {{ type filter hook input priority 0; ip saddr {address} drop; }}
        }}"""
        subprocess.run([*ROOT, "nft", "-f", "-"], input=rules, text=True, check=True)

    def mend_network(self) -> None:
        subprocess.run([*ROOT, "nft", "delete", "table", "ip", TABLE], check=False, capture_output=True)

    def kill_sessions(self, box: str) -> None:
        """Kill every sshd session on the box but the one that does so."""
        self.lab.run(
            box,
            "me=${SSH_CONNECTION#* }; sudo ss -Htnp state established 'sport = :22' | grep -v \":${me%% *} \" |"
            " grep -o 'pid=[0-9]*' | cut -d = -f 2 | sort -u | xargs -r sudo kill -9",
        )

    @contextmanager
    def launching_held_up(self, box: str) -> Iterator[None]:
        """Let every launch and cancel wait on the box, in the middle of what it does."""
        hold = "sudo flock /run/lock/pgladder-launch sh -c 'echo held; sleep 60'"
        held = subprocess.Popen([*self.lab.ssh(box), hold], stdout=subprocess.PIPE)
        assert held.stdout is not None
        assert held.stdout.readline() == b"held\n"
        yield
        self.lab.run(box, "sudo pkill -x sleep")
        held.stdout.close()
        held.wait(PATIENCE_S)

    def waits(self, box: str, count: int = 1) -> None:
        """Wait until so many are waiting for the one that is held up."""
        found = "ps -eo comm | grep -cx flock || true"
        wait_until(lambda: int(self.lab.run(box, found)) >= count + 1, f"{count} waiting on {box}")

    # --- what is on a box --------------------------------------------------------------------------------------------

    def starts(self, box: str, run: str) -> int:
        """How often the run's agent was started."""
        return self.lab.run(box, f"sudo journalctl -o cat -u pgladder-run@{run}").count("Started pgladder-run@")

    def records(self, box: str, run: str) -> bytes:
        return self.lab.run(box, f"sudo cat {RUNS}/{run}/trials.jsonl 2>/dev/null || true").encode()

    def is_active(self, box: str, run: str) -> bool:
        return self.lab.run(box, f"systemctl is-active pgladder-run@{run} || true").strip() == "active"

    def is_enabled(self, box: str, run: str) -> bool:
        return self.lab.run(box, f"systemctl is-enabled pgladder-run@{run} || true").strip() == "enabled"


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.1)


def codes(record: Record) -> set[str]:
    return {reason.code for reason in record.validity.reasons}


def decoded(text: bytes) -> list[Record]:
    return [msgspec.json.decode(line, type=Record) for line in text.splitlines()]
