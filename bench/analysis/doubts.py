"""Which of several doubts of one kind is the gravest, which is quoted and not the first; which kinds stand first."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench.analysis.reasons import told
from bench.model.language import later, tr, tr_many
from bench.model.outcome import AnyRecord, R
from bench.model.record import Reason

if TYPE_CHECKING:
    from bench.analysis.ladder import Ladder

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
class Doubt:
    """Why some trials of a rung are suspect, void or slightly doubtful.

    ``reason`` is the gravest one's, that of the trial ``worst``.
    """

    state: str
    trials: tuple[int, ...]
    reason: Reason
    worst: int | None = field(default=None, compare=False)


def doubts_of(trials: Iterable[AnyRecord]) -> list[Doubt]:
    """Gather reasons by what they make of a trial and by code; the gravest one's wording stands for all."""
    by_kind: dict[tuple[str, str], tuple[list[AnyRecord], list[Reason]]] = {}
    for trial in trials:
        for reason in trial.validity.reasons:
            state: str = trial.validity.state
            # A slight reason leaves a trial valid: another one made it suspect.
            if state == "valid" or (reason.slight and state != "void"):
                state = "slight"
            doubted, reasons = by_kind.setdefault((state, reason.code), ([], []))
            doubted.append(trial)
            reasons.append(reason)
    doubts = []
    for (state, _), (doubted, reasons) in by_kind.items():
        gravest, reason = worst(zip(doubted, reasons, strict=True))
        doubts.append(Doubt(state=state, trials=numbers_of(doubted), reason=reason, worst=gravest.trial.number))
    return doubts


def numbers_of(records: Iterable[AnyRecord]) -> tuple[int, ...]:
    """Return the numbers of these trials."""
    return tuple(record.trial.number for record in records)


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
    rungs = [rung for ladder in ladders for rung in ladder.rungs]
    return _grouped((rung.phase, rung.trials, rung.doubts) for rung in rungs)


def grouped_of(records: Iterable[AnyRecord]) -> list[Grouped]:
    """Return the same of trials, whatever ladder they stand in."""
    by_phase: dict[str, list[AnyRecord]] = {}
    for record in records:
        by_phase.setdefault(record.trial.phase, []).append(record)
    return _grouped((phase, len(trials), doubts_of(trials)) for phase, trials in by_phase.items())


def _grouped(rungs: Iterable[tuple[str, int, Sequence[Doubt]]]) -> list[Grouped]:
    """Group the doubts of rungs: of each its phase and how many trials it has."""
    kinds: dict[tuple[str, str], list[tuple[str, Doubt]]] = {}
    of = 0
    for phase, trials, doubts in rungs:
        of += trials
        for doubt in doubts:
            kinds.setdefault((doubt.state, doubt.reason.code), []).append((phase, doubt))
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


def _group(state: str, code: str, found: Sequence[tuple[str, Doubt]], of: int) -> Grouped:
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
