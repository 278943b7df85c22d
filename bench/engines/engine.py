"""What the agent needs of a server, whoever runs it: a managed one is ours to configure, an external one is given."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bench.engines.postgresql.session import Session
from bench.model.endpoint import Endpoint
from bench.model.plan import Variant
from bench.model.record import Reason
from bench.model.values import Transport


class Server(Protocol):
    """A PostgreSQL 15 to measure."""

    schema: str
    """Where the table is made; nothing outside it is touched."""
    exclusive: bool
    """Nobody else uses it: transaction ids can be accounted for."""
    doubts: Sequence[Reason]
    """What speaks against every trial on it, from the start."""

    def session(self) -> Session:
        """Connect for the agent's own purposes, and prove that the connection is in our schema.

        Raises:
            ServerError: it is not.

        """
        ...

    def endpoint(self, transport: Transport) -> Endpoint:
        """Return how clients reach it."""
        ...

    def apply(self, variant: Variant) -> None:
        """Bring a variant into force and prove it; does nothing where it is in force already.

        Raises:
            DriftError: somebody else changed the configuration, in force yet or not.
            VariantError: the box can't hold it, or the server does not take it; the last good one is in force.
            ServerError: nor is the last good one.

        """
        ...

    def recover(self) -> None:
        """Make it answer again after trouble.

        Raises:
            ServerError: it does not.

        """
        ...

    def postmaster(self) -> int | None:
        """Return the process id of its postmaster, None where it can't be observed from here."""
        ...

    def others(self, session: Session) -> Sequence[int]:
        """Return the process ids of sessions on it that are not ours; none where they can't be observed from here."""
        ...

    def data_directory(self) -> Path | None:
        """Return where its data is, None where that can't be seen from here."""
        ...

    def close(self) -> None:
        """Leave nothing of ours behind."""
        ...
