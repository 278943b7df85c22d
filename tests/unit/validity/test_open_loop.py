"""What speaks against a window in which rows came at a rate."""

from dataclasses import replace

import pytest

from bench.model.record import OpenLoop
from bench.validity.open_loop import check_open_loop

SOUND = OpenLoop(
    due=10_000, late=0, late_while_free=0, skipped=0, beyond_limit=None, waiting=0, lag_mean_ms=0.1, lag_max_ms=0.4
)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"late": 5000}, []),  # of workers that were busy: the server's
        ({"late": 200, "late_while_free": 200}, ["client-late"]),
        ({"late_while_free": 50}, []),
        ({"waiting": 200}, ["behind"]),
        ({"waiting": 50}, []),
        ({"due": 100, "waiting": 5}, []),  # no more than the workers that are there
        ({"skipped": 5000}, []),
        ({"due": 0}, ["nothing-due"]),
        ({"waiting": None}, ["behind"]),
        ({"due": 0, "waiting": None}, ["behind"]),
    ],
)
def test_what_was_due_is_begun_in_time_or_it_is_told(changes, codes):
    assert [reason.code for reason in check_open_loop(replace(SOUND, **changes), workers=5)] == codes
