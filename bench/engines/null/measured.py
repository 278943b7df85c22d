"""The null server as a trial has it: a process of the agent's own, which the agent asks what it has acknowledged.

Nothing is stored, so there is no table, no WAL and no CHECKPOINT, and a variant changes nothing. What was acknowledged
is counted by the server and claimed by the clients: ``bench.agent.verify`` compares the two. It begins with the first
trial that is measured on it, and ends with the run.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from select import select
from typing import IO, Any

import psycopg2

from bench.engines.engine import Baseline, Counted, Counters, Grade, Server, Session
from bench.engines.postgresql.counters import POSITION, SOURCES
from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.private import free_port
from bench.engines.postgresql.session import ServerError
from bench.model.endpoint import Endpoint
from bench.model.fingerprint import Fact, Unreadable
from bench.model.plan import SERVED, Variant
from bench.model.record import Reason
from bench.model.values import Transport
from bench.workload.messages import Result

ANSWER_TIMEOUT_S = 10
STOP_TIMEOUT_S = 5
NOTHING = "the null server stores nothing"
NAME = "pgladder"


class NullSession(Session):
    """What the agent asks of the null server: little is there to be asked."""

    def __init__(self, server: "NullServer") -> None:
        self._server = server

    def reset(self, layout: TableLayout, preload_rows: int, payload_bytes: int) -> None:  # noqa: ARG002 - no table
        """See ``Session.reset``; what is counted from here on is the trial's."""
        self._server.begin_trial()

    def prepare_wal(self, span_s: float, used_bytes: int | None, free_bytes: int | None) -> None:
        """Do nothing: there is no WAL."""

    def settle(self) -> float | Unreadable:
        """See ``Session.settle``: there is no CHECKPOINT."""
        return Unreadable(unreadable=NOTHING)

    def baseline(self) -> Baseline:
        """See ``Session.baseline``."""
        return Baseline(wal_segments=None, table_bytes=0, index_bytes=0)

    def drop_table(self) -> None:
        """Do nothing: there is no table."""

    def made(self) -> frozenset[str] | None:
        """Return None: there is no table."""
        return None

    def found(self, results: Sequence[Result], seed: int, payload_bytes: int) -> Counted:  # noqa: ARG002 - counts alone
        """See ``Session.found``."""
        return self._server.counted()

    def grade(
        self,
        layout: TableLayout,  # noqa: ARG002 - whatever is asked for, nothing is stored
        read_back: Collection[str],  # noqa: ARG002
        data: Path | Unreadable,  # noqa: ARG002
        of_clients: Sequence[str],  # noqa: ARG002
    ) -> Grade:
        """See ``Session.grade``."""
        return Grade(word="not crash-safe", because=NOTHING)

    def flush_us(self) -> float | Unreadable:
        """See ``Session.flush_us``."""
        return Unreadable(unreadable=NOTHING)

    def counters(self) -> Counters:
        """See ``Session.counters``."""
        return Counters(expressions={}, missing=dict.fromkeys((*SOURCES, *POSITION), NOTHING))

    def counted(self, expressions: Mapping[str, str]) -> dict[str, float]:  # noqa: ARG002 - it counts none
        """See ``Session.counted``."""
        return {}

    def facts(self) -> dict[str, Fact]:
        """See ``Session.facts``."""
        return {"version": "the null server"}

    def settings(self) -> dict[str, str]:
        """See ``Session.settings``."""
        return {}

    def next_transaction(self) -> int:
        """See ``Session.next_transaction``."""
        return self._server.counts()[1]

    def wal_segments(self) -> int | None:
        """See ``Session.wal_segments``."""
        return None

    def wal_position(self) -> int | None:
        """See ``Session.wal_position``."""
        return None

    def started(self) -> str:
        """See ``Session.started``."""
        return str(self._server.postmaster())

    def configuration_loaded(self) -> str:
        """Return nothing: it has no configuration."""
        return ""

    def close(self) -> None:
        """Do nothing: it is no connection."""


