"""A server the user brings (``--dsn``): we work in a schema of our own and touch nothing else.

Its configuration is taken as found; what can't be controlled or observed is said in ``limits``. How it is reached is
``dsn``'s, what is between ``pooler``'s, what is made there ``our_schema``'s.
"""

import ipaddress
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import psycopg2
import psycopg2.errors

from bench.engines.engine import ExternalServer
from bench.engines.postgresql import pooler
from bench.engines.postgresql.dsn import connect_first, endpoint_of, in_a_sentence, one_line
from bench.engines.postgresql.our_schema import OurSchema, schema_name
from bench.engines.postgresql.render import texts
from bench.engines.postgresql.server import PostgreSQLServer
from bench.engines.postgresql.session import ServerError, Session, VariantError
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.endpoint import Endpoint
from bench.model.errors import HostError
from bench.model.fingerprint import Unreadable
from bench.model.language import later, tr
from bench.model.plan import Plan, Variant
from bench.model.record import Reason
from bench.model.values import Transport
from bench.probes.probe import Asked

RECOVERY_S = 60
RECOVERY_STEP_S = 0.5
COMMIT_TIMEOUT_S = 20
"""For what takes milliseconds, or seconds where the disk stalls; it never returns where it waits for a standby."""
COMMIT = "SELECT pg_logical_emit_message(true, 'pgladder', '')"
"""Writes and commits something, and leaves nothing (PostgreSQL manual, 9.28.6)."""
STAY = "SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'"
"""Ours wait while clients work; PostgreSQL 13 has no such limit."""
REFUSED = later("The server of --dsn can't be measured")
START_STANDBY = later("Start the standby, or take its name out of that setting.")
CHECKPOINT_ROLE_SINCE = 15
OLDEST_MEASURED = 13
"""The first with pg_current_snapshot, by which transactions are accounted for."""
UNNAMED = "external-server"
"""What stands for a host's name where only its address is known."""


