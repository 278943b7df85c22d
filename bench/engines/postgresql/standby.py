"""A standby of a private server: made from it beside it, and removed with the run.

``pg_basebackup`` copies the primary into the run's own directory, by a role and a password of this run alone; a slot,
bounded by ``max_slot_wal_keep_size``, keeps the WAL that it has not had yet. It listens on a free port of the loopback.
It is made anew whenever the primary was restarted or has another variant, so that each standby begins as a copy. What
its primary is told of it, and who looks after it, is ``following``'s business.
"""

import contextlib
import secrets
import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

import psutil
import psycopg
import psycopg2

from bench.engines.postgresql.following import NAME, STEP_S, Followed, FollowingStandby
from bench.engines.postgresql.managed import Reach
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.session import RefusedError, ServerError, Session
from bench.engines.postgresql.staging import complaint
from bench.model.endpoint import Endpoint
from bench.model.plan import ASYNC
from bench.model.signals import held_back
from bench.model.values import Replica, Transport

SENDERS = 2
"""Sessions that ``pg_basebackup`` takes for the copy and for the WAL that is written meanwhile."""
START_TIMEOUT_S, STOP_TIMEOUT_S = 60, 5
LOGGED = 'exec "$@" >>"$0" 2>&1'
OPTIONS = {
    "shared_buffers": "128MB",  # it only replays; the memory of this machine is the primary's
    "huge_pages": "off",
    "recovery_init_sync_method": "syncfs",  # file by file it takes seconds
    "synchronous_standby_names": "",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "100ms",
}
"""What a standby has otherwise than its primary, whose harness and variant it is copied with."""
HAS_ROOM = """
    SELECT
        current_setting('wal_level'),
        current_setting('max_wal_senders')::int,
        current_setting('max_replication_slots')::int"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary(Followed):
    """What a standby beside it needs of its primary."""

    reach: Reach
    free_port: Callable[[], int]
    """Of the loopback, that nobody listens on."""
    made: Callable[[], object]
    """What tells this start, with this variant, from others."""


class PrivateStandby(FollowingStandby):
    """In ``base/standby``; there is at most one of a server."""

    def __init__(self, primary: Primary, base: Path, bin_dir: Path, owner: Owner) -> None:
        super().__init__(primary)
        self._primary, self._bin, self._owner = primary, bin_dir, owner
        self._port = 0
        """Of its last start."""
        self._data, self._log, self._secret = base / "standby", base / "standby.log", base / "standby.pgpass"
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._copied: object = None
        """What its primary was when it was made."""

    @property
    def data_directory(self) -> Path:
        """Where its data is."""
        return self._data

    # --- making and removing -----------------------------------------------------------------------------------------

    def follow(self, level: Replica) -> None:
        """Have it follow, whatever was before, and wait until it has caught up.

        Raises:
            RefusedError: the primary is not set up for one.
            ServerError: it does not start, or does not catch up.

        """
        self._level, self.trouble = level, None
        if not self._follows():
            self._make()
        self.tell(level)
        self._catch_up()
        with closing(self.connect()) as session:
            # What it has copied or replayed is on the disk before anything is measured.
            session.run("CHECKPOINT")

    def leave(self) -> None:
        """Leave nothing of it, on the primary either; that one runs."""
        if not self._told and self._process is None:
            return
        self.stop()
        with closing(self._primary.connect()) as session:
            self.drop_slot(session)
        self.tell(None)
        self._owner.do("rm", "-rf", self._data, self._secret)

    def forget(self) -> None:
        """Stop it, where the primary is made anew."""
        self.stop()
        self._told = ""

    def retire(self) -> None:
        """Stop it, and drop its slot, before its primary stops: with one that does not start at another wal_level."""
        self.stop()
        if self._told:
            # A primary that does not answer keeps its slot: the next standby drops it.
            with contextlib.suppress(psycopg2.Error, ServerError), closing(self._primary.connect()) as session:
                self.drop_slot(session)

    def stop(self) -> None:
        """Stop it as after a crash: it has nothing to save."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
        if self._process.poll() is None:
            self._kill()
            self._process.wait()
        self._process = None

    def _follows(self) -> bool:
        """Return whether it follows the primary as that is now."""
        if self._process is None or self._process.poll() is not None or self._copied != self._primary.made():
            return False
        with closing(self._primary.connect()) as session:
            seen = self.look(session)
        return seen.state == "streaming" and seen.wal_status != "lost"

    def _make(self) -> None:
        self.stop()
        self._owner.do("rm", "-rf", self._data)
        with closing(self._primary.connect()) as session:
            self._check_room(session)
            self.drop_slot(session)
            self.tell(ASYNC)
            self.make_role(session, self._password)
            self.make_slot(session)
        self._owner.put(self._secret, f"127.0.0.1:{self._primary.reach.port}:*:{NAME}:{self._password}\n")
        self._copy()
        self._start()
        self._copied = self._primary.made()

    @staticmethod
    def _check_room(session: Session) -> None:
        """Refuse a configuration under which no standby can follow.

        Raises:
            RefusedError: names the settings.

        """
        [(wal_level, senders, slots)] = session.rows(HAS_ROOM)
        if wal_level == "minimal" or senders < SENDERS or slots < 1:
            raise RefusedError(
                f"no standby can follow with wal_level = {wal_level}, max_wal_senders = {senders} and"
                f" max_replication_slots = {slots}"
            )

    @property
    def _reached_by(self) -> str:
        """How it connects to its primary; the password is in a file."""
        return (
            f"host=127.0.0.1 port={self._primary.reach.port} user={NAME} application_name={NAME} sslmode=disable"
            f" passfile={_quoted(self._secret)}"
        )

    def _copy(self) -> None:
        options = ["--checkpoint=fast", "--wal-method=stream", f"--slot={NAME}", "--no-sync", "--no-manifest", "-w"]
        where = [f"--dbname={self._reached_by}", f"--pgdata={self._data}"]
        done = self._owner.run([self._bin / "pg_basebackup", *options, *where])
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ServerError(f"pg_basebackup could not make a standby: {said}")
        self._owner.put(self._data / "standby.signal", "")

    def _start(self) -> None:
        """Start it and wait until it answers."""
        self._owner.do("rm", "-f", self._log)
        self._port = self._primary.free_port()
        given = OPTIONS | {
            "port": str(self._port),
            "unix_socket_directories": str(self._primary.reach.sockets),
            "primary_conninfo": self._reached_by,
            "primary_slot_name": NAME,
        }
        options = [f"--{name}={value}" for name, value in given.items()]
        server: list[str | Path] = ["sh", "-c", LOGGED, self._log, self._bin / "postgres", "-D", self._data, *options]
        with held_back():
            self._process = self._owner.start(*server)
        deadline = monotonic() + START_TIMEOUT_S
        while monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(psycopg2.OperationalError):
                self.connect().close()
                return
            sleep(STEP_S)
        raise ServerError(f"The standby did not start: {self._complaint()}")

    def _complaint(self) -> str:
        return complaint(self._owner.run(["cat", self._log]).stdout) or "its log is empty"

    # --- its end -----------------------------------------------------------------------------------------------------

    def _ended(self) -> str | None:
        if self._process is None or self._process.poll() is not None:
            return f"the standby ended: {self._complaint()}"
        return None

    def _end(self, connection: psycopg.Connection) -> None:  # noqa: ARG002 - its process is ours
        self._kill()

    def _kill(self) -> None:
        """End it with all its processes, stopped ones too: none of them keeps a connection open."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.Error):
            postmaster = psutil.Process(self._process.pid)
            for each in (postmaster, *postmaster.children()):
                each.kill()

    # --- what others need to know ------------------------------------------------------------------------------------

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Standby.endpoint``."""
        return replace(self._primary.endpoint(transport), port=self._port)

    def connect(self) -> Session:
        """Connect to it."""
        return Session({**self.endpoint("socket").psycopg2_arguments(), "options": ""}, self.endpoint("socket").schema)

    def postmaster(self) -> int | None:
        """See ``Standby.postmaster``."""
        return self._process.pid if self._process else None


def _quoted(path: Path) -> str:
    """Return a path as a value of a connection string."""
    escaped = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
