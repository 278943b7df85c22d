"""What a trial needs of a database: an engine makes its servers, a server is measured, a session asks it.

A file in ``engines/`` of the user's own folder (``bench.seams``), or ``engines/<name>/engine.py`` here, defines one
``ENGINE``. Whoever runs the server: a managed one is ours to configure, an external one is given.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bench.engines.postgresql.layout import TableLayout
from bench.model.box import ProvisionedCluster
from bench.model.endpoint import Endpoint
from bench.model.errors import UsageError
from bench.model.fingerprint import Fact, Unreadable
from bench.model.language import tr
from bench.model.plan import NO_REPLICA, Plan, Variant
from bench.model.record import Reason
from bench.model.values import Replica, Transport
from bench.probes.probe import Asked
from bench.seams import Seam, first_word, pieces
from bench.workload.client_boxes import ClientBox
from bench.workload.messages import Result

SEAM = "engines"
OWN = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What starts differ in all the same."""

    wal_segments: int | None
    table_bytes: int
    index_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A durability of ``model.Durability``."""

    word: str = "unknown"
    because: str | None = None
    """Why it is not durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the server has of one writer."""

    rows: int
    different: int
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What the server has of what was written."""

    writers: Mapping[int, Found]
    lost: Mapping[tuple[int, int], int]
    """Rows of each commit that was not acknowledged, by (writer, first)."""
    altered: Mapping[int, int]
    """By writer, how many rows have another payload than it made for them; those that have any."""
    transactions: int | None
    """How many wrote what is there; None: of such a server, or of what was written so, nobody can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """Sums of the marks of one writer's rows (``bench.workload.retention``); those of lost commits are left out."""

    written: int
    """Of all that it wrote."""
    there: int
    """Of those that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a server acknowledged that keeps no rows."""

    rows: int
    transactions: int
    """How many wrote them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a server counts."""

    expressions: Mapping[str, str]
    """By name, what to ask."""
    missing: Mapping[str, str]
    """By name, why there is none."""

    def read(self, session: "Session") -> dict[str, float]:
        """Return those there are; none where the server refuses them meanwhile."""
        return session.counted(self.expressions)


