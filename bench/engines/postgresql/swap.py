"""The swap of one variant for another on a cluster of ours: checked, put in its place, proved; else all as it was.

``staging`` checks, ``proof`` proves; how a cluster is started, stopped and written to is the cluster's own business.
"""

from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

import psycopg2

from bench.engines.postgresql.proof import at_start_only, not_in_force
from bench.engines.postgresql.session import DriftError, ServerError, Session, VariantError
from bench.engines.postgresql.staging import Checked, Staging
from bench.model.plan import Variant

RELOAD_TIMEOUT_S = 5
COMMIT_TIMEOUT_S = 20
"""For what takes milliseconds, or seconds where the disk stalls; it never returns where it waits for a standby."""
WRITE = "CREATE SCHEMA IF NOT EXISTS {schema}; SELECT pg_logical_emit_message(true, 'pgladder', '')"
"""Makes the schema, for the cluster may be another one now; where it is there something is committed all the same."""
ALTERED = "SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf' ORDER BY name"
LOADED = "SELECT pg_conf_load_time()"
WAITING = "SELECT count(*) FROM pg_settings WHERE pending_restart"


class Cluster(Protocol):
    """What a swap asks of a cluster."""

    schema: str

    @property
    def configuration(self) -> Path:
        """The directory that holds the harness's file and the variant's, and no other."""
        ...

    def write_variant(self, text: str) -> None:
        """Replace the variant's file in one step."""
        ...

    def alive(self) -> bool:
        """Return whether it runs."""
        ...

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ServerError: it does not; says what PostgreSQL complains of.

        """
        ...

    def stop(self) -> None:
        """Stop it."""
        ...

    def connect(self) -> Session:
        """Connect, to whatever is there."""
        ...


class Swapping:
    """The variants of one harness on one cluster, one at a time."""

    def __init__(self, cluster: Cluster, staging: Staging, harness: Variant, *, writes: bool = True) -> None:
        self._cluster, self._staging, self._harness = cluster, staging, harness
        self._writes = writes
        """Whether it takes writes, which a standby does not."""
        self._in_force: Checked | None = None
        self._known = False
        """Whether that is what runs: not before the first, nor after an interrupted swap."""
        self._refused: dict[Variant, str] = {}
        """Why: what was refused once is not tried again."""

    @property
    def in_force(self) -> Variant | None:
        """The last variant that was proved; None before the first."""
        return self._in_force.variant if self._in_force else None

    def check(self, variant: Variant, disk_bytes: int = 0) -> Checked:
        """Try a variant out beside the running server, once; ``disk_bytes`` as in ``Staging.check``.

        Raises:
            VariantError: the server does not take it, or the box can't hold it; says which setting and why.

        """
        if why := variant.refused or self._refused.get(variant):
            raise VariantError(variant.name, why)
        try:
            return self._staging.check(self._harness, variant, disk_bytes)
        except VariantError as error:
            self._refused[variant] = error.why
            raise

    def adopt(self, variant: Variant) -> None:
        """Bring the variant that should be there into force, whatever is now, and prove it.

        Raises:
            DriftError: somebody else changed the configuration.
            ServerError: the server does not take it, or it can't be proved.

        """
        if self._cluster.alive():
            self._refuse_drift()
        checked = self.check(variant)
        if self._cluster.alive() and self._is_reloaded(checked):
            self._prove(checked)
        else:
            self._bring(checked)
        self._in_force = checked

    def _is_reloaded(self, checked: Checked) -> bool:
        """Have the files read again; return whether that is enough. Only the server knows: what ran may be anything."""
        self._cluster.write_variant(checked.variant.text)
        self.reload()
        with closing(self._cluster.connect()) as session:
            return not session.value(WAITING)

    def apply(self, variant: Variant) -> None:
        """Swap a variant in and prove it; see ``Server.apply``."""
        if alive := self._cluster.alive():
            self._refuse_drift()
        checked, before = self.check(variant), self._in_force
        if alive and self._known and before and variant.text == before.variant.text:
            return
        try:
            self._bring(checked)
        except (ServerError, psycopg2.Error) as error:
            self._put_back(before, error)
            self._refused[variant] = str(error)
            raise VariantError(variant.name, str(error)) from error
        self._in_force = checked

    def _refuse_drift(self) -> None:
        with closing(self._cluster.connect()) as session:
            altered = [name for (name,) in session.rows(ALTERED)]
        if altered:
            raise DriftError(f"{', '.join(altered)}: changed by ALTER SYSTEM")

    def _bring(self, checked: Checked) -> None:
        changed = self._changed_at_start_only(checked)
        # Not known until it is proved: an interruption leaves a server of which nobody knows what is in force.
        known, self._known = self._known, False
        if known and self._cluster.alive() and not changed:
            self._cluster.write_variant(checked.variant.text)
            self.reload()
        else:
            self._cluster.stop()
            self._cluster.write_variant(checked.variant.text)
            try:
                self._cluster.start()
            except ServerError as error:
                if changed:
                    raise ServerError(f"{error}; what changed: {', '.join(changed)}") from error
                raise
        self._prove(checked)

    def _prove(self, checked: Checked) -> None:
        for why in self._objections(checked):
            raise ServerError(why)
        self._known = True

    def _objections(self, checked: Checked) -> list[str]:
        """Say what is not in force, or whether a commit does not return."""
        with closing(self._cluster.connect()) as session:
            if found := list(not_in_force(session, checked, self._cluster.configuration)):
                return found
            if not self._writes:
                return []
            try:
                session.run(session.qualified(WRITE), seconds=COMMIT_TIMEOUT_S)
            except TimeoutError:
                standbys = checked.texts.get("synchronous_standby_names", "")
                return [f"a commit took over {COMMIT_TIMEOUT_S} s; synchronous_standby_names = {standbys!r}"]
            return []

    def _changed_at_start_only(self, checked: Checked) -> list[str]:
        """Return what differs from the last one in force and takes effect at a start only; while it is down, all."""
        before = self._in_force.texts if self._in_force else checked.of_harness
        changed = sorted({name for name, _ in before.items() ^ checked.texts.items()})
        if not self._cluster.alive():
            return changed
        with closing(self._cluster.connect()) as session:
            return at_start_only(session, changed)

    def reload(self) -> None:
        """Have the files read again; new sessions see when that was done."""
        with closing(self._cluster.connect()) as session:
            before = session.value(LOADED)
            session.run("SELECT pg_reload_conf()")
        deadline = monotonic() + RELOAD_TIMEOUT_S
        while monotonic() < deadline:
            with closing(self._cluster.connect()) as session:
                if session.value(LOADED) != before:
                    return
            sleep(0.01)
        raise ServerError(f"PostgreSQL did not read its files again within {RELOAD_TIMEOUT_S} s")

    def _put_back(self, before: Checked | None, error: Exception) -> None:
        """Bring the last good variant into force again; before the first there is none, and the server stays down."""
        self._cluster.stop()
        self._cluster.write_variant(before.variant.text if before else "")
        if before is None:
            return
        try:
            self._bring(before)
        except (ServerError, psycopg2.Error) as again:
            raise ServerError(f"{error}; nor does the last good variant {before.variant.name}: {again}") from again
