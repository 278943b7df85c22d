"""What the agent and a client process say to each other: a line of JSON each."""

from dataclasses import dataclass, field

from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When to measure, in ns of the monotonic clock, which all processes of a machine share."""

    opens_ns: int
    closes_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Connections are open, or why they are not."""

    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A commit that was not acknowledged: its rows, and whether the server may have kept them all the same."""

    first: int
    rows: int
    in_doubt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one process's rows. Times are sums over the commits acknowledged in the window."""

    writer: int
    attempted: int
    acknowledged: int
    commits: int
    """Acknowledged, over warm-up, window and drain."""
    lost: list[Lost]
    errors: list[str]
    rows_per_second: list[int]
    commits_per_second: list[int]
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
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """The longest times without an acknowledgement, as (began, ended) in ns of the monotonic clock."""
    synchronous_commit: list[str] = field(default_factory=list)
    """As sessions like those that wrote had it, before the warm-up and after the drain."""
