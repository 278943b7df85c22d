"""What one executed trial gave, and whether it may be trusted."""

from dataclasses import dataclass, field
from typing import Any, Literal

from bench.model.plain import one_line
from bench.model.plan import Trial
from bench.model.values import (
    Amount,
    Count,
    Durability,
    Figure,
    Moment,
    Name,
    Positive,
    Seconds,
    State,
    Steady,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Percentiles in milliseconds of one commit; None where the samples do not suffice."""

    p50: Amount | None
    p90: Amount | None
    p99: Amount | None
    p999: Amount | None
    max: Amount | None
    mean: Amount | None
    intervals: dict[str, tuple[Amount, Amount]] = field(default_factory=dict)
    """Of 95 %, by the name of each percentile that is told, as if commits took their time independently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """What was spent in the window: share of the host in percent, cores of the clients and of the server."""

    host_pct: float | None
    steal_pct: float | None
    """What a hypervisor gave to others while this host wanted to run."""
    client_cores: float | None
    """Of all client processes, readers and what deletes rows included."""
    server_cores: float | None
    beside_cores: float | None = None
    """Those of ``client_cores`` that are no writer's; None: there were only writers, or it is unknown."""
    standby_cores: float | None = None
    """Of the standby, which are not among ``server_cores``; None: there was none, or it is unknown."""
    elsewhere_cores: float | None = None
    """Those of ``client_cores`` that are another machine's; None: all clients ran on this host, or it is unknown."""


def clients_here(cpu: Cpu) -> float | None:
    """Return those of ``client_cores`` that are this host's; None: it is not known."""
    return None if cpu.client_cores is None else cpu.client_cores - (cpu.elsewhere_cores or 0.0)


def cores_of_ours(cpu: Cpu) -> float | None:
    """Return what clients, server and standby kept busy of the host; None: it is not known of clients or server."""
    clients = clients_here(cpu)
    if clients is None or cpu.server_cores is None:
        return None
    return clients + cpu.server_cores + (cpu.standby_cores or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTime:
    """Where the workers' time went, in worker-seconds of the commits acknowledged in the window."""

    prepare_s: Seconds
    """Taking rows from the ring and stamping them."""
    connect_s: Seconds
    pool_wait_s: Seconds
    insert_s: Seconds
    """From having a connection to the acknowledgement."""
    release_s: Seconds
    """Giving the connection back: asyncpg's reset query, or closing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """Little's law: throughput × cycle time against what the phase should have had under way."""

    measured: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoop:
    """What was due in the window at a rate: commits or, where rows are collected for them, rows.

    Latency is counted from when it was due to its acknowledgement; of what is ``waiting`` it is how long that was due
    when the window closed, which is less.
    """

    due: Count
    late: Count
    """Begun a millisecond or more after it was due or, of rows that are collected, their batch was ready."""
    late_while_free: Count
    """Of these, what found a worker idle: there the generator itself was late."""
    skipped: Count
    """Not begun within ``latency_limit`` and left out."""
    beyond_limit: Count | None
    """Acknowledged later than ``latency_limit`` after it was due; None: there is none."""
    waiting: Count | None
    """Not begun when the window closed; None: the driver could not tell of all, and what it was is neither in ``due``
    nor in the latency."""
    lag_mean_ms: Amount | None
    lag_max_ms: Amount | None
    """Of what was begun, how long after it was due, or ready; None: nothing was begun."""
    beyond_promise: Count | None = None
    """Acknowledged, or still waiting, later after it was due than its plan promises; None: that promises nothing."""
    drained_s: Seconds | None = None
    """From the end of a surge until something was begun that had not waited: its queue was gone. None: no surge, or its
    queue was there when the window closed."""


WEIGHTY_SHARE = 0.01
"""Of what was due: as much decides the 99th percentile."""


def overdue(found: OpenLoop, workers: int) -> int | None:
    """Return how much that was due had not begun when the window closed; None: unknown. Of each worker one may wait."""
    if found.waiting is None:
        return None
    return found.waiting if found.waiting > workers else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What readers read beside the writers, in the window."""

    reads: Count
    """That were answered."""
    reads_per_s: Amount
    rows: Count
    """That they returned."""
    empty: Count
    """Reads that returned no row, though one was to be there."""
    latency_ms: Latency
    """Of one read."""
    stale_ms: Latency | None = None
    """The age of the newest row that readers saw, ten times a second; None: there was no row, or it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What was deleted beside the writers, in the window, so that the table keeps so many rows."""

    deleted: Count
    """Rows, those that were there before the trial included."""
    steps: Count
    """Statements that deleted some, each a transaction."""
    step_max_ms: Amount | None
    """The longest of them; None: there was none."""
    most_rows: Count
    """The most there were at a time, by the ids of the newest and of the oldest, as a step began."""
    partitions: Count | None = None
    """That were dropped with rows in them; None: rows were deleted."""
    partition_rows: Count | None = None
    """The most rows of one of these; None: there was none."""
    outside: Count | None = None
    """Rows of writers that fitted no partition, over the whole trial; None: rows were deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What makes starts differ."""

    wal_segments: Count | None
    """WAL files: those with WAL in them, and those ready to be written."""
    free_disk_bytes: Count | None
    temperature_c: float | None
    table_bytes: Count
    index_bytes: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Identity of rows, over warm-up, window and drain: acknowledged ⊆ found ∪ deleted ⊆ attempted; None: unknown."""

    attempted: Count | None
    acknowledged: Count | None
    found: Count | None
    """That the table has."""
    in_doubt: Count | None
    """Sent, but the connection was lost before the answer; each may be found or not."""
    deleted: Count = 0
    """Of the writers' rows, those that were deleted to keep so many (``Retention``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a result is doubtful: a code for programs, a sentence for people."""

    code: str
    detail: str
    share: Amount | None = None
    """Its size: the part concerned of the window, of the CPU time or of the work; None where it has none."""

    @property
    def slight(self) -> bool:
        """Whether it leaves a trial valid: it cost little, or it says what could not be looked at."""
        return self.code.startswith("some-") or self.code.endswith("-unknown")

    def __post_init__(self) -> None:
        """Make one harmless line of what a server or a file may have said."""
        object.__setattr__(self, "detail", one_line(self.detail))


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """valid: nothing of weight speaks against it; suspect: read the reasons first; void: not a result."""

    state: State
    reasons: tuple[Reason, ...] = ()
    """Those that void, then by size, what is slight last; of a valid trial all are slight."""

    @property
    def codes(self) -> set[str]:
        """Those of the reasons."""
        return {reason.code for reason in self.reasons}

    @property
    def why(self) -> str:
        """Every reason in one line: the one that voids a trial need not be the first."""
        return "; ".join(reason.detail for reason in self.reasons)

    def detail(self, code: str) -> str | None:
        """Return the sentence of the first reason of a code, None where there is none."""
        for reason in self.reasons:
            if reason.code == code:
                return reason.detail
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One executed trial. Rates are of rows acknowledged inside the window."""

    schema: Literal["pgladder/trial/2"] = "pgladder/trial/2"
    run: Name
    trial: Trial
    """As planned."""
    attempt: Positive = 1
    """Above 1 where an earlier attempt was cut short, or is repeated as it was suspect (``bench.plan.repeat``)."""
    variant_sha256: str
    engine: str = "postgresql"
    pool_high_water: Count | None
    preload_rows: Count
    started: Moment
    warm_up_s: Seconds
    seconds: Seconds
    """Length of the window; 0 where it was never completed."""
    checkpoint_s: Seconds | None
    """Duration of the closing CHECKPOINT; None where it could not be made."""
    rows: Count
    commits: Count
    errors: Count
    rows_per_s: Amount | None
    settled_rows_per_s: Amount | None
    commits_per_s: Amount | None
    latency_ms: Latency
    row_latency_ms: Amount | None
    cpu: Cpu
    client_time: ClientTime
    in_flight_check: InFlight | None
    """None in an open loop: nobody keeps so many under way."""
    open_loop: OpenLoop | None = None
    """None: it was no open loop, or its clients reported nothing."""
    reads: Reads | None = None
    """None: nobody read, or its window was not completed."""
    retention: Retention | None = None
    """None: all rows were kept, or its window was not completed."""
    steadiness: Steady
    """What the window looked like; assessed from 20 s on."""
    start: Start | None
    transactions: Count | None
    """Transaction ids the server used during the trial; None where it is unknown."""
    counters: dict[str, float | None]
    """Differences of the server's own counters over the window, null where ``not_counted``; empty: not readable."""
    observed: dict[str, dict[str, Figure | None]] = field(default_factory=dict)
    """By probe (``bench.probes.probe``), what its readings come to, null where ``not_counted``; empty: not observed."""
    wal_files_created: Count | None = None
    """WAL files there were more at the end of the writing than at its start; None where they could not be counted."""
    energy_j: Amount | None = None
    """Joules that the processor packages used over the window (RAPL), not wall power; None where not readable."""
    longest_gap_s: Seconds | None = None
    """The longest time in which no client process had a commit acknowledged, from the window's ends counted too."""
    not_counted: dict[str, str] = field(default_factory=dict)
    """By figure or counter, why it is null; of a probe's as ``probe.figure``."""
    durability: Durability
    durability_because: str | None = None
    """Why it is not ``durable``."""
    fsync_per_s: tuple[Amount, ...] = ()
    """fdatasync/s where the WAL is, just before the trial and after its closing CHECKPOINT; empty: not measured."""
    pieces: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the files of the user's that it was measured with (``bench.seams``), by seam and name."""
    verified: Verified
    validity: Validity

    @property
    def void(self) -> bool:
        """It is not a result."""
        return self.validity.state == "void"

    @property
    def server_us_per_row(self) -> float | None:
        """What the server's processes spent on a row of the window."""
        return self.costs.get("server_us")

    @property
    def costs(self) -> dict[str, float]:
        """What a row of the window cost."""
        return costs_per_row(self)

    @property
    def metronome_ms(self) -> float | None:
        """What the metronome's fixed work took of CPU time."""
        return metronome_ms(self)

    @property
    def key(self) -> tuple[int, int]:
        """The number of the trial, and which attempt at it this is."""
        return self.trial.number, self.attempt


COSTS = ("client_us", "server_us", "wal_bytes", "flushes", "buffers")
"""CPU time of the writers and of the server, WAL, its flushes, buffers that sessions looked at: a row."""


def costs_per_row(record: Record) -> dict[str, float]:
    """Return what a row of the window cost, by ``COSTS``; what was not observed is not among them."""
    rows, counters = record.rows, record.counters
    if not rows:
        return {}
    found: dict[str, float] = {}
    # Cores of 0 are fewer ticks than one: of that no ratio can be made.
    writers = (record.cpu.client_cores or 0) - (record.cpu.beside_cores or 0)
    if writers > 0:
        found["client_us"] = writers * record.seconds * 1e6 / rows
    if record.cpu.server_cores:
        found["server_us"] = record.cpu.server_cores * record.seconds * 1e6 / rows
    if (wal := counters.get("wal_position")) is not None:
        found["wal_bytes"] = wal / rows
    if (flushes := counters.get("wal_sync")) is not None:
        found["flushes"] = flushes / rows
    if (buffers := counters.get("buffers_used")) is not None:
        found["buffers"] = buffers / rows
    return found


def metronome_ms(record: Record) -> float | None:
    """Return the mean CPU time of the metronome's fixed work; None where there was none, or it could not be read."""
    return record.observed.get("metronome", {}).get("cpu_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What is too big for the record: per-second series and the histogram; the one line of a samples file."""

    schema: Literal["pgladder/samples/1"] = "pgladder/samples/1"
    trial: Positive
    attempt: Positive
    rows_per_second: list[Count] = field(default_factory=list)
    commits_per_second: list[Count] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)
    """One a second: seconds since the window opened, the server's counters, and by its name what each probe read."""
    beside: list[dict[str, Any]] = field(default_factory=list)
    """Just before the trial and after its closing CHECKPOINT: what each probe read that is not read in the window."""
    latency_hdr: str = ""
    """HdrHistogram of commit latency in microseconds, V2 compressed, base64; 1 µs to 1 h, 3 digits."""
