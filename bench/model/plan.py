"""What is asked of a box: parameters, variants, trials in their order, complete in itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Literal, get_args

from msgspec import Meta

from bench.model.parse import WHOLE_NUMBER, Parse, count, milliseconds, name, number, one_of, rate
from bench.model.values import (
    LONGEST_S,
    Arrivals,
    Count,
    Covariate,
    Currency,
    EventLoop,
    Layout,
    Name,
    Percentile,
    Positive,
    Rate,
    ReadersOn,
    ReadKind,
    Replica,
    Reset,
    Transport,
)

MAX_STATEMENT_PARAMETERS = 32_767
"""What asyncpg binds at most (0.32, protocol/prepared_stmt.pyx); the protocol itself could number 65,535."""
MAX_TRIALS = 20_000
"""Of one plan: more is a typing error, and would take a month."""
IN_BULK = 1000
"""Rows of a commit from which on a rung writes in bulk: every rung of COPY does, none of the published ladder."""

POSTGRESQL = "postgresql"
"""The engine where no other is asked for."""
NULL = "null"
"""The one that stores nothing: what clients could do at most (``bench.engines.null``)."""
SERVED: tuple[Transport, ...] = ("tcp", "socket")
"""By what it is reached. TLS would be the clients' own work: what is reached by it is tried by TCP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """What of a parameter is asked of a user; it stands with the parameter's field."""

    words: str
    """What it is, for help."""
    parse: Parse = WHOLE_NUMBER
    """Reads it from its text."""
    metavar: str = "N"
    applies: Callable[["Parameters"], bool] = lambda own: True  # noqa: ARG005
    """Whether it means something to a phase with these parameters of its own."""
    optional: bool = False
    """It is None where nobody asks for it."""


CLOSED, OPEN, ACCUMULATE = "closed", "open", "accumulate"
"""Load models. In a closed loop a worker goes on when it has its answer; at a rate what comes waits for no answer: it
is a commit that is due or, accumulated, one of the rows that are collected for one."""
POISSON: Arrivals = "poisson"
POINT: ReadKind = "point"
PRIMARY: ReadersOn = "primary"
STANDBY: ReadersOn = "standby"
NO_REPLICA: Replica = "none"
ASYNC: Replica = "async"
REPLICAS: tuple[Replica, ...] = get_args(Replica)
"""In their order: each waits for no less than those before."""
WAITING: frozenset[Replica] = frozenset({"remote_write", "on", "remote_apply"})
"""Of these, those at which a commit waits for the standby."""


def _several(own: "Parameters") -> bool:
    return own.in_flight > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How a phase writes. A phase sets the defaults; the plan may change them; the record repeats them as used.

    A parameter is its field here and the code that uses it: options, factors and checks are made from the fields.
    """

    processes: Positive = field(default=1, metadata={"knob": Knob(words="client processes")})
    in_flight: Positive = field(
        default=1, metadata={"knob": Knob(words="commits under way, in each process", applies=_several)}
    )
    """Commits under way at once, in each client process."""
    load: Name = field(
        default=CLOSED,
        metadata={"knob": Knob(words="how commits follow each other", parse=name, metavar="NAME", applies=_several)},
    )
    """The load model (``bench.workload.load``); closed wherever one commit is under way at a time."""
    pool_min: Positive | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="connections a pool opens at the start, in each process",
                applies=lambda own: own.pool_min is not None,
            )
        },
    )
    pool_max: Positive | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="connections a pool may open, in each process", applies=lambda own: own.pool_max is not None
            )
        },
    )
    """Connections of the pool, in each client process; None where the phase has no pool."""
    batch: Positive = field(
        default=1, metadata={"knob": Knob(words="rows a commit", applies=lambda own: own.batch > 1)}
    )
    """Rows a commit."""
    payload_bytes: Positive = field(default=64, metadata={"knob": Knob(words="characters of a row's payload")})
    event_loop: EventLoop | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="what runs asyncpg: asyncio or uvloop",
                parse=one_of(*get_args(EventLoop)),
                applies=lambda own: own.event_loop is not None,
            )
        },
    )
    """None where the phase has no event loop."""
    reset: Reset | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="what asyncpg's pool does with a session that is given back: query (resets it) or none",
                parse=one_of(*get_args(Reset)),
                metavar="NAME",
                applies=lambda own: own.pool_max is not None,
            )
        },
    )
    """None where the driver has no pool that resets."""
    rate: Rate | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="rows/s that come, whatever the server does; or '2000 devices at 1 Hz'",
                parse=rate,
                metavar="R",
                optional=True,
            )
        },
    )
    """Rows/s that come, over all client processes; None: as many as are acknowledged."""
    arrivals: Arrivals | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="how they come: poisson (independently; the default) or even",
                parse=one_of(*get_args(Arrivals)),
                metavar="NAME",
                optional=True,
            )
        },
    )
    """None where no rate is asked for."""
    latency_limit: Rate | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="ms: what could not begin within is skipped, and counted",
                parse=milliseconds,
                metavar="MS",
                optional=True,
            )
        },
    )
    """Milliseconds from when a commit is due; None: all are made, however late."""
    collect_ms: Rate | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="ms: rows that come one by one wait so long for others of their batch",
                parse=milliseconds,
                metavar="MS",
                applies=lambda own: own.batch > 1,
                optional=True,
            )
        },
    )
    """Milliseconds from a batch's first row; a batch is full at ``batch`` rows. None: whole batches come at once."""
    surge: Annotated[float, Meta(gt=1, le=1000)] | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="times the rate that comes in the first half of the window; default: 1",
                parse=number(float),
                metavar="X",
                optional=True,
            )
        },
    )
    """Times the rate in the first half of the window; what then still waits is served in the other half."""
    readers: Count = field(
        default=0, metadata={"knob": Knob(words="readers beside the writers, over all; default: 0", parse=count)}
    )
    """Sessions that read while others write, over all, in a client process of their own; 0: nobody reads."""
    reads: ReadKind = field(
        default=POINT,
        metadata={
            "knob": Knob(
                words="what readers read: point (a row by its key; the default) or recent (the newest 100)",
                parse=one_of(*get_args(ReadKind)),
                metavar="NAME",
            )
        },
    )
    """Of readers, where there are any."""
    reads_per_100_rows: Rate | None = field(
        default=None,
        metadata={
            "knob": Knob(
                words="reads that readers make for each 100 rows written; default: as many as they can",
                parse=number(float),
                metavar="R",
                optional=True,
            )
        },
    )
    """Reads of all readers for each 100 rows that come; None: each reads again as soon as it has an answer."""
    retain: Count = field(
        default=0,
        metadata={"knob": Knob(words="rows kept: the oldest are deleted as others come; default: 0, all", parse=count)},
    )
    """Rows that the table keeps, the newest; 0: all."""
    partitions: Count = field(
        default=0,
        metadata={
            "knob": Knob(
                words="partitions of a partitioned layout; by time, into how many the rows that are kept are divided;"
                " default: 0, as the layout has them",
                parse=count,
            )
        },
    )
    """Of a layout that has any (``bench.engines.postgresql.layout``); 0: as many as its header says."""

    replica: Replica = field(
        default=NO_REPLICA,
        metadata={
            "knob": Knob(
                words="a standby, and what commits wait for of it: none (no standby; the default), async,"
                " local, remote_write, on, remote_apply",
                parse=one_of(*REPLICAS),
                metavar="LEVEL",
            )
        },
    )
    """A standby of the server, and for what of it each commit waits."""
    readers_on: ReadersOn = field(
        default=PRIMARY,
        metadata={
            "knob": Knob(
                words="where readers read: primary (the default) or standby",
                parse=one_of(*get_args(ReadersOn)),
                metavar="NAME",
            )
        },
    )
    """Of readers, where there are any."""
    client_boxes: Count = field(
        default=0,
        metadata={
            "knob": Knob(
                words="client boxes that the client processes run on; default: 0, the server's own box", parse=count
            )
        },
    )
    """Other machines that the client processes are dealt out over; 0: they run on the server's box."""

    @property
    def due_per_s(self) -> float | None:
        """What is due in a second, over all client processes: commits, or rows that are collected; None: no rate."""
        if self.rate is None:
            return None
        return self.rate if self.collect_ms is not None else self.rate / self.batch

    @property
    def collects(self) -> bool:
        """Whether rows come one by one, several of them for a commit."""
        return self.collect_ms is not None and self.batch > 1

    @property
    def most_rate(self) -> float | None:
        """Rows/s that come at most: in a surge, where there is one; None: no rate."""
        return None if self.rate is None else self.rate * (self.surge or 1)

    @property
    def rows_waited_for(self) -> int:
        """Of how many rows a latency is: of a commit's together; at a rate each row waits for itself."""
        return self.batch if self.rate is None else 1

    @property
    def mixed(self) -> bool:
        """Whether others work beside the writers: readers, or what deletes the oldest rows."""
        return bool(self.readers or self.retain)

    @property
    def replicated(self) -> bool:
        """Whether a standby follows the server."""
        return self.replica != NO_REPLICA

    @property
    def commit_level(self) -> Replica | None:
        """What sessions that write are to wait for; None: as the server has it, as no standby is synchronous."""
        return None if self.replica in (NO_REPLICA, ASYNC) else self.replica

    @property
    def reads_standby(self) -> bool:
        """Whether there are readers, and they read on the standby."""
        return bool(self.readers) and self.readers_on != PRIMARY

    @property
    def workers(self) -> int:
        """How many commits may be under way at once, over all client processes."""
        return self.processes * self.in_flight

    @property
    def under_way(self) -> int:
        """The most rows that are sent and not acknowledged at a time."""
        return self.workers * self.batch

    @property
    def connections_beside(self) -> int:
        """Connections beside the writers': readers', one that follows the newest row for them, that which deletes."""
        of_readers = self.readers + 1 if self.readers else 0
        return of_readers + (1 if self.retain else 0)