class ExternalPostgreSQL(PostgreSQLServer, ExternalServer):
    """A server reached by a connection string of libpq (URI or key=value, passwords from ~/.pgpass included)."""

    exclusive = False

    def __init__(self, dsn: str, run: str, *, sessions: type[TrialSession] = TrialSession) -> None:
        super().__init__(sessions)
        self.doubts: Sequence[Reason] = ()
        self.left_out: list[str] = []
        """What was asked for and does not fit, in a sentence each."""
        self._schema = OurSchema(schema_name(run))
        self.schema = self._schema.name
        connection = connect_first(dsn)
        self._major = connection.server_version // 10_000
        self.version = str(self._major)
        if self._major < OLDEST_MEASURED:
            raise HostError(
                tr(
                    "The server of --dsn is PostgreSQL {there}; pgladder measures {oldest} and later.",
                    there=self._major,
                    oldest=OLDEST_MEASURED,
                )
            )
        with in_a_sentence(HostError, tr(REFUSED)):
            self._endpoint = endpoint_of(connection, self.schema)
            pooled = pooler.is_pooled(connection)
            connection.close()
            # Before anything is set in a session: behind a pooler it may be somebody else's next.
            if pooled:
                self.doubts = (pooler.IN_BETWEEN,)
                self._endpoint = self._through_pooler()
            self._refuse_unfit()
            self.limits = self._find_limits()

    @property
    def transport(self) -> Transport:
        """The one of the connection string."""
        return self._endpoint.transport

    @property
    def elsewhere(self) -> str | None:
        """Return the name of its machine, None where that is this one; an address is nobody's business."""
        host = self._endpoint.host
        if self.postmaster() is not None:
            return None
        if self.transport == "socket" or _is_loopback(host) or _is_address(host):
            return UNNAMED
        return host

    def _arguments(self) -> dict[str, Any]:
        return self._endpoint.psycopg2_arguments()

    def _session(self, kind: type[TrialSession] | None = None) -> TrialSession:
        session = (kind or self._sessions)(self._arguments(), self.schema, options_lost=self._endpoint.options_lost)
        session.run(STAY)
        return session

    def _through_pooler(self) -> Endpoint:
        """See what of a session's own a pooler lets through, before anything is set in one."""
        pooler.refuse_shared_sessions(self._connect_bare)
        connection = self._connect_bare()
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('search_path')")
            [[search_path]] = cursor.fetchall()
        connection.close()
        return replace(self._endpoint, options_lost=search_path != self.schema)

    def _connect_bare(self) -> psycopg2.extensions.connection:
        connection: psycopg2.extensions.connection = psycopg2.connect(**self._arguments())
        connection.autocommit = True
        return connection

    # --- asked first -------------------------------------------------------------------------------------------------

    def _refuse_unfit(self) -> None:
        """Refuse what nothing can be written to, or what would not answer.

        Raises:
            HostError: it is a standby, read-only, waits for a standby that is not there, or grants too little.

        """
        with closing(self._session()) as session:
            self._standing = session.row(session.script("standing"))
        if self._standing["standby"]:
            raise HostError(tr("The server of --dsn is a standby, which takes no writes: give its primary."))
        self._refuse_role()
        if self._waits_for_standbys() and not self._standing["standbys"]:
            raise HostError(
                tr(
                    "Each commit on the server of --dsn waits for a standby (synchronous_standby_names = {names!r}),"
                    " and none is connected. {start}",
                    names=self._standing["synchronous_standby_names"],
                    start=tr(START_STANDBY),
                )
            )

    def _refuse_role(self) -> None:
        """Refuse one that may not write."""
        user, database = self._endpoint.user, self._endpoint.database
        if self._standing["read_only"]:
            raise HostError(
                tr(
                    "Every transaction of {user!r} in {database!r} is read-only (default_transaction_read_only = on),"
                    " so nothing can be measured: give another role, or ALTER ROLE … SET"
                    " default_transaction_read_only = off.",
                    user=user,
                    database=database,
                )
            )
        if not self._standing["may_create"]:
            raise HostError(
                tr(
                    "The user {user!r} may not create a schema in {database!r}: GRANT CREATE ON DATABASE {database} TO"
                    " {user};",
                    user=user,
                    database=database,
                )
            )

    def _waits_for_standbys(self) -> bool:
        return bool(self._standing["synchronous_standby_names"] and self._standing["waits_for_standbys"])

    def _prove_commits(self, session: Session) -> None:
        """See that a commit returns, where it may wait for a standby.

        Raises:
            ServerError: it does not.

        """
        if not self._waits_for_standbys():
            return
        try:
            session.run(COMMIT, seconds=COMMIT_TIMEOUT_S)
        except TimeoutError as error:
            raise ServerError(
                tr(
                    "Each commit on the server of --dsn waits for a standby (synchronous_standby_names = {names!r}),"
                    " and one took over {seconds} s. {start}",
                    names=self._standing["synchronous_standby_names"],
                    seconds=COMMIT_TIMEOUT_S,
                    start=tr(START_STANDBY),
                )
            ) from error

    def _find_limits(self) -> list[str]:
        """Say what can't be controlled or observed, each with its reason."""
        limits = [
            "its configuration is used as found, its way to authenticate too",
            "transactions of others can't be told from ours",
        ]
        limits += [reason.detail for reason in self.doubts]
        if not self._standing["may_checkpoint"]:
            who = "a superuser" if self._major < CHECKPOINT_ROLE_SINCE else "a member of pg_checkpoint"
            limits.append(f"no CHECKPOINT (not {who}): no settled rate")
        if not self._standing["may_look"]:
            limits.append("no WAL directory or data directory (not a member of pg_monitor)")
        if self.postmaster() is None:
            limits.append("it can't be seen from here: its CPU and disk are not observed")
        else:
            whose = "of others" if self.doubts else "that others open and end within a window"
            limits.append(f"CPU time of sessions {whose} counts as the server's")
        return limits

    def room(self) -> tuple[int, str]:
        """Return how many sessions we may have at once, and in words whose limit that is."""
        with in_a_sentence(HostError, tr(REFUSED)), closing(self._session()) as session:
            free = session.row(session.script("room"))
        whose = min((name for name in free if free[name] is not None), key=lambda name: int(free[name]))
        words = {
            "server": tr("the server of --dsn (max_connections)"),
            "role": tr("its role {role!r} (CONNECTION LIMIT)", role=self._endpoint.user),
            "database": tr("its database {database!r} (CONNECTION LIMIT)", database=self._endpoint.database),
        }
        return int(free[whose]), words[whose]

    # --- a run -------------------------------------------------------------------------------------------------------

    def begin(self, plan: Plan, *, resumed: bool) -> None:
        """Make our schema, and prove that connections come to it.

        Raises:
            HostError: that can't be done; the message gives the reason. ``close`` leaves nothing of it.

        """
        try:
            with in_a_sentence(HostError, tr(REFUSED)), closing(self._session()) as session:
                self._prove_commits(session)
                self._schema.make(session, plan, resumed=resumed)
                session.prove_schema()
        except ServerError as error:
            raise HostError(str(error)) from error

    def session(self, kind: type[TrialSession] | None = None) -> TrialSession:
        """See ``Server.session``; ``kind`` is that of an engine which sees this server with an extension."""
        session = self._session(kind)
        # Each time anew: the schema may have been dropped, and made by somebody else, since the last.
        try:
            session.prove_schema()
            self._schema.check(session)
        except BaseException:
            session.close()
            raise
        return session

    def endpoint(self, transport: Transport) -> Endpoint:  # noqa: ARG002 - the connection string's
        """See ``Server.endpoint``."""
        return self._endpoint

    def others(self, session: Session) -> Sequence[int]:
        """See ``Server.others``; a pooler gives ours other names."""
        if self.doubts:
            return ()
        return [pid for (pid,) in session.rows(session.script("others"))]

    def asked(self) -> Asked | Unreadable:
        """See ``Server.asked``; behind a pooler a session that clients are given may have begun at any time."""
        if self.doubts:
            return Unreadable(unreadable="a pooler is between: which sessions of the server are ours can't be told")
        return super().asked()

    def apply(self, variant: Variant) -> None:
        """Have our sessions set what is theirs to set, and prove it; all else of its configuration is the user's."""
        level = texts(variant).get("synchronous_commit")
        endpoint = replace(self._endpoint, synchronous_commit=level)
        if level is not None:
            with closing(self._sessions(endpoint.psycopg2_arguments(), self.schema)) as session:
                found = session.setting("synchronous_commit")
            if found != level:
                why = f"synchronous_commit is {found} in a session that asked for {level} at its start"
                raise VariantError(variant.name, why)
        # Only once it is proved: by the same endpoint our schema is dropped in the end.
        self._endpoint = endpoint

    def recover(self) -> None:
        """Wait until it answers again, for a while, and commits."""
        deadline = monotonic() + RECOVERY_S
        while True:
            try:
                with closing(self._session()) as session:
                    return self._prove_commits(session)
            except psycopg2.OperationalError as error:
                if monotonic() > deadline:
                    detail = f"{one_line(error)} (tried for {RECOVERY_S} s)"
                    raise ServerError(f"The server of --dsn does not answer: {detail}") from error
                sleep(RECOVERY_STEP_S)

    def postmaster(self) -> int | None:
        """Return its postmaster's process id if that is a process of this machine."""
        if self.transport != "socket" and not _is_loopback(self._endpoint.address or self._endpoint.host):
            return None
        with closing(self._session()) as session:
            backend = int(session.value("SELECT pg_backend_pid()"))
            try:
                # By number it may be a process of another namespace: its name and its parent must fit too.
                process = psutil.Process(backend)
                ours = process.name() == "postgres" and process.ppid() > 1
                return process.ppid() if ours else None
            except psutil.Error:
                return None  # in another namespace: said in ``limits``

    def data_directory(self) -> Path | None:
        """Return its data directory where we may see it."""
        if self.postmaster() is None:
            return None
        with closing(self._session()) as session:
            try:
                directory = Path(session.setting("data_directory"))
            except psycopg2.errors.InsufficientPrivilege:
                return None
        return directory if os.access(directory, os.F_OK) else None

    def close(self) -> None:
        """Drop our schema, if it was begun; Ctrl-C ends the waiting.

        Raises:
            ServerError: that can't be done; names what is left.

        """
        if not self._schema.begun:
            return
        try:
            with closing(self._session()) as session:
                self._schema.drop(session)
        except (psycopg2.Error, TimeoutError, KeyboardInterrupt) as error:
            why = one_line(error)
            if isinstance(error, KeyboardInterrupt):
                why = tr("told to stop while tidying up")
            raise ServerError(
                tr(
                    "{why}; our schema is left on the server of --dsn, DROP SCHEMA {schema} CASCADE removes it.",
                    why=why,
                    schema=self.schema,
                )
            ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
