"""HdrHistograms of commit latency: merged, read as percentiles, and drawn. Percentiles are never averaged."""

import binascii
import zlib
from base64 import b64decode
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, compress
from math import ceil, floor, log10, sqrt
from statistics import NormalDist

from hdrh.codec import (
    HdrCookieException,
    HdrHistogramSettingsException,
    HdrLengthException,
    PayloadHeader,
    ext_header_size,
    payload_header_size,
)
from hdrh.histogram import HdrHistogram

from bench.model.record import Latency

NOT_A_HISTOGRAM = (
    HdrCookieException,
    HdrLengthException,
    HdrHistogramSettingsException,
    TypeError,
    binascii.Error,
    zlib.error,
)
MOST_COUNT_BYTES = 9
"""A count as a variable-length number (HdrHistogram's V2 encoding)."""
SUB_BUCKET_BITS = 11
"""Three significant digits are 2,048 sub-buckets (HdrHistogram, bucket layout)."""
SAMPLES_BEYOND = 10
"""A percentile q is reported if about this many samples lie beyond it: 10 ÷ (1 − q) in all."""
TOLD_WITHIN = 0.10
"""And if its interval lies within so much of it: less than that two figures could not carry."""
SHARES = {"p50": 0.50, "p90": 0.90, "p99": 0.99, "p999": 0.999}
BINS_PER_DECADE = 16
Z_95 = NormalDist().inv_cdf(0.975)


def new_histogram() -> HdrHistogram:
    """Return an empty histogram in µs: 1 µs to 1 h, three digits."""
    return HdrHistogram(1, 3_600_000_000, 3)


def decode(encoded: str) -> HdrHistogram:
    """Return the histogram of this text; empty for empty text.

    Raises:
        ValueError: it is none.

    """
    if not encoded:
        return new_histogram()
    try:
        _check_size(encoded)
        return HdrHistogram.decode(encoded)
    except NOT_A_HISTOGRAM as error:
        raise ValueError(f"not a histogram: {type(error).__name__}") from error


def _check_size(encoded: str) -> None:
    """Refuse what unpacks to more than a histogram of ours has, or has other settings, before all of it is unpacked.

    Raises:
        ValueError: it does, or it is no base64.
        zlib.error: it is not compressed.

    """
    ours = new_histogram()
    most = payload_header_size + ours.counts_len * MOST_COUNT_BYTES
    unpacking = zlib.decompressobj()
    payload = unpacking.decompress(b64decode(encoded)[ext_header_size:], most)
    if unpacking.unconsumed_tail:
        raise ValueError(f"not a histogram of ours: it unpacks to more than {most:,} bytes")
    if len(payload) < payload_header_size:
        raise ValueError("not a histogram: it is cut short")
    stated = PayloadHeader.from_buffer_copy(payload)
    settings = (stated.lowest_trackable_value, stated.highest_trackable_value, stated.significant_figures)
    if settings != (ours.lowest_trackable_value, ours.highest_trackable_value, ours.significant_figures):
        raise ValueError(f"not a histogram of ours: its settings are {settings}")


def merge(histograms: Iterable[HdrHistogram]) -> HdrHistogram:
    """Return the sum of histograms."""
    merged = new_histogram()
    for each in histograms:
        merged.add(each)
    return merged


def recorded(histogram: HdrHistogram) -> Iterator[tuple[int, int]]:
    """Return the values in µs that were recorded, as the middle of what counts as the same, and how often each was.

    The library's own iterator visits every value there could be, some hundred times slower.
    """
    for index, count in zip(*_filled(histogram), strict=True):
        lowest = histogram.get_value_from_index(index)
        yield lowest + ((1 << max(lowest.bit_length() - SUB_BUCKET_BITS, 0)) >> 1), count


def _filled(histogram: HdrHistogram) -> tuple[list[int], list[int]]:
    """Return the indices that counted something, and their counts."""
    # A list, made in one step: to walk the C array itself takes three times as long.
    counts = histogram.counts[:]
    return list(compress(range(len(counts)), counts)), list(filter(None, counts))


def below(histogram: HdrHistogram, limit_us: float) -> HdrHistogram:
    """Return the part of a histogram that lies below a limit."""
    part = new_histogram()
    for value, times in recorded(histogram):
        if value < limit_us:
            part.record_value(value, times)
    return part


