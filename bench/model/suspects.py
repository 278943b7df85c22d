"""What a run's first block shows of each constraint, and predicts; written before any experiment began."""

from dataclasses import dataclass
from typing import Literal

from bench.model.values import Amount, Name, Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One constraint of one trial that was asked for."""

    constraint: Name
    base: Positive
    """The number of the trial, in the first block."""
    share: Amount | None
    """What that trial shows of it, 0 to 1; None where it was not observed."""
    predicted_gain: Amount | None
    """The factor by which the trial should be faster without it; None where nothing tells."""
    tested: bool
    """Its experiment is run; what shows next to nothing of a constraint is not tried without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """``suspects.json`` of a run."""

    schema: Literal["pgladder/suspects/1"] = "pgladder/suspects/1"
    run: Name
    suspects: tuple[Suspect, ...]