class NullServer(Server):
    """A process of ours on a free port of loopback, and on a socket in a directory of its own."""

    schema = NAME
    exclusive = True
    doubts: Sequence[Reason] = ()
    errors = (psycopg2.Error,)

    def __init__(self, quiet: Callable[[], None]) -> None:
        self._quiet = quiet
        """Leaves the server beside it nothing to do."""
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None
        self._log: IO[bytes] | None = None
        self._port = 0
        self._before = Counted(rows=0, transactions=0)
        """What was acknowledged when the trial began."""

    # --- begin and end -----------------------------------------------------------------------------------------------

    def apply(self, variant: Variant) -> None:  # noqa: ARG002 - it has no configuration
        """See ``Server.apply``; begins where it has not."""
        self._quiet()
        if self._process is None:
            self._start()

    def _start(self) -> None:
        # Only we may enter it. Its path is short: a socket's has 107 bytes at most (unix(7)).
        self._directory, self._port = Path(tempfile.mkdtemp(prefix="pgladder-null-")), free_port()
        command = [sys.executable, "-P", "-m", "bench.engines.null.server", str(self._directory), str(self._port)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, process_group=0
        )
        self._answer()
        self._prove()

    def _prove(self) -> None:
        """See that who connects comes to our process: it counts one more session of each transport.

        Raises:
            ServerError: somebody else answered.

        """
        for transport in SERVED:
            before = self.counts()[2]
            psycopg2.connect(**self.endpoint(transport).psycopg2_arguments()).close()
            if self.counts()[2] != before + 1:
                raise ServerError(f"A connection by {transport} to the null server came to another: nothing is sent.")

    def recover(self) -> None:
        """End it: the next trial begins another. What ails it ends no run on the server beside it."""
        self.close()

    def close(self) -> None:
        """See ``Server.close``."""
        if self._process:
            # It ends with its input.
            self._process.stdin.close()  # type: ignore[union-attr]
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()  # type: ignore[union-attr]
            self._process = None
        if self._log:
            self._log.close()
            self._log = None
        if self._directory:
            # It goes with the process, unless that never came so far.
            if self._directory.exists():
                shutil.rmtree(self._directory)
            self._directory = None

    # --- what it is asked --------------------------------------------------------------------------------------------

    def begin_trial(self) -> None:
        """Count from here on."""
        rows, transactions, _ = self.counts()
        self._before = Counted(rows=rows, transactions=transactions)

    def counted(self) -> Counted:
        """Return what was acknowledged since the trial began."""
        rows, transactions, _ = self.counts()
        return Counted(rows=rows - self._before.rows, transactions=transactions - self._before.transactions)

    def counts(self) -> tuple[int, int, int]:
        """Return rows and transactions acknowledged, and the sessions in which they were, since it began.

        Raises:
            ServerError: it has ended, or a session on it does not end.

        """
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended() from error
        rows, transactions, sessions = map(int, self._answer().split())
        return rows, transactions, sessions

    def _answer(self) -> bytes:
        """Return the next line that it prints."""
        assert self._process is not None
        assert self._process.stdout is not None
        if not select([self._process.stdout], [], [], ANSWER_TIMEOUT_S)[0]:
            raise ServerError(f"The null server did not answer within {ANSWER_TIMEOUT_S} s: a session on it is open.")
        if line := self._process.stdout.readline():
            return line
        raise self._ended()

    def _ended(self) -> ServerError:
        assert self._log is not None
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return ServerError(f"The null server has ended: {' '.join(lines[-1:]) or 'it gave no reason'}")

    # --- what others need to know ------------------------------------------------------------------------------------

    def session(self) -> NullSession:
        """See ``Server.session``."""
        return NullSession(self)

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``.

        Raises:
            ServerError: it serves no TLS.

        """
        if transport not in SERVED:
            raise ServerError(f"The null server serves no {transport}: what clients reach with it is of TCP.")
        return Endpoint(
            transport=transport,
            host=str(self._directory) if transport == "socket" else "127.0.0.1",
            port=self._port,
            user=NAME,
            database=NAME,
            schema=self.schema,
            parameters={"sslmode": "disable", "gssencmode": "disable"},
        )

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``."""
        return self._process.pid if self._process else None

    def others(self, session: Any) -> Sequence[int]:  # noqa: ARG002 - nobody else uses it
        """See ``Server.others``."""
        return ()

    def data_directory(self) -> Path | None:
        """See ``Server.data_directory``."""
        return None

    def data_place(self) -> Path | Unreadable:
        """See ``Server.data_place``."""
        return Unreadable(unreadable=NOTHING)

    def wal_place(self, data: Path | Unreadable) -> Path | Unreadable:  # noqa: ARG002 - there is none
        """See ``Server.wal_place``."""
        return Unreadable(unreadable=NOTHING)
