"""What one client process remembers of its commits; memory is bounded whatever the window's length.

On the way only clock readings are added up and a latency is appended; every ``FOLD`` latencies they are counted into
HdrHistogram's buckets. The agent merges the histograms of all processes (percentiles are never averaged), and finds the
longest time in which none of them had an answer (``bench.stats.gaps``).
"""

import heapq
from array import array
from collections import Counter

from hdrh.histogram import HdrHistogram

from bench.stats.histogram import SUB_BUCKET_BITS, new_histogram

SECOND_NS = 1_000_000_000
FOLD = 512
GAPS = 20
"""The longest pauses that are kept. No more than these take a twentieth of the window each, so that of whatever stopped
all processes for that long each has kept its part."""


class Recorder:
    """Commits acknowledged in the window [opens_ns, closes_ns) on the monotonic clock, and rows outside it."""

    def __init__(self, opens_ns: int, closes_ns: int) -> None:
        self.opens_ns, self.closes_ns = opens_ns, closes_ns
        seconds = -(-(closes_ns - opens_ns) // SECOND_NS)
        self.rows_per_second = [0] * seconds
        self.commits_per_second = [0] * seconds
        self.acknowledged = 0
        self.cycle_ns = self.rounds = self.rounds_ns = 0
        self.prepare_ns = self.wait_ns = self.insert_ns = self.release_ns = 0
        self._latencies = array("q")
        self._counts: Counter[int] = Counter()
        self._last = opens_ns
        self._gaps: list[tuple[int, int]] = []
        """A heap of (length, end): what is kept of the pauses between commits that were done with."""
        self._shortest = 0
        """Of those that are kept; 0 until there are enough."""

    def acknowledge(self, began: int, asked: int, connected: int, answered: int, released: int, rows: int) -> None:
        """Take note of one commit by its clock readings in ns, in the order in which they happened."""
        self.acknowledged += rows
        # A cycle is cut at the window's ends: Little's law asks what was under way inside.
        if began < self.closes_ns and released > self.opens_ns:
            self.cycle_ns += min(released, self.closes_ns) - max(began, self.opens_ns)
        if not self.opens_ns <= answered < self.closes_ns:
            return
        second = (answered - self.opens_ns) // SECOND_NS
        self.rows_per_second[second] += rows
        self.commits_per_second[second] += 1
        self.prepare_ns += asked - began
        self.wait_ns += connected - asked
        self.insert_ns += answered - connected
        self.release_ns += released - answered
        if released - self._last > self._shortest:
            self._keep_gap(released)
        self._last = released
        self._latencies.append(answered - asked)
        if len(self._latencies) == FOLD:
            self._fold()

    def round(self, began: int, ended: int) -> None:
        """Take note of a round: commits that started together and waited for the slowest."""
        if self.opens_ns <= ended < self.closes_ns:
            self.rounds += 1
            self.rounds_ns += ended - began

    def _keep_gap(self, ended: int) -> None:
        gap = (ended - self._last, ended)
        if len(self._gaps) < GAPS:
            heapq.heappush(self._gaps, gap)
        else:
            heapq.heappushpop(self._gaps, gap)
            self._shortest = self._gaps[0][0]

    def gaps(self) -> list[tuple[int, int]]:
        """Return the longest pauses of the window as (began, ended), those at its ends included."""
        kept = [(ended - length, min(ended, self.closes_ns)) for length, ended in self._gaps]
        return [*kept, (self._last, self.closes_ns)] if self._last < self.closes_ns else kept

    def _fold(self) -> None:
        # HdrHistogram's buckets: below 2,048 µs one a value, then twice as wide with each power of two.
        micros = [latency // 1000 for latency in self._latencies]
        self._counts.update([us if us < 2048 else us >> (s := us.bit_length() - SUB_BUCKET_BITS) << s for us in micros])
        self._latencies = array("q")

    def histogram(self) -> HdrHistogram:
        """Return the latencies of the window in µs."""
        self._fold()
        histogram = new_histogram()
        for value, count in self._counts.items():
            histogram.record_value(max(value, 1), count)
        return histogram