def count_beyond(histogram: HdrHistogram, limit_us: float) -> int:
    """Return how many values lie beyond a limit."""
    return sum(times for value, times in recorded(histogram) if value > limit_us)


class Quantiles:
    """The order statistics of what a histogram holds, in ms."""

    def __init__(self, histogram: HdrHistogram) -> None:
        self._histogram = histogram
        self._indices, counts = _filled(histogram)
        self._up_to = list(accumulate(counts))
        self.count: int = histogram.get_total_count()

    def at_rank(self, rank: int) -> float:
        """Return the value so many are not above; at least one, at most all."""
        index = self._indices[bisect_left(self._up_to, min(max(rank, 1), self.count))]
        value = self._histogram.get_value_from_index(index)
        # Of what counts as the same the highest, as HdrHistogram's own percentiles give.
        return float(self._histogram.get_highest_equivalent_value(value)) / 1000

    def value(self, share: float) -> float:
        """Return the value that this share are not above; of at least one sample."""
        # Rounded as HdrHistogram's own percentiles are.
        return self.at_rank(int(100 * share * self.count / 100 + 0.5))

    def interval(self, share: float) -> tuple[float, float]:
        """Return the distribution-free interval of that value, of coverage about 95 %.

        Source: Le Boudec, Performance Evaluation of Computer and Communication Systems (2010), theorem 2.1, its normal
        approximation.
        """
        centre, reach = self.count * share, Z_95 * sqrt(self.count * share * (1 - share))
        return self.at_rank(floor(centre - reach)), self.at_rank(ceil(centre + reach) + 1)


def usual_ms(histogram: HdrHistogram) -> tuple[float | None, float | None]:
    """Return the median and the 99th percentile in ms, however uncertain; None of less than one sample beyond."""
    quantiles = Quantiles(histogram)
    p50 = p99 = None
    if quantiles.count >= 2:
        p50 = quantiles.value(0.5)
    if quantiles.count >= 1000:
        p99 = quantiles.value(0.99)
    return p50, p99


def percentiles(histogram: HdrHistogram) -> Latency:
    """Return milliseconds; None where the samples do not suffice: too few are beyond, or they leave too much open."""
    quantiles = Quantiles(histogram)
    count = quantiles.count
    values: dict[str, float | None] = dict.fromkeys(SHARES)
    intervals = {}
    for name, share in SHARES.items():
        if count < round(SAMPLES_BEYOND / (1 - share)):
            continue
        value, interval = quantiles.value(share), quantiles.interval(share)
        if _within(value, interval):
            values[name], intervals[name] = value, interval
    largest = mean = None
    if count:
        largest = histogram.get_max_value() / 1000
        mean = sum(value * times for value, times in recorded(histogram)) / count / 1000
    return Latency(**values, max=largest, mean=mean, intervals=intervals)


def row_latency_ms(histogram: HdrHistogram, batch: int) -> float | None:
    """Return the mean latency by row, None where the samples do not suffice: the floor is the median's.

    Too few are beyond, or the mean's own interval of 95 % (normal) is wider than a tenth of it.
    """
    count = histogram.get_total_count()
    if count < round(SAMPLES_BEYOND / (1 - SHARES["p50"])):
        return None
    values = list(recorded(histogram))
    mean: float = sum(value * times for value, times in values) / count
    spread = sqrt(sum((value - mean) ** 2 * times for value, times in values) / (count - 1))
    reach = Z_95 * spread / sqrt(count)
    if not _within(mean, (mean - reach, mean + reach)):
        return None
    return mean / 1000 / batch


def _within(value: float, interval: tuple[float, float]) -> bool:
    low, high = interval
    return max(high - value, value - low) <= TOLD_WITHIN * value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The commits that took from ``from_ms`` to ``to_ms``."""

    from_ms: float
    to_ms: float
    share: float


def shape(histogram: HdrHistogram) -> list[Bin]:
    """Return the bins that hold something, the fastest first; each is as wide on a log scale as any other."""
    counts: Counter[int] = Counter()
    for micros, count in recorded(histogram):
        counts[floor(log10(max(micros, 1)) * BINS_PER_DECADE)] += count
    total = counts.total()
    bins = []
    for number, count in sorted(counts.items()):
        bins.append(Bin(from_ms=_edge_ms(number), to_ms=_edge_ms(number + 1), share=count / total))
    return bins


def _edge_ms(number: int) -> float:
    return float(f"{10 ** (number / BINS_PER_DECADE) / 1000:.4g}")
