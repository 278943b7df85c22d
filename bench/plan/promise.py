"""The highest rate that keeps a promise: which of a plan's candidates is tried next. Pure; agent and analysis ask it.

For each way of writing there is one trial in a closed loop, which bounds the search from above, and at each rate of a
grid as many as the search may want there (``bench.plan.candidates``): block 1 has the one by which a rate is looked at,
the blocks after it the repeats that confirm a rate, the last two its overload: for a whole window, and as a surge that
the rate itself follows. Which is next follows from the records alone: the search is played again from its beginning, so
that a run that was cut goes on as it would have.

A trial keeps the promise by what it counted, not by a percentile: no more of what was due took longer than the promise
allows, and the server kept up. A trial that can't tell does not keep it: what is promised must be shown.
``tests/unit/plan/test_promise.py`` simulates how near to the true rate a search comes.
"""

import math
from bisect import bisect_left
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.model.errors import DataError
from bench.model.language import tr
from bench.model.outcome import AnyRecord
from bench.model.plan import NULL, Plan, Promise, Trial
from bench.model.values import Layout, Transport
from bench.plan.rates import counting, ended, numbers_of, recorded_beside
from bench.stats.histogram import SAMPLES_BEYOND, SHARES

STEPS = 6
"""Rates of the grid, from one to its overload (``bench.plan.candidates``): 3.1 % from each to the next. By simulation
what is found is then within 5 % of the true rate; with five steps too often not, with eight no more often."""
MOST_WAITING = 0.05
"""Of what was due, not begun when the window closed: with more the server did not keep up, however long a promise
allows rows to wait. Less is within what a rate is found to."""
FIRST = 1
"""The block of the closed loop, and of the trials by which rates are looked at."""
WayName = tuple[str, str, str, Layout, Transport, str | None]


def way_of(trial: Trial) -> WayName:
    """Return what of a trial has a search of its own."""
    return trial.phase, trial.driver, trial.variant, trial.layout, trial.transport, trial.version


# --- whether a trial keeps it ----------------------------------------------------------------------------------------


def keeps(promise: Promise, record: AnyRecord) -> bool | None:
    """Return whether a trial kept a promise; None: it can't tell.

    It is void, or too little was due in its window.
    """
    seen = record.open_loop
    # Also asked of records that were read quickly, which have fields and no methods.
    if record.validity.state == "void" or seen is None or seen.beyond_promise is None:
        return None
    # Nobody knows how much waits where all were busy until the end: what is seen is of the quick ones.
    if seen.waiting is None or seen.waiting > MOST_WAITING * seen.due:
        return False
    if seen.due < least_due(promise):
        return None
    return seen.beyond_promise <= (1 - SHARES[promise.percentile]) * seen.due


def least_due(promise: Promise) -> int:
    """Return how much has to be due in a window for a share to be told."""
    return round(SAMPLES_BEYOND / (1 - SHARES[promise.percentile]))


def in_window(promise: Promise) -> float:
    """Return how much should be due in a window, on average, for a promise to be told of nearly every one."""
    due = least_due(promise)
    # What comes independently is now more, now fewer: by four standard deviations hardly ever.
    return due + 4 * math.sqrt(due)


def window_for(promise: Promise, due_per_s: float) -> int:
    """Return how many seconds a window has to have for so much due in a second."""
    return math.ceil(in_window(promise) / due_per_s)


# --- what there is to choose from ------------------------------------------------------------------------------------


def blocks_of(promise: Promise) -> tuple[range, int, int]:
    """Return the blocks of the repeats, of the overload, and of the surge."""
    repeats = range(FIRST + 1, FIRST + 1 + promise.repeats)
    return repeats, repeats.stop, repeats.stop + 1


@dataclass(frozen=True, slots=True)
class Way:
    """One way of writing: what is searched for by itself."""

    closed: Trial
    rates: Sequence[float]
    """Rows/s, the lowest first."""
    trials: Mapping[tuple[int, int], Trial] = field(repr=False)
    """By which of the rates, and block."""

    @property
    def last(self) -> int:
        """The highest of the rates that can be found: above it there is only its overload."""
        return len(self.rates) - 1 - STEPS


