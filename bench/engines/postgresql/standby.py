"""A standby of a private server: made from it, following it, watched while others wait for it, removed with the run.

``pg_basebackup`` copies the primary into the run's own directory, by a role and a password of this run alone; a slot,
bounded by ``max_slot_wal_keep_size``, keeps the WAL that it has not had yet. It listens on a free port of the loopback.
It is made anew whenever the primary was restarted or has another variant, so that each standby begins as a copy.

Sessions of the agent's never wait for it: the server's own ``synchronous_commit`` is ``local`` where it is synchronous,
and clients set theirs at their start (``Endpoint``).
"""

import contextlib
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import psutil
import psycopg
import psycopg2

from bench.engines.engine import Standby
from bench.engines.postgresql.managed import Reach
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.session import RefusedError, ServerError, Session
from bench.engines.postgresql.staging import complaint
from bench.model.endpoint import Endpoint
from bench.model.plan import ASYNC, WAITING
from bench.model.signals import held_back
from bench.model.values import Replica, Transport

NAME = "pgladder_standby"
"""Of its role, its slot, and of itself among standbys."""
FILE = "standby.conf"
"""In the primary's data directory, included before harness and variant."""
SLOT_KEEPS_MB = 1024
"""Of WAL: of a standby that is further behind the slot is given up."""
SENDERS = 2
"""Sessions that ``pg_basebackup`` takes for the copy and for the WAL that is written meanwhile."""
START_TIMEOUT_S, CATCH_UP_TIMEOUT_S, STOP_TIMEOUT_S = 60, 60, 5
STEP_S = 0.02
GUARD_S = 0.25
"""From one look at a standby that is waited for to the next."""
GONE_S = 2.0
"""Without a connection: it connects again within a tenth of a second where it can."""
SILENT_S = 5.0
"""Without a word of a standby that commits wait for, which speaks every second."""
QUIET_S = 2.0
"""Without a word: then it is ended when its trial was measured."""
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
FOLLOWS = f"""
    SELECT
        slot.wal_status,
        sender.state,
        sender.sync_state,
        extract(epoch FROM clock_timestamp() - sender.reply_time)::float8,
        sender.replay_lsn >= %(position)s::pg_lsn
    FROM pg_catalog.pg_replication_slots AS slot
    LEFT JOIN pg_catalog.pg_stat_replication AS sender ON sender.pid = slot.active_pid
    WHERE slot.slot_name = '{NAME}'"""  # noqa: S608 - a word of ours
BEGINNING = "0/0"
RELEASE = f"""
    SELECT pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots
    WHERE slot_name = '{NAME}' AND active"""  # noqa: S608
DROP = f"""
    SELECT pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots
    WHERE slot_name = '{NAME}' AND NOT active"""  # noqa: S608
