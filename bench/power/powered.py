"""What can lose its power, as those see it who cut and judge: a private server here, or one on a box.

Here it is ``server``'s, on a file system that forgets; on a box it is ``bench.targets.box_power``'s, whose other end is
``bench.box.power``.
"""

from collections.abc import Iterable
from typing import Protocol

from bench.engines.postgresql.session import Session
from bench.model.cuts import Forgotten, How, Unflushed
from bench.model.endpoint import Endpoint
from bench.model.values import Transport


class Powered(Protocol):
    """A private server that was made for a variant; each cut is of a copy of it."""

    unflushed: Unflushed | None
    """See ``CutRecord.unflushed``, of the last cut."""

    @property
    def heard_ns(self) -> int | None:
        """When it was last seen to have power, in ns of the monotonic clock, where nobody tells when that went."""

    @property
    def by_hand(self) -> bool:
        """Return whether somebody cuts its power, who is told when: that takes a while."""

    def begin(self, how: How) -> None:
        """Start on a copy of what was made.

        Raises:
            PgladderError: it does not start, or is not to be cut.

        """

    def endpoint(self, transport: Transport) -> Endpoint:
        """Return how clients reach it."""

    def holds_pages(self, count: int, file: str) -> bool:
        """Return whether so many pages of a file are written and not flushed, where that can be told."""

    async def lose_power(self) -> int | None:
        """Cut its power; return from when on nothing of it ran, in ns of the monotonic clock; None: nobody can tell.

        Raises:
            PgladderError: the power was not cut.

        """

    def forget(self, how: How, seed: int) -> Forgotten | None:
        """Leave what a cut leaves, and say what it took where that can be told."""

    def restart(self) -> float:
        """Start on what is left; return how many seconds that took.

        Raises:
            ServerError: it does not start; says what PostgreSQL complains of.
            PgladderError: there was no cut.

        """

    def connect(self) -> Session:
        """Return a connection to it."""

    def damage(self) -> Iterable[str]:
        """Say what pg_amcheck and, with the server stopped, pg_checksums find."""

    def end(self) -> None:
        """Stop it without a checkpoint."""

    def remade(self) -> None:
        """Have it as it was made, not running, for the next cut."""
