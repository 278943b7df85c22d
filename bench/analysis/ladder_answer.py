"""What a climb comes to, in plain words: the rate kept up and how, what stopped it, whether to trust it, what next.

The rate is the highest sustained one under a durable configuration; what is faster and may lose rows stands beside it,
never in its place. A box is said to take so much only where a rung wrote in bulk: of slow rungs alone it is the fastest
of so many ways. The command for what comes next depends on who asks (``bench.targets.next_step``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.analysis.doubts import Grouped, grouped, weighty
from bench.analysis.ending import FEW, NEAR, Next, Trust, capital, short_windows, trusted
from bench.analysis.limits import UNEXPLAINED, Limit, constraint_words
from bench.analysis.promises import risk_of
from bench.analysis.rung import Rung
from bench.analysis.ways import plain_way
from bench.constraints.constraint import OF_THE_TIME, constraints
from bench.model.language import later, tr
from bench.model.plan import IN_BULK
from bench.model.values import Amount, Count

if TYPE_CHECKING:
    from bench.analysis.ladder import Ladder

FIRST = "1"
"""The phase that naive code starts from."""
DURABLE = ("durable",)
FIGURES = 3
CONDITIONS = ("variant", "layout", "transport", "version")
UNDER = {
    "variant": later("variant {name}"),
    "layout": later("layout {name}"),
    "transport": later("transport {name}"),
    "version": later("version {name}"),
    "engine": later("engine {name}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What one rung reached, under what."""

    phase: str
    way: str
    """In plain words."""
    variant: str
    layout: str
    engine: str | None = None
    """The kind of database, where it is another than the run's own."""
    transport: str
    version: str | None
    durability: tuple[str, ...]
    rows_per_s: Amount
    settled_rows_per_s: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderAnswer:
    """What a climb comes to."""

    most: Reached | None
    """The highest sustained rate under a durable configuration; where none was measured under any, with its grade."""
    naive: Reached | None
    """Phase 1 under the same; None: not climbed."""
    riskier: Reached | None
    """A higher rate that a crash may take rows of; None: there is none."""
    of_ways: Count
    """So many ways to write rows have a rate."""
    in_bulk: bool
    """One of them writes in bulk: else what the box can take is not known."""
    stopped_by: Limit | None
    """What is suspected to stop the rung of ``most``."""
    trust: Trust
    sentences: tuple[str, ...]
    """All of it in words, but for what comes next."""
    next: Next | None = None


Rungs = Sequence[tuple[Rung, "Ladder"]]


def answer_of(ladders: Sequence["Ladder"]) -> LadderAnswer | None:
    """Return what these ladders of one run come to; None where rows came at a rate: nobody climbs then."""
    rungs = [(rung, ladder) for ladder in ladders for rung in ladder.rungs]
    closed = [(rung, ladder) for rung, ladder in rungs if rung.parameters.rate is None]
    if rungs and not closed:
        return None
    doubts = grouped(ladders)
    found = [each for each in closed if each[0].rows_per_s]
    if not found:
        return _no_number(doubts)
    safe = [each for each in found if _grades(*each) == DURABLE]
    top, fastest = _highest(safe or found), _highest(found)
    rung, ladder = top
    naive = next(((each, ladder) for each in ladder.rungs if each.phase == FIRST and each.rows_per_s), None)
    named = [rung] if naive is None else [rung, naive[0]]
    answer = LadderAnswer(
        most=_reached(*top),
        naive=_reached(*naive) if naive and naive[0] is not rung else None,
        riskier=_reached(*fastest) if _grades(*fastest) != _grades(*top) else None,
        of_ways=len({each.phase for each, _ in found}),
        in_bulk=any(each.parameters.batch >= IN_BULK for each, _ in found),
        stopped_by=rung.stopped_by,
        trust=_trust(named, ladder.seconds, doubts),
        sentences=(),
    )
    return _told(answer, ladders)


def _no_number(doubts: Sequence[Grouped]) -> LadderAnswer:
    trust = Trust(level="none", within=None, trials=0, why=tuple(each.in_short for each in doubts))
    return LadderAnswer(
        most=None, naive=None, riskier=None, of_ways=0, in_bulk=False, stopped_by=None, trust=trust,
        sentences=(tr("No trial of this run gave a number."),),
    )  # fmt: skip


def _highest(rungs: Rungs) -> tuple[Rung, "Ladder"]:
    """Return the highest of these, by the sustained rate where any has one."""
    sustained = [each for each in rungs if each[0].settled_rows_per_s]
    return max(sustained or rungs, key=lambda each: each[0].settled_rows_per_s or each[0].rows_per_s or 0.0)


def _grades(rung: Rung, ladder: "Ladder") -> tuple[str, ...]:
    """Return the durability of a rung: that of its ladder, or its own."""
    return (rung.durability,) if rung.durability else ladder.durability


def _reached(rung: Rung, ladder: "Ladder") -> Reached:
    assert rung.rows_per_s
    return Reached(
        phase=rung.phase,
        way=plain_way(rung),
        variant=ladder.variant,
        layout=rung.layout or ladder.layout,
        engine=rung.engine,
        transport=ladder.transport,
        version=ladder.version,
        durability=_grades(rung, ladder),
        rows_per_s=rung.rows_per_s,
        settled_rows_per_s=rung.settled_rows_per_s,
    )


