"""A control machine: `fab` as people call it, from a folder of its own; and what can happen to it and to the boxes."""

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.model.record import Record
from bench.store.run_directory import RunDirectory
from tests.e2e.lab import AS_ROOT, BIN, CHECKOUT, Lab, quoted

SHORT = ("--phases=2-C", "--warm-up=0.2", "--window=0.5")
SURE = ("--phases=2-C", "--warm-up=0.2", "--window=2")
"""Where no trial may be void: in less, a busy machine may acknowledge nothing."""
RUNS = "/var/lib/pgladder/runs"
ROOT = AS_ROOT
TABLE = "pgladder-faults"
LOCK = "/run/pgladder-launch/lock"
PATIENCE_S = 600
# Processes that launch or cancel and have the lock's file open: they wait for it, or hold it.
WAITING = f"""
for each in $(pgrep -f "^/opt/pgladder/.*/pgladder box (launch|cancel)"); do
  ls -l /proc/$each/fd 2>/dev/null | grep -q {LOCK} && echo $each
done
"""


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

    def cut_power(self, *boxes: str) -> None:
        """Cut the power of boxes at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.lab.cut, boxes))

    def kill_sessions(self, box: str) -> None:
        """Kill every sshd session on the box but the one that does so."""
        self.lab.run(
            box,
            "me=${SSH_CONNECTION#* }; sudo ss -Htnp state established 'sport = :22' | grep -v \":${me%% *} \" |"
            " grep -o 'pid=[0-9]*' | cut -d = -f 2 | sort -u | xargs -r sudo kill -9",
        )

    @contextmanager
    def launching_held_up(self, *boxes: str) -> Iterator[None]:
        """Let every launch and cancel wait on the boxes, in the middle of what it does."""
        for box in boxes:
            self.lab.run(
                box,
                f"sudo mkdir -p -m 700 {Path(LOCK).parent};"  # nothing may have been launched there yet
                f" sudo systemd-run --quiet --collect --unit=held flock {LOCK} sleep {PATIENCE_S};"
                f" while sudo flock -n {LOCK} true; do :; done",
            )
        yield
        for box in boxes:
            self.lab.run(box, "sudo systemctl stop held 2>/dev/null || true")  # one without power holds nothing

    @contextmanager
    def stopped_in_the_middle(self, box: str, words: str, read: int = 0) -> Iterator[None]:
        """Let the box's pgladder that is called with these words meanwhile go no further than so many bytes read."""
        pattern = f"[{words[0]}]{words[1:]}"  # which is not what it matches
        has_read = "sed -n 's/rchar: //p' /proc/$each/io"
        stop = f'for each in $(pgrep -f "{pattern}"); do has=$({has_read} 2>/dev/null);'
        stop += f' [ "${{has:-0}}" -lt {read} ] || exec pkill -STOP -f "{pattern}"; done'
        watch = f"sudo sh -c {quoted(f'echo watching; while :; do {stop}; done')}"
        with subprocess.Popen([*self.lab.ssh(box), watch], stdout=subprocess.PIPE, text=True) as watching:
            assert watching.stdout
            assert watching.stdout.readline() == "watching\n"
            yield
            assert watching.wait(PATIENCE_S) == 0

    def end_what_was_stopped(self, box: str) -> None:
        """End what nobody listens to any more."""
        self.lab.run(box, "sudo pkill -KILL -f '[b]ox --' || true")

    def stop_what_waits(self, box: str) -> None:
        """Let none of those that wait for the one that is held up give up meanwhile."""
        self.lab.run(box, f"sudo sh -c {quoted(WAITING)} | xargs sudo kill -STOP")

    def waits(self, box: str, count: int = 1) -> None:
        """Wait until so many are waiting for the one that is held up."""
        self.lab.wait_until(box, f"test $(sudo sh -c {quoted(WAITING)} | wc -l) -ge {count}")

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


@dataclass
class Large:
    """A run whose samples are many; what is in them is nothing."""

    name: str = "large"
    files: int = 60
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def made(self) -> str:
        random = f"for i in $(seq {self.files}); do head -c 1000000 /dev/urandom >samples/$i.jsonl; done"
        place = f"{RUNS}/{self.name}"
        script = f"mkdir -p {place}/samples && cd {place} && echo plan >plan.json && {random}; sync -f ."
        return f"sudo -u pgladder sh -euc '{script}'"

    def is_whole(self, directory: Path) -> bool:
        """Tell whether what lies here is what lies there."""
        found = {f"samples/{path.name}": path.read_bytes() for path in (directory / "samples").iterdir()}
        return {name: hashlib.sha256(content).hexdigest() for name, content in found.items()} == self.digests


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.1)


def codes(record: Record) -> set[str]:
    return {reason.code for reason in record.validity.reasons}


def decoded(text: bytes) -> list[Record]:
    return [msgspec.json.decode(line, type=Record) for line in text.splitlines()]
