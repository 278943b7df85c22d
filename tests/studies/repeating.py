"""What measuring disturbed trials again does to false alarms and power: ``python -m tests.studies.repeating``.

Figures of docs/comparing.md. Two candidates in a plan's order; in a part of the trials other programs take 10 to 60 %
of the processor, which costs a trial as much of its rate. ``carried``: how likely the next trial is as disturbed as
this one.
"""

import math
import random
from collections.abc import Iterator, Sequence

from bench.model.outcome import Outcome
from bench.model.plan import Plan, Trial
from bench.model.record import Cpu, Reason, Validity
from bench.plan.rates import counting
from bench.plan.repeat import USUAL, due
from bench.stats.blocks import block_orders
from bench.stats.compare import ALPHA, Verdict, judged
from bench.stats.sequential import FIRST_LOOK, verdict_so_far
from tests.builders import a_plan, a_trial

RUNS, SEED, BLOCKS = 2_000, 29, 6
SPREAD = 0.02
"""Of a trial that nobody disturbs, on the logarithm of its rate."""
DISTURBED, LEAST, MOST = 0.3, 0.1, 0.6
ARMS = ("a", "b")
UNKNOWN = Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None)


def a_comparison(source: random.Random, blocks: int, *, repeats: bool) -> Plan:
    """Return a plan of two candidates in a plan's order."""
    trials: list[Trial] = []
    for block, order in enumerate(block_orders(ARMS, blocks, source), 1):
        for arm in order:
            trials.append(a_trial(len(trials) + 1, block=block, variant=arm))
    return a_plan(*trials, repeat_suspect=USUAL if repeats else None)


def taken(source: random.Random, carried: float, disturbed: float) -> Iterator[float]:
    """Yield the part of the processor that others take during each trial."""
    share = 0.0
    while True:
        if source.random() >= carried:
            share = source.uniform(LEAST, MOST) if source.random() < disturbed else 0.0
        yield share


def an_outcome(trial: Trial, attempt: int, log_rate: float, share: float) -> Outcome:
    """Return what is kept of a trial of which others took this share."""
    validity = Validity(state="valid")
    if share > LEAST:
        reason = Reason(code="not-alone", detail="other programs", share=share)
        validity = Validity(state="suspect", reasons=(reason,))
    rate = math.exp(log_rate)
    return Outcome(trial, attempt, 1, rate, rate, None, None, {}, None, UNKNOWN, "durable", None, (), validity, False)


def carried_out(
    source: random.Random,
    effect: float,
    carried: float,
    *,
    repeats: bool,
    blocks: int = BLOCKS,
    disturbed: float = DISTURBED,
) -> tuple[Plan, list[Outcome]]:
    """Carry a comparison out whose second candidate is ``effect`` better, with what it has to repeat."""
    plan, others = a_comparison(source, blocks, repeats=repeats), taken(source, carried, disturbed)
    records: list[Outcome] = []

    def run(trial: Trial, attempt: int) -> None:
        share = next(others)
        log_rate = effect * (trial.variant == "b") + math.log1p(-share) + source.gauss(0, SPREAD)
        records.append(an_outcome(trial, attempt, log_rate, share))

    for block in plan.blocks:
        for trial in plan.trials:
            if trial.block == block:
                run(trial, 1)
        for trial in due(plan, records):
            run(trial, 2)
    return plan, records


def alarms_until_decided(carried: float, *, repeats: bool, most: int = 12, runs: int = RUNS, seed: int = SEED) -> float:
    """Return in which share of runs until decided the two, which are equal, are told apart at some look."""
    source = random.Random(seed)
    alarms = 0
    for _ in range(runs):
        plan, records = carried_out(source, 0.0, carried, repeats=repeats, blocks=most)
        logs = log_ratios_of(plan, records)
        alarms += any(at_look(logs[:blocks], most) != "undecided" for blocks in range(FIRST_LOOK, most + 1))
    return alarms / runs


def log_ratios_of(plan: Plan, records: Sequence[Outcome]) -> list[float]:
    """Return the second's log rate over the first's in each block, by the records that count."""
    logs: dict[int, float] = dict.fromkeys(plan.blocks, 0.0)
    for record in counting(records).values():
        sign = 1 if record.trial.variant == "b" else -1
        logs[record.trial.block] += sign * math.log(record.rows_per_s or math.nan)
    return list(logs.values())


def at_look(logs: Sequence[float], most: int) -> Verdict:
    """Return what is said after these blocks of at most so many."""
    return verdict_so_far([1.0] * len(logs), list(map(math.exp, logs)), most, margin=0, alpha=ALPHA)


def told_apart(
    effect: float,
    carried: float,
    *,
    repeats: bool,
    disturbed: float = DISTURBED,
    runs: int = RUNS,
    seed: int = SEED,
) -> tuple[float, float, float]:
    """Return in which share of runs the second is called faster, and slower, and how many trials were repeated."""
    source = random.Random(seed)
    faster = slower = again = 0
    for _ in range(runs):
        plan, records = carried_out(source, math.log1p(effect), carried, repeats=repeats, disturbed=disturbed)
        verdict = judged(log_ratios_of(plan, records), 0, ALPHA).verdict
        faster += verdict == "faster"
        slower += verdict == "slower"
        again += len(records) - len(plan.trials)
    return faster / runs, slower / runs, again / runs / (len(ARMS) * BLOCKS)


def main() -> None:
    """Print false alarms and power, with and without."""
    for disturbed, carried in ((0.1, 0.0), (0.3, 0.0), (0.3, 0.5), (0.3, 0.8)):
        for repeats in (False, True):
            alarms = sum(told_apart(0.0, carried, repeats=repeats, disturbed=disturbed)[:2])
            power, wrong, again = told_apart(0.05, carried, repeats=repeats, disturbed=disturbed)
            how = "repeated" if repeats else "as they come"
            print(f"{disturbed:.0%} disturbed, {carried} carried over, {how}: {alarms:.1%} false alarms")  # noqa: T201
            print(f"  5 % found in {power:.0%}, the wrong way in {wrong:.1%}; {again:.0%} of trials repeated")  # noqa: T201
    for carried in (0.0, 0.5, 0.8):
        shares = [alarms_until_decided(carried, repeats=repeats) for repeats in (False, True)]
        print(f"{carried} carried over, until decided: {shares[0]:.1%} false alarms, repeated {shares[1]:.1%}")  # noqa: T201


if __name__ == "__main__":
    main()
