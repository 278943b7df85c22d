"""What a server of ours is told of the standby that follows it, and who looks after that one while others wait for it.

Where the standby runs and how it is made is the business of ``standby`` (beside a private server) and ``admitted`` (on
another box). Sessions of the agent's never wait for it: the server's own ``synchronous_commit`` is ``local`` where it
is synchronous, and clients set theirs at their start (``Endpoint``).
"""

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import psycopg

from bench.engines.engine import Standby
from bench.engines.postgresql.session import ServerError, Session
from bench.model.endpoint import Endpoint
from bench.model.plan import ASYNC, WAITING
from bench.model.values import Replica, Transport

NAME = "pgladder_standby"
"""Of its role, its slot, and of itself among standbys."""
FILE = "standby.conf"
"""What its server is told of it, included before harness and variant."""
SLOT_KEEPS_MB = 1024
"""Of WAL: of a standby that is further behind the slot is given up."""
CATCH_UP_TIMEOUT_S, DROP_TIMEOUT_S = 60, 5
STEP_S = 0.02
GUARD_S = 0.25
"""From one look at a standby that is waited for to the next."""
GONE_S = 2.0
"""Without a connection: it connects again within a second where it can."""
SILENT_S = 5.0
"""Without a word of a standby that commits wait for, which speaks every second."""
QUIET_S = 2.0
"""Without a word: then it is ended when its trial was measured."""
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
ROLES = f"SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = '{NAME}'"  # noqa: S608


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
class Followed:
    """What is needed of the server that a standby follows."""

    connect: Callable[[], Session]
    endpoint: Callable[[Transport], Endpoint]
    reload: Callable[[], None]
    """Has it read its files again; returns when new sessions have what they say."""
    write: Callable[[str], None]
    """Replaces ``FILE``."""


class FollowingStandby(Standby):
    """A standby in the server's one slot for it."""

    slot_keeps_mb = SLOT_KEEPS_MB

    def __init__(self, primary: Followed) -> None:
        self._followed = primary
        self._level: Replica = ASYNC
        self._told: str | None = ""
        """What the primary's file says; None: not known."""
        self.trouble: str | None = None

    @abstractmethod
    def _ended(self) -> str | None:
        """Say why it has ended; None: it has not, as far as can be seen."""

    @abstractmethod
    def _end(self, connection: psycopg.Connection) -> None:
        """Have it keep nothing of its primary, over a session there; whatever its state is."""

    # --- slot and role -----------------------------------------------------------------------------------------------

    @staticmethod
    def make_role(session: Session, password: str) -> None:
        """Make its role, which may replicate and nothing else, or give it another password."""
        if not int(session.value(ROLES)):
            session.run(f"CREATE ROLE {NAME} REPLICATION LOGIN")
        session.run(f"ALTER ROLE {NAME} PASSWORD %(password)s", {"password": password})

    @staticmethod
    def make_slot(session: Session) -> None:
        """Make its slot, which keeps WAL from now on."""
        session.run("SELECT pg_create_physical_replication_slot(%(name)s, true)", {"name": NAME})

    @staticmethod
    def drop_slot(session: Session) -> None:
        """Drop its slot, where there is one. Raises ``ServerError`` where it stays in use."""
        deadline = monotonic() + DROP_TIMEOUT_S
        while int(session.value(SLOTS)):
            # A slot is in use until its sender has noticed that nobody listens.
            session.run(RELEASE)
            session.run(DROP)
            if monotonic() > deadline:
                raise ServerError(f"The replication slot {NAME} can't be dropped: it is still in use")
            sleep(STEP_S)

    # --- what the primary is told ------------------------------------------------------------------------------------

    def tell(self, level: Replica | None) -> None:
        """Have the primary wait for it, or not; None: there is no standby."""
        if self._write(level):
            self._followed.reload()

    def _write(self, level: Replica | None) -> bool:
        """Write what the primary is to be told; return whether that is something new."""
        text = told(level, self.slot_keeps_mb)
        if text == self._told:
            return False
        self._followed.write(text)
        self._told = text
        return True

    @staticmethod
    def look(session: Session, position: str = BEGINNING) -> Seen:
        """Ask the primary for its standby, and whether that has replayed so far."""
        return _seen(session.rows(FOLLOWS, {"position": position}))

    def _catch_up(self) -> None:
        """Wait until it has replayed all there is, and is waited for where it is to be."""
        deadline = monotonic() + CATCH_UP_TIMEOUT_S
        with closing(self._followed.connect()) as session:
            position = str(session.value("SELECT pg_current_wal_flush_lsn()"))
            while True:
                seen = self.look(session, position)
                if seen.has_replayed and (self._level == ASYNC or seen.sync_state == "sync"):
                    return
                if why := self._gone(seen):
                    raise ServerError(why)
                if monotonic() > deadline:
                    how = "is not connected" if seen.state is None else "did not catch up"
                    raise ServerError(f"The standby {how} within {CATCH_UP_TIMEOUT_S} s")
                sleep(STEP_S)

    # --- while others wait for it ------------------------------------------------------------------------------------

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """See ``Standby.guarded``."""
        over = Event()
        # By another driver than the agent's sessions, of which one waits for an answer at a time.
        try:
            connection = psycopg.connect(**self._followed.endpoint("socket").psycopg2_arguments(), autocommit=True)
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
                    self._end(connection)
                    if self._write(ASYNC):
                        connection.execute("SELECT pg_reload_conf()")
                    return
            if _seen(connection.execute(FOLLOWS, {"position": BEGINNING}).fetchall()).silent_s > QUIET_S:
                # Its sender, whose socket is full, would hold up the closing CHECKPOINT where the slot is at its end.
                self._end(connection)

    def _gone(self, seen: Seen) -> str | None:
        """Say why it will not follow any more; None: it may."""
        if why := self._ended():
            return why
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


def told(level: Replica | None, slot_keeps_mb: int = SLOT_KEEPS_MB) -> str:
    """Return what a server is told of a standby of which commits wait for so much; None: there is no standby."""
    lines = []
    if level is not None:
        lines.append(f"max_slot_wal_keep_size = {slot_keeps_mb}MB")
    if level not in (None, ASYNC):
        # The agent's sessions wait for the local flush alone; clients say for themselves what they wait for.
        lines += [f"synchronous_standby_names = '{NAME}'", "synchronous_commit = local"]
    return "".join(f"{line}\n" for line in lines)


def _seen(rows: Sequence[tuple[Any, ...]]) -> Seen:
    """Return what a row of ``FOLLOWS`` says, if there is one."""
    for wal_status, state, sync_state, silent_s, has_replayed in rows:
        return Seen(wal_status, state, sync_state, silent_s or 0.0, bool(has_replayed))
    return Seen(None)
