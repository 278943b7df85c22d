"""The engine of today in this machine's own processes (chdb): no server, its data in a directory of the run.

One process at a time may have the directory open. The agent asks by a process of its own (``keeper``), begun by the
first question; it lets the directory go before clients come, no sooner: loading the engine takes a second or two.
The one client process that opens it then is the server of the trial. A client is ended, not closed: what it was
acknowledged lies in parts that are files by then.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from select import select
from typing import Any

import msgspec

from bench.engines.clickhouse.keeper import Answer
from bench.engines.clickhouse.server import DATABASE, ManagedClickHouse
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.session import ServerError
from bench.model.endpoint import Endpoint
from bench.model.errors import UsageError
from bench.model.fingerprint import Fact
from bench.model.language import tr
from bench.model.table import quoted
from bench.model.values import Transport
from bench.workload.clickhouse import ClickHouseError

KEEPER = "bench.engines.clickhouse.keeper"
ANSWER_TIMEOUT_S = 300
END_TIMEOUT_S = 30
NOT_IN_A_PATH = frozenset("?&")
"""What chdb takes for the beginning of parameters."""


class Kept:
    """Asks by a process of its own, which has the directory open from the first question until it is let go."""

    def __init__(self, directory: Path) -> None:
        self._command = [sys.executable, "-P", "-m", KEEPER, str(directory)]
        self._process: subprocess.Popen[bytes] | None = None

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """See ``Asked.rows``."""
        if self._process is None:
            self._begin()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(statement) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended() from error
        return self._answer().rows

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0
        )
        self._answer()

    def _answer(self) -> Answer:
        assert self._process is not None
        assert self._process.stdout is not None
        if not select([self._process.stdout], [], [], ANSWER_TIMEOUT_S)[0]:
            raise ServerError(f"The embedded ClickHouse did not answer within {ANSWER_TIMEOUT_S} s.")
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        answer = msgspec.json.decode(line, type=Answer)
        if answer.error:
            raise ClickHouseError(answer.error, answer.code)
        return answer

    def _ended(self) -> ServerError:
        assert self._process is not None
        return ServerError(f"The embedded ClickHouse has ended by {self._process.wait()}.")

    def close(self) -> None:
        """Do nothing: another session may ask; see ``let_go``."""

    def let_go(self) -> None:
        """Close the directory, and end the process."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with process:  # closes its pipes, which ends it, and waits
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


class EmbeddedClickHouse(ManagedClickHouse):
    """A directory in ``home/server``, which clients open themselves."""

    loads_engine = True

    def __init__(self, home: Path) -> None:
        if NOT_IN_A_PATH & set(str(home)):
            raise UsageError(
                tr("chdb takes no path with ? or & in it, such as {path}; choose another --data-dir.", path=home)
            )
        super().__init__(home, Owner())
        self._kept = Kept(self._data)

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("ClickHouse embedded in the client (chdb)")

    @property
    def built(self) -> Mapping[str, Fact]:
        """See ``ManagedServer.built``."""
        return {"runs": "embedded in the client's process (chdb)"}

    def _start(self) -> None:
        """Do nothing: who asks opens it."""

    def stop(self) -> None:
        """See ``ManagedServer.stop``."""
        self._kept.let_go()

    def _ask(self, database: str) -> Kept:
        self._kept.rows(f"USE {quoted(database)}")
        return self._kept

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``; the directory is let go for the clients, and no transport leads to it."""
        self.stop()
        return Endpoint(
            transport=transport, host=str(self._data), port=0, user=DATABASE, database=DATABASE, schema=self.schema
        )

    def _started(self) -> str:
        return "with each who opens it"

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``: each client is its own."""
        return None