# --- trust -----------------------------------------------------------------------------------------------------------


def _trust(named: Sequence[Rung], seconds: float, doubts: Sequence[Grouped]) -> Trust:
    """Return whether to trust the rate of the first of these rungs, which the sentence names."""
    rung = named[0]
    trials = rung.trials - rung.void
    within = _within(rung) if trials > 1 else None
    measured = []
    if trials < FEW:
        one = trials == 1
        measured.append(tr("one trial, so no spread is known") if one else tr("{trials} trials", trials=trials))
    if within is not None and within > NEAR:
        percent = 100 * within
        differ = tr("its {trials} trials differ by up to {percent:.0f} % from it", trials=trials, percent=percent)
        measured.append(differ)
    measured += short_windows(seconds)
    rough = bool(measured) or any(each.suspect or each.void for each in named)
    named_doubts = [each.in_short for each in weighty(doubts)]
    return Trust(level="rough" if rough else "good", within=within, trials=trials, why=(*named_doubts, *measured))


def _within(rung: Rung) -> float | None:
    if not rung.rows_per_s or rung.rows_per_s_min is None or rung.rows_per_s_max is None:
        return None
    return max(rung.rows_per_s_max / rung.rows_per_s - 1, 1 - rung.rows_per_s_min / rung.rows_per_s)


# --- words -----------------------------------------------------------------------------------------------------------


def in_figures(rows_per_s: float) -> str:
    """Return a rate in words: 532,000; 1,170; 72.5."""
    rounded = float(f"{rows_per_s:.{FIGURES}g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"


def _told(answer: LadderAnswer, ladders: Sequence["Ladder"]) -> LadderAnswer:
    return replace(answer, sentences=tuple(_sentences(answer, ladders)))


def _sentences(answer: LadderAnswer, ladders: Sequence["Ladder"]) -> Iterable[str]:
    most, naive, riskier = answer.most, answer.naive, answer.riskier
    assert most
    yield _of_few(
        answer, tr("{kept_up}, by {how}{under}.", kept_up=kept_up(most), how=how(most), under=under(most, ladders))
    )
    if not answer.in_bulk:
        yield tr("No rung wrote {rows:,} rows a commit or more: how much this box can take is not known.", rows=IN_BULK)
    if len(ladders) > 1:
        yield tr(
            "It is the highest of {count} ladders; whether another is slower, a comparison tells.", count=len(ladders)
        )
    if naive:
        figure = in_figures(highest_rate(naive))
        yield tr("{way} ({phase}): {rate} rows/s.", way=capital(naive.way), phase=naive.phase, rate=figure)
    if riskier:
        yield f"{kept_up(riskier)}{under(riskier, ladders)}."
    yield stopped(answer.stopped_by)
    yield trusted(answer.trust)


def _of_few(answer: LadderAnswer, sentence: str) -> str:
    if answer.in_bulk:
        return sentence
    if answer.of_ways == 1:
        return tr("The one way measured: {sentence}", sentence=sentence)
    return tr("The fastest of {count} ways measured: {sentence}", count=answer.of_ways, sentence=sentence)


def highest_rate(reached: Reached) -> float:
    """Return the sustained rate, else that of bursts."""
    return reached.settled_rows_per_s or reached.rows_per_s


def kept_up(reached: Reached) -> str:
    """Return the rate in words, that of bursts beside it."""
    burst = in_figures(reached.rows_per_s)
    if reached.settled_rows_per_s is None:
        return tr("{burst} rows/s in bursts (no closing checkpoint was measured)", burst=burst)
    rate = in_figures(reached.settled_rows_per_s)
    return tr("{rate} rows/s kept up, checkpoint included ({burst} in bursts)", rate=rate, burst=burst)


def how(reached: Reached) -> str:
    """Return how rows were written, with the phase's name."""
    return f"{reached.way} ({reached.phase})"


def under(reached: Reached, ladders: Sequence["Ladder"]) -> str:
    """Return under what, where the run has several, or a crash may take rows."""
    differing = []
    for name in CONDITIONS:
        values = {getattr(ladder, name) for ladder in ladders}
        if len(values) > 1:
            differing.append(name)
    if reached.engine:
        differing = ["engine", "layout"]
    risk = ""
    if reached.durability != DURABLE:
        differing = differing or ["variant"]
        risk = risk_of(reached.durability or ("unknown",))
    parts = [tr(UNDER[name], name=getattr(reached, name)) for name in differing]
    return f", {', '.join(parts)}{risk}" if parts else ""


def stopped(limit: Limit | None) -> str:
    """Return what stopped the climb, in a sentence."""
    if limit is None:
        return tr("Stopped by: not known, its trials show nothing of it.")
    if limit.constraint == UNEXPLAINED:
        return tr("Stopped by: not found, no constraint that is known accounts for it.")
    if limit.proved:
        return tr(
            "Stopped by: {limit}, {amount} (proved).",
            limit=constraint_words(limit.constraint),
            amount=limit_amount(limit),
        )
    return tr(
        "Stopped by: {limit}, {amount} (suspected).",
        limit=constraint_words(limit.constraint),
        amount=limit_amount(limit),
    )


def limit_amount(limit: Limit) -> str:
    """Return how much of it there is, and of what."""
    known = constraints()
    amount = known[limit.constraint].amount if limit.constraint in known else OF_THE_TIME
    return tr(amount, percent=100 * limit.share)
