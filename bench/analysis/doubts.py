"""Which of several doubts of one kind is the gravest, which is quoted and not the first; which kinds stand first."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.analysis.reasons import told
from bench.model.language import later, tr, tr_many
from bench.model.outcome import R
from bench.model.record import Reason

if TYPE_CHECKING:
    from bench.analysis.ladder import Ladder
    from bench.analysis.rung import Doubt

WHO = re.compile(r"writer \d+: ")
"""Begins the sentence on one writer's rows; its number is no size."""
NUMBER = re.compile(r"\d+(?:\.\d+)?")
PERCENT = re.compile(rf"{NUMBER.pattern}(?= ?%)")
FEWER_IS_WORSE = {"few-commits"}
STATES = ("void", "suspect", "slight")
"""Of a doubt, the worst first."""
IN_SHORT = {
    "not-alone": later("{trials} of {of} trials had company"),
    "steal": later("{trials} of {of} trials lost CPU time to other machines"),
    "throttled": later("{trials} of {of} trials ran throttled"),
    "few-commits": later("{trials} of {of} trials had few commits"),
    "stalled": later("{trials} of {of} trials stood still for a while"),
}
"""By code, what trials did; of other codes the state stands."""
STATE_WORDS = {"void": later("void"), "suspect": later("suspect"), "slight": later("slightly doubtful")}
MOST_NAMED = 2
"""So many kinds are named in an answer; reports have all."""


def size(reason: Reason) -> float:
    """Return how grave a doubt is among those of its code: its share, else the one its sentence names.

    Where that names none it is the first number: reasons had no share before November 2026, and some have none now.

    >>> from bench.model import Reason
    >>> size(Reason(code="not-alone", detail="other programs kept 1.6 of 2 cores busy"))
    1.6
    """
    if reason.share is not None:
        return reason.share
    words = WHO.sub("", reason.detail).replace(",", "")
    figure = 0.0
    # A percentage first: what it is a percentage of often stands before it, as in "2.4 s, 12 % of the window".
    if found := PERCENT.search(words) or NUMBER.search(words):
        figure = float(found[0])
    if reason.code in FEWER_IS_WORSE:
        return -figure
    return figure


def worst(doubted: Iterable[tuple[R, Reason]]) -> tuple[R, Reason]:
    """Return the trial and the words of the gravest doubt of at least one, all of one code; of equals the first."""
    return max(doubted, key=lambda each: size(each[1]))


def rank(reason: Reason) -> tuple[bool, float]:
    """Return what sorts doubts of different codes: what makes a trial suspect before what is slight, then by share."""
    return reason.slight, -(reason.share or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Every doubt of one state and code in a run: how many trials have it, and the gravest in its own words."""

    state: str
    code: str
    trials: int
    of: int
    """Trials of the run."""
    gravest: Reason
    worst: int | None
    """The trial whose words these are."""
    phases: tuple[str, ...]

    @property
    def in_short(self) -> str:
        """How many trials did what."""
        if self.code in IN_SHORT:
            return tr(IN_SHORT[self.code], trials=self.trials, of=self.of)
        return tr_many(
            "{count} of {of} trials is {state} ({code})",
            "{count} of {of} trials are {state} ({code})",
            self.trials,
            of=self.of,
            state=tr(self.state),
            code=self.code,
        )

    @property
    def sentence(self) -> str:
        """How many trials, the gravest of them, and where; its detail is the record's own."""
        return tr_many(
            "{count} of {of} trials {state}, trial {worst}: {detail} ({phases})",
            "{count} of {of} trials {state}, at worst trial {worst}: {detail} ({phases})",
            self.trials,
            of=self.of,
            state=tr(STATE_WORDS[self.state]),
            worst=self.worst,
            detail=told(self.gravest),
            phases=", ".join(self.phases),
        )


def grouped(ladders: Sequence["Ladder"]) -> list[Grouped]:
    """Return the doubts of a run's ladders, each state and code once: the worst state first, then what is most."""
    kinds: dict[tuple[str, str], list[tuple[str, Doubt]]] = {}
    of = 0
    for ladder in ladders:
        for rung in ladder.rungs:
            of += rung.trials
            for doubt in rung.doubts:
                kinds.setdefault((doubt.state, doubt.reason.code), []).append((rung.phase, doubt))
    groups = [_group(state, code, found, of) for (state, code), found in kinds.items()]
    return sorted(groups, key=lambda each: (STATES.index(each.state), -each.trials, rank(each.gravest)))


def weighty(groups: Iterable[Grouped]) -> list[Grouped]:
    """Return the first kinds that make a trial suspect or void.

    What is told by what trials did is one kind, whatever state it brought each of them to.
    """
    found: dict[tuple[str, str], Grouped] = {}
    for each in groups:
        if each.state == "slight":
            continue
        kind = ("", each.code) if each.code in IN_SHORT else (each.state, each.code)
        before = found.get(kind)
        found[kind] = replace(before, trials=before.trials + each.trials) if before else each
    return list(found.values())[:MOST_NAMED]


def _group(state: str, code: str, found: Sequence[tuple[str, "Doubt"]], of: int) -> Grouped:
    _, gravest = max(found, key=lambda each: size(each[1].reason))
    return Grouped(
        state=state,
        code=code,
        trials=sum(len(doubt.trials) for _, doubt in found),
        of=of,
        gravest=gravest.reason,
        worst=gravest.worst,
        phases=tuple(dict.fromkeys(phase for phase, _ in found)),
    )
