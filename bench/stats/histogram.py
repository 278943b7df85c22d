"""HdrHistograms of commit latency: merged from the processes, read as percentiles. Percentiles are never averaged."""

import binascii
import zlib
from base64 import b64decode
from collections.abc import Iterable, Iterator

from hdrh.codec import (
    HdrCookieException,
    HdrHistogramSettingsException,
    HdrLengthException,
    PayloadHeader,
    ext_header_size,
    payload_header_size,
)
from hdrh.histogram import HdrHistogram

from bench.model import Latency

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
"""A percentile q is told if about this many samples lie beyond it: 10 ÷ (1 − q) in all."""


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
    told = PayloadHeader.from_buffer_copy(payload)
    settings = (told.lowest_trackable_value, told.highest_trackable_value, told.significant_figures)
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
    for index, count in enumerate(histogram.counts):
        if count:
            lowest = histogram.get_value_from_index(index)
            yield lowest + ((1 << max(lowest.bit_length() - SUB_BUCKET_BITS, 0)) >> 1), count


def percentiles(histogram: HdrHistogram) -> Latency:
    """Return milliseconds; None where the samples do not suffice."""
    count = histogram.get_total_count()

    def percentile(share: float) -> float | None:
        if count < round(SAMPLES_BEYOND / (1 - share)):
            return None
        return float(histogram.get_value_at_percentile(100 * share)) / 1000

    return Latency(
        p50=percentile(0.50),
        p90=percentile(0.90),
        p99=percentile(0.99),
        p999=percentile(0.999),
        max=histogram.get_max_value() / 1000 if count else None,
        mean=sum(value * times for value, times in recorded(histogram)) / count / 1000 if count else None,
    )
