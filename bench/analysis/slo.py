"""What a search tells: the highest rate that keeps a promise, and what becomes of more.

The search itself, and whether a trial kept the promise, are ``bench.plan.promise``'s: what decides on the box decides
here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.analysis.counted import good, grades_of, known_grades, middle
from bench.analysis.ending import Next, Trust, trust_of
from bench.analysis.promises import risk_of
from bench.analysis.pulled import PulledRun, latest
from bench.model.errors import UsageError
from bench.model.fingerprint import Fingerprint
from bench.model.language import later, tr
from bench.model.plan import Plan, Promise
from bench.model.record import Record
from bench.model.values import Amount, Count, Durability, Layout, Name, Percentile, Seconds, Share, Transport
from bench.plan.contrast import driven_by_several
from bench.plan.promise import FIRST, Played, Way, WayName, blocks_of, in_window, keeps, played, way_of, window_for
from bench.stats.histogram import SHARES

USUAL = ("stock", "as-found")
"""Variants of which a sentence does not tell: PostgreSQL as it comes, and a server of ``--dsn`` as it is."""
SERVED = 0.5
"""Of the capacity: a window that tells of no rate below it is asked to be long enough for so much of it."""
LITTLE_MORE = 1.1
LEAST_TOLD = 0.005
"""Of a share that is told in whole percent."""
KEPT_AFTER = {
    True: later("right after that it is kept again"),
    False: later("right after that it is not kept"),
    None: later("right after that a trial can't tell"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """All trials at one rate."""

    rate: Amount
    """Rows/s that came."""
    trials: Count
    kept: Count
    """Of those, how many kept the promise."""
    undecided: Count
    """How many could not tell: void, or too little was due."""
    suspect: Count
    rows_per_s: Amount | None
    """That were acknowledged: the median of the trials that count, as all below."""
    latency_ms: Amount | None
    """The percentile of the promise; None where no trial knows it."""
    beyond: Share | None
    """Part of what was due that took longer than is promised."""
    waiting: Share | None
    """Part of what was due that was not begun when the window closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A rate that was tried several times to be sure."""

    rate: Amount
    kept: Count
    repeats: Count
    """Fewer than planned where too many were lost already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSurge:
    """What became of the queue that the overload left, while the highest rate came."""

    lasted_s: Seconds
    """So long the overload came, and then so long the rate itself."""
    drained_s: Seconds | None
    """After which time of that the queue was gone; None: it was there to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """One trial at more than the highest rate that keeps the promise, and one at that rate after so much."""

    rate: Amount
    kept: bool
    beyond: Share | None
    waiting: Share | None
    lag_max_ms: Amount | None
    """How long the server was behind at most: the longest that anything begun had waited."""
    kept_after: bool | None
    """The trial right after it, at the rate itself, kept the promise; None: it was not measured, can't tell, or began
    with a surge."""
    surge: AfterSurge | None = None
    """None: not measured, or its trial is void. pgbench keeps to one rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOffered:
    """The lowest rate that was not offered, as its clients can't send so much (``bench.plan.generator``)."""

    rate: Amount
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Highest:
    """What one way of writing keeps."""

    phase: Name
    driver: Name
    variant: Name
    layout: Layout
    transport: Transport
    version: Name | None
    durability: tuple[Durability, ...]
    """More than one where trials differ in it."""
    complete: bool
    """The search came to its end."""
    refused: str | None
    """Why its variant never ran; None: it did."""
    batch: Count
    """The most rows of a commit."""
    collect_ms: Amount | None = None
    """Milliseconds for which rows that come one by one wait for others of their batch; None: whole batches come."""
    capacity_rows_per_s: Amount | None
    """Of one trial in a closed loop."""
    least_rate: Amount
    """The lowest of the rates that could be tried: of lower ones a window of this length does not tell."""
    asked: Confirmed | None
    """The rate that was asked for."""
    highest: Confirmed | None
    """The highest that keeps the promise; None: none does, or it is not known yet."""
    above: Confirmed | None
    """The next rate, which does not."""
    not_offered: NotOffered | None
    overload: Overload | None
    tried: tuple[Tried, ...]
    """The lowest rate first."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """What ``slo --json`` gives of a run."""

    schema: Literal["pgladder/slo/1"] = "pgladder/slo/1"
    run: Name
    host: Fingerprint | None
    complete: bool
    percentile: Percentile
    """Of the promise: ``p99`` is 99 % of rows."""
    within_ms: Amount
    rate: Amount | None
    """Rows/s that were asked for."""
    window_s: Seconds
    sentence: str
    answers: tuple[Highest, ...]
    trust: Trust
    next: Next | None = None


def slo(run: PulledRun) -> Slo:
    """Return what a search tells of each way of writing.

    Raises:
        UsageError: the run is none.

    """
    promise = promised(run.plan)
    records, names = latest(run.records), _names(run.plan)
    answers = [_answer(run.plan, found, records, names) for found in played(run.plan, run.records)]
    complete = run.complete and run.sealed
    return Slo(
        run=run.plan.run,
        host=run.host,
        complete=complete,
        percentile=promise.percentile,
        within_ms=promise.ms,
        rate=promise.rate,
        window_s=run.plan.window_s,
        sentence=" ".join(answer.sentence for answer in answers),
        answers=tuple(answers),
        trust=trust_of(records, run.plan, complete=complete),
    )


def promised(plan: Plan) -> Promise:
    """Return what a plan promises.

    Raises:
        UsageError: nothing.

    """
    if plan.promise is None:
        raise UsageError(
            tr("Run {run} searched for no rate: say what is promised, pgladder slo --p99 50ms.", run=plan.run)
        )
    return plan.promise


def _names(plan: Plan) -> dict[WayName, str]:
    """Return what each way of writing is called in a sentence: its phase, and by what else it differs from others."""
    ways = list(dict.fromkeys(map(way_of, plan.trials)))
    several = driven_by_several(plan.trials)
    differing = [len(set(values)) > 1 for values in zip(*ways, strict=True)]
    names: dict[WayName, str] = {}
    for way in ways:
        phase, driver, variant, *others = way
        words = [driver] if phase in several else []
        # Of the usual configuration alone nobody needs to be told.
        if differing[2] or variant not in USUAL:
            words.append(variant)
        words += [value for value, differs in zip(others, differing[3:], strict=True) if differs and value]
        names[way] = f"{phase} ({', '.join(words)})" if words else phase
    return names


def _answer(plan: Plan, found: Played, records: Sequence[Record], names: Mapping[WayName, str]) -> Highest:
    promise, way = promised(plan), found.way
    own = [record for record in records if way_of(record.trial) == way_of(way.closed)]
    counted = good(own)
    at = found.found.highest
    trial = way.closed
    answer = Highest(
        phase=trial.phase,
        driver=trial.driver,
        variant=trial.variant,
        layout=trial.layout,
        transport=trial.transport,
        version=trial.version,
        durability=known_grades(counted) or grades_of(counted),
        complete=found.found.ended,
        refused=next((record.validity.detail("refused") for record in own if record.trial == trial), None),
        batch=trial.parameters.batch,
        collect_ms=way.trials[0, FIRST].parameters.collect_ms,
        capacity_rows_per_s=found.found.capacity,
        least_rate=way.rates[0],
        asked=_confirmed(found, way.rates.index(promise.rate) if promise.rate is not None else None),
        highest=_confirmed(found, at),
        above=_confirmed(found, None if at is None else at + 1),
        not_offered=_not_offered(own),
        overload=_overload(plan, own),
        tried=tuple(_tried(promise, own)),
        sentence="",
    )
    return replace(answer, sentence=_sentence(answer, plan, found, names[way_of(trial)]))


def _confirmed(found: Played, at: int | None) -> Confirmed | None:
    repeats = found.found.repeats.get(-1 if at is None else at)
    if at is None or repeats is None:
        return None
    return Confirmed(rate=found.way.rates[at], kept=repeats.kept, repeats=repeats.tried)


def _not_offered(records: Iterable[Record]) -> NotOffered | None:
    refused: dict[float, str] = {}
    for record in records:
        rate, why = record.trial.parameters.rate, record.validity.detail("refused")
        if rate is not None and why is not None:
            refused[rate] = why
    if not refused:
        return None
    lowest = min(refused)
    return NotOffered(rate=lowest, why=refused[lowest])


def _overload(plan: Plan, records: Iterable[Record]) -> Overload | None:
    """Return what became of more than the highest rate; None: it was not measured."""
    promise = promised(plan)
    _, block, after = blocks_of(promise)
    by_block = {record.trial.block: record for record in records if record.trial.block in (block, after)}
    record = by_block.get(block)
    if record is None or record.trial.parameters.rate is None:
        return None
    seen, then = record.open_loop, by_block.get(after)
    surging = then is not None and then.trial.parameters.surge is not None
    return Overload(
        rate=record.trial.parameters.rate,
        kept=keeps(promise, record) is True,
        beyond=_beyond(record),
        waiting=_waiting(record),
        lag_max_ms=seen.lag_max_ms if seen else None,
        kept_after=keeps(promise, then) if then and not surging else None,
        surge=_after_surge(then, plan.window_s) if then and surging else None,
    )


def _after_surge(record: Record, window_s: float) -> AfterSurge | None:
    if record.void or record.open_loop is None:
        return None
    return AfterSurge(lasted_s=window_s / 2, drained_s=record.open_loop.drained_s)


def _tried(promise: Promise, records: Iterable[Record]) -> Iterable[Tried]:
    """Yield what was tried at each rate, the lowest first."""
    by_rate: dict[float, list[Record]] = {}
    for record in records:
        if record.trial.parameters.rate is not None and record.trial.parameters.surge is None:
            by_rate.setdefault(record.trial.parameters.rate, []).append(record)
    for rate in sorted(by_rate):
        trials = by_rate[rate]
        kept = [keeps(promise, record) for record in trials]
        counted = good(trials)
        yield Tried(
            rate=rate,
            trials=len(trials),
            kept=kept.count(True),
            undecided=kept.count(None),
            suspect=sum(record.validity.state == "suspect" for record in trials),
            rows_per_s=middle([record.rows_per_s for record in counted]),
            latency_ms=middle([getattr(record.latency_ms, promise.percentile) for record in counted]),
            beyond=middle(list(map(_beyond, counted))),
            waiting=middle(list(map(_waiting, counted))),
        )


def _beyond(record: Record) -> float | None:
    seen = record.open_loop
    if seen is None or not seen.due or seen.beyond_promise is None:
        return None
    return seen.beyond_promise / seen.due


def _waiting(record: Record) -> float | None:
    seen = record.open_loop
    if seen is None or not seen.due or seen.waiting is None:
        return None
    return seen.waiting / seen.due


# --- in words --------------------------------------------------------------------------------------------------------


def promise_words(percentile: str, within_ms: float) -> str:
    """Return what is promised: ``99 % of rows within 50 ms``."""
    time = f"{within_ms / 1000:g} s" if within_ms >= 1000 else f"{within_ms:g} ms"
    return tr("{percent:g} % of rows within {time}", percent=100 * SHARES[percentile], time=time)


def _sentence(answer: Highest, plan: Plan, found: Played, name: str) -> str:
    what = promise_words(promised(plan).percentile, promised(plan).ms)
    if answer.refused:
        return f"{name}: {answer.refused}."
    if not answer.complete:
        return tr("{name}: the search has not come to its end{so_far}.", name=name, so_far=_so_far(answer))
    if found.found.too_slow and not answer.asked:
        return f"{name}: {_too_slow(answer, plan, found.way)}."
    if answer.not_offered and answer.not_offered.rate <= answer.tried[0].rate:
        return tr("{name} was offered no rate: {why}.", name=name, why=answer.not_offered.why)
    parts = [*_of_asked(answer, what), *_of_highest(answer, plan, what, found)]
    risk = "" if answer.durability in ((), ("durable",)) else risk_of(answer.durability)
    kept = ", ".join(parts)
    beyond = f"{_of_next(answer)}{_of_more(answer)}"
    return tr("{name} {kept}{risk}{beyond}.", name=name, kept=kept, risk=risk, beyond=beyond)


def _so_far(answer: Highest) -> str:
    kept = max((tried.rate for tried in answer.tried if tried.kept), default=None)
    lost = min((tried.rate for tried in answer.tried if not tried.kept and tried.rate > (kept or 0)), default=None)
    parts = []
    if kept is not None:
        parts.append(tr("a trial kept it at {rate:,g} rows/s", rate=kept))
    if lost is not None:
        parts.append(tr("none did at {rate:,g} rows/s", rate=lost))
    return tr("; so far {seen}", seen=tr(", and ").join(parts)) if parts else ""


def _too_slow(answer: Highest, plan: Plan, way: Way) -> str:
    promise, capacity = promised(plan), answer.capacity_rows_per_s
    trial = way.trials[0, FIRST]
    assert capacity
    assert trial.parameters.rate
    assert trial.parameters.due_per_s
    per_row = trial.parameters.due_per_s / trial.parameters.rate
    if not _is_of_window(answer, plan, way):
        return tr(
            "a closed loop reaches {capacity:,.0f} rows/s, and {least:,g} rows/s is the lowest that is tried unasked;"
            " ask for --rate {near:g}",
            capacity=capacity,
            least=answer.least_rate,
            near=_asked_below(capacity),
        )
    return tr(
        "a closed loop reaches {capacity:,.0f} rows/s, and windows of {window:g} s tell of {percent:g} % from"
        " {least:,g} rows/s on; ask for --window {longer} or longer, a smaller --batch or a lower percentile",
        capacity=capacity,
        window=plan.window_s,
        percent=100 * SHARES[promise.percentile],
        least=answer.least_rate,
        longer=window_for(promise, SERVED * capacity * per_row),
    )


def _is_of_window(answer: Highest, plan: Plan, way: Way) -> bool:
    """Return whether it is the length of the window that bounds the rates from below, and not what a fast box takes."""
    own = way.trials[0, FIRST].parameters
    assert own.rate
    assert own.due_per_s
    least = in_window(promised(plan)) / plan.window_s * own.rate / own.due_per_s
    # The next rate of the grid is a few percent above it.
    return answer.least_rate < LITTLE_MORE * least


def _asked_below(rate: float) -> float:
    """Return a rate to ask for where none below this one was tried: others far below one that is asked are tried."""
    return float(f"{rate / 2:.2g}")


def _of_asked(answer: Highest, what: str) -> Iterable[str]:
    """Say whether the rate that was asked for is kept."""
    asked, refused = answer.asked, answer.not_offered
    if asked is None:
        return
    if refused and refused.rate <= asked.rate:
        yield tr("was not offered {rate:,g} rows/s", rate=asked.rate)
        return
    highest = answer.highest
    message = later("does not keep {what} at {rate:,g} rows/s ({repeats})")
    if highest is not None and asked.rate <= highest.rate:
        message = later("keeps {what} at {rate:,g} rows/s ({repeats})")
    yield tr(message, what=what, rate=asked.rate, repeats=_of(asked))


def _of_highest(answer: Highest, plan: Plan, what: str, found: Played) -> Iterable[str]:
    """Say up to which rate it is kept."""
    highest, asked = answer.highest, answer.asked
    if highest is None:
        yield _of_no_rate(answer, plan, what, found)
        return
    if asked and asked.rate == highest.rate:
        yield tr("and not at more")
        return
    text = tr(_message_of_highest(answer), what=what, rate=highest.rate, repeats=_of(highest))
    if found.found.highest == found.way.last:
        text = tr("{kept}, the highest that was tried", kept=text)
    yield text


def _of_no_rate(answer: Highest, plan: Plan, what: str, found: Played) -> str:
    """Say how low the rates were of which none is kept."""
    if answer.asked is None:
        return _of_none_unasked(answer, plan, what, found.way)
    lowest, window = answer.tried[0], plan.window_s
    if not _is_of_window(answer, plan, found.way):
        if found.found.too_slow:
            assert answer.capacity_rows_per_s
            return tr(
                "and a closed loop reaches {capacity:,.0f} rows/s, where {least:,g} rows/s is the lowest that is tried"
                " beside it; ask for --rate {near:g}",
                capacity=answer.capacity_rows_per_s,
                least=answer.least_rate,
                near=_asked_below(answer.capacity_rows_per_s),
            )
        return tr(
            "nor at any other down to {rate:,g} rows/s, the lowest that is tried beside it; ask for --rate {near:g}",
            rate=lowest.rate,
            near=_asked_below(lowest.rate),
        )
    if answer.asked.rate > lowest.rate:
        return tr(
            "nor at any other down to {rate:,g} rows/s, the lowest of which windows of {window:g} s tell",
            rate=lowest.rate,
            window=window,
        )
    return tr(
        "and of rates below {rate:,g} rows/s windows of {window:g} s tell nothing",
        rate=answer.least_rate,
        window=window,
    )


def _of_none_unasked(answer: Highest, plan: Plan, what: str, way: Way) -> str:
    lowest = answer.tried[0]
    if not _is_of_window(answer, plan, way):
        return tr(
            "keeps no rate: not {what} at {rate:,g} rows/s, the lowest that is tried unasked ({kept} of {trials}"
            " trials); ask for --rate {near:g}",
            what=what,
            rate=lowest.rate,
            near=_asked_below(lowest.rate),
            kept=lowest.kept,
            trials=lowest.trials,
        )
    return tr(
        "keeps no rate: not {what} at {rate:,g} rows/s, the lowest of which windows of {window:g} s tell"
        " ({kept} of {trials} trials)",
        what=what,
        rate=lowest.rate,
        window=plan.window_s,
        kept=lowest.kept,
        trials=lowest.trials,
    )


def _message_of_highest(answer: Highest) -> str:
    highest, asked, refused = answer.highest, answer.asked, answer.not_offered
    assert highest
    if asked is None:
        return later("keeps {what} up to {rate:,g} rows/s ({repeats})")
    if refused and refused.rate <= asked.rate:
        return later("but keeps {what} up to {rate:,g} rows/s ({repeats})")
    if asked.rate < highest.rate:
        return later("and up to {rate:,g} ({repeats})")
    return later("but up to {rate:,g} ({repeats})")


def _of(confirmed: Confirmed) -> str:
    return tr("{kept} of {repeats} repeats", kept=confirmed.kept, repeats=confirmed.repeats)


def _of_next(answer: Highest) -> str:
    """Say which rate, the next that could be found, is not kept: between the two lies the highest."""
    above = answer.above
    if answer.highest is None or above is None or answer.not_offered:
        return ""
    if answer.asked and answer.asked.rate == above.rate:
        return ""
    return tr("; not {rate:,g} rows/s ({repeats})", rate=above.rate, repeats=_of(above))


def _of_more(answer: Highest) -> str:
    """Say what becomes of more."""
    over, refused = answer.overload, answer.not_offered
    if refused:
        return tr("; no more was offered: {why}", why=refused.why)
    if over is None:
        return ""
    after = _of_surge(over.surge) if over.surge else tr(KEPT_AFTER[over.kept_after])
    return tr("; {became}, and {after}", became=_of_overload(over), after=after)


def _of_overload(over: Overload) -> str:
    rate = over.rate
    if over.kept:
        return tr("one trial at {rate:,g} rows/s keeps it too", rate=rate)
    if over.beyond is None:
        return tr("a trial at {rate:,g} rows/s is void", rate=rate)
    if over.waiting is None:
        return tr("at {rate:,g} rows/s it is not known how much was still waiting when the window closed", rate=rate)
    if over.waiting >= LEAST_TOLD:
        waiting = 100 * over.waiting
        return tr(
            "in one trial at {rate:,g} rows/s {percent:.0f} % were still waiting when the window closed",
            rate=rate,
            percent=waiting,
        )
    percent = _two_figures(100 * over.beyond)
    return tr("in one trial at {rate:,g} rows/s {percent} % took longer", rate=rate, percent=percent)


def _two_figures(value: float) -> str:
    """Return a number with two figures, or with all before the point: never in powers of ten."""
    return f"{value:.2g}" if value < 99.5 else f"{value:.0f}"


def _of_surge(surge: AfterSurge) -> str:
    lasted = surge.lasted_s
    if surge.drained_s is None:
        return tr("the queue that {lasted:g} s of it leave was still there {lasted:g} s later", lasted=lasted)
    drained = _two_figures(surge.drained_s)
    return tr("the queue that {lasted:g} s of it leave was gone {drained} s later", lasted=lasted, drained=drained)
