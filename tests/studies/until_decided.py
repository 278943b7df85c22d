"""How often a run until decided calls equal arms different: ``python -m tests.studies.until_decided``.

Figures of docs/comparing.md; noise may carry over from one trial to the next (AR(1)), blocks are in a plan's order.
"""

import math

import numpy as np

from bench.stats.blocks import BACKWARDS
from bench.stats.distributions import student_t_critical
from bench.stats.sequential import FIRST_LOOK, nominal_alpha

RUNS, SEED = 20_000, 14


def false_alarms(candidates: int, carried: float, most: int, runs: int = RUNS, seed: int = SEED) -> float:
    """Return the share of runs in which any of so many candidates, equal to the baseline, is told from it."""
    source = np.random.default_rng(seed)
    arms, trials = candidates + 1, (candidates + 1) * most
    noise = np.empty((runs, trials))
    noise[:, 0] = source.normal(size=runs)
    for trial in range(1, trials):
        fresh = source.normal(size=runs) * math.sqrt(1 - carried**2)
        noise[:, trial] = carried * noise[:, trial - 1] + fresh
    blocks = noise.reshape(runs, most, arms)
    order = np.argsort(source.random((runs, most, arms)), axis=2)
    for block in BACKWARDS:
        order[:, block - 1] = arms - 1 - order[:, block - 2]  # each arm's place, counted from the other end
    rates = np.take_along_axis(blocks, order, axis=2)
    logs = rates[:, :, 1:] - rates[:, :, :1]
    alarmed, going = np.zeros(runs, bool), np.ones((runs, candidates), bool)
    for look in range(FIRST_LOOK, most + 1):
        seen = logs[:, :look]
        error = seen.std(axis=1, ddof=1) / math.sqrt(look)
        edge = student_t_critical(nominal_alpha(look, most, 0.05 / candidates), look - 1)
        told = np.abs(seen.mean(axis=1)) > edge * error
        alarmed |= (told & going).any(axis=1)
        going &= ~told
    return float(alarmed.mean())


if __name__ == "__main__":
    for candidates in (1, 2, 3, 6, 9):
        for carried in (0.0, 0.6, 0.9):
            for most in (6, 12):
                share = false_alarms(candidates, carried, most)
                print(f"{candidates} candidates, {carried} carried over, {most} blocks at most: {share:.1%}")  # noqa: T201
