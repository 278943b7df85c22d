"""A trial in which readers read nothing, or whose table grew, is not what was asked for."""

import pytest

from bench.model.plan import Parameters
from bench.model.record import Reads, Retention
from bench.stats.histogram import new_histogram, percentiles
from bench.validity.judge import state_of
from bench.validity.mixed import check_reads, check_retention

READERS = Parameters(readers=4)
KEEPS = Parameters(retain=10_000)


def reads(count=1000, empty=0):
    return Reads(
        reads=count, reads_per_s=count / 2, rows=count - empty, empty=empty, latency_ms=percentiles(new_histogram())
    )


def kept(deleted=5000, most_rows=10_500, **of_partitions):
    return Retention(deleted=deleted, steps=20, step_max_ms=3.0, most_rows=most_rows, **of_partitions)


def codes(reasons):
    return [reason.code for reason in reasons]


@pytest.mark.parametrize(
    ("found", "told", "state"),
    [
        (reads(), [], "valid"),
        (reads(0), ["no-reads"], "void"),
        (reads(empty=10), ["some-empty-reads"], "valid"),
        (reads(empty=11), ["empty-reads"], "suspect"),
    ],
)
def test_readers_that_read_nothing_measure_nothing(found, told, state):
    reasons = list(check_reads(READERS, found, rows=5000))
    assert (codes(reasons), state_of(reasons)) == (told, state)


@pytest.mark.parametrize(("made", "told"), [(500, []), (475, []), (474, ["readers-behind"])])
def test_fewer_reads_than_were_asked_for_are_another_load(made, told):
    parameters = Parameters(readers=4, reads_per_100_rows=10)
    assert codes(check_reads(parameters, reads(made), rows=5000)) == told


@pytest.mark.parametrize(
    ("found", "told", "state"),
    [
        (kept(), [], "valid"),
        (kept(most_rows=12_500 + KEEPS.under_way), [], "valid"),
        (kept(most_rows=12_501 + KEEPS.under_way), ["retention-behind"], "suspect"),
        (kept(deleted=0), ["nothing-deleted"], "void"),
    ],
)
def test_a_table_that_does_not_keep_its_size_is_another_one(found, told, state):
    reasons = list(check_retention(KEEPS, found, rows=5000, seconds=2))
    assert (codes(reasons), state_of(reasons)) == (told, state)


def test_of_writers_alone_nothing_is_said():
    assert codes(check_reads(Parameters(), None, 0)) == []
    assert codes(check_retention(Parameters(), None, 0, 2)) == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (kept(most_rows=13_750 + KEEPS.under_way, partitions=4, partition_rows=1250, outside=0), []),
        (kept(most_rows=13_751 + KEEPS.under_way, partitions=4, partition_rows=1250, outside=0), ["retention-behind"]),
        (kept(deleted=0, partitions=0, outside=0), ["nothing-dropped"]),
        (kept(partitions=4, partition_rows=1250, outside=50), []),
        (kept(partitions=4, partition_rows=1250, outside=51), ["outside-partitions"]),
    ],
)
def test_a_table_that_drops_partitions_has_one_more_and_none_of_its_rows_outside_them(found, told):
    reasons = list(check_retention(KEEPS, found, rows=5000, seconds=2))
    assert codes(reasons) == told
    assert state_of(reasons) == ("suspect" if told else "valid")
