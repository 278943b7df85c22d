"""Pauses: of all clients at once, and of some while the others go on."""

import random

import pytest

from bench.stats.histogram import new_histogram, percentiles
from bench.validity.standstill import check_pauses, far_beyond_usual

SECOND = 1_000_000_000


def commits(of_ms=1.0, count=2000):
    histogram = new_histogram()
    histogram.record_value(round(of_ms * 1000), count)
    return histogram


def without(*pauses, window_s=3, every_ms=5):
    """Return the gaps of a process that has an answer every few ms but for its pauses, given in s."""
    edges = [0.0, *(edge for pause in pauses for edge in pause), float(window_s)]
    busy = zip(edges[::2], edges[1::2], strict=True)
    gaps = [(round(began * SECOND), round(ended * SECOND)) for began, ended in pauses]
    for began, _ in busy:
        gaps.append((round(began * SECOND), round((began + every_ms / 1000) * SECOND)))
    return gaps


def judged(*by_process, latency=None, window_s=3):
    reasons = check_pauses(by_process, window_s, latency or commits())
    return [(reason.code, round(reason.share, 3)) for reason in reasons]


# --- what is long ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap_s", "p50_ms", "p99_ms", "long"),
    [
        (0.5, 1, 5, True),
        (0.5, 1, 160, True),
        (0.5, 1, 170, False),  # others take a third of it: so slow is this disk
        (0.15, 1, 5, False),  # a twentieth of the window
        (0.16, 1, 5, True),
        (0.5, 49, None, True),
        (0.5, 51, None, False),
        (0.5, None, None, False),  # of so few commits that they are a doubt by themselves
    ],
)
def test_a_pause_counts_where_it_is_long_for_the_window_and_for_a_commit(gap_s, p50_ms, p99_ms, long):
    assert bool(far_beyond_usual(gap_s, 3, p50_ms, p99_ms)) is long


# --- of all at once --------------------------------------------------------------------------------------------------


def test_a_pause_of_all_is_told_with_its_size_and_with_what_is_usual():
    [reason] = check_pauses([without((1, 1.5))], 3, commits(5))
    assert reason.detail.startswith(
        "nothing was acknowledged for 0.50 s, 17% of the window, where 99 % of commits take"
    )
    assert (reason.code, reason.share) == ("stalled", 0.5 / 3)
    [reason] = check_pauses([without((1, 1.5))], 3, commits(1.5, count=300))
    assert reason.detail.endswith(", where half of the commits take up to 1.5 ms")


def test_a_pause_is_told_also_where_the_median_is_too_uncertain_to_be_shown():
    source = random.Random(7)
    histogram = new_histogram()
    for _ in range(200):
        histogram.record_value(source.expovariate(1 / 5_000) + 1)
    assert percentiles(histogram).p50 is None
    assert judged(without((1, 1.5)), latency=histogram) == [("stalled", 0.167)]


def test_what_stops_all_at_once_is_no_pause_of_some_however_often_it_does():
    stalls = (0.5, 0.8), (1, 1.5), (2, 2.3)
    later = [(began, ended + 0.004) for began, ended in stalls]
    assert judged(without(*stalls), without(*later)) == [("stalled", 0.167)]


# --- of some, while the others go on ---------------------------------------------------------------------------------


def test_a_client_that_stood_still_alone_is_told_with_its_part_of_all_clients_time():
    [reason] = check_pauses([without((1, 1.5)), without()], 3, commits(5))
    assert (reason.code, round(reason.share, 3)) == ("clients-stalled", 0.083)
    assert reason.detail.startswith(
        "1 of 2 client processes had nothing acknowledged for 0.50 s, 17% of the window, while others went on, where "
        "99 % of commits take up to 5"
    )


def test_a_pause_that_took_little_of_all_clients_time_leaves_a_trial_valid():
    [reason] = check_pauses([without((1, 1.5)), *[without()] * 7], 3, commits())
    assert (reason.code, round(reason.share, 3), reason.slight) == ("some-clients-stalled", 0.021, True)


def test_pauses_of_several_add_up_at_once_or_one_after_the_other():
    assert judged(without((1, 1.5)), without((1, 1.5)), without()) == [("clients-stalled", 0.111)]
    assert judged(without((0.5, 1)), without((1, 1.5)), without((2, 2.5))) == [("clients-stalled", 0.167)]


def test_a_client_that_never_had_an_answer_stood_still_for_the_whole_window():
    [(code, share)] = judged([(0, 3 * SECOND)], without())
    assert code == "clients-stalled"
    assert share == pytest.approx(0.5, abs=0.01)


def test_of_a_pause_counts_what_the_others_did_not_share():
    [all_of_them, one] = judged(without((0.5, 2)), without((1, 1.5)))
    assert all_of_them == ("stalled", 0.167)
    assert one == ("clients-stalled", 0.167)


def test_where_commits_are_slow_a_long_wait_of_one_client_is_no_doubt():
    assert judged(without((1, 1.5), every_ms=100), without(every_ms=100), latency=commits(170)) == []
    assert judged(without((1, 1.5), every_ms=100), without(every_ms=100), latency=commits(51, count=100)) == []


def test_a_client_alone_has_no_others():
    assert judged(without()) == []
