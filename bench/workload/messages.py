"""What the agent and a client process say to each other: a line of JSON each."""

from dataclasses import dataclass, field

from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters

DRAIN_TIMEOUT_S = 30
"""For the commits under way when the window closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one client process is asked to do."""

    phase: str
    driver: str
    parameters: Parameters
    endpoint: Endpoint
    writer: int
    seed: int
    pieces: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the user's own files that the trial takes: what is carried out is what was planned."""
    elsewhere: bool = False
    """It is carried out on another machine than the agent's (``bench.workload.client_boxes``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When to measure, in ns of the monotonic clock, which all processes of a machine share."""

    opens_ns: int
    closes_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Connections are open, or why they are not."""

    error: str | None = None
    connecting_s: float = 0
    """They are opened once the window is known, and take about so long: the warm-up begins after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A commit that was not acknowledged: its rows, and whether the server may have kept them all the same."""

    first: int
    rows: int
    in_doubt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopLag:
    """How long an event loop kept waiting what was ready, at some moments of the window."""

    moments: int
    lag_s: float
    """All lags together."""
    most_s: float
    blocked: int
    """Moments with a lag of a millisecond or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCounts:
    """What became of what was due to a client process in the window: commits, or rows that are collected for them."""

    begun: int
    late: int
    """Begun a millisecond or more after it could."""
    late_while_free: int
    """Of these, what found a worker idle."""
    skipped: int
    beyond_limit: int
    waiting: int | None
    """Not begun when the window closed; None: the client does not know."""
    lag_s: float
    most_lag_s: float
    """How long after it could what was begun did begin: together, and at most."""
    drained_s: float | None
    """From the end of a surge until something was begun that had not waited; None: there was none, or it all had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one writer's rows. Times are sums over the commits acknowledged in the window.

    A process has one writer; or it has several, and the first one's has the rates, times and errors of all.
    """

    writer: int
    attempted: int
    acknowledged: int
    commits: int
    """Acknowledged, over warm-up, window and drain."""
    lost: list[Lost]
    errors: list[str]
    commits_per_second: list[int]
    rows_per_second: list[int]
    prepare_s: float
    connect_s: float
    pool_wait_s: float
    insert_s: float
    release_s: float
    cycle_s: float
    """From taking rows to giving the connection back, summed over all commits: the part inside the window."""
    rounds: int
    rounds_s: float
    """How many rounds ended in the window, and what they lasted together (load models with a barrier)."""
    pool_high_water: int | None
    latency_hdr: str
    gaps: list[tuple[int, int]] | None = field(default_factory=list)
    """The longest times without an acknowledgement, as (began, ended) in ns of the monotonic clock; None: the
    process's first writer has them."""
    synchronous_commit: list[str] = field(default_factory=list)
    """As sessions like those that wrote had it, before the warm-up and after the drain."""
    open_loop: OpenCounts | None = None
    """None: it was no open loop."""
    loop_lag: LoopLag | None = None
    """None: no event loop, or nothing to tell it by in this system."""
    one_payload: bool = False
    """Every row of the trial holds the first payload of its first writer: the driver has no other texts."""
    cores: float | None = None
    """That its process kept busy in the window, on another machine than the agent's; None: the agent reads it itself,
    or it is not known."""

    @property
    def unaccounted(self) -> int:
        """Attempted rows that were neither acknowledged nor lost; none, if the client counts rightly."""
        return self.attempted - self.acknowledged - sum(lost.rows for lost in self.lost)

    @property
    def commits_in_doubt(self) -> int:
        """That may have arrived, though nobody said so."""
        return sum(lost.in_doubt for lost in self.lost)

    @property
    def rows_in_doubt(self) -> int:
        """Of these commits."""
        return sum(lost.rows for lost in self.lost if lost.in_doubt)
