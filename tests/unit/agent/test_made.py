"""The table is compared with what its layout reads back as."""

from typing import get_args

import pytest

from bench.agent.made import as_made, check_table
from bench.model.values import Layout


@pytest.mark.parametrize("layout", get_args(Layout))
def test_a_table_as_it_was_made_is_no_reason(layout):
    assert check_table(layout, as_made(layout), "at the start") == []


def test_each_layout_reads_back_as_another():
    assert len({as_made(layout) for layout in get_args(Layout)}) == 4


def test_what_is_more_and_what_is_missing_are_both_named():
    found = as_made("plain") - {"events: PRIMARY KEY (id)"} | {"events: trigger spoils"}
    [reason] = check_table("plain", found, "at the end of the trial")
    assert reason.code == "table-altered"
    assert reason.detail == (
        "at the end of the trial the table is not as it was made, it has events: trigger spoils;"
        " it lacks events: PRIMARY KEY (id)"
    )
