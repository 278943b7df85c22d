"""What came at a rate, and how long it took, stands below the ladder, in a sentence a rung."""

from dataclasses import replace

import pytest

from bench.model.record import OpenLoop
from bench.report.open_loop import open_loops
from tests.builders import a_record, climbed


def told(**counted):
    """Return the sentence of a trial at 10,000 rows/s, in which so much was counted."""
    given = {"due": 1000, "late": 0, "late_while_free": 0, "skipped": 0, "beyond_limit": None, "waiting": 0}
    loop = OpenLoop(**(given | counted), lag_mean_ms=0.5, lag_max_ms=2.0)
    record = a_record(rate=10_000.0, arrivals="poisson", load="open")
    [ladder] = climbed(replace(record, open_loop=loop))
    [sentence] = open_loops(ladder)
    return sentence


@pytest.mark.parametrize(
    ("late", "says"), [(1, "0.10 % late"), (7, "0.70 % late"), (286, "29 % late"), (1000, "100 % late")]
)
def test_shares_are_in_percent_and_never_in_powers_of_ten(late, says):
    assert told(late=late).endswith(f"; {says}.")


def test_of_what_did_not_happen_nothing_is_told():
    assert told().endswith("begun 0.500 ms after it was due on average, 2.00 ms at most.")


def test_all_that_still_waits_is_told_and_that_nobody_knows():
    assert told(waiting=1000, skipped=20).endswith("; 2.0 % skipped; 100 % still waiting at the end.")
    assert told(waiting=None).endswith("; how much was still waiting at the end is not known.")