SLOTS = f"SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = '{NAME}'"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Seen:
    """What the primary says of its standby."""

    wal_status: str | None
    """Of the slot (manual, 54.19); None: there is no slot."""
    state: str | None = None
    """``streaming`` when it has caught up; None: it is not connected."""
    sync_state: str | None = None
    silent_s: float = 0.0
    """Since its last word."""
    has_replayed: bool = False
    """As far as was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    """What a standby needs of its primary."""

    reach: Reach
    data: Path
    connect: Callable[[], Session]
    endpoint: Callable[[Transport], Endpoint]
    free_port: Callable[[], int]
    """Of the loopback, that nobody listens on."""
    reload: Callable[[], None]
    """Has it read its files again; returns when new sessions have what they say."""
    made: Callable[[], object]
    """What tells this start, with this variant, from others."""


class PrivateStandby(Standby):
    """In ``base/standby``; there is at most one of a server."""

    slot_keeps_mb = SLOT_KEEPS_MB

    def __init__(self, primary: Primary, base: Path, bin_dir: Path, owner: Owner) -> None:
        self._primary, self._bin, self._owner = primary, bin_dir, owner
        self._port = 0
        """Of its last start."""
        self._data, self._log, self._secret = base / "standby", base / "standby.log", base / "standby.pgpass"
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._level: Replica = ASYNC
        self._copied: object = None
        """What its primary was when it was made."""
        self._told = ""
        """What the primary's file says."""
        self.trouble: str | None = None

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
        self._tell(level)
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
            self._drop_slot(session)
        self._tell(None)
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
                self._drop_slot(session)

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
            seen = self._look(session)
        return seen.state == "streaming" and seen.wal_status != "lost"

    def _make(self) -> None:
        self.stop()
        self._owner.do("rm", "-rf", self._data)
        with closing(self._primary.connect()) as session:
            self._check_room(session)
            self._drop_slot(session)
            self._tell(ASYNC)
            self._make_role(session)
            session.run("SELECT pg_create_physical_replication_slot(%(name)s, true)", {"name": NAME})
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

    def _make_role(self, session: Session) -> None:
        """Make its role, which may replicate and nothing else, with the password of this run."""
        if not session.rows("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %(name)s", {"name": NAME}):
            session.run(f"CREATE ROLE {NAME} REPLICATION LOGIN")
        session.run(f"ALTER ROLE {NAME} PASSWORD %(password)s", {"password": self._password})
        self._owner.put(self._secret, f"127.0.0.1:{self._primary.reach.port}:*:{NAME}:{self._password}\n")

    @staticmethod
    def _drop_slot(session: Session) -> None:
        deadline = monotonic() + STOP_TIMEOUT_S
        while int(session.value(SLOTS)):
            # A slot is in use until its sender has noticed that nobody listens.
            session.run(RELEASE)
            session.run(DROP)
            if monotonic() > deadline:
                raise ServerError(f"The replication slot {NAME} can't be dropped: it is still in use")
            sleep(STEP_S)

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

    # --- what the primary is told ------------------------------------------------------------------------------------

    def _tell(self, level: Replica | None) -> None:
        """Have the primary wait for it, or not; None: there is no standby."""
        if self._write(level):
            self._primary.reload()

    def _write(self, level: Replica | None) -> bool:
        """Write what the primary is to be told; return whether that is something new."""
        lines = []
        if level is not None:
            lines.append(f"max_slot_wal_keep_size = {self.slot_keeps_mb}MB")
        if level not in (None, ASYNC):
            # The agent's sessions wait for the local flush alone; clients say for themselves what they wait for.
            lines += [f"synchronous_standby_names = '{NAME}'", "synchronous_commit = local"]
        text = "".join(f"{line}\n" for line in lines)
        if text == self._told:
            return False
        self._owner.write(self._primary.data / FILE, text)
        self._told = text
        return True

    @staticmethod
    def _look(session: Session, position: str = BEGINNING) -> Seen:
        return _seen(session.rows(FOLLOWS, {"position": position}))

    def _catch_up(self) -> None:
        """Wait until it has replayed all there is, and is waited for where it is to be."""
        deadline = monotonic() + CATCH_UP_TIMEOUT_S
        with closing(self._primary.connect()) as session:
            position = str(session.value("SELECT pg_current_wal_flush_lsn()"))
            while True:
                seen = self._look(session, position)
                if seen.has_replayed and (self._level == ASYNC or seen.sync_state == "sync"):
                    return
                if why := self._gone(seen):
                    raise ServerError(why)
                if monotonic() > deadline:
                    raise ServerError(f"The standby did not catch up within {CATCH_UP_TIMEOUT_S} s")
                sleep(STEP_S)

    # --- while others wait for it ------------------------------------------------------------------------------------

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """See ``Standby.guarded``."""
        over = Event()
        # By another driver than the agent's sessions, of which one waits for an answer at a time.
        try:
            connection = psycopg.connect(**self._primary.endpoint("socket").psycopg2_arguments(), autocommit=True)
        except psycopg.Error as error:
            raise ServerError(f"No session looks after the standby: {error}") from error
        guard = Thread(target=self._guard, args=(connection, over), daemon=True)
        guard.start()
        try:
            yield
        finally:
            over.set()
            guard.join()

    def _guard(self, connection: psycopg.Connection, over: Event) -> None:
        """Look after it until it is over; where it is gone, let go whoever waits for it."""
        # What goes wrong here is trouble of the primary, which its trial finds out.
        with contextlib.suppress(psycopg.Error, OSError), closing(connection):
            away_since: float | None = None
            while not over.wait(GUARD_S):
                seen = _seen(connection.execute(FOLLOWS, {"position": BEGINNING}).fetchall())
                away_since = None if seen.state else away_since or monotonic()
                away_s = 0.0 if away_since is None else monotonic() - away_since
                if why := self._gone(seen) or self._lags(seen, away_s):
                    self.trouble = why
                    self._kill()
                    if self._write(ASYNC):
                        connection.execute("SELECT pg_reload_conf()")
                    return
            if _seen(connection.execute(FOLLOWS, {"position": BEGINNING}).fetchall()).silent_s > QUIET_S:
                # Its sender, whose socket is full, would hold up the closing CHECKPOINT where the slot is at its end.
                self._kill()

    def _gone(self, seen: Seen) -> str | None:
        """Say why it will not follow any more; None: it may."""
        if self._process is None or self._process.poll() is not None:
            return f"the standby ended: {self._complaint()}"
        if seen.wal_status == "lost":
            return self._beyond_slot
        if seen.wal_status is None:
            return "the standby's replication slot is gone"
        return None

    def _lags(self, seen: Seen, away_s: float) -> str | None:
        """Say why nobody shall wait for it any longer; None: it may follow."""
        if seen.wal_status == "unreserved":
            return self._beyond_slot
        if away_s > GONE_S:
            return "the standby is no longer connected to its primary"
        if self._level in WAITING and seen.silent_s > SILENT_S:
            return f"the standby did not answer for {SILENT_S:g} s, and commits wait for it"
        return None

    @property
    def _beyond_slot(self) -> str:
        return (
            f"the standby was more than {self.slot_keeps_mb:,} MB behind, which its replication slot keeps at most"
            " (max_slot_wal_keep_size): WAL that it still needs is given up"
        )

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


def _seen(rows: Sequence[tuple[Any, ...]]) -> Seen:
    """Return what a row of ``FOLLOWS`` says, if there is one."""
    for wal_status, state, sync_state, silent_s, has_replayed in rows:
        return Seen(wal_status, state, sync_state, silent_s or 0.0, bool(has_replayed))
    return Seen(None)


def _quoted(path: Path) -> str:
    """Return a path as a value of a connection string."""
    escaped = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