KNOBS: dict[str, Knob] = {each.name: each.metadata["knob"] for each in fields(Parameters)}
"""By the name of each parameter."""


def as_recorded(driver: str, parameters: Parameters) -> Parameters:
    """Return what was used where it is not written: until there was a choice, asyncpg's pool always reset."""
    if driver == "asyncpg" and parameters.pool_max is not None and parameters.reset is None:
        return replace(parameters, reset="query")
    return parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A PostgreSQL configuration on top of the harness overlay, as rendered for one box."""

    name: Name
    text: str
    sha256: str
    version: Name | None = None
    """Of the database, for which it was rendered: PostgreSQL's major. None: 15, in plans of before, or it is none's."""
    refused: str | None = None
    """Why its formula has nothing for the box; the text is empty then, and each of its trials is void."""
    engine: Name | None = None
    """The engine that has this one alone; None: it is PostgreSQL's, and for each engine that takes these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """What an experiment takes away from a trial that was asked for, to measure what that costs (a knock-out)."""

    constraints: tuple[Name, ...]
    """Which are taken away with it (``bench.constraints``): one as a rule."""
    base: Positive
    """The number of the trial, in the first block, that it is otherwise like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One planned execution: phase × driver × variant × layout × transport, and where it stands in the order."""

    number: Positive
    block: Positive
    phase: Name
    method: str
    """The phase in a word or two, for tables."""
    driver: Name
    """What carries the phase out (``bench.workload.driver``)."""
    variant: Name
    layout: Layout
    transport: Transport
    parameters: Parameters
    version: Name | None = None
    """Of the database, where a plan has several: PostgreSQL's major."""
    without: Without | None = None
    """None: it is as it was asked for."""
    engine: Name | None = None
    """Measured beside the plan's own: ``null``, the null server, or another kind of database; None: on the plan's."""
    twin_of: Positive | None = None
    """The number of the trial of the first block that it is otherwise like, but for twice the client processes."""
    alone_of: Positive | None = None
    """The number of the trial of the first block that it is like, but for one commit at a time: what one takes."""
    capacity: bool = False
    """In a closed loop, before the rates that a sweep chooses: what it reaches tells up to where these go."""

    @property
    def experiment(self) -> bool:
        """Whether it is there to explain another one: it is no rung, and compared with nothing else."""
        # Names and numbers from 1 on: none of them is false. Asked of every trial of every run that is compared.
        return bool(self.without or self.engine == NULL or self.twin_of or self.alone_of or self.capacity)

    def __post_init__(self) -> None:
        """Read what earlier releases wrote as it was measured."""
        object.__setattr__(self, "parameters", as_recorded(self.driver, self.parameters))


