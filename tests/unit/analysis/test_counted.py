"""What trials come to as one, and how sure that is."""

import math
import random

import pytest

from bench.analysis.counted import latency, row_latency
from bench.stats.histogram import merge, percentiles, row_latency_ms
from tests.builders import a_histogram, a_record

TRUE_MS, BETWEEN, COMMITS = 10.0, 0.05, 200


def a_trial_of(source):
    """Latencies of a trial whose level differs from that of others by some percent, exponential within it."""
    level = TRUE_MS * math.exp(source.gauss(0, BETWEEN))
    return a_histogram(*(round(1000 * level * (0.8 + 0.2 * source.expovariate(math.log(2)))) for _ in range(COMMITS)))


@pytest.mark.parametrize("trials", [3])
def test_the_interval_of_a_percentile_holds_the_true_one_as_often_as_it_says_though_trials_differ(trials):
    source, runs = random.Random(7), 40
    records = [a_record(trial) for trial in range(1, trials + 1)]
    held = by_commits = 0
    for _ in range(runs):
        histograms = {(trial, 1): a_trial_of(source) for trial in range(1, trials + 1)}
        low, high = latency(records, histograms).intervals["p50"]
        held += low <= TRUE_MS <= high
        low, high = percentiles(merge(histograms.values())).intervals["p50"]
        by_commits += low <= TRUE_MS <= high
    assert held / runs >= 0.86  # 0.95 less two and a half standard errors
    assert by_commits / runs < 0.75


def test_the_interval_of_one_trial_is_that_of_its_commits():
    histogram = a_trial_of(random.Random(8))
    assert latency([a_record(1)], {(1, 1): histogram}) == percentiles(histogram)


def test_a_row_latency_has_the_floor_that_a_latency_has():
    assert row_latency_ms(a_histogram(9_000, times=19), 100) is None
    assert row_latency_ms(a_histogram(9_000, times=20), 100) == pytest.approx(0.09, rel=0.001)
    wide = [round(math.exp(random.Random(9).gauss(9, 2)))] + [100] * 30
    assert row_latency_ms(a_histogram(*wide), 1) is None
    assert percentiles(a_histogram(*wide)).mean is not None


def test_a_row_latency_over_trials_is_known_with_and_without_their_samples():
    few, many = a_histogram(9_000, times=12), a_histogram(9_000, times=13)
    records = [a_record(1, batch=100, row_latency_ms=None), a_record(2, batch=100)]
    assert row_latency(records, {(1, 1): few, (2, 1): many}) == pytest.approx(0.09, rel=0.001)
    assert row_latency(records, {}) is None
    assert row_latency(records[1:], {}) == pytest.approx(records[1].latency_ms.mean / 100)
    assert row_latency([], {}) is None