def ways_of(plan: Plan) -> list[Way]:
    """Return what has a search of its own, in the order of the plan.

    Raises:
        DataError: the plan is none of a search.

    """
    closed: dict[WayName, Trial] = {}
    by_rate: dict[WayName, dict[float, dict[int, Trial]]] = {}
    for trial in plan.trials:
        if trial.experiment:
            continue
        way, rate = way_of(trial), trial.parameters.rate
        if rate is None:
            closed[way] = trial
        else:
            by_rate.setdefault(way, {}).setdefault(rate, {})[trial.block] = trial
    if closed.keys() != by_rate.keys():
        raise DataError(
            tr("Plan {run} promises something, and has a way of writing that is in one loop only.", run=plan.run)
        )
    found = []
    for way, of_way in by_rate.items():
        rates = sorted(of_way)
        trials = {}
        for at, rate in enumerate(rates):
            trials.update({(at, block): trial for block, trial in of_way[rate].items()})
        found.append(Way(closed[way], rates, trials))
    return found


def check_promise(plan: Plan) -> None:
    """Refuse a plan that promises something and whose trials are not those of a search.

    Raises:
        DataError: says what is missing.

    """
    promise = plan.promise
    if promise is None:
        return
    if promise.least_kept > promise.repeats:
        raise DataError(
            tr(
                "Plan {run} asks for {least_kept} of {repeats} repeats.",
                run=plan.run,
                least_kept=promise.least_kept,
                repeats=promise.repeats,
            )
        )
    experiments = [trial for trial in plan.trials if trial.experiment and trial.engine != NULL]
    if plan.until_decided or plan.repeat_suspect or experiments:
        raise DataError(tr("Plan {run} promises something: it has no other rule, and no experiments.", run=plan.run))
    _check_ways(plan, promise)


def _check_ways(plan: Plan, promise: Promise) -> None:
    """Refuse trials that are not each way's at each rate, as often as may be."""
    *_, last = blocks_of(promise)
    for way in ways_of(plan):
        places = {(at, block) for at in range(len(way.rates)) for block in range(FIRST, last + 1)}
        known = promise.rate is None or promise.rate in way.rates
        if way.trials.keys() != places or way.last < 0 or way.closed.block != FIRST or not known:
            raise DataError(
                tr(
                    "Plan {run}: the trials of phase {phase} are not those of a search.",
                    run=plan.run,
                    phase=way.closed.phase,
                )
            )


# --- the search ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often a rate kept the promise, of the trials that were to confirm it."""

    kept: int
    tried: int


@dataclass(slots=True)
class Found:
    """What a search of one way of writing has come to."""

    capacity: float | None = None
    """Rows/s of the closed loop."""
    too_slow: bool = False
    """That is below the least rate of which a window tells."""
    repeats: dict[int, Repeats] = field(default_factory=dict)
    """By which of the rates; those of one may not have come to their end."""
    highest: int | None = None
    """Which of the rates is the highest that keeps the promise; None: none is, or not yet."""
    ended: bool = False


Asking = Generator[Trial, float | bool | None, bool]
"""Yields trials, and is sent whether each kept the promise; of a closed loop its rows/s."""


def _look_at(way: Way, at: int) -> Asking:
    """Look at a rate by one trial; where that can't tell, by the first repeat."""
    kept = yield way.trials[at, FIRST]
    if kept is None:
        kept = yield way.trials[at, FIRST + 1]
    return kept is True


def _confirm(way: Way, promise: Promise, at: int, found: Found) -> Asking:
    """Try a rate as often as is asked for, or until it is lost."""
    kept = 0
    repeats, *_ = blocks_of(promise)
    for tried, block in enumerate(repeats, 1):
        kept += (yield way.trials[at, block]) is True
        found.repeats[at] = Repeats(kept, tried)
        if tried - kept > promise.repeats - promise.least_kept:
            break
    return kept >= promise.least_kept


def _search(way: Way, promise: Promise, found: Found) -> Asking:
    """Look for the highest rate that keeps the promise, the next of which does not; return whether there is one."""
    capacity = yield way.closed
    found.capacity = capacity or None
    confirmed, refuted = -1, way.last + 1
    if promise.rate is not None:
        asked = way.rates.index(promise.rate)
        if (yield from _confirm(way, promise, asked, found)):
            confirmed = asked
        else:
            refuted = asked
    if found.capacity and confirmed < 0 and found.capacity * promise.overload < way.rates[0]:
        found.too_slow = True
        return False
    at = yield from _bracket(way, found.capacity, confirmed, refuted)
    highest = yield from _walk(way, promise, found, at, confirmed, refuted)
    if highest < 0:
        return False
    found.highest = highest
    _, overload, after = blocks_of(promise)
    yield way.trials[highest + STEPS, overload]
    yield way.trials[highest, after]
    return True


