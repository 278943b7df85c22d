"""What is asked of a box: parameters, variants, trials in their order, complete in itself."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Annotated, Literal, get_args

from msgspec import Meta

from bench.model.parse import WHOLE_NUMBER, Parse, name, one_of
from bench.model.values import LONGEST_S, Count, EventLoop, Layout, Name, Positive, Transport

MAX_STATEMENT_PARAMETERS = 32_767
"""What asyncpg binds at most (0.32, protocol/prepared_stmt.pyx); the protocol itself could number 65,535."""

POSTGRESQL = "postgresql"
"""The engine where no other is asked for."""


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
        default="closed",
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


KNOBS: dict[str, Knob] = {each.name: each.metadata["knob"] for each in fields(Parameters)}
"""By the name of each parameter."""


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

    @property
    def versions(self) -> list[str]:
        """The versions of the database that its variants were rendered for, in their order."""
        return list(dict.fromkeys(variant.version for variant in self.variants if variant.version))

    @property
    def variants_by_arm(self) -> dict[tuple[str, str | None], Variant]:
        """Its variants by name and version, as trials name them: of one version alone, by None."""
        several = len(self.versions) > 1
        return {(variant.name, variant.version if several else None): variant for variant in self.variants}

    @property
    def blocks(self) -> list[int]:
        """The numbers of its blocks, from the first on."""
        return sorted({trial.block for trial in self.trials})
