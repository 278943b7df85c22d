"""What every PostgreSQL has in common for those who measure it, whoever runs it."""

from pathlib import Path

import psycopg2

from bench.engines.engine import Server
from bench.engines.postgresql import durability
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.fingerprint import Unreadable


class PostgreSQLServer(Server):
    """A PostgreSQL to measure."""

    errors = (psycopg2.Error,)

    def __init__(self, sessions: type[TrialSession]) -> None:
        self._sessions = sessions
        """What asks it for the agent."""

    def data_place(self) -> Path | Unreadable:
        """See ``Server.data_place``."""
        return durability.data_place(self)

    def wal_place(self, data: Path | Unreadable) -> Path | Unreadable:
        """See ``Server.wal_place``."""
        return durability.wal_place(data)