def _bracket(way: Way, capacity: float | None, low: int, high: int) -> Generator[Trial, float | bool | None, int]:
    """Return the highest rate that kept the promise by single trials; ``low`` is known to, ``high`` not to."""
    top = high
    if capacity is not None:
        top = min(max(bisect_left(way.rates, capacity), low + 1), high)
    below = top
    while below - low > 1:
        middle = (low + below) // 2
        if (yield from _look_at(way, middle)):
            low = middle
        else:
            below = middle
    # One closed loop is no bound that holds: an open one may take more, and a neighbour may have slowed it.
    while low + 1 >= top and low + 1 < high:
        if not (yield from _look_at(way, low + 1)):
            break
        low += 1
    return low


def _walk(
    way: Way, promise: Promise, found: Found, at: int, confirmed: int, refuted: int
) -> Generator[Trial, float | bool | None, int]:
    """Return the highest rate that repeats confirm, next to one that they refute; below the first: none.

    Single trials are lucky or not: from where they led it goes up or down with ever longer strides, until one is
    confirmed and one refuted, and halves what lies between.
    """
    stride, before, turned = 1, None, False
    while refuted - confirmed > 1:
        at = min(max(at, confirmed + 1), refuted - 1)
        kept = yield from _confirm(way, promise, at, found)
        if kept:
            confirmed = at
        else:
            refuted = at
        turned = turned or before not in (None, kept)
        before = kept
        if turned:
            at = (confirmed + refuted) // 2
        else:
            at += stride if kept else -stride
            stride *= 2
    return confirmed


# --- which is next ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Played:
    """A search as far as its records lead."""

    way: Way
    found: Found
    done: Sequence[Trial]
    """In the order in which they were asked for."""
    left: Sequence[Trial]
    """The next one, then those that will probably follow; none: it came to its end."""


def played(plan: Plan, records: Sequence[AnyRecord]) -> list[Played]:
    """Return each search of a plan as far as its records lead."""
    assert plan.promise
    whole = {record.trial.number: record for record in ended(counting(records).values())}
    return [play(way, plan.promise, whole) for way in ways_of(plan)]


def next_trials(plan: Plan, records: Sequence[AnyRecord]) -> list[Trial]:
    """Return what is left of the searches of a plan: the next trial first, then those that will probably follow.

    What the clients can send is known before all of them (``bench.plan.generator``).
    """
    whole = numbers_of(ended(records))
    found = [trial for trial in plan.trials if trial.engine == NULL and trial.number not in whole]
    for each in played(plan, records):
        found += each.left
    return found


def unasked(plan: Plan, records: Sequence[AnyRecord]) -> int | None:
    """Return a trial that was recorded and that no search asked for; None: there is none.

    Who tries rates until one pleases gets any result.
    """
    if plan.promise is None:
        return None
    asked = {trial.number for trial in plan.trials if trial.engine == NULL}
    for each in played(plan, records):
        asked |= {trial.number for trial in (*each.done, *each.left[:1])}
    return recorded_beside(records, asked)


def play(way: Way, promise: Promise, records: Mapping[int, AnyRecord]) -> Played:
    """Return the search of one way of writing as far as its records, by number, lead."""
    found, done = Found(), []
    search = _search(way, promise, found)
    trial = next(search)
    lost = math.inf
    """The lowest rate that did not keep the promise."""
    while record := records.get(trial.number):
        done.append(trial)
        if trial is way.closed and record.validity.detail("refused") is not None:
            # Its variant never runs: there is nothing to search.
            found.ended = True
            return Played(way, found, done, ())
        rate = trial.parameters.rate
        answer: float | bool | None = record.rows_per_s
        if rate is not None:
            answer = keeps(promise, record)
            lost = lost if answer else min(lost, rate)
        try:
            trial = search.send(answer)
        except StopIteration:
            found.ended = True
            return Played(way, found, done, ())
    so_far = replace(found, repeats=dict(found.repeats))
    ceiling = min(lost, found.capacity or way.rates[way.last])
    return Played(way, so_far, done, _expected(search, trial, way, promise, ceiling, records))


def _expected(
    search: Asking, trial: Trial, way: Way, promise: Promise, ceiling: float, records: Mapping[int, AnyRecord]
) -> list[Trial]:
    """Return the trials that follow if rates below a ceiling keep the promise, and others lose it as late as may be."""
    left = [trial]
    _, overload, _ = blocks_of(promise)
    while True:
        rate, block = trial.parameters.rate, trial.block
        answer: float | bool | None = way.rates[way.last]
        if rate is not None:
            answer = rate < ceiling or FIRST < block <= promise.least_kept or block > overload
        if (record := records.get(trial.number)) and rate is not None:
            answer = keeps(promise, record)
        try:
            trial = search.send(answer)
        except StopIteration:
            return left
        if trial.number not in records:
            left.append(trial)