class Session(Protocol):
    """A connection of the agent's own, in the schema of a run. Whatever it asks may raise ``Server.errors``."""

    def reset(self, layout: TableLayout, preload_rows: int, payload_bytes: int) -> None:
        """Make the table ``events`` anew, with so many rows in it."""
        ...

    def prepare_wal(self, span_s: float, used_bytes: int | None, free_bytes: int | None) -> None:
        """Have files ready for what a trial of so many seconds writes; ``used_bytes`` is what one like it wrote."""
        ...

    def settle(self) -> float | Unreadable:
        """Bring to disk what was written and return the seconds it took, or why that can't be asked for."""
        ...

    def baseline(self) -> Baseline:
        """Return what starts differ in."""
        ...

    def drop_table(self) -> None:
        """Drop the table, if there is one."""
        ...

    def made(self) -> frozenset[str] | None:
        """Return what the table is by the server's own word, in the lines that a layout reads back; None: no table."""
        ...

    def found(self, results: Sequence[Result], seed: int, payload_bytes: int) -> Arrived | Counted:
        """Ask what is there of the rows that clients wrote, whose payloads ``seed`` made; of none kept, how many."""
        ...

    def marked(
        self,
        results: Sequence[Result],  # noqa: ARG002 - for those that can be asked
        seed: int,  # noqa: ARG002
        payload_bytes: int,  # noqa: ARG002
    ) -> Mapping[int, Marked] | Unreadable:
        """Ask for the marks of the rows that clients wrote, by writer, where some were deleted beside them."""
        return Unreadable(unreadable="of this kind of server it can't be asked which rows were deleted")

    def grade(
        self,
        layout: TableLayout,
        read_back: Collection[str],
        data: Path | Unreadable,
        of_clients: Sequence[str],
    ) -> Grade:
        """Say what a crash would take; ``of_clients`` are the settings that their sessions committed with."""
        ...

    def flush_us(self) -> float | Unreadable:
        """Return how much longer a commit takes that waits for its flush than one that does not, in µs."""
        ...

    def doubts(self) -> Sequence[Reason]:
        """Ask what the server did, since the table was made, that speaks against the trial."""
        return ()

    def counters(self) -> Counters:
        """Ask what of the counters there is."""
        ...

    def counted(self, expressions: Mapping[str, str]) -> dict[str, float]:
        """Return counters by their names."""
        ...

    def facts(self) -> dict[str, Fact]:
        """Return what it is, for the fingerprint: its version first."""
        ...

    def settings(self) -> dict[str, str]:
        """Return every setting that is not this session's own, in base units."""
        ...

    def next_transaction(self) -> int | None:
        """Return the transaction id that would be given next; asking for it uses none. None: they can't be told."""
        ...

    def wal_segments(self) -> int | None:
        """Return how many WAL segments there are, None where nobody may look."""
        ...

    def wal_position(self) -> int | None:
        """Return how many bytes of WAL the server has written since it was made, None where it does not tell."""
        ...

    def started(self) -> str:
        """Return when the server started: another answer later means that it was restarted."""
        ...

    def configuration_loaded(self) -> str:
        """Return when it last read its configuration: settings may have changed and changed back since."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Standby(Protocol):
    """A server of ours that follows the one that is measured."""

    trouble: str | None
    """Why it follows no more, found while it was guarded; None: it does."""

    def endpoint(self, transport: Transport) -> Endpoint:
        """Return how readers reach it."""
        ...

    def postmaster(self) -> int | None:
        """Return the process id of its postmaster."""
        ...

    def guarded(self) -> AbstractContextManager[None]:
        """Look after it meanwhile: where it is gone, nobody waits for it any more, and ``trouble`` says why."""
        ...


class Server(Protocol):
    """A server to measure."""

    schema: str
    """Where the table is made; nothing outside it is touched."""
    exclusive: bool
    """Nobody else uses it: transaction ids can be accounted for."""
    doubts: Sequence[Reason]
    """What speaks against every trial on it, from the start."""
    errors: tuple[type[BaseException], ...]
    """What its sessions raise of trouble."""
    loads_engine: bool = False
    """A session loads the engine itself, which takes seconds: the agent is not late for that."""

    def session(self) -> Session:
        """Connect for the agent's own purposes, and prove that the connection is in our schema.

        Raises:
            ServerError: it is not.

        """
        ...

    def endpoint(self, transport: Transport) -> Endpoint:
        """Return how clients reach it."""
        ...

    def apply(self, variant: Variant) -> None:
        """Bring a variant into force and prove it; does nothing where it is in force already.

        Raises:
            DriftError: somebody else changed the configuration, in force yet or not.
            VariantError: the box can't hold it, or the server does not take it; the last good one is in force.
            ServerError: nor is the last good one.

        """
        ...

    def asked(self) -> Asked | Unreadable:
        """Begin a session for the probes that look at the server themselves, or say why there is none."""
        return Unreadable(unreadable="of this kind of server probes can ask nothing")

    def replicate(self, level: Replica) -> Standby | None:
        """Have a standby follow it, caught up with it, of which commits are to wait for so much; ``none``: have none.

        Raises:
            RefusedError: the variant in force allows none.
            ServerError: it can't be made, or does not catch up.
            UsageError: of this kind of server there is none.

        """
        if level != NO_REPLICA:
            raise UsageError(tr("A standby is made beside a private PostgreSQL alone: leave out --replica."))
        return None

    def client_boxes(self, count: int) -> Sequence[ClientBox]:
        """Return so many machines beside its own, on which clients run.

        Raises:
            ServerError: there are fewer by now.
            UsageError: of this kind of server there is none.

        """
        if count:
            raise UsageError(tr("Client boxes are of a provisioned box alone: leave out --client-boxes."))
        return ()

    def recover(self) -> None:
        """Make it answer again after trouble.

        Raises:
            ServerError: it does not.

        """
        ...

    def postmaster(self) -> int | None:
        """Return the process id of its postmaster, None where it can't be observed from here."""
        ...

    def further_postmasters(self) -> Sequence[int]:
        """Return the process ids of the postmasters of further servers that its rows lie on."""
        return ()

    def others(self, session: Any) -> Sequence[int]:
        """Ask over a session of its own, which processes serve sessions of others; none where that can't be seen."""
        ...

    def data_directory(self) -> Path | None:
        """Return where its data is, None where that can't be seen from here."""
        ...

    def data_place(self) -> Path | Unreadable:
        """Return where its data is as this machine sees it, or why it does not."""
        ...

    def wal_place(self, data: Path | Unreadable) -> Path | Unreadable:
        """Return where its WAL lies, its data lying there."""
        ...

    def close(self) -> None:
        """Leave nothing of ours behind."""
        ...


