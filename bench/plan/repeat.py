"""Which suspect trials of a comparison are measured again in their block. Pure; agent and analysis ask it.

A trial is chosen by what others took of the processor meanwhile, the worst of its block first, and never by what it
reached: chosen by their outcome, trials would be measured until they please, and a candidate whose nature makes it
doubtful would be given more chances than the other. Which are chosen follows from the first records of a block alone,
so that a run that was cut goes on as it would have, and a reader can tell whether a repetition was due.
``tests/studies/repeating.py`` simulates false alarms and power.
"""

from collections import Counter
from collections.abc import Sequence

from bench.model.outcome import AnyRecord, R
from bench.model.plan import Plan, Repeating, Trial, asked_for
from bench.plan.rates import ended
from bench.plan.refine import at_most, narrowed

MOST_PCT = 30
DOUBTS = ("not-alone", "steal")
"""What other programs, and a hypervisor, took of the host's CPU time: a trial does not take it from itself.

Every other doubt may depend on the rate. Of the outcome are ``stalled``, ``clients-stalled``, ``not-steady``,
``few-commits``, ``in-flight`` and ``flush-rate``; of what the trial used by itself ``cpu-quota``, ``host-full``,
``throttled`` (its own heat), ``swapped`` (its own rows) and ``agent-late``. The kernel's threads that write for the
server count among others: where they are a tenth of a host, a repetition has them too, and nothing is gained by it."""
USUAL = Repeating(most_pct=MOST_PCT, doubts=DOUBTS)


def repetitions_at_most(plan: Plan) -> int:
    """Return how many trials of a plan may be measured again."""
    if plan.repeat_suspect is None:
        return 0
    return plan.repeat_suspect.most_pct * len(asked_for(plan.trials)) // 100


def chosen(plan: Plan, records: Sequence[AnyRecord]) -> list[Trial]:
    """Return the trials that are to be repeated, or were, of the blocks that came to their end.

    A block may use what the blocks up to it have not: none uses up what a later one may need, and each has one.
    """
    rule = plan.repeat_suspect
    if rule is None:
        return []
    first = _first(records)
    by_block: dict[int, list[Trial]] = {}
    for trial in asked_for(narrowed(plan, records).trials):
        by_block.setdefault(trial.block, []).append(trial)
    # Of a plan that refines nobody knows how many trials come: there a block's share is the only bound.
    most = len(plan.trials) if plan.refines else repetitions_at_most(plan)
    found: list[Trial] = []
    so_far = 0
    for block in sorted(by_block):
        trials = by_block[block]
        if not all(trial.number in first for trial in trials):
            break
        so_far += len(trials)
        up_to_here = -(-rule.most_pct * so_far // 100)
        left = min(up_to_here, most) - len(found)
        suspects = [trial for trial in trials if _chosen_by(rule, first[trial.number])]
        suspects.sort(key=lambda trial: -_taken(rule, first[trial.number]))
        found += suspects[:left]
    return found


def still_possible(plan: Plan, records: Sequence[AnyRecord]) -> int:
    """Return how many trials at most may yet be chosen: of blocks that have not come to their end."""
    numbers = _first(records).keys()
    # Before the plan is narrowed: what it was narrowed by is asked of all of it.
    taken = len(chosen(plan, records))
    plan = at_most(plan, records)
    asked = asked_for(plan.trials)
    open_blocks = {trial.block for trial in asked if trial.number not in numbers}
    candidates = sum(trial.block in open_blocks for trial in asked)
    return min(repetitions_at_most(plan) - taken, candidates)


def to_expect(plan: Plan, records: Sequence[AnyRecord]) -> int:
    """Return how many will yet be chosen, if others disturb as many of the trials to come as of those before."""
    so_far = len(chosen(plan, records))
    if not so_far:
        return 0
    asked = {trial.number for trial in asked_for(at_most(plan, records).trials)}
    measured = asked & _first(records).keys()
    return min(round(so_far * len(asked - measured) / len(measured)), still_possible(plan, records))


def of_new_run(plan: Plan) -> Repeating | None:
    """Return how a new run of the same repeats: as this one was asked to."""
    # Who measured with an earlier release had no choice; their plans name no covariates either.
    return plan.repeat_suspect if plan.adjusted_for else USUAL


def due(plan: Plan, records: Sequence[AnyRecord]) -> list[Trial]:
    """Return the trials that are chosen and not repeated yet; a repetition that was cut short is none."""
    if not (trials := chosen(plan, records)):
        return []
    again = repeated(records)
    return [trial for trial in trials if trial.number not in again]


def repeated(records: Sequence[AnyRecord]) -> set[int]:
    """Return the numbers of the trials that were measured again after they had come to their end."""
    times = Counter(record.trial.number for record in ended(records))
    return {number for number, many in times.items() if many > 1}


def repeated_unasked(plan: Plan, records: Sequence[AnyRecord]) -> int | None:
    """Return a trial that was repeated and was not to be, or more than once; None: there is none.

    Who measures again until it pleases gets any result.
    """
    whole = Counter(record.trial.number for record in ended(records))
    to_repeat = {trial.number for trial in chosen(plan, records)}
    for number, times in whole.items():
        if times > 2 or (times == 2 and number not in to_repeat):
            return number
    return None


def _first(records: Sequence[R]) -> dict[int, R]:
    """Return by its number the first record of each trial that was not cut short."""
    found: dict[int, R] = {}
    for record in ended(records):
        found.setdefault(record.trial.number, record)
    return found


def _chosen_by(rule: Repeating, record: AnyRecord) -> bool:
    return record.validity.state == "suspect" and not record.validity.codes.isdisjoint(rule.doubts)


def _taken(rule: Repeating, record: AnyRecord) -> float:
    """Return the part of the host's CPU time that others took."""
    return sum(reason.share or 0 for reason in record.validity.reasons if reason.code in rule.doubts)
