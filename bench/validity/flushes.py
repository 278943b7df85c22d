"""Whether a promise of durability fits the flushes that there were. Pure.

Grading a trial and asking the server what a flush costs is ``bench.engines.postgresql.durability``'s work.
"""

from collections.abc import Sequence

import msgspec

from bench.model.fingerprint import Fingerprint, Unreadable
from bench.model.fingerprint_diff import FSYNC_FACTS
from bench.model.plan import Parameters
from bench.model.record import Reason

NO_FLUSH_US = 20.0
"""Written and not flushed, a commit took 6 to 13 µs longer on a busy machine; the quickest disks (power-loss protected)
need some 20 µs for the flush alone, beside that."""
FLUSH_TOLERANCE = 2.0
"""A disk of a busy or virtual machine gives more in one second than in the next."""
PROMISED = ("durable", "unknown")
"""Grades under which flushes are to take time."""


def check_no_flush(word: str, cost_us: float | Unreadable | None) -> list[Reason]:
    """Doubt a promise of durability where flushing takes no time. Pure."""
    if word not in PROMISED or not isinstance(cost_us, float) or cost_us >= NO_FLUSH_US:
        return []
    detail = (
        f"a commit that waits for its flush takes {max(cost_us, 0):.0f} µs longer than one that does not, which is no"
        " disk's time: something between the server and the disk answers for it (a preloaded library, a cache, memory)"
    )
    # It concerns every commit.
    return [Reason(code="no-flush", detail=detail, share=1.0)]


def flushes_at_start(host: Fingerprint | None) -> list[float]:
    """Return the fdatasync/s that a run's fingerprint holds; none where it was not measured. Pure."""
    if host is None:
        return []
    rates = map(host.facts.get("disk", {}).get, FSYNC_FACTS)
    return [float(rate) for rate in rates if isinstance(rate, int | float)]


class FlushesNeeded(msgspec.Struct, frozen=True):
    """How many flushes a second there were at least: one serves all commits under way."""

    by_commits: float
    under_way: int
    counted: float | None
    """By the server; None where it did not say."""


def flushes_needed(parameters: Parameters, counted_per_s: float | None, commits_per_s: float) -> FlushesNeeded:
    """Return the flushes that so many commits need, and those that the server counted. Pure."""
    under_way = parameters.workers
    return FlushesNeeded(commits_per_s / under_way, under_way, counted_per_s)


def check_flush_rate(
    word: str, needed: FlushesNeeded, beside_per_s: Sequence[float], at_start_per_s: Sequence[float]
) -> list[Reason]:
    """Compare the flushes that commits took which wait for them with those that the disk gave. Pure.

    Args:
        word: the trial's durability.
        needed: by ``flushes_needed``.
        beside_per_s: measured on the disk of the WAL before and after; empty where it was not.
        at_start_per_s: measured there when the run began, by ``flushes_at_start``: for want of the others.

    """
    rates = beside_per_s or at_start_per_s
    if word not in PROMISED or not rates:
        return []
    most, per_s = max(rates), max(needed.by_commits, needed.counted or 0.0)
    if per_s <= FLUSH_TOLERANCE * most:
        return []
    what = "the server counted"
    if per_s == needed.by_commits:
        commits_per_s = needed.by_commits * needed.under_way
        what = f"{commits_per_s:,.0f} commits/s that wait for their flush, {needed.under_way} at a time, take"
    when = "when the run began"
    if beside_per_s:
        when = "just before or after"
    detail = (
        f"{what} {per_s:,.0f} flushes/s, and the disk gave {most:,.0f} fdatasync/s {when}: one of the two is no fact"
    )
    return [Reason(code="flush-rate", detail=detail, share=1 - most / per_s)]
