"""What every PostgreSQL has in common for those who measure it, whoever runs it."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg2

from bench.engines.engine import Server
from bench.engines.postgresql import durability
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.fingerprint import Unreadable
from bench.model.plain import one_line
from bench.probes.probe import Asked

PROBE_TIMEOUT_S = 5
"""For what takes a millisecond, or as long as the whole server stands still; the agent's own session waits its turn."""


class PostgreSQLServer(Server):
    """A PostgreSQL to measure."""

    errors = (psycopg2.Error,)

    def __init__(self, sessions: type[TrialSession]) -> None:
        self._sessions = sessions
        """What asks it for the agent."""

    @abstractmethod
    def session(self) -> TrialSession:
        """See ``Server.session``."""

    def asked(self) -> Asked | Unreadable:
        """See ``Server.asked``."""
        try:
            return ProbeSession(self.session())
        except psycopg2.Error as error:
            # A server that has no room for one more can be measured all the same.
            return Unreadable(unreadable=f"no session for probes: {one_line(str(error))}")

    def data_place(self) -> Path | Unreadable:
        """See ``Server.data_place``."""
        return durability.data_place(self)

    def wal_place(self, data: Path | Unreadable) -> Path | Unreadable:
        """See ``Server.wal_place``."""
        return durability.wal_place(data)


class ProbeSession(Asked):
    """What probes ask by: a session that is not waited for as long as the agent's own."""

    def __init__(self, session: TrialSession) -> None:
        self._session = session

    def rows(self, statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """See ``Asked.rows``."""
        return self._session.rows(statement, values, seconds=PROBE_TIMEOUT_S)

    def close(self) -> None:
        """See ``Asked.close``."""
        self._session.close()
