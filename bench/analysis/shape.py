"""The shape of a latency distribution: how many commits took how long, in steps that look alike on a log scale."""

from collections import Counter
from dataclasses import dataclass
from math import floor, log10

from hdrh.histogram import HdrHistogram

from bench.stats.histogram import recorded

BINS_PER_DECADE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The commits that took from ``from_ms`` to ``to_ms``."""

    from_ms: float
    to_ms: float
    share: float


def shape(histogram: HdrHistogram) -> list[Bin]:
    """Return the bins that hold something, the fastest first."""
    counts: Counter[int] = Counter()
    for micros, count in recorded(histogram):
        counts[floor(log10(max(micros, 1)) * BINS_PER_DECADE)] += count
    total = sum(counts.values())
    return [
        Bin(from_ms=_edge_ms(number), to_ms=_edge_ms(number + 1), share=count / total)
        for number, count in sorted(counts.items())
    ]


def _edge_ms(number: int) -> float:
    return float(f"{10 ** (number / BINS_PER_DECADE) / 1000:.4g}")
