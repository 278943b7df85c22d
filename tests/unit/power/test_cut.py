"""A load that has ended by itself: the cut that comes afterwards is none."""

import pytest

from bench.engines.postgresql.session import ServerError
from bench.power.cut import _check_written

LAST_NS = 5_000_000_000


@pytest.mark.parametrize("heard_ns", [None, LAST_NS - 1, LAST_NS + 1_900_000_000])
def test_a_power_that_went_while_rows_were_written_was_cut(heard_ns):
    _check_written(heard_ns, LAST_NS)


def test_a_power_that_went_long_after_the_last_row_cut_nothing():
    with pytest.raises(ServerError, match=r"nothing was written any more when the power went, for 3\.0 s"):
        _check_written(LAST_NS + 3_000_000_000, LAST_NS)
