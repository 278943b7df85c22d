"""How a client reaches a server."""

from dataclasses import dataclass, field
from typing import Any

from bench.model.values import Transport

CONNECT_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How to reach the server; ``host`` is a directory for the transport ``socket``."""

    transport: Transport
    host: str
    address: str | None = None
    """Where that host is, if it is not to be asked of the resolver (libpq's hostaddr)."""
    port: int
    user: str
    database: str
    schema: str
    password: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    """What else libpq is told (PostgreSQL manual, 34.1.2): how the server is verified, which certificate is shown, …"""
    options_lost: bool = False
    """A pooler on the way drops what a connection asks for at its start: each session sets its search path itself."""

    synchronous_commit: str | None = None
    """What sessions set it to at their start; None: they leave it as the server has it."""

    @property
    def options(self) -> str:
        """What a session is told at its start."""
        told = f"-c search_path={self.schema}"
        if self.synchronous_commit is not None:
            told += f" -c synchronous_commit={self.synchronous_commit}"
        return told

    def psycopg2_arguments(self) -> dict[str, Any]:
        """Return keyword arguments of ``psycopg2.connect``."""
        return {
            **self.parameters,
            "host": self.host,
            "hostaddr": self.address,
            "port": self.port,
            "user": self.user,
            "dbname": self.database,
            "password": self.password,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "pgladder",
            "options": self.options,
        }