def asked_for(trials: Iterable[Trial]) -> list[Trial]:
    """Return those that are no experiments, which are there to explain them."""
    return [trial for trial in trials if not trial.experiment]


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilDecided:
    """The rule that may end a run before its last block: looked at after every block (``bench.stats.sequential``)."""

    margin: Annotated[float, Meta(gt=0)]
    """Relative difference that does not matter."""
    alpha: Annotated[float, Meta(gt=0, lt=1)]
    """Spent over all looks."""
    across: str = "variant"
    """The factor by which its arms differ (``bench.plan.contrast``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeating:
    """Which suspect trials are measured again in their block (``bench.plan.repeat``), fixed before any is measured."""

    most_pct: Annotated[int, Meta(ge=1, le=100)]
    """Of the trials that were asked for, so many percent at most."""
    doubts: tuple[str, ...]
    """Codes of the doubts by which they are chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refining:
    """A sweep that refines: of its later blocks' points those just below the knee are measured (``bench.plan.refine``).

    The knee is found in the first blocks, which have the points that are furthest apart.
    """

    of: Name
    """The parameter that is swept, as it was asked for."""
    first_blocks: Positive
    margin: Annotated[float, Meta(gt=0)]
    """Relative difference that does not matter: by it the knee is found, but of rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """So large a share of rows is stored within so long: the highest rate that keeps it is searched."""

    percentile: Percentile
    """The share of rows: ``p99`` is 99 %."""
    ms: Rate
    """Milliseconds from when a row is due to its acknowledgement."""
    rate: Rate | None = None
    """Rows/s at which it is asked whether it is kept, too; None: only up to which."""
    repeats: Positive = 10
    """Trials at a rate, by which it is confirmed."""
    least_kept: Positive = 9
    """Of those."""
    overload: Annotated[float, Meta(gt=1)] = 1.2
    """Times the rate that was found, tried once."""


Arm = tuple[str, str | None, str | None]
"""Name, version and engine of a variant, as trials name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What the owner of a box says of it in the inventory; None: nothing."""

    price: Rate | None = None
    """What it cost."""
    currency: Currency | None = None
    """Of the price."""
    watts: Rate | None = None
    """That it takes under load, at the wall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked, complete in itself: a run can be repeated from it years later."""

    schema: Literal["pgladder/plan/2"] = "pgladder/plan/2"
    run: Name
    created: str
    seed: int
    profile: str
    engine: Name = POSTGRESQL
    """The kind of database (``bench.engines.engine``)."""
    warm_up_s: Annotated[float, Meta(ge=0, le=LONGEST_S)]
    window_s: Annotated[float, Meta(gt=0, le=LONGEST_S)]
    preload_rows: Count
    harness: Variant
    variants: tuple[Variant, ...]
    trials: tuple[Trial, ...]
    until_decided: UntilDecided | None = None
    """None: every block is run."""
    pieces: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the files of the user's that its trials take (``bench.seams``), by seam and file."""
    baselines: dict[str, str] = field(default_factory=dict)
    """By layout, the one that it is compared with, where its file names one."""
    repeat_suspect: Repeating | None = None
    """None: no trial is measured again because it is suspect, as in plans of before."""
    refines: Refining | None = None
    """None: every trial is run, as in plans of before."""
    adjusted_for: tuple[Covariate, ...] = ()
    """What the rates of its comparisons are adjusted for, fixed before any outcome is seen (``bench.plan.adjustment``);
    empty, as in plans of earlier releases: the unadjusted comparison decides."""
    promise: Promise | None = None
    """None: every trial is run. Else its trials are candidates, of which a search takes some."""

    owned: Owned | None = None
    """Of its box; None: its owner says nothing of it, as in plans of earlier releases."""
    force: bool = False
    """A rate near what the clients can send is a doubt, and not refused (``bench.plan.generator``)."""

    @property
    def versions(self) -> list[str]:
        """The versions of the database that its variants were rendered for, in their order."""
        return list(dict.fromkeys(variant.version for variant in self.variants if variant.version))

    @property
    def variants_by_arm(self) -> dict[Arm, Variant]:
        """Its variants by name, version and engine, as trials name them: of one version alone, by None."""
        several = len(self.versions) > 1
        return {
            (variant.name, variant.version if several else None, variant.engine): variant for variant in self.variants
        }

    @property
    def engines_beside(self) -> list[str]:
        """The kinds of database that its trials are measured on beside its own, in their order."""
        return list(dict.fromkeys(trial.engine for trial in self.trials if trial.engine not in (None, NULL)))

    def arm_of(self, trial: Trial) -> Arm:
        """Return which of its variants a trial is of; PostgreSQL's are for each engine that has none of its own."""
        own = any(variant.engine == trial.engine for variant in self.variants)
        return trial.variant, trial.version, trial.engine if own else None

    @property
    def blocks(self) -> list[int]:
        """The numbers of its blocks, from the first on."""
        return sorted({trial.block for trial in self.trials})

    def as_asked(self) -> "Plan":
        """Return it without its experiments, and without the variants that only these take."""
        asked = tuple(asked_for(self.trials))
        if len(asked) == len(self.trials):
            return self
        taken = {self.arm_of(trial) for trial in asked}
        for_experiments = {self.arm_of(trial) for trial in self.trials} - taken
        by_arm = self.variants_by_arm.items()
        variants = tuple(variant for arm, variant in by_arm if arm not in for_experiments)
        return replace(self, trials=asked, variants=variants)
