"""How often what few blocks promise holds: ``python -m tests.studies.blocks_needed``.

Figures of docs/comparing.md; blocks' log ratios are normal and independent. ``found_again``: an effect as large as some
blocks say they detect is there, and as many new blocks are tried. ``decided``: a comparison is undecided after some
blocks, and is given as many more as it says would decide.
"""

import math
import random

from bench.stats.compare import Comparison, compare, detectable, judged
from bench.stats.intervals import deviation

RUNS, UNDECIDED, SEED, MARGIN, ALPHA = 4_000, 150, 63, 0.02, 0.05
EFFECTS, SPREADS = (0.0, 0.01, 0.03, 0.06), (0.02, 0.05)
LONGEST = 400
"""Blocks added at most: where more are asked for, the case is left out of what is decided by them."""


def drawn(source: random.Random, count: int, effect: float, spread: float) -> list[float]:
    """Return the log ratios of so many blocks."""
    return [source.gauss(effect, spread) for _ in range(count)]


def found_again(blocks: int, runs: int = RUNS, seed: int = SEED) -> float:
    """Return the share of cases in which an effect as large as ``detectable`` is found by as many new blocks."""
    source, spread = random.Random(seed), 0.03
    hits = 0
    for _ in range(runs):
        effect = math.log1p(detectable(deviation(drawn(source, blocks, 0, spread)), blocks))
        hits += judged(drawn(source, blocks, effect, spread), 0, ALPHA).verdict == "faster"
    return hits / runs


def decided(blocks: int, effect: float, spread: float, told: str, runs: int = UNDECIDED, seed: int = SEED) -> float:
    """Return the share of undecided comparisons that are decided by so many blocks as their figure ``told`` says."""
    source, tried, kept = random.Random(seed), 0, 0
    while tried < runs:
        logs = drawn(source, blocks, effect, spread)
        more = getattr(of_logs(logs), told)
        if more is not None and more <= LONGEST:
            logs += drawn(source, more, effect, spread)
            kept += judged(logs, MARGIN, ALPHA).verdict != "undecided"
            tried += 1
    return kept / tried


def of_logs(logs: list[float]) -> Comparison:
    """Compare by blocks' log ratios."""
    return compare([1.0] * len(logs), [math.exp(each) for each in logs], margin=MARGIN, alpha=ALPHA)


def cases(blocks: int) -> list[tuple[float, float]]:
    """Return the effects and spreads that are tried; left out are those that so many blocks decide."""
    tried = [(effect, spread) for effect in EFFECTS for spread in SPREADS]
    return [case for case in tried if blocks < 6 or case != (0.06, 0.02)]


if __name__ == "__main__":
    for blocks in (3, 6, 12):
        print(f"{blocks} blocks: what they detect is found again in {found_again(blocks):.1%}")  # noqa: T201
    for blocks in (3, 6):
        for told in ("more_blocks", "more_blocks_at_most"):
            shares = [decided(blocks, *case, told) for case in cases(blocks)]
            print(f"{blocks} blocks, {told}: decided in {min(shares):.0%} to {max(shares):.0%}")  # noqa: T201
