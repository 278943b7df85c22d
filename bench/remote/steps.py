"""What is done on one box: look, launch, give turns, follow, cancel; each a script or two, whole or not at all."""

import hashlib
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Literal

from bench.remote.errors import NotReadyError, RefusedError, RemoteError
from bench.remote.link import ANSWER_TIMEOUT_S, Link, Said
from bench.remote.session import Session

HERE = Path(__file__).parent
LAUNCH, TURN, FOLLOW, CANCEL = ((HERE / f"{name}.sh").read_text() for name in ("launch", "turn", "follow", "cancel"))
PROGRAM = "/usr/local/bin/pgladder"
RUNS = "/var/lib/pgladder/runs"
NO_SUCH_RUN, BUSY, NOT_FOUND = 12, 75, 127
CANCEL_TIMEOUT_S = 330
"""The unit gives the agent 300 s to end."""
MOST_STATE_BYTES = 16 << 20
MOST_PLAN_BYTES = 64 << 20
SILENCE_S = 30
"""A box that says nothing for so long is asked whether it is there."""
FULL_MB = 50
OTHER = " by another plan"
"""What ``launch.sh`` adds where another has launched under this name: its plan is the one that is carried out."""
ENDINGS: dict[int, "Ending"] = {0: "finished", 10: "cancelled", 11: "failed"}

Ending = Literal["finished", "cancelled", "failed"]


def look(link: Link) -> bytes:
    """Return what ``pgladder box --json`` says there.

    Raises:
        RefusedError: it has no pgladder (NotReadyError), or not one that answers, or its shell speaks first.

    """
    said = link.run(f"exec {PROGRAM} box --json", user=link.host.agent_user, most_bytes=MOST_STATE_BYTES)
    if said.code == NOT_FOUND:
        raise NotReadyError(link.host.name)
    if said.code:
        raise RefusedError(link.host.name, f"its pgladder can't say what it is ({said.last_line}): make provision")
    if not said.out.startswith(b"{"):
        first = said.out.decode(errors="replace").partition("\n")[0]
        raise RefusedError(
            link.host.name,
            f"its answer begins with {first[:40]!r}: does a greeting in ~/.bashrc there speak before every answer?"
            " Have it speak in interactive shells only",
        )
    return said.out


def launch(link: Link, run: str, plan: bytes, who: str, *, in_turns: bool = False) -> str:
    """Bring the plan and start the run; return ``started``, ``resumed``, ``under way`` or ``finished``, and ``OTHER``.

    One in turns waits for its first (``give_turn``).

    Raises:
        RefusedError: another run has not ended there; says which and who launched it.

    """
    sha256 = hashlib.sha256(plan).hexdigest()
    turn = ["0"] if in_turns else []
    said = link.run(LAUNCH, run, sha256, link.host.agent_user, who, *turn, user="root", stdin=plan)
    if said.code == BUSY:
        raise RefusedError(link.host.name, f"{said.last_line}; wait for it, or: make cancel there")
    return _checked(link, said, f"run {run} could not be started").out.decode(errors="replace").strip()


def give_turn(link: Link, run: str, block: int) -> None:
    """Let a run begin its blocks up to this one; done twice, or after a later one, it changes nothing."""
    said = link.run(TURN, run, str(block), user=link.host.agent_user)
    _checked(link, said, f"run {run} could not be given its turn")


def takes_turns(link: Link, run: str) -> bool:
    """Tell whether a run begins a block only when it is given it."""
    said = link.run(TURN, run, user=link.host.agent_user)
    return bool(_checked(link, said, f"run {run} could not be read").out)


def read_plan(link: Link, run: str) -> bytes:
    """Return the plan of a run."""
    place = f"{RUNS}/{run}/plan.json"
    said = link.run('exec cat "$1"', place, user=link.host.agent_user, most_bytes=MOST_PLAN_BYTES)
    if said.code:
        raise RefusedError(link.host.name, f"there is no run {run} there")
    return said.out


def follow(link: Link, run: str, offset: int, tell: Callable[[bytes], None]) -> Ending:
    """Hand on the bytes of ``trials.jsonl`` as they are written, from ``offset`` on; return how the run ended.

    Raises:
        UnreachableError: the connection was lost; go on at the offset that was reached.

    """
    with link.session(FOLLOW, run, str(offset), user=link.host.agent_user, timeout_s=ANSWER_TIMEOUT_S) as session:
        while chunk := _heard(link, session):
            tell(chunk)
        said = link.ended(session)
    return ENDINGS[_checked(link, said, f"run {run} could not be followed", also=ENDINGS).code]


def _heard(link: Link, session: Session) -> bytes:
    """Return the next bytes, none at the end; a trial may take its time, a box whose processes hang must not."""
    while True:
        try:
            chunk = session.recv(SILENCE_S)
        except TimeoutError:
            link.ask()
        else:
            link.answered = time.monotonic()
            return chunk


def last_words(link: Link, run: str) -> str:
    """Return what the agent said last, and how full the disk is where that may be why."""
    script = (
        f"df --output=avail -B 1000000 {RUNS} | tail -n 1;"
        ' timeout 20 systemctl show --property Result --value "$1";'
        ' exec journalctl --quiet --output cat --no-pager --lines 20 --identifier pgladder --unit "$1"'
    )
    said = link.run(script, f"pgladder-run@{run}.service", user="root")
    return parse_last_words(said.out.decode(errors="replace"))


def parse_last_words(text: str) -> str:
    """Read MB that are free, how systemd says that the agent ended, then lines of the journal."""
    free_mb, result, *lines = [*text.splitlines(), "", ""]
    words = [line.removeprefix("pgladder: ") for line in lines if line.startswith("pgladder: ")]
    why = words[-1].rstrip(".") if words else f"it left no word why (systemd: {result or 'nothing'})"
    return f"{why}; its disk is full" if free_mb.strip().isdecimal() and int(free_mb) < FULL_MB else why


def cancel(link: Link, run: str) -> list[str]:
    """End a run, or with an empty ``run`` whichever has not ended; return those that were ended now."""
    which = [run] if run else []
    said = link.run(CANCEL, link.host.agent_user, *which, user="root", timeout_s=CANCEL_TIMEOUT_S)
    return _checked(link, said, "could not be cancelled").out.decode().split()


def _checked(link: Link, said: Said, what: str, also: Collection[int] = ()) -> Said:
    if said.code == NO_SUCH_RUN:
        raise RefusedError(link.host.name, "there is no such run there")
    if said.code and said.code not in also:
        raise RemoteError(link.host.name, f"{what}: {said.last_line or f'exit code {said.code}'}")
    return said
