"""How long a partition is to be: long enough for its share of the rows that are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.agent.mixed import retention_of
from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters
from bench.workload.beside import DROPPING, RETENTION, BesideJob, RetentionResult
from bench.workload.dropping import LONGEST, SHORTEST, Dropping
from bench.workload.retention import Retention

ENDPOINT = Endpoint(
    transport="tcp", host="127.0.0.1", port=5432, user="ann", database="shop", schema="s", parameters={}
)
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def a_job(partitions):
    return BesideJob(parameters=Parameters(retain=80_000), endpoint=ENDPOINT, seed=1, partitions_by_time=partitions)


@pytest.mark.parametrize(
    ("seconds", "rows", "length"),
    [
        (2, 0, SHORTEST),
        (2, 2_000, timedelta(seconds=10)),
        (1, 10_000, timedelta(seconds=1)),
        (2, 2_000_000, SHORTEST),
        (2, 10, LONGEST),
        (0, 0, SHORTEST),
    ],
)
def test_a_partition_has_its_share_at_the_rate_of_the_last_seconds(seconds, rows, length):
    worker = Dropping(a_job(8))
    worker.seen.extend([(NOON, 1000), (NOON + timedelta(seconds=seconds), 1000 + rows)])
    assert worker.length() == length


def test_what_does_it_is_found_by_its_name():
    assert (Retention.__module__, Dropping.__module__) == (RETENTION, DROPPING)


def test_what_was_dropped_stands_in_the_record_and_of_what_was_deleted_nothing_of_it():
    kept = retention_of(RetentionResult(rows_in_window=25, dropped=[10, 15], outside=3))
    assert (kept.deleted, kept.partitions, kept.partition_rows, kept.outside) == (25, 2, 15, 3)
    none = retention_of(RetentionResult(dropped=[]))
    assert (none.partitions, none.partition_rows, none.outside) == (0, None, 0)
    deleted = retention_of(RetentionResult(rows_in_window=25))
    assert (deleted.partitions, deleted.partition_rows, deleted.outside) == (None, None, None)
