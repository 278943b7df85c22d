"""What an explanation is: of each rung its constraints, with what was predicted, measured and concluded of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bench.analysis.bound import Bound
from bench.analysis.ending import Next, Trust
from bench.analysis.limits import Limit
from bench.model.fingerprint import Fingerprint
from bench.model.plan import Parameters
from bench.model.values import Amount, Layout, Name, Transport
from bench.stats.intervals import Estimate

Conclusion = Literal["limit", "contributes", "cleared", "undecided", "untested"]
Verdict = Literal["limited", "ceiling", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one constraint.

    Attributes:
        share: 0 to 1, what the trials show of it; None: not observed.
        predicted_gain: the factor by which the rung should be faster without it, written down before the experiment.
        measured_gain: the factor by which it was.
        how: what was changed, and what of durability with it; None: nothing could be.
        why: a sentence that goes with the conclusion.
        blocks: that the experiment was compared in.

    """

    name: Name
    share: Amount | None
    predicted_gain: Amount | None
    measured_gain: Estimate | None
    conclusion: Conclusion
    how: str | None
    why: str
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RungExplained:
    """Of one rung."""

    phase: Name
    method: str
    driver: Name
    variant: Name
    layout: Layout
    transport: Transport
    parameters: Parameters
    rows_per_s: Amount | None
    sentence: str
    verdict: Verdict
    """``limited``: a limit is proved; ``ceiling``: nothing that can be taken away is one, and the client has more to
    give; else ``undecided``."""
    stopped_by: Limit | None
    bound_by: Bound
    constraints: tuple[Finding, ...]
    """What is proved first, then what is most suspected, what is cleared last."""
    budget: Mapping[str, float]
    """Where the workers' time goes, by part; what is left is ``unexplained``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What ``explain --json`` gives of a run: the answer of its fastest rung on top, then each rung's."""

    schema: Literal["pgladder/explanation/1"] = "pgladder/explanation/1"
    run: Name
    host: Fingerprint | None
    complete: bool
    margin: Amount
    sentence: str
    verdict: Verdict
    constraints: tuple[Finding, ...]
    budget: Mapping[str, float]
    rungs: tuple[RungExplained, ...]
    trust: Trust
    notes: tuple[str, ...] = ()
    next: Next | None = None
