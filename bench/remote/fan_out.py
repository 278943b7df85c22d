"""The same step on many boxes at once; one that fails does not stop the others, and is named at the end."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.model.errors import NothingDoneError, PgladderError
from bench.model.language import tr
from bench.remote.errors import NotAdmittedError, SudoRefusedError, UnreachableError
from bench.remote.link import Link

PATIENCE_S = 60
PAUSES_S = (1, 2, 4, 8)
ASKED_S = 0.2
"""How long a question for a password may wait for the main thread."""
FAILED, REFUSED = 1, 2
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """A box that did not take part to the end: why, and the exit code it alone would give."""

    host: str
    reason: str
    code: int


@dataclass(frozen=True, slots=True)
class Outcomes(Generic[T]):
    """What each box gave, and who failed."""

    done: Mapping[str, T]
    failures: Sequence[Failure]


def on_each(links: Sequence[Link], step: Callable[[Link], T]) -> Outcomes[T]:
    """Do a step on all boxes at once; an interruption hangs up on all of them."""
    done: dict[str, T] = {}
    failures: list[Failure] = []
    pool = ThreadPoolExecutor(max_workers=max(len(links), 1))
    try:
        waiting = {pool.submit(step, link): link.host.name for link in links}
        left = set(waiting)
        while left:
            ended, left = wait(left, ASKED_S, FIRST_COMPLETED)
            for future in ended:
                host, error = waiting[future], future.exception()
                # Whatever befalls one box does not stop the others; what is no Exception stops all.
                if isinstance(error, Exception):
                    failures.append(failure(host, error))
                else:
                    done[host] = future.result()
            # All links share the secrets, and threads wait for the main one to ask.
            for link in links[:1]:
                link.secrets.answer()
    except BaseException:
        for link in links:
            link.give_up()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return Outcomes(dict(sorted(done.items())), sorted(failures, key=lambda each: each.host))


def failure(host: str, error: Exception) -> Failure:
    """Return what is reported of an error at the end."""
    reason = str(error)
    if not isinstance(error, PgladderError | OSError):
        reason = f"{type(error).__name__}: {error}"
    code = REFUSED if isinstance(error, NothingDoneError) else FAILED
    # The host is named once, by who prints the failure.
    return Failure(host, reason.removeprefix(f"{host}: "), code)


def steadily(link: Link, step: Callable[[Link], T], report: Callable[[str], None], patience_s: float = PATIENCE_S) -> T:
    """Do a step, again where the connection was lost in the middle of it, until the box gave no answer for too long.

    The step must do no harm when done twice. A box that was never reached is not waited for. That its sshd lets us in
    is no answer.

    Raises:
        UnreachableError: it stayed away, or silent.
        SudoRefusedError: at once.

    """
    away_since, answered, tries = 0.0, -1.0, 0
    while True:
        try:
            return step(link)
        except SudoRefusedError:
            raise
        # Not admitted: a box that is booting lets nobody in.
        except (UnreachableError, NotAdmittedError) as error:
            if link.reached == 0 or link.given_up.is_set():
                raise
            last, silent_s = answered, 0.0
            if isinstance(error, UnreachableError):
                last, silent_s = error.answered, error.silent_s
            if last > answered or not tries:
                away_since, answered, tries = time.monotonic() - silent_s, last, 0
            if time.monotonic() - away_since >= patience_s:
                raise
            if not tries:
                report(tr("{error}; trying again", error=error))
            link.given_up.wait(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1
