"""What worked beside the writers stands below the ladder, in a sentence a rung."""

from dataclasses import replace

from bench.model.record import Reads, Retention
from bench.report.mixed import beside_writers
from tests.builders import a_record, climbed, latency_of, void

READS = Reads(reads=2000, reads_per_s=1000, rows=2000, empty=0, latency_ms=latency_of(2000, 4))
RETENTION = Retention(deleted=30_000, steps=20, step_max_ms=4.0, most_rows=104_200)


def told(*records):
    [ladder] = climbed(*records)
    return list(beside_writers(ladder))


def test_of_writers_alone_nothing_is_told():
    assert told(a_record()) == []


def test_readers_are_told_with_their_rate_ratio_and_latency():
    record = replace(a_record(rows=40_000, readers=4), reads=READS)
    [sentence] = told(record)
    assert sentence.startswith("2-C beside 4 readers (point): 1,000 reads/s, 5 for each 100 rows written; half within ")
    assert " ms and 99 % within " in sentence
    assert "beside 1 reader (recent)" in told(replace(a_record(readers=1, reads="recent"), reads=READS))[0]


def test_several_trials_are_one_rung():
    records = [replace(a_record(number, rows=40_000, readers=4), reads=READS) for number in (1, 2)]
    records[1] = replace(records[1], reads=replace(READS, reads=6000, reads_per_s=3000))
    assert "2,000 reads/s, 10 for each 100 rows written" in told(*records)[0]


def test_what_a_table_keeps_is_told_with_the_most_that_it_had():
    record = replace(a_record(retain=100_000), retention=RETENTION)
    assert told(record) == ["2-C keeping 100,000 rows: 15,000 rows/s deleted; the table had up to 104,200."]


def test_of_dropped_partitions_the_largest_is_told():
    dropped = replace(RETENTION, partitions=4, partition_rows=12_500, outside=0)
    record = replace(a_record(retain=100_000), retention=dropped)
    assert told(record) == [
        "2-C keeping 100,000 rows: 15,000 rows/s dropped, in partitions of up to 12,500; the table had up to 104,200."
    ]


def test_void_trials_tell_nothing():
    assert told(replace(a_record(readers=4, **void()), reads=READS)) == []


LAG = {"lag_bytes": 120_000.0, "lag_bytes_max": 2_000_000.0, "lag_ms": 6.0, "lag_ms_max": 48.0}


def test_how_far_a_standby_was_behind_is_told_with_what_commits_wait_for():
    record = replace(a_record(replica="on"), observed={"replication": LAG})
    [sentence] = told(record)
    assert sentence == "2-C with a standby (on): 6.00 ms (at most 48.0 ms) and 120 kB (at most 2,000 kB) behind."
    assert told(a_record(replica="on")) == ["2-C with a standby (on): how far it was behind is not known."]


def test_how_old_the_newest_row_is_that_readers_see_is_told_with_where_they_read():
    stale = replace(READS, stale_ms=latency_of(2000, 4))
    record = replace(a_record(rows=40_000, readers=4, replica="async", readers_on="standby"), reads=stale)
    sentence = told(record)[0]
    assert sentence.startswith("2-C beside 4 readers (point, on the standby): ")
    assert "; the newest row that they saw was " in sentence
    assert sentence.endswith(" ms at most.")
