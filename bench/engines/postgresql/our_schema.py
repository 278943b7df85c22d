"""The schema a run makes on somebody's server: made once, known again, and the only place where anything is dropped."""

import hashlib

from bench.engines.postgresql.session import DDL_TIMEOUT_S, ServerError, Session
from bench.model.errors import HostError
from bench.model.language import tr
from bench.model.plan import Plan

LONGEST_NAME = 63
"""Bytes of a name; PostgreSQL cuts off what is more, and takes two names for one (NAMEDATALEN)."""
FOUND = (
    "SELECT oid::bigint, coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = %(name)s"
)
MAKE = "BEGIN; {local}; CREATE SCHEMA {schema}; COMMENT ON SCHEMA {schema} IS %(mark)s; COMMIT"
DROP = "BEGIN; {local}; DROP TABLE IF EXISTS {schema}.events; DROP SCHEMA {schema}; COMMIT"
LOCAL = "SET LOCAL synchronous_commit = local"
"""Do not wait for a standby that may be gone: what is made and dropped here is nobody else's."""
CLEAN_UP_TIMEOUT_S = 30


def schema_name(run: str) -> str:
    """Return the name of a run's schema: letters, digits and underscores that need no quotes."""
    name = "pgladder_" + "".join(c if c.isalnum() else "_" for c in run.lower())
    if len(name) <= LONGEST_NAME:
        return name
    rest = hashlib.sha256(run.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - len(rest) - 1]}_{rest}"


class OurSchema:
    """One schema, by its name, what is written on it, and its oid."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._mark: str | None = None
        """What says that it is this run's; None before it is begun."""
        self._oid: int | None = None

    @property
    def begun(self) -> bool:
        """Whether it may be there by our doing."""
        return self._mark is not None

    def make(self, session: Session, plan: Plan, *, resumed: bool) -> None:
        """Make it; a run that is resumed may find its own still there.

        Raises:
            HostError: there is one of that name that is not this run's.

        """
        mark = f"made by pgladder for its run {plan.run}, planned {plan.created}, seed {plan.seed}; goes with it"
        found = self._found(session)
        if found and not (resumed and found[1] == mark):
            raise HostError(
                tr(
                    "The database of --dsn has a schema {name} already, which this run did not make: choose another"
                    " name for the run, or, where an earlier run left it, DROP SCHEMA {name} CASCADE removes it.",
                    name=self.name,
                )
            )
        # From here on ``close`` may drop it: what is interrupted in the making is ours as well.
        self._mark = mark
        if not found:
            session.run(self._ddl(session, MAKE), {"mark": mark}, seconds=DDL_TIMEOUT_S)
            found = self._found(session)
        self._oid = found[0] if found else None
        self.check(session)

    def check(self, session: Session) -> None:
        """See that what has its name is what was made.

        Raises:
            ServerError: it is gone, or another.

        """
        if self._oid is None or (found := self._found(session)) is None or found[0] != self._oid:
            raise ServerError(f"The schema {self.name} is not there any more as this run made it; nothing is touched.")

    def drop(self, session: Session) -> None:
        """Drop it with the table, if it is there and ours; what others put there, or built on it, is never dropped."""
        found = self._found(session)
        if not self.begun or found is None or found[1] != self._mark or self._oid not in (None, found[0]):
            return
        session.rows(session.script("let-go"))
        session.run(self._ddl(session, DROP), seconds=CLEAN_UP_TIMEOUT_S)

    def _found(self, session: Session) -> tuple[int, str] | None:
        """Return oid and comment of what has its name."""
        rows = session.rows(FOUND, {"name": self.name})
        if not rows:
            return None
        [(oid, comment)] = rows
        return int(oid), str(comment)

    @staticmethod
    def _ddl(session: Session, statements: str) -> str:
        return session.qualified(statements.replace("{local}", LOCAL))
