"""Looking after every block and stopping when it is decided, without raising the rate of false alarms.

The rule: Lan & DeMets' alpha spending (Discrete sequential boundaries for clinical trials, Biometrika 70, 1983) with
their O'Brien–Fleming-like function, a look after every block from the third to the last. The boundaries are those of
a normal process, found by recursive integration (Armitage, McPherson & Rowe, 1969); each is used as the significance
level of a paired t test (Jennison & Turnbull, Group Sequential Methods, 2000, 11.5), and the interval shown at a look
is their repeated confidence interval (chapter 9): all looks' intervals together hold the truth with the coverage
promised. All verdicts, equivalence included, are read from it, so all keep that promise.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from statistics import NormalDist

from bench.model.errors import UsageError
from bench.stats.compare import ALPHA, MARGIN, Comparison, Verdict, judged, log_ratios, planned
from bench.stats.planning import first_deciding, seen_in

FIRST_LOOK = 3
LAST_LOOK = 200
_KEPT = 0.9
"""Share of alpha that is spent: t tests at normal boundaries raise up to an eighth more false alarms than those say
(5.5 to 5.8 % for 5 %, simulated with 6, 10 and 20 blocks), so a tenth is held back."""
_STEP = 0.25
"""Of the integration, in standard deviations of one block."""
_PRECISION = 1e-10
_FAR = 8.0
"""Standard deviations beyond which nothing is left to integrate."""


def compare_so_far(
    baseline: Sequence[float],
    candidate: Sequence[float],
    max_blocks: int,
    *,
    margin: float = MARGIN,
    alpha: float = ALPHA,
) -> Comparison:
    """Compare after some blocks of at most ``max_blocks``: any verdict but ``undecided`` may stop the run.

    The rule holds if ``max_blocks`` was fixed beforehand and blocks are not left out; fewer looks than one a block
    only make it more careful. Before the first look nothing is decided. ``detectable`` is this look's, and
    ``more_blocks`` counts to the first look, of those planned, that would decide.

    Raises:
        UsageError: more blocks than ``max_blocks`` or 200.
        DataError: no blocks, or rates that do not compare.

    """
    logs = log_ratios(baseline, candidate)
    found = _look(logs, max_blocks, margin, alpha)
    if len(logs) < 2 or found.verdict != "undecided":
        return found
    looks = range(max(len(logs) + 1, FIRST_LOOK), max_blocks + 1)
    more = first_deciding(seen_in(logs), looks, margin, lambda blocks: nominal_alpha(blocks, max_blocks, alpha))
    return planned(found, more)


def verdict_so_far(
    baseline: Sequence[float], candidate: Sequence[float], max_blocks: int, *, margin: float, alpha: float
) -> Verdict:
    """Give the verdict of ``compare_so_far``, which raises the same; nothing is planned."""
    return _look(log_ratios(baseline, candidate), max_blocks, margin, alpha).verdict


def _look(logs: Sequence[float], max_blocks: int, margin: float, alpha: float) -> Comparison:
    found = judged(logs, margin, nominal_alpha(max(len(logs), FIRST_LOOK), max_blocks, alpha))
    if len(logs) < FIRST_LOOK:
        return replace(found, interval=None, verdict="undecided")
    return found


def nominal_alpha(blocks: int, max_blocks: int, alpha: float = ALPHA) -> float:
    """Give the significance level of the look after ``blocks`` of at most ``max_blocks``.

    Raises:
        UsageError: there is no such look.

    """
    if not FIRST_LOOK <= max_blocks <= LAST_LOOK:
        raise UsageError(f"a run until decided takes {FIRST_LOOK} to {LAST_LOOK} blocks at most, not {max_blocks}.")
    if not FIRST_LOOK <= blocks <= max_blocks:
        raise UsageError(f"{blocks} blocks are not looked at, only {FIRST_LOOK} to {max_blocks}.")
    looks = tuple(range(FIRST_LOOK, max_blocks + 1))
    boundary, _ = _reached(looks, _KEPT * alpha, blocks - FIRST_LOOK)
    return math.erfc(boundary / math.sqrt(2))


def spent(fraction: float, alpha: float) -> float:
    """Give the alpha spent when this fraction of the blocks, 0 to 1, is done: 2 − 2Φ(z ÷ √fraction) for each side."""
    if fraction == 0:
        return 0.0
    return 2 * math.erfc(NormalDist().inv_cdf(1 - alpha / 4) / math.sqrt(2 * fraction))


_Mass = tuple[float, float]
"""A sum of blocks, 0 or more, and the probability of running on at about it; its mirror image below 0 has the same."""


@lru_cache(maxsize=1024)
def _reached(looks: tuple[int, ...], alpha: float, at: int) -> tuple[float, list[_Mass]]:
    """Return the boundary of a look and what runs on after it; of later looks nothing is computed.

    All of 200 take seconds, and a run waits for its next trial meanwhile.
    """
    before, running = 0, [(0.0, 0.5)]
    if at:
        before = looks[at - 1]
        _, running = _reached(looks, alpha, at - 1)
    look = looks[at]
    due = spent(look / looks[-1], alpha) - spent(before / looks[-1], alpha)
    scale = math.sqrt(look - before)
    edge = _edge(running, scale, due)
    return edge / math.sqrt(look), _moved(running, scale, min(edge, _FAR * math.sqrt(look)))


def _crossing(running: list[_Mass], scale: float, edge: float) -> float:
    """Give the probability that the next sum is beyond ``edge`` on either side."""
    unit = scale * math.sqrt(2)
    return math.fsum(mass * (math.erfc((edge - at) / unit) + math.erfc((edge + at) / unit)) for at, mass in running)


def _edge(running: list[_Mass], scale: float, due: float) -> float:
    """Find the edge that is crossed with probability ``due``."""
    low, high = 0.0, scale
    while _crossing(running, scale, high) > due:
        low, high = high, 2 * high
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        if _crossing(running, scale, middle) > due:
            low = middle
        else:
            high = middle
    return high


def _moved(running: list[_Mass], scale: float, edge: float) -> list[_Mass]:
    """Give the masses of the next sum within ``edge``, at the nodes of Simpson's rule."""
    count = 2 * math.ceil(edge / _STEP / 2)
    step = edge / count
    weights = [step / 3 * (4 if node % 2 else 2) for node in range(count + 1)]
    weights[0] = weights[-1] = step / 3
    return [(node * step, weight * _density(running, scale, node * step)) for node, weight in enumerate(weights)]


def _density(running: list[_Mass], scale: float, at: float) -> float:
    total = math.fsum(
        mass * (math.exp(-(((at - before) / scale) ** 2) / 2) + math.exp(-(((at + before) / scale) ** 2) / 2))
        for before, mass in running
    )
    return total / (scale * math.sqrt(2 * math.pi))
