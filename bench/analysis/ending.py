"""How every answer ends: whether to trust it, and what to do next. Pure.

What speaks against an answer is what its records carry (``doubts``) and what too little was measured of. The command
for what comes next depends on who asks (``bench.targets.next_step``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.analysis.doubts import Grouped, grouped_of, weighty
from bench.model.language import later, tr, tr_many
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan
from bench.model.values import Amount, Count, Seconds

FEW, NEAR, LONG_S = 3, 0.1, 20
"""So many trials, none further than this from their rate, in windows of so many seconds: else a rate is rough."""
ANSWERS = ("behind", "refused")
"""Doubts of a trial that are no doubt of an answer: that a rate was too much, or a variant is not for this box."""
LEVELS = {"good": later("good"), "rough": later("rough"), "none": later("none")}
Level = Literal["good", "rough", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whether to trust an answer."""

    level: Level
    """``none``: there is no number."""
    within: Amount | None
    """No trial of its rung is further from the rate than this share of it; None: it is of one trial, or of many."""
    trials: Count
    """That count: of its rung, or of all that is answered from."""
    why: tuple[str, ...]
    """What speaks against it, of weight, each in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What to do next."""

    what: str
    """In a sentence without its end."""
    seconds: Seconds | None
    """That it takes, estimated; None: not estimated."""
    command: str | None
    """None where only the user can word it: a connection string is not repeated."""


def against(records: Iterable[AnyRecord]) -> list[Grouped]:
    """Return the first kinds of doubt of these trials that speak against an answer from all of them."""
    return weighty(each for each in grouped_of(records) if each.code not in ANSWERS)


def is_suspect(record: AnyRecord) -> bool:
    """Return whether a trial is suspect for more than what it was to answer."""
    codes = {reason.code for reason in record.validity.reasons if not reason.slight}
    return record.validity.state == "suspect" and not codes <= set(ANSWERS)


def trust_of(records: Sequence[AnyRecord], plan: Plan, *more: str, complete: bool) -> Trust:
    """Return whether to trust an answer from all these trials of a plan; ``more`` speaks against it, too."""
    counted = sum(record.validity.state != "void" for record in records)
    little = [*more, *few_blocks(len(plan.blocks)), *short_windows(plan.window_s)]
    if not complete:
        little.insert(0, tr("the run is not complete"))
    why = (*(each.in_short for each in against(records)), *little)
    level: Level = "rough" if why else "good"
    return Trust(level=level if counted else "none", within=None, trials=counted, why=why)


def few_blocks(blocks: int) -> Iterable[str]:
    """Yield how many blocks there are, where they are few."""
    if blocks < FEW:
        yield tr_many("{count} block", "{count} blocks", blocks)


def short_windows(seconds: float) -> Iterable[str]:
    """Yield how long windows are, where that is short: they do not show whether a rate is steady."""
    if seconds < LONG_S:
        yield tr("windows of {seconds:g} s", seconds=seconds)


def trusted(trust: Trust) -> str:
    """Return whether to trust an answer, in a sentence."""
    parts = list(trust.why)
    if trust.within is not None and trust.within <= NEAR:
        percent = 100 * trust.within
        parts.append(tr("its {trials} trials lie within ±{percent:.0f} %", trials=trust.trials, percent=percent))
    if not parts:
        parts.append(tr("nothing of weight speaks against its {trials} trials", trials=trust.trials))
    return tr("Trust: {level}. {why}.", level=tr(LEVELS[trust.level]), why=capital("; ".join(parts)))


def capital(text: str) -> str:
    """Return a text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]
