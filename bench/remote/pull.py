"""Bring the files of a run here: what is new, verified, moved in place; a cut pull goes on where it was cut."""

import io
from pathlib import Path

from bench.model.codec import to_json
from bench.model.language import tr
from bench.remote.errors import RefusedError, RemoteError
from bench.remote.link import ANSWER_TIMEOUT_S, Link
from bench.remote.session import Session
from bench.remote.steps import PROGRAM
from bench.store.transfer import DamagedError, TooMuchError, Transfer, digests, unpack

BUFFER_BYTES = 1 << 20


def pull(link: Link, run: str, directory: Path) -> Transfer:
    """Bring a run into ``directory``.

    Raises:
        UnreachableError: the connection was lost; every file in place is whole, and the next pull goes on.
        RefusedError: there is no such run, or it can't be read there.
        RemoteError: it can't be kept here, or the box sends what is larger than a run.

    """
    have = to_json(digests(directory)) if directory.is_dir() else b"{}"
    # Gently: a run may be under way there, and packing must not slow what it measures.
    script = f'exec nice -n 19 {PROGRAM} box --pack "$1"'
    with link.session(script, run, user=link.host.agent_user, stdin=have, timeout_s=ANSWER_TIMEOUT_S) as session:
        try:
            return unpack(io.BufferedReader(_Stream(session), BUFFER_BYTES), directory)
        except TooMuchError as error:
            refused = tr("{error}; nothing more is taken from it", error=error)
            raise RemoteError(link.host.name, refused) from error
        except DamagedError as error:
            why = link.ended(session).last_line.removeprefix("pgladder: ") if session.closed else ""
            raise RefusedError(link.host.name, why or str(error)) from error
        except OSError as error:
            # Errors of the way here, such as a lost connection, have no number; those of a file have one.
            if error.errno is None:
                raise
            refused = tr(
                "its results can't be kept in {directory} ({why}): mend that, and pull the rest",
                directory=directory,
                why=error.strerror,
            )
            raise RemoteError(link.host.name, refused) from error


class _Stream(io.RawIOBase):
    """What a session says, as a file."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chunk = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Return how many bytes came, 0 at the end."""
        self._chunk = self._chunk or self._session.recv(ANSWER_TIMEOUT_S)
        size = min(len(buffer), len(self._chunk))
        buffer[:size], self._chunk = self._chunk[:size], self._chunk[size:]
        return size
