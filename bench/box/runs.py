"""Launch, gate and cancel: what a control machine asks a box to do with a run, once or again, whole or not at all.

Root launches and cancels, for systemd is asked to start and end units. It writes in its own folder only: what lies with
the runs is their user's, who may put a link there, and is read and written with that user's rights (``_as_user``).
"""

import fcntl
import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.box.units import command, end, start, under_way, unit_of, wanted
from bench.model.box import BUSY, NO_SUCH_RUN, OTHER_PLAN, Provisioned
from bench.model.errors import PgladderError
from bench.store.files import write_whole
from bench.store.run_directory import CANCELLED, GATE, PLAN, SUMS, RunDirectory

OWN = Path("/run/pgladder-launch")
"""Root's alone: the lock, and who launched last."""
LOCK_S, POLL_S = 20, 0.1
READ_S = 20
"""What lies in the user's folder may be a pipe: nobody waits for it for ever."""
WRITE_S = 300
"""A flush may have to wait until the disk has taken what a run left behind."""


class RefusalError(PgladderError):
    """The box can't do this with this run; nothing was changed. A control machine knows it by its exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def launch(box: Provisioned, run: str, plan: bytes, sha256: str, who: str, *, gated: bool) -> str:
    """Bring a plan and start its run, once; return ``started``, ``resumed``, ``under way`` or ``finished``.

    ``OTHER_PLAN`` follows where the run of this name has another plan: it keeps its own. A gated run begins no block
    before it is let through (``gate``).

    Raises:
        RefusalError: another run has not ended there; says which, and who launched it.
        PgladderError: the plan is not the one of that checksum: the connection ended before it had come.

    """
    if hashlib.sha256(plan).hexdigest() != sha256:
        raise PgladderError("the plan arrived incomplete")
    directory = box.runs / run
    with _one_at_a_time():
        other = ""
        if _is_another(box, directory / PLAN, sha256):
            other = OTHER_PLAN
        if (directory / SUMS).exists():
            return f"finished{other}"
        if unit_of(run).active == "active":
            return f"under way{other}"
        _refuse_beside_another(box, run)
        outcome = f"resumed{other}"
        if not (directory / PLAN).exists():
            # Behind a gate at 0 no block begins before the run is let through.
            last_block = "0" if gated else ""
            place = (sys.executable, "-I", "-m", "bench.box.place", str(directory), sha256, last_block)
            _as_user(box, *place, timeout_s=WRITE_S, stdin=plan)
            outcome = "started"
        (OWN / "by").write_text(f"{run} {who}\n")
        start(run)
        return outcome


def cancel(box: Provisioned, run: str) -> list[str]:
    """End a run for good, without a name whichever has not ended; the trial under way is recorded as void.

    Returns those that were ended, a named one also where it was cancelled before.
    """
    if run:
        run_directory(box, run)
    with _one_at_a_time():
        ended = [each for each in _unended(box) if run in {"", each}]
        for each in ended:
            # First, so that it is there when the run has ended; where a full disk has no room for it, the run ends all
            # the same.
            with suppress(PgladderError):
                _as_user(box, "touch", "--", str(box.runs / each / CANCELLED), timeout_s=READ_S)
            end(each)
    if run and not ended and RunDirectory(box.runs / run).cancelled():
        return [run]
    return ended


def gate(box: Provisioned, run: str, block: int | None) -> int | None:
    """Let a gated run through up to a block; return the last block that it may begin.

    What was opened is never shut again: a block that comes twice, or too late, changes nothing. None: the run has no
    gate, or has finished.
    """
    directory = run_directory(box, run)
    last = directory.gate()
    if last is not None and block is not None and block > last:
        write_whole(directory.path / GATE, f"{block}\n".encode())
        last = block
    if (directory.path / SUMS).exists():
        return None
    return last


def read_plan(box: Provisioned, run: str) -> bytes:
    """Return the plan of a run, as it was brought."""
    return (run_directory(box, run).path / PLAN).read_bytes()


def run_directory(box: Provisioned, run: str) -> RunDirectory:
    """Return the directory of a run.

    Raises:
        RefusalError: there is no such run.

    """
    directory = box.runs / run
    if not directory.is_dir():
        raise RefusalError(f"there is no run {run} there", NO_SUCH_RUN)
    return RunDirectory(directory)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the lock under which runs are launched and cancelled.

    Raises:
        RefusalError: another holds it, and goes on.

    """
    OWN.mkdir(mode=0o700, exist_ok=True)
    with (OWN / "lock").open("w") as lock:
        deadline = time.monotonic() + LOCK_S
        while not _locked(lock.fileno()):
            if time.monotonic() >= deadline:
                raise RefusalError("another control machine is launching there", BUSY)
            time.sleep(POLL_S)
        yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_another(box: Provisioned, there: Path, sha256: str) -> bool:
    if not there.exists():
        return False
    return _as_user(box, "sha256sum", "--", str(there), timeout_s=READ_S).split()[0] != sha256


def _refuse_beside_another(box: Provisioned, run: str) -> None:
    for other in _unended(box):
        if other == run:
            continue
        sentence = f"run {other} has not ended there"
        if by := _launched_by(other):
            sentence += f" (launched by {by})"
        raise RefusalError(sentence, BUSY)


def _unended(box: Provisioned) -> list[str]:
    """Return the runs that are under way, or go on at the next boot."""
    waiting = [run for run in wanted() if not (box.runs / run / SUMS).exists()]
    return sorted({*waiting, *under_way()})


def _launched_by(run: str) -> str:
    try:
        launched, _, who = (OWN / "by").read_text().strip().partition(" ")
    except FileNotFoundError:
        return ""
    if launched != run:
        return ""
    return who


def _as_user(box: Provisioned, *words: str, timeout_s: int, stdin: bytes = b"") -> str:
    """Run a program with the rights of the user whose the runs are, and no others."""
    return command("runuser", "-u", box.cluster.role, "--", *words, timeout_s=timeout_s, stdin=stdin)
