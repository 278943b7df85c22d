"""What the first block suspects, and which experiments are worth their time. Pure; agent and analysis ask it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import fmean

from bench.constraints.constraint import constraints
from bench.constraints.evidence import is_alone, work_of
from bench.constraints.work import Work, rate
from bench.model.fingerprint import Processors
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.model.suspects import Suspect, Suspects
from bench.plan.rates import counting

Alone = Mapping[tuple[int, str | None], Sequence[Record]]
"""Trials of one commit at a time: by the number of that which they are like, and without what; None: as asked for."""
NEXT_TO_NOTHING = 0.02
"""A share, and a predicted gain, below which a constraint is not tried: it is not worth the time."""


def suspects_of(plan: Plan, records: Sequence[Record], cpus: Processors | None) -> Suspects:
    """Return what the trials of the first block show of each constraint that the plan's experiments take away.

    ``cpus`` are the box's processors, None where they are not known. A trial that does not count shows nothing.
    """
    last = {number: record for number, record in counting(records).items() if not record.void}
    alone = _alone(last.values())
    found = {}
    for trial in plan.trials:
        if trial.without is None or trial.alone_of:
            continue
        base = last.get(trial.without.base)
        for name in trial.without.constraints:
            key = name, trial.without.base
            if key not in found:
                found[key] = _suspect(*key, base, alone, cpus)
    return Suspects(run=plan.run, suspects=tuple(found.values()))


def _alone(records: Iterable[Record]) -> Alone:
    """Return the trials of one commit at a time, by that which they are like, and by what is taken away."""
    found = defaultdict[tuple[int, str | None], list[Record]](list)
    for record in records:
        trial = record.trial
        if trial.alone_of is None:
            if not trial.experiment and is_alone(record):
                found[trial.number, None].append(record)
            continue
        for name in trial.without.constraints if trial.without else (None,):
            found[trial.alone_of, name].append(record)
    return found


def _suspect(name: str, base: int, record: Record | None, alone: Alone, cpus: Processors | None) -> Suspect:
    share = gain = None
    if record is not None:
        constraint = constraints()[name]
        share = constraint.share(record, cpus)
        gain = predicted_gain(name, record, alone, cpus)
    tested = share is None or share >= NEXT_TO_NOTHING or (gain or 0.0) >= 1 + NEXT_TO_NOTHING
    return Suspect(constraint=name, base=base, share=share, predicted_gain=gain, tested=tested)


def predicted_gain(name: str, record: Record, alone: Alone, cpus: Processors | None) -> float | None:
    """Return the factor by which the rate should rise without a constraint; None where nothing tells.

    What a commit takes of client and server without it is known of one alone; what it waits for, of the trial itself.
    """
    constraint, work, measured = constraints()[name], work_of(record, cpus), record.commits_per_s
    if work is None or not measured:
        return None
    without = alone.get((record.trial.number, name))
    if without and (rate_without := without[0].commits_per_s) and without[0].trial.phase != record.trial.phase:
        # Another way of writing shares nothing with this one: all of it was measured.
        return rate_without / measured
    before: Work | None = work
    if constraint.beyond:
        before = _without(work, constraint.beyond, record, alone, cpus)
    after = _without(work, name, record, alone, cpus)
    if before is None or after is None:
        return None
    return rate(after) / rate(before)


def _without(work: Work, name: str, record: Record, alone: Alone, cpus: Processors | None) -> Work | None:
    """Return a commit's work without a constraint; None where nothing tells."""
    constraint = constraints()[name]
    share = constraint.share(record, cpus)
    as_asked, without = (alone.get((record.trial.number, each), ()) for each in (None, name))
    left = work
    if constraint.of_one:
        parts = [constraint.of_one(one, cpus) for one in as_asked]
        if known := [part for part in parts if part is not None]:
            return work.less(fmean(known))
    if constraint.relieved and share is not None:
        left = constraint.relieved(work, share)
    elif not as_asked or not without:
        return None
    return _with_cpu(left, as_asked, without)


def _with_cpu(work: Work, as_asked: Sequence[Record], without: Sequence[Record]) -> Work:
    """Return it with less CPU time, as a commit alone takes less without a constraint, where both are known."""
    ratios = []
    for cores in ("client_cores", "server_cores"):
        before, after = _cpu_s(as_asked, cores), _cpu_s(without, cores)
        if not before or not after:
            return work
        ratios.append(after / before)
    return work.with_cpu(*ratios)


def _cpu_s(records: Sequence[Record], cores: str) -> float:
    """Return the CPU time of a commit over all of these trials, whose windows are alike; 0 where it is not known."""
    used: list[float | None] = [getattr(record.cpu, cores) for record in records]
    commits_per_s = sum(record.commits_per_s or 0.0 for record in records)
    return sum(each or 0.0 for each in used) / commits_per_s if commits_per_s and None not in used else 0.0


def left_out(trial: Trial, suspects: Suspects | None) -> bool:
    """Return whether a trial is an experiment of which the first block shows that it is not worth its time."""
    if trial.without is None or suspects is None:
        return False
    of_trial: Collection[str] = trial.without.constraints
    base = trial.without.base
    tested = [each.tested for each in suspects.suspects if each.constraint in of_trial and each.base == base]
    return bool(tested) and not any(tested)
