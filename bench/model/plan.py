"""What is asked of a box: parameters, variants, trials in their order, complete in itself."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from bench.model.values import LONGEST_S, Count, EventLoop, Layout, Name, Positive, Transport

MAX_STATEMENT_PARAMETERS = 32_767
"""What asyncpg binds at most (0.32, protocol/prepared_stmt.pyx); the protocol itself could number 65,535."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How a phase writes. A phase sets the defaults; the plan may change them; the record repeats them as used."""

    processes: Positive = 1
    in_flight: Positive = 1
    """Commits under way at once, in each client process."""
    pool_min: Positive | None = None
    pool_max: Positive | None = None
    """Connections of the pool, in each client process; None where the phase has no pool."""
    batch: Positive = 1
    """Rows a commit."""
    payload_bytes: Positive = 64
    event_loop: EventLoop | None = None
    """None where the phase has no event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A PostgreSQL configuration on top of the harness overlay, as rendered for one box."""

    name: Name
    text: str
    sha256: str
    refused: str | None = None
    """Why its formula has nothing for the box; the text is empty then, and each of its trials is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One planned execution: phase × variant × layout × transport, and where it stands in the order."""

    number: Positive
    block: Positive
    phase: Name
    method: str
    """The phase in a word or two, for tables."""
    variant: Name
    layout: Layout
    transport: Transport
    parameters: Parameters


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
class Plan:
    """What was asked, complete in itself: a run can be repeated from it years later."""

    schema: Literal["pgladder/plan/2"] = "pgladder/plan/2"
    run: Name
    created: str
    seed: int
    profile: str
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

    @property
    def blocks(self) -> list[int]:
        """The numbers of its blocks, from the first on."""
        return sorted({trial.block for trial in self.trials})
