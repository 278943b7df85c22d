"""What is done on one box: look, launch, give turns, follow, cancel; each is a step of its own ``pgladder box``."""

import hashlib
import re
import time
from collections.abc import Callable

from bench.model.box import BUSY, ENDINGS, NO_SUCH_RUN, Ending
from bench.model.language import later, tr
from bench.remote.errors import NotReadyError, RefusedError, RemoteError
from bench.remote.link import ANSWER_TIMEOUT_S, MOST_BYTES, Link, Output
from bench.remote.session import Session

PROGRAM = "/usr/local/bin/pgladder"
STEP = f'exec {PROGRAM} box "$@"'
"""What a box's shell runs, with the words of a step."""
OTHER_RELEASE = later(
    "it runs another pgladder, which can't do this step: make provision. Where a run is under way, end it there first:"
    " sudo systemctl disable --now pgladder-run@RUN"
)
NOTHING_DONE, NOT_FOUND = 2, 127
UNKNOWN_STEP = re.compile("unrecognized arguments|invalid choice")
"""What a pgladder says of a step that it does not know, for it is of another release."""
CANCEL_TIMEOUT_S = 330
"""The unit gives the agent 300 s to end."""
MOST_STATE_BYTES = 16 << 20
MOST_PLAN_BYTES = 64 << 20
SILENCE_S = 30
"""A box that says nothing for so long is asked whether it is there."""


def look(link: Link) -> bytes:
    """Return what ``pgladder box --json`` says there.

    Raises:
        RefusedError: it has no pgladder (NotReadyError), or not one that answers, or its shell speaks first.

    """
    output = _ask(link, "--json", user=link.host.agent_user, most_bytes=MOST_STATE_BYTES)
    if output.code == NOT_FOUND:
        raise NotReadyError(link.host.name)
    if output.code:
        refused = tr("its pgladder can't say what it is ({why}): make provision", why=output.last_line)
        raise RefusedError(link.host.name, refused)
    if not output.out.startswith(b"{"):
        first = output.out.decode(errors="replace").partition("\n")[0]
        raise RefusedError(
            link.host.name,
            tr(
                "its answer begins with {first!r}: does a greeting in ~/.bashrc there speak before every answer?"
                " Have it speak in interactive shells only",
                first=first[:40],
            ),
        )
    return output.out


def launch(link: Link, run: str, plan: bytes, who: str, *, gated: bool = False) -> str:
    """Bring the plan and start the run; return ``started``, ``resumed``, ``under way`` or ``finished``.

    ``bench.model.box.OTHER_PLAN`` follows where the run of this name has another plan.
    One in turns waits for its first (``open_gate``).

    Raises:
        RefusedError: another run has not ended there; says which and who launched it.

    """
    words = [run, hashlib.sha256(plan).hexdigest(), who]
    if gated:
        words.append("--gated")
    output = _ask(link, "launch", *words, user="root", stdin=plan)
    if output.code == BUSY:
        refused = tr("{why}; wait for it, or: make cancel there", why=_complaint(output))
        raise RefusedError(link.host.name, refused)
    return _text(_checked(link, output, tr("run {run} could not be started", run=run)))


def open_gate(link: Link, run: str, block: int) -> None:
    """Let a run begin its blocks up to this one; done twice, or after a later one, it changes nothing."""
    output = _ask(link, "gate", run, str(block), user=link.host.agent_user)
    _checked(link, output, tr("run {run} could not be let through its gate", run=run))


def is_gated(link: Link, run: str) -> bool:
    """Return whether a run begins a block only when it is given it."""
    output = _ask(link, "gate", run, user=link.host.agent_user)
    return bool(_checked(link, output, tr("run {run} could not be read", run=run)).out)


def read_plan(link: Link, run: str) -> bytes:
    """Return the plan of a run."""
    output = _ask(link, "plan", run, user=link.host.agent_user, most_bytes=MOST_PLAN_BYTES)
    return _checked(link, output, tr("the plan of run {run} could not be read", run=run)).out


def follow(link: Link, run: str, offset: int, take: Callable[[bytes], None]) -> Ending:
    """Hand on the bytes of ``trials.jsonl`` as they are written, from ``offset`` on; return how the run ended.

    Raises:
        UnreachableError: the connection was lost; go on at the offset that was reached.

    """
    words = ("follow", run, str(offset))
    with link.session(STEP, *words, user=link.host.agent_user, timeout_s=ANSWER_TIMEOUT_S) as session:
        while chunk := _heard(link, session):
            take(chunk)
        output = link.ended(session)
    if output.code in ENDINGS:
        return ENDINGS[output.code]
    raise failed(link, output, tr("run {run} could not be followed", run=run))


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
    """Return why a run broke off."""
    output = _ask(link, "last-words", run, user="root")
    return _text(_checked(link, output, tr("run {run} broke off, and why can't be read", run=run)))


def cancel(link: Link, run: str) -> list[str]:
    """End a run, or with an empty ``run`` whichever has not ended; return those that were ended now."""
    which = [run] if run else []
    output = _ask(link, "cancel", *which, user="root", timeout_s=CANCEL_TIMEOUT_S)
    return _text(_checked(link, output, tr("could not be cancelled"))).split()


def _ask(
    link: Link,
    step: str,
    *words: str,
    user: str,
    stdin: bytes = b"",
    timeout_s: float = ANSWER_TIMEOUT_S,
    most_bytes: int = MOST_BYTES,
) -> Output:
    return link.run(STEP, step, *words, user=user, stdin=stdin, timeout_s=timeout_s, most_bytes=most_bytes)


def _checked(link: Link, output: Output, what: str) -> Output:
    if output.code:
        raise failed(link, output, what)
    return output


def failed(link: Link, output: Output, what: str) -> RemoteError:
    """Return the error that an exit code of ``pgladder box`` stands for."""
    name, complaint = link.host.name, _complaint(output)
    if output.code == NOT_FOUND:
        return NotReadyError(name)
    if output.code == NOTHING_DONE and UNKNOWN_STEP.search(complaint):
        return RefusedError(name, tr(OTHER_RELEASE))
    if output.code in {NOTHING_DONE, NO_SUCH_RUN}:
        return RefusedError(name, complaint)
    return RemoteError(name, f"{what}: {complaint or tr('exit code {code}', code=output.code)}")


def _complaint(output: Output) -> str:
    return output.last_line.removeprefix("pgladder: ")


def _text(output: Output) -> str:
    return output.out.decode(errors="replace").strip()
