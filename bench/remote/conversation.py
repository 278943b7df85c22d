"""A conversation with a step of ``pgladder box``: lines both ways, as long as both stay. What they say is others'."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.model.language import tr
from bench.remote.errors import RemoteError, TooMuchOutputError, UnreachableError
from bench.remote.link import ANSWER_TIMEOUT_S, Link
from bench.remote.session import Session, TooMuchError
from bench.remote.steps import STEP, failed


class Conversation:
    """One that is under way; for one thread at a time."""

    def __init__(self, link: Link, session: Session, step: str) -> None:
        self._link, self._session, self._step = link, session, step

    @property
    def over(self) -> bool:
        """Return whether the other end is gone, and every whole line of it was read."""
        return self._session.closed and b"\n" not in self._session.out

    def say(self, line: bytes) -> None:
        """Send a line."""
        self._session.send(line + b"\n")

    def end(self) -> None:
        """Say nothing more: the other end is to end, too."""
        self._session.send(b"", last=True)

    def last_words(self, seconds: float) -> None:
        """Wait for its end. Raises as ``next`` where that takes longer, or it failed."""
        end = time.monotonic() + seconds
        with self._named():
            while not self._session.closed:
                self._session.out.clear()
                if not self._session.step(1) and time.monotonic() > end:
                    raise UnreachableError(self._link.host.name, tr("no answer within {seconds:g} s", seconds=seconds))
            if self._link.ended(self._session).code:
                raise self._ended()

    def heard(self) -> list[bytes]:
        """Return the whole lines that have come; nothing is waited for."""
        with self._named():
            while self._session.step(0):
                pass
        whole, _, _ = self._session.out.rpartition(b"\n")
        del self._session.out[: len(whole) + 1 if whole else 0]
        return bytes(whole).split(b"\n") if whole else []

    def next(self, seconds: float) -> bytes:
        """Return the next line.

        Raises:
            UnreachableError: none came for so long, or the connection was lost.
            RemoteError: the step ended, and says why.

        """
        end = time.monotonic() + seconds
        with self._named():
            while b"\n" not in self._session.out:
                left = end - time.monotonic()
                if self._session.closed:
                    raise self._ended()
                if not self._session.step(min(left, 1)) and left <= 0:
                    raise UnreachableError(self._link.host.name, tr("no answer within {seconds:g} s", seconds=seconds))
        line, _, rest = bytes(self._session.out).partition(b"\n")
        self._session.out[:] = rest
        self._link.answered = time.monotonic()
        return line

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Have what a session raises name the box: a conversation need not be held in a block of ``Link.session``'s."""
        try:
            yield
        except TooMuchError as error:
            raise TooMuchOutputError(self._link.host.name) from error
        except TimeoutError as error:
            raise UnreachableError(self._link.host.name, str(error)) from error

    def _ended(self) -> RemoteError:
        output = self._link.ended(self._session)
        return failed(self._link, output, tr("pgladder box {step} ended", step=self._step))


@contextmanager
def conversation(link: Link, step: str) -> Iterator[Conversation]:
    """Begin a step as the user whose the runs are; it ends with this. Raises as ``Link.run``."""
    with link.session(STEP, step, user=link.host.agent_user, timeout_s=ANSWER_TIMEOUT_S, last=False) as session:
        yield Conversation(link, session, step)
