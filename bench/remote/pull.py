"""Bring the files of a run here: what is new, verified, moved in place; a cut pull goes on where it was cut."""

from pathlib import Path

from bench.model import to_json
from bench.parcel import Arrived, DamagedError, digests, unpack
from bench.remote.errors import RefusedError, RemoteError, UnreachableError
from bench.remote.link import Link
from bench.remote.steps import PROGRAM

BYTE_TIMEOUT_S = 60


def pull(link: Link, run: str, directory: Path) -> Arrived:
    """Bring a run into ``directory``.

    Raises:
        UnreachableError: the connection was lost; every file in place is whole, and the next pull goes on.
        RefusedError: there is no such run, or it can't be read there.
        RemoteError: it can't be kept here.

    """
    have = to_json(digests(directory)) if directory.is_dir() else b"{}"
    script = f'exec nice -n 19 {PROGRAM} box --pack "$1"'
    with link.session(script, run, user=link.host.agent_user, stdin=have, timeout_s=BYTE_TIMEOUT_S) as session:
        try:
            with session.makefile("rb", 1 << 20) as stream:
                return unpack(stream, directory)
        except DamagedError as error:
            said = link.ended(session)
            raise RefusedError(link.host.name, said.last_line.removeprefix("pgladder: ") or str(error)) from error
        except OSError as error:
            if isinstance(error, TimeoutError | UnreachableError) or (error.filename is None and error.errno is None):
                raise
            raise RemoteError(
                link.host.name,
                f"its results can't be kept in {directory} ({error.strerror}): mend that, and pull the rest",
            ) from error
