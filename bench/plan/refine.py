"""Which finer points of a sweep are measured: those just below the knee that its first blocks found. Pure.

A plan is fixed beforehand, so it holds finer points for every gap: its first blocks have the points that are furthest
apart, the blocks after them the finer ones too. By what a knee is it lies above the point before the one that was
seen to be it: where to look more closely is chosen by that, and what is concluded by all blocks (``bench.stats.knee``).
Company in these blocks are that one and all points above: points are compared in the blocks that they share.
Which are chosen follows from the records of the first blocks alone, so that a run that was cut goes on as it would
have, and a reader can tell whether a trial was due. Of rates those of the first blocks are chosen, too
(``bench.plan.rate_points``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from bench.model.outcome import AnyRecord
from bench.model.plan import Plan, Refining, Trial, asked_for
from bench.plan.rate_points import Gap, first_rates, gap_of
from bench.plan.rates import counting, ended, numbers_of, recorded_beside
from bench.plan.sweep import RATE, Rung, by_rung, rung_of, values_of
from bench.stats.knee import likely_knee


def narrowed(plan: Plan, records: Sequence[AnyRecord]) -> Plan:
    """Return a plan without the trials that its records leave out; until the first blocks end, without later ones.

    What is left is left once more, also without its experiments, from which rates are chosen.
    """
    rule = plan.refines
    if rule is None:
        return plan
    first = _first(rule, plan, records)
    later: list[Trial] = []
    if _decided(first, records):
        later = _chosen(rule, plan, first, records)
    return _of(plan, [*first, *later])


def at_most(plan: Plan, records: Sequence[AnyRecord]) -> Plan:
    """Return it with all trials that may yet be chosen, wherever the knee is found."""
    if plan.refines is None:
        return plan
    known = narrowed(plan, records)
    return _of(plan, [*known.trials, *may_follow(plan, records)])


def may_follow(plan: Plan, records: Sequence[AnyRecord]) -> list[Trial]:
    """Return trials that may yet be chosen, as many as these are at most; none once that is decided."""
    rule = plan.refines
    if rule is None:
        return []
    first = _first(rule, plan, records)
    if _decided(first, records):
        return []
    found: list[Trial] = []
    for rung, points in _points(rule, first).items():
        most: list[Trial] = []
        for gap in pairwise(points):
            most = max(most, _later(rule, plan, rung, gap, points), key=len)
        found += most
    return found


def measured_unasked(plan: Plan, records: Sequence[AnyRecord]) -> int | None:
    """Return a trial that was recorded and was to be left out; None: there is none."""
    if plan.refines is None:
        return None
    asked = {trial.number for trial in narrowed(plan, records).trials}
    return recorded_beside(records, asked)


def _of(plan: Plan, trials: Iterable[Trial]) -> Plan:
    """Return a plan with these of its trials alone, in its order."""
    numbers = {trial.number for trial in trials}
    return replace(plan, trials=tuple(trial for trial in plan.trials if trial.number in numbers))


def _first(rule: Refining, plan: Plan, records: Sequence[AnyRecord]) -> list[Trial]:
    """Return the trials of the first blocks: of rates those that are chosen by what closed loops reached."""
    found = [trial for trial in plan.trials if trial.block <= rule.first_blocks]
    # Without its closed loops a plan has been narrowed.
    if rule.of != RATE or not any(trial.capacity for trial in found):
        return found
    rates = first_rates(plan, records)
    return [trial for trial in found if trial.experiment or trial.parameters.rate in rates[rung_of(trial)]]


def _decided(first: Iterable[Trial], records: Iterable[AnyRecord]) -> bool:
    """Return whether the first blocks have come to their end."""
    done = numbers_of(ended(records))
    return all(trial.number in done for trial in first)


def _chosen(rule: Refining, plan: Plan, first: Iterable[Trial], records: Sequence[AnyRecord]) -> list[Trial]:
    """Return the later trials of each rung in whose first blocks a knee is seen that has a point before it."""
    of_points: dict[tuple[Rung, float], list[AnyRecord]] = {}
    for record in counting(records).values():
        trial = record.trial
        if trial.experiment or trial.block > rule.first_blocks or record.validity.state == "void":
            continue
        of_points.setdefault((rung_of(trial), _value(rule, trial)), []).append(record)
    found: list[Trial] = []
    for rung, points in _points(rule, first).items():
        measured = [of_points.get((rung, point), []) for point in points]
        gap = gap_of(plan, rung, points, measured, records) if rule.of == RATE else _below_knee(rule, points, measured)
        if gap:
            found += _later(rule, plan, rung, gap, points)
    return found


def _below_knee(rule: Refining, points: Sequence[float], measured: Sequence[Sequence[AnyRecord]]) -> Gap | None:
    """Return the knee and the point before it; None: there is none, or it is the first."""
    found = likely_knee(list(map(_rates, measured)), rule.margin)
    return (points[found.point - 1], points[found.point]) if found and found.point else None


def _rates(records: Iterable[AnyRecord]) -> dict[int, float]:
    """Return the rate of each block that has one."""
    return {record.trial.block: record.rows_per_s for record in records if record.rows_per_s}


def _points(rule: Refining, first: Iterable[Trial]) -> dict[Rung, list[float]]:
    """Return the values of the first blocks, the smallest first."""
    points = {}
    for rung, trials in by_rung(asked_for(first), [rule.of]).items():
        points[rung] = [_value(rule, trial) for trial in trials]
    return points


def _later(rule: Refining, plan: Plan, rung: Rung, gap: Gap, points: Sequence[float]) -> list[Trial]:
    """Return the trials of a gap and their company; none where no point lies in it: between 1 and 2 is no number."""
    low, high = gap
    found, between = [], False
    for trial in plan.trials:
        if trial.experiment or trial.block <= rule.first_blocks or rung_of(trial) != rung:
            continue
        value = _value(rule, trial)
        if value >= low and (value <= high or value in points):
            found.append(trial)
            between = between or low < value < high
    return found if between else []


def _value(rule: Refining, trial: Trial) -> float:
    [value] = values_of(trial, [rule.of])
    assert isinstance(value, int | float)
    return value
