"""What one client process remembers of its commits; memory is bounded whatever the window's length and rate.

On the way five clock readings are kept, and nothing is reckoned; every ``FOLD`` commits they are added up by whole
columns, which is quicker than one by one, and latencies are counted into HdrHistogram's buckets. The agent merges
the histograms of all processes (percentiles are never averaged), and finds the longest time in which none of them had
an answer (``bench.stats.gaps``).
"""

import heapq
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter, sub
from typing import Any

from hdrh.histogram import HdrHistogram

from bench.stats.histogram import SUB_BUCKET_BITS, new_histogram
from bench.workload.arrivals import LATE_NS, Came, Collected, Surge
from bench.workload.messages import OpenCounts

SECOND_NS = 1_000_000_000
FOLD = 512
READINGS = 5
"""Of the clock, for each commit."""
NOTED = READINGS + 1
"""What is kept of each commit: its readings, and what was committed."""
FULL = FOLD * NOTED
ready_of = itemgetter(1)
"""Of rows that were collected: since when their commit could begin."""
GAPS = 20
"""The longest pauses that are kept. No more than these take a twentieth of the window each, so that of whatever stopped
all processes for that long each has kept its part."""


class Recorder:
    """Commits of ``batch`` rows, acknowledged in the window [opens_ns, closes_ns) on the monotonic clock or outside it.

    The sums are of what was folded: ``fold`` comes before they are read.
    """

    def __init__(self, opens_ns: int, closes_ns: int, batch: int = 1) -> None:
        self.opens_ns, self.closes_ns, self.batch = opens_ns, closes_ns, batch
        self.acknowledged = 0
        """Rows, in the window or not."""
        self.cycle_ns = self.rounds = self.rounds_ns = 0
        self.prepare_ns = self.wait_ns = self.insert_ns = self.release_ns = 0
        self._notes: list[Any] = []
        """Of one commit after the other, in one list."""
        self._by_second = array("q")
        """Commits, up to the last second that has one: a window may be longer than it will last."""
        self._latencies: Counter[int] = Counter()
        self._last = opens_ns
        self._gaps: list[tuple[int, int]] = []
        """A heap of (length, end): what is kept of the pauses between commits that were done with."""
        self._shortest = 0
        """Of those that are kept; 0 until there are enough."""

    def acknowledge(
        self,
        began: int,
        asked: int,
        connected: int,
        answered: int,
        released: int,
        came: Came | None = None,
    ) -> None:
        """Take note of one commit by its clock readings in ns, in the order in which they happened.

        Of an open loop ``came`` is what was committed.
        """
        notes = self._notes
        notes += (began, asked, connected, answered, released, came)
        if len(notes) == FULL:
            self.fold()

    def round(self, began: int, ended: int) -> None:
        """Take note of a round: commits that started together and waited for the slowest."""
        if self.opens_ns <= ended < self.closes_ns:
            self.rounds += 1
            self.rounds_ns += ended - began

    def fold(self) -> None:
        """Add up what was taken note of."""
        notes, self._notes = self._notes, []
        if not notes:
            return
        began, asked, connected, answered, released, came = (notes[at::NOTED] for at in range(NOTED))
        self.acknowledged += self._rows_of(len(began))
        self._add_came(came, began, answered)
        first, last = min(began), max(released)
        one_second = self._second(first) == self._second(last)
        # Mostly all of it lies in one second of the window, and nothing need be looked at one by one.
        if self.opens_ns <= first and last < self.closes_ns:
            self.cycle_ns += self._add_answered(began, asked, connected, answered, released, one_second=one_second)
            return
        self._add_cut_cycles(began, released)
        if inside := self._inside(notes):
            self._add_answered(*(inside[at::NOTED] for at in range(READINGS)), one_second=one_second)

    def _add_came(self, came: Sequence[Any], began_at: Sequence[int], answered_at: Sequence[int]) -> None:
        """Add up what became of what came at a rate; here nothing did."""

    def _rows_of(self, commits: int) -> int:
        return self.batch * commits

    def _second(self, moment: int) -> int:
        return (moment - self.opens_ns) // SECOND_NS

    def _inside(self, notes: Sequence[Any]) -> list[Any]:
        """Return the notes of those that were answered in the window."""
        inside: list[Any] = []
        for at in range(0, len(notes), NOTED):
            if self.opens_ns <= notes[at + 3] < self.closes_ns:
                inside += notes[at : at + NOTED]
        return inside

    def _add_cut_cycles(self, began: Sequence[int], released: Sequence[int]) -> None:
        """Add what was under way inside, which Little's law asks for: a cycle is cut at the window's ends."""
        opens, closes = self.opens_ns, self.closes_ns
        for begin, end in zip(began, released, strict=True):
            if begin < closes and end > opens:
                self.cycle_ns += min(end, closes) - max(begin, opens)

    def _add_answered(
        self,
        began: Sequence[int],
        asked: Sequence[int],
        connected: Sequence[int],
        answered: Sequence[int],
        released: Sequence[int],
        *,
        one_second: bool,
    ) -> int:
        """Add what was answered in the window; return what it took from beginning to end, all together."""
        all_began, all_asked, all_connected, all_answered, all_released = map(
            sum, (began, asked, connected, answered, released)
        )
        self.prepare_ns += all_asked - all_began
        self.wait_ns += all_connected - all_asked
        self.insert_ns += all_answered - all_connected
        self.release_ns += all_released - all_answered
        if one_second:
            self._count(self._second(answered[0]), len(answered))
        else:
            for second, commits in Counter(map(self._second, answered)).items():
                self._count(second, commits)
        self._count_latencies(asked, answered)
        self._keep_gaps(released)
        return all_released - all_began

    def _count_latencies(self, asked: Sequence[int], answered: Sequence[int]) -> None:
        self._latencies.update(buckets(map(sub, answered, asked)))

    def _count(self, second: int, commits: int) -> None:
        by_second = self._by_second
        by_second.extend([0] * (second + 1 - len(by_second)))
        by_second[second] += commits

    def _keep_gaps(self, released: Sequence[int]) -> None:
        lengths = list(map(sub, released, (self._last, *released)))
        self._last = released[-1]
        if max(lengths) <= self._shortest:
            return
        for gap in zip(lengths, released, strict=True):
            if gap[0] <= self._shortest:
                continue
            if len(self._gaps) < GAPS:
                heapq.heappush(self._gaps, gap)
            else:
                heapq.heappushpop(self._gaps, gap)
                self._shortest = self._gaps[0][0]

    def commits_per_second(self) -> list[int]:
        """Return how many were answered in each second of the window; the last may be a short one."""
        seconds = -(-(self.closes_ns - self.opens_ns) // SECOND_NS)
        return [*self._by_second, *[0] * (seconds - len(self._by_second))]

    def rows_per_second(self) -> list[int]:
        """Return how many rows the commits of each second had."""
        return [commits * self.batch for commits in self.commits_per_second()]

    def gaps(self) -> list[tuple[int, int]]:
        """Return the longest pauses of the window as (began, ended), those at its ends included."""
        kept = [(ended - length, min(ended, self.closes_ns)) for length, ended in self._gaps]
        return [*kept, (self._last, self.closes_ns)] if self._last < self.closes_ns else kept

    def histogram(self) -> HdrHistogram:
        """Return the latencies of the window in µs."""
        histogram = new_histogram()
        for value, count in self._latencies.items():
            histogram.record_value(max(value, 1), count)
        return histogram


class OpenRecorder(Recorder):
    """Of an open loop: latency is from when something was due, and of what could begin in the window.

    Answered may it be after that: to leave those out that take longest would be to choose the quick ones.
    """

    def __init__(
        self,
        opens_ns: int,
        closes_ns: int,
        batch: int,
        *,
        collects: bool,
        limit_ns: int | None,
        surge: Surge | None = None,
    ) -> None:
        """Expect commits of ``batch`` rows, or, where rows are collected, of as many as came."""
        super().__init__(opens_ns, closes_ns, batch)
        self._collects, self._limit_ns, self._surge = collects, limit_ns, surge
        self._drained_ns: int | None = None
        """When first after a surge something was begun that had not waited; None: not yet."""
        self._rows: Counter[int] = Counter()
        """By second of the window, where they are collected."""
        self._begun = self._late = self._lag_ns = self._most_lag_ns = self._beyond_limit = 0

    def open_loop(self, *, waiting: Iterable[int], skipped: int, late_while_free: int) -> OpenCounts:
        """Return what became of what was due; ``waiting``: since when is due what was not begun.

        How long that had waited when the window closed is what is known of its latency: at least so much.
        """
        self.fold()
        waited = [self.closes_ns - due for due in waiting]
        self._add(waited)
        return OpenCounts(
            begun=self._begun,
            late=self._late,
            late_while_free=late_while_free,
            skipped=skipped,
            beyond_limit=self._beyond_limit,
            waiting=len(waited),
            lag_s=self._lag_ns / SECOND_NS,
            most_lag_s=self._most_lag_ns / SECOND_NS,
            drained_s=self._drained_s(),
        )

    def _drained_s(self) -> float | None:
        if self._surge is None or self._drained_ns is None:
            return None
        return (self._drained_ns - self._surge.ends_ns) / SECOND_NS

    def _add_came(self, came: Sequence[Any], began_at: Sequence[int], answered_at: Sequence[int]) -> None:
        ready_at = list(map(ready_of, came)) if self._collects else came
        lags, latencies = self._due(ready_at, came, began_at, answered_at)
        if lags:
            self._count_lags(lags)
            self._add(latencies)
        if self._surge is not None:
            self._look_at_queue(self._surge, ready_at, began_at)
        if self._collects:
            self._count_rows(came, answered_at)

    def _due(
        self, ready_at: Sequence[int], came: Sequence[Any], began_at: Sequence[int], answered_at: Sequence[int]
    ) -> tuple[list[int], list[int]]:
        """Return, of all that was ready in the window, how long after that it began, and its latency, in ns."""
        if not self._collects and self.opens_ns <= min(ready_at) and max(ready_at) < self.closes_ns:
            # Mostly; and one that is due alone is ready when it is due.
            return list(map(sub, began_at, ready_at)), list(map(sub, answered_at, ready_at))
        lags: list[int] = []
        latencies: list[int] = []
        for ready, each, began, answered in zip(ready_at, came, began_at, answered_at, strict=True):
            if self.opens_ns <= ready < self.closes_ns:
                lag = began - ready
                for due in each[0] if self._collects else (ready,):
                    latencies.append(answered - due)
                    lags.append(lag)
        return lags, latencies

    def _count_lags(self, lags_ns: Sequence[int]) -> None:
        most_ns = max(lags_ns)
        self._begun += len(lags_ns)
        self._lag_ns += sum(lags_ns)
        self._most_lag_ns = max(self._most_lag_ns, most_ns)
        if most_ns >= LATE_NS:
            self._late += sum(map(LATE_NS.__le__, lags_ns))

    def _count_rows(self, came: Sequence[Collected], answered_at: Sequence[int]) -> None:
        for (dues, _), answered in zip(came, answered_at, strict=True):
            self.acknowledged += len(dues)
            # The last second of the window may be a short one.
            if self.opens_ns <= answered < self.closes_ns:
                self._rows[self._second(answered)] += len(dues)

    def _look_at_queue(self, surge: Surge, ready_at: Sequence[int], began_at: Sequence[int]) -> None:
        """See whether the queue of a surge is gone: who is free takes what was due longest, and it was due just now."""
        for ready, began in zip(ready_at, began_at, strict=True):
            if ready >= surge.ends_ns and began - ready < LATE_NS:
                self._drained_ns = min(began, self._drained_ns or began)

    def _add(self, latencies_ns: Sequence[int]) -> None:
        self._latencies.update(buckets(latencies_ns))
        if self._limit_ns is not None:
            self._beyond_limit += sum(latency > self._limit_ns for latency in latencies_ns)

    def _rows_of(self, commits: int) -> int:
        return 0 if self._collects else super()._rows_of(commits)

    def _count_latencies(self, asked: Sequence[int], answered: Sequence[int]) -> None:
        """They are counted from when they were due."""

    def rows_per_second(self) -> list[int]:
        """See ``Recorder.rows_per_second``."""
        if not self._collects:
            return super().rows_per_second()
        return [self._rows[second] for second in range(len(self.commits_per_second()))]


def buckets(latencies_ns: Iterable[int]) -> list[int]:
    """Return in which of HdrHistogram's buckets each lies, by the least value of that in µs.

    Below 2,048 µs there is one for each; then they are twice as wide with each power of two.
    """
    return [
        us if (us := ns // 1000) < 2048 else us >> (s := us.bit_length() - SUB_BUCKET_BITS) << s for ns in latencies_ns
    ]