@runtime_checkable
class ManagedServer(Server, Protocol):
    """A server that is ours to start and to configure."""

    @property
    def built(self) -> Mapping[str, Fact]:
        """What is known of its programs beside its version, for the fingerprint: who built them, for which system."""
        ...

    @property
    def bin_dirs(self) -> Sequence[Path]:
        """Where its programs are, of each version; nothing where that is nobody's business."""
        return ()

    @property
    def what(self) -> str:
        """In a few words: a private PostgreSQL 17."""
        ...

    def stop(self) -> None:
        """Stop it; the next variant that is applied starts it again."""
        ...

    def create(self, harness: Variant, *, tls: bool) -> None:
        """Make it ready for variants on top of a harness.

        Raises:
            ServerError: that can't be done.

        """
        ...

    def check(self, variant: Variant, disk_bytes: int = 0) -> None:
        """Try a variant out beside the running server.

        Raises:
            VariantError: the box can't hold it, or the server does not take it.

        """
        ...

    def data_directory(self) -> Path:
        """Return where its data is, or will be."""
        ...


class ClusterServer(ManagedServer, Protocol):
    """The managed server that provisioning made."""

    harness: Variant
    """As it is in force; a plan's must be the same."""
    version: str
    """Of it as a database: PostgreSQL's major."""

    def check_plan(self, plan: Plan, connections: int) -> None:
        """See that the plan and the cluster are made for each other.

        Raises:
            HostError: they are not; the message names what to do.

        """
        ...


class ExternalServer(Server, Protocol):
    """A server that the user brings, measured as it is."""

    limits: Sequence[str]
    """What of it can't be controlled or observed."""
    left_out: list[str]
    """What was asked for and does not fit, in a sentence each."""
    version: str
    """Of it as a database: PostgreSQL's major."""

    @property
    def transport(self) -> Transport:
        """The one of the connection string."""
        ...

    @property
    def elsewhere(self) -> str | None:
        """The name of its machine, None where that is this one."""
        ...

    def room(self) -> tuple[int, str]:
        """Return how many sessions we may have at once, and in words whose limit that is."""
        ...

    def begin(self, plan: Plan, *, resumed: bool) -> None:
        """Make our schema, and prove that connections come to it.

        Raises:
            HostError: that can't be done; the message gives the reason. ``close`` leaves nothing of it.

        """
        ...


@runtime_checkable
class Engine(Protocol):
    """A kind of database. Each of its servers is checked, and holds what it needs, before it is returned."""

    variant: Variant | None = None
    """The only one there is of it, where it speaks no PostgreSQL and takes no configuration of that; None: it does."""

    def private(self, home: Path, bin_dir: Path | None) -> ManagedServer:
        """Return a server of our own below a directory."""
        ...

    def provisioned(self, cluster: ProvisionedCluster) -> ClusterServer:
        """Return the cluster of this provisioned box."""
        ...

    def external(self, dsn: str, run: str) -> ExternalServer:
        """Return a server that the user brings."""
        ...

    def lacking(self, bin_dir: Path) -> str | None:  # noqa: ARG002 - for those that are measured beside it
        """Return why this kind can't be measured beside a PostgreSQL whose programs lie there, and what brings it."""
        return None

    def beside(self, own: Server, home: Path) -> ManagedServer:  # noqa: ARG002 - for those that can
        """Return a server for the trials of this kind in a plan of another kind, whose server is ``own``.

        Of all servers of a plan one runs at a time: before another has its turn, it is stopped. ``home`` is a
        directory for what it keeps, which may not be there yet; the harness that it is created with is the plan's.

        Raises:
            HostError: it is not installed; names the command that brings it.
            UsageError: it can't be measured beside such a server.

        """
        raise UsageError(tr("Servers of this kind are measured alone: ask for it by --engine."))

    def programs(self, versions: Sequence[str], bin_dirs: Sequence[Path]) -> Mapping[str, Path]:
        """Return, by version, where the programs of private servers are; of none asked for the one that is usual.

        Raises:
            HostError: there are none of a version; or they are of several builders, which can't be compared.
            UsageError: two directories hold the same version.

        """
        ...


@cache
def engines() -> Seam[Engine]:
    """Every engine by name."""
    return Seam("ENGINE", Engine, pieces(SEAM, OWN, "*/engine.py", name_of, "[!_]*.py"))  # type: ignore[type-abstract]


def name_of(path: Path) -> str:
    """Return the name of an engine: its folder's, where the file is called engine; else the file's."""
    word = first_word(path)
    return path.parent.name if word == "engine" else word
