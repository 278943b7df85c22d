"""Percentiles are told only where the samples suffice, and survive merging and writing."""

import math
import random
import tracemalloc
import zlib
from base64 import b64encode
from itertools import pairwise

import pytest
from hdrh.codec import ExternalHeader, PayloadHeader, get_compression_cookie, get_encoding_cookie
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.record import Latency
from bench.stats.histogram import SHARES, Quantiles, decode, merge, new_histogram, percentiles, recorded, shape
from tests.builders import a_histogram

LATENCIES = st.lists(st.integers(1, 10_000_000), min_size=1, max_size=20)


def of_samples(count):
    histogram = new_histogram()
    for value in range(count):
        histogram.record_value(1000 + value)
    return percentiles(histogram)


@pytest.mark.parametrize(("name", "needed"), [("p50", 20), ("p90", 100), ("p99", 1000), ("p999", 10_000)])
def test_a_percentile_is_told_from_ten_samples_beyond_it(name, needed):
    assert getattr(of_samples(needed - 1), name) is None
    assert getattr(of_samples(needed), name) is not None


def exponential(source, count):
    histogram = new_histogram()
    for _ in range(count):
        histogram.record_value(max(round(source.expovariate(1 / 20_000)), 1))
    return percentiles(histogram)


@pytest.mark.parametrize(("name", "share"), [("p50", 0.5), ("p99", 0.99)])
@pytest.mark.parametrize("count", [20, 1000, 2000])
def test_a_percentile_that_is_told_is_near_the_true_one(name, share, count):
    source, true_ms = random.Random(count), -math.log(1 - share) * 20
    told = [value for _ in range(60) if (value := getattr(exponential(source, count), name)) is not None]
    off = sorted(abs(value / true_ms - 1) for value in told)
    assert not off or (count > 20 and off[-1] < 0.2 and off[len(off) * 9 // 10 - 1] < 0.12)


def test_many_samples_tell_both_and_their_intervals_hold_the_true_ones():
    source = random.Random(16)
    told = [exponential(source, 8000) for _ in range(50)]
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        true_ms = -math.log(1 - share) * 20
        intervals = [one.intervals[name] for one in told if name in one.intervals]
        assert len(intervals) >= 45
        assert sum(low <= true_ms <= high for low, high in intervals) >= 0.88 * len(intervals)


@given(LATENCIES)
@settings(max_examples=20, deadline=None)
def test_order_statistics_are_the_librarys(micros):
    histogram = a_histogram(*micros, times=7)
    for share in SHARES.values():
        assert Quantiles(histogram).value(share) == histogram.get_value_at_percentile(100 * share) / 1000


def test_no_samples_tell_nothing():
    nothing = Latency(p50=None, p90=None, p99=None, p999=None, max=None, mean=None)
    assert percentiles(new_histogram()) == nothing
    assert percentiles(merge([])) == nothing


def test_one_sample_has_a_maximum_and_a_mean_but_no_percentile():
    assert percentiles(a_histogram(1500)) == Latency(p50=None, p90=None, p99=None, p999=None, max=1.5, mean=1.5)


def test_percentiles_are_in_milliseconds_and_those_of_the_values():
    told = of_samples(1000)  # 1000 to 1999 µs, one each
    assert (told.p50, told.p90, told.p99) == (1.499, 1.899, 1.989)
    assert told.max == 1.999
    assert told.mean == pytest.approx(1.4995)


@settings(max_examples=10)
@given(LATENCIES)
def test_percentiles_rise(micros):
    told = percentiles(a_histogram(*micros, times=200))
    known = [value for value in (told.p50, told.p90, told.p99, told.p999, told.max) if value is not None]
    assert known == sorted(known)
    assert told.mean <= told.max


@settings(max_examples=5)
@given(st.lists(LATENCIES, max_size=3))
def test_merging_is_as_if_all_had_been_recorded_by_one(parts):
    together = a_histogram(*(value for part in parts for value in part))
    assert merge(a_histogram(*part) for part in parts).encode() == together.encode()


@settings(max_examples=5)
@given(LATENCIES)
def test_a_histogram_that_was_written_tells_the_same(micros):
    histogram = a_histogram(*micros, times=30)
    assert percentiles(merge([decode(histogram.encode().decode())])) == percentiles(histogram)


def test_no_text_is_an_empty_histogram():
    assert decode("").get_total_count() == 0


@given(st.lists(st.integers(1, 3_600_000_000), min_size=1))
def test_what_was_recorded_is_found_and_its_mean_is_the_librarys(micros):
    histogram = decode(a_histogram(*micros).encode())
    found = list(recorded(histogram))
    assert sum(times for _, times in found) == len(micros)
    assert found[0][0] == pytest.approx(min(micros), rel=1e-3)
    assert percentiles(histogram).mean == pytest.approx(histogram.get_mean_value() / 1000)


def packed(payload: bytes) -> str:
    """Text as a histogram's, of this payload."""
    compressed = zlib.compress(payload, 9)
    header = ExternalHeader(cookie=get_compression_cookie(), length=len(compressed))
    return b64encode(bytes(header) + compressed).decode()


def a_header(**settings) -> PayloadHeader:
    usual = {"significant_figures": 3, "lowest_trackable_value": 1, "highest_trackable_value": 3_600_000_000}
    return PayloadHeader(cookie=get_encoding_cookie(), conversion_ratio_bits=1.0, **usual | settings)


def test_what_unpacks_to_more_than_a_histogram_is_refused_before_it_is_unpacked():
    text = packed(bytes(a_header()) + bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"it unpacks to more than [\d,]+ bytes"):
        decode(text)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "settings", [{"significant_figures": 5}, {"lowest_trackable_value": 0}, {"highest_trackable_value": 1 << 62}]
)
def test_a_histogram_with_other_settings_is_none_of_ours(settings):
    with pytest.raises(ValueError, match="its settings are"):
        decode(packed(bytes(a_header(**settings)) + bytes(10)))


def test_the_largest_histogram_there_can_be_is_one():
    histogram = new_histogram()
    values = [histogram.get_value_from_index(index) for index in range(histogram.counts_len)]
    for micros in values:
        histogram.record_value(micros, 1 << 40)
    assert decode(histogram.encode().decode()).get_count_at_value(2047) == 1 << 40


@pytest.mark.parametrize("text", ["x", "AAAA", packed(b"short"), "HISTFAAAA"])
def test_what_is_no_histogram_is_told_to_be_none(text):
    with pytest.raises(ValueError, match="not a histogram"):
        decode(text)


def test_nothing_has_no_shape():
    assert shape(a_histogram()) == []


@given(st.lists(st.integers(1, 3_600_000_000), min_size=1))
def test_every_commit_is_in_one_bin(micros):
    bins = shape(a_histogram(*micros))
    assert sum(each.share for each in bins) == pytest.approx(1)
    assert all(before.to_ms <= after.from_ms for before, after in pairwise(bins))
    assert bins[0].from_ms <= min(micros) / 1000 * 1.002
    assert max(micros) / 1000 <= bins[-1].to_ms * 1.002


def test_a_bin_is_as_wide_on_a_log_scale_as_any_other():
    fast, slow = shape(a_histogram(500, 50_000))
    assert fast.to_ms / fast.from_ms == pytest.approx(slow.to_ms / slow.from_ms, rel=0.01)
