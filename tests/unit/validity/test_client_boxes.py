"""A clock of a client box that is known too badly, or that moved, makes a trial suspect."""

import pytest

from bench.validity.client_boxes import check_clocks, check_kept_busy
from bench.validity.judge import state_of
from bench.workload.client_boxes import SECOND_NS, Ahead, ClockCheck

MS = SECOND_NS // 1000


def a_check(box="n100-b", *, moved_ms=0.0, uncertain_ms=(0.1, 0.1), seconds=4.0, ahead_s=1e6):
    before, after = (round(each * MS) for each in uncertain_ms)
    ns = round(ahead_s * SECOND_NS)
    return ClockCheck(
        box=box,
        before=Ahead(ns=ns, uncertain_ns=before, at_ns=10 * SECOND_NS),
        after=Ahead(ns=ns + round(moved_ms * MS), uncertain_ns=after, at_ns=round((10 + seconds) * SECOND_NS)),
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"ahead_s": -3e5}, None),  # how far is nobody's business
        ({"moved_ms": 9.0}, None),  # 5 ms and 1 ms a second
        ({"moved_ms": -9.1}, "the clock of the client box n100-b moved by 9.1 ms against this box's within 4.0 s"),
        ({"moved_ms": 100.0, "seconds": 120.0}, None),  # as NTP may slew two clocks
        ({"moved_ms": 130.0, "seconds": 120.0}, "moved by 130.0 ms"),
        ({"uncertain_ms": (5.0, 5.0)}, None),
        ({"uncertain_ms": (5.1, 0.1)}, "the clock of the client box n100-b is known to 5.1 ms only"),
        ({"uncertain_ms": (0.1, 7.5)}, "is known to 7.5 ms only"),
    ],
)
def test_a_clock_is_good_enough_or_its_trial_is_suspect(changes, said):
    reasons = check_clocks([a_check(**changes)])
    assert state_of(reasons) == ("suspect" if said else "valid")
    assert [reason.code for reason in reasons] == (["client-clock"] if said else [])
    assert not said or said in reasons[0].detail


def test_of_several_clocks_the_one_that_is_furthest_off_is_named():
    [reason] = check_clocks([a_check("b", moved_ms=20), a_check("c", moved_ms=80), a_check("d")])
    assert "client box c" in reason.detail
    assert reason.share == pytest.approx(0.02)


def test_at_a_rate_the_client_that_is_nearest_to_the_end_of_its_core_is_named():
    assert check_kept_busy([]) == check_kept_busy([("n100-b", 0.3), ("n100-c", 0.7)]) == []
    reasons = check_kept_busy([("n100-b", 0.3), ("n100-c", 0.83), ("n100-b", 0.71)])
    [reason] = reasons
    assert (reason.code, reason.share, state_of(reasons)) == ("client-capacity", 0.83, "suspect")
    assert "a client process on the client box n100-c kept 0.83 of its one core busy" in reason.detail


def test_where_all_clients_are_here_there_is_nothing_to_check():
    assert check_clocks([]) == []
