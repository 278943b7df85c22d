"""A throwaway ClickHouse server: an unprivileged user's, on a free port of loopback, everything below one directory.

As root it drops to ``postgres`` or ``nobody``, as a private PostgreSQL does. It dies with the agent, however that ends.
Its one user has a password of this run, so that who connects comes to it and nobody else to what it keeps.
"""

import contextlib
import hashlib
import secrets
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

from bench.engines.clickhouse.server import DATABASE, ManagedClickHouse
from bench.engines.postgresql.owner import Owner, ordinary_user
from bench.engines.postgresql.private import LOGGED, free_port
from bench.engines.postgresql.session import ServerError
from bench.model.endpoint import Endpoint
from bench.model.fingerprint import Fact
from bench.model.language import tr
from bench.model.plan import Variant
from bench.model.signals import held_back
from bench.model.values import Transport
from bench.workload.clickhouse import DEFAULT, UNREACHABLE, ClickHouseError, Connection, Native

HERE = Path(__file__).parent
DIRECTORIES = ("tmp", "user_files", "format_schemas")
START_TIMEOUT_S, STOP_TIMEOUT_S, STEP_S = 60, 30, 0.05
LOG_LINES = 3
PLACEHOLDERS = ("base", "port", "user", "password_sha256")


class PrivateClickHouse(ManagedClickHouse):
    """A server in ``home/server``; ``command`` begins it, options left out."""

    def __init__(self, home: Path, command: Sequence[str]) -> None:
        super().__init__(home, Owner(ordinary_user()))
        self._command = command
        self._port, self._password = free_port(), secrets.token_urlsafe(24)
        self._log = self._base / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("a private ClickHouse server")

    @property
    def built(self) -> Mapping[str, Fact]:
        """See ``ManagedServer.built``."""
        return {"runs": "as a server"}

    # --- begin and end -----------------------------------------------------------------------------------------------

    def create(self, harness: Variant, *, tls: bool) -> None:
        """See ``ManagedServer.create``."""
        super().create(harness, tls=tls)
        self._owner.do("mkdir", *(self._base / name for name in DIRECTORIES))
        for name in ("config.xml", "users.xml"):
            self._owner.write(self._base / name, self._configured(name))

    def _configured(self, name: str) -> str:
        text = (HERE / name).read_text(encoding="utf-8")
        hashed = hashlib.sha256(self._password.encode()).hexdigest()
        for word, value in zip(PLACEHOLDERS, (self._base, self._port, DATABASE, hashed), strict=True):
            text = text.replace(f"{{{word}}}", str(value))
        return text

    def _start(self) -> None:
        if self._process is not None:
            return
        # No second process of its own that watches over it: what ends it shall end all of it.
        server = ["env", "CLICKHOUSE_WATCHDOG_ENABLE=0", *self._command, f"--config-file={self._base / 'config.xml'}"]
        with held_back():
            self._process = self._owner.start("sh", "-c", LOGGED, self._log, *server)
        self._wait_ready()

    def _wait_ready(self) -> None:
        assert self._process is not None
        deadline = monotonic() + START_TIMEOUT_S
        while monotonic() < deadline:
            if self._process.poll() is not None:
                self._process = None
                raise ServerError(f"ClickHouse did not start: {self._complaint()}")
            try:
                self._ask(DEFAULT).close()
            except (OSError, ClickHouseError):
                sleep(STEP_S)
            else:
                return
        raise ServerError(f"ClickHouse did not answer within {START_TIMEOUT_S} s: {self._complaint()}")

    def _complaint(self) -> str:
        """Return the end of its log."""
        lines = self._owner.run(["tail", "-n", str(LOG_LINES), self._log]).stdout.split("\n")
        return " ".join(filter(None, map(str.strip, lines))) or "its log is empty"

    def stop(self) -> None:
        """See ``ManagedServer.stop``."""
        if self._process is None:
            return
        for each in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(each)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_TIMEOUT_S)
        self._process = None

    # --- what others need to know ------------------------------------------------------------------------------------

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``.

        Raises:
            ServerError: it serves TCP alone.

        """
        if transport != "tcp":
            raise ServerError(f"The private ClickHouse serves no {transport}: ask for tcp.")
        return self._reached(self.schema)

    def _reached(self, database: str) -> Endpoint:
        return Endpoint(
            transport="tcp",
            host="127.0.0.1",
            port=self._port,
            user=DATABASE,
            database=database,
            schema=self.schema,
            password=self._password,
        )

    def _ask(self, database: str) -> Connection:
        if self._process is None or self._process.poll() is not None:
            # Whoever listens there now is not ours.
            raise ClickHouseError("the private ClickHouse does not run", UNREACHABLE)
        return Native(self._reached(database))

    def _started(self) -> str:
        return str(self.postmaster())

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``; setpriv, sh and env became ClickHouse, so its process is ours."""
        return self._process.pid if self._process else None
