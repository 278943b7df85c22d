"""The table is compared with what its layout reads back as."""

from dataclasses import replace

import pytest

from bench.agent.made import check_table
from bench.engines.postgresql.durability import unlogged
from bench.engines.postgresql.layout import layout_files, table_layout

PLAIN = table_layout("plain")


@pytest.mark.parametrize("name", layout_files())
def test_a_table_as_it_was_made_is_no_reason(name):
    layout = table_layout(name)
    assert layout.reads_back
    assert check_table(layout, layout.reads_back, "at the start") == []


def test_each_layout_reads_back_as_another():
    assert len({table_layout(name).reads_back for name in layout_files()}) == len(layout_files())


def test_what_is_more_and_what_is_missing_are_both_named():
    found = PLAIN.reads_back - {"events: PRIMARY KEY (id)"} | {"events: trigger spoils"}
    [reason] = check_table(PLAIN, found, "at the end of the trial")
    assert reason.code == "table-altered"
    assert reason.detail == (
        "at the end of the trial the table is not as it was made, it has events: trigger spoils;"
        " it lacks events: PRIMARY KEY (id)"
    )


def test_of_a_table_by_time_partitions_come_and_go_and_each_is_to_be_as_the_others():
    layout = table_layout("time-partitioned")
    parent = {line for line in layout.reads_back if not line.startswith("events_*")}
    of_one = {"events_{}: permanent table", "events_{}: PRIMARY KEY (id, created_at)"}
    partitions = {line.format(name) for line in of_one for name in ("default", "past_0", 7, 12)}
    assert check_table(layout, frozenset(parent | partitions), "at the end") == []
    [reason] = check_table(layout, frozenset(parent | partitions | {"events_7: index slow"}), "at the end")
    assert reason.detail == "at the end the table is not as it was made, it has events_7: index slow"
    [reason] = check_table(layout, frozenset(parent), "at the end")
    assert "it lacks events_*: permanent table" in reason.detail


@pytest.mark.parametrize("partitions", [1, 2, 16])
def test_a_table_has_as_many_partitions_as_are_asked_for(partitions):
    layout = table_layout("hash-partitioned", partitions)
    made = layout.statements.count(" PARTITION OF ")
    assert made == layout.partitions == partitions
    assert {line for line in layout.reads_back if line.endswith(": permanent table")} == {
        f"events_{number}: permanent table" for number in range(partitions)
    }
    assert f"(MODULUS {partitions}, REMAINDER {partitions - 1})" in layout.statements
    assert "{partition" not in layout.statements


def test_a_layout_that_is_one_table_stays_one_whatever_is_asked_for():
    assert table_layout("plain", 4) == table_layout("plain")
    assert (table_layout("plain").partitions, table_layout("plain").partitioned_by) == (0, None)


def test_a_layout_that_does_not_say_what_it_reads_back_as_leaves_a_slight_doubt():
    [reason] = check_table(replace(PLAIN, reads_back=frozenset()), PLAIN.reads_back, "at the end of the trial")
    assert (reason.code, reason.slight) == ("table-unknown", True)


def test_an_unlogged_table_or_part_of_it_is_seen_whatever_its_layout_says():
    assert unlogged(PLAIN.reads_back) is None
    assert unlogged(table_layout("unlogged").reads_back) == "the table is unlogged"
    assert unlogged({"events: permanent partitioned table", "events_1: unlogged table"}) == "the table is unlogged"
