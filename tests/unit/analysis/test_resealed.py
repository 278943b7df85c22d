"""A record that its samples or facts contradict is refused wherever these are read, checksums or not."""

from dataclasses import replace

import pytest

from bench.analysis.resealed import check_samples
from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError
from bench.model.record import ClientTime, Reason, Validity, Verified
from bench.results.consistency import check_durability, check_records
from tests.builders import (
    a_histogram,
    a_host,
    a_plan,
    a_record,
    a_trial,
    changed,
    compared_run,
    latencies_of,
    samples_of,
    void,
)

RECORD = a_record(rows=140_000)  # 2-C: 1,400 commits of 100 rows
SAMPLES = samples_of(RECORD)
HISTOGRAM = latencies_of(RECORD.commits, RECORD.trial.parameters.in_flight)


def test_a_record_that_its_samples_bear_is_taken_and_so_is_one_that_never_measured():
    check_samples(RECORD, SAMPLES, HISTOGRAM, "trials.jsonl")
    never = a_record(**void())
    check_samples(never, samples_of(never), latencies_of(0, 5), "trials.jsonl")


def test_a_percentile_that_an_older_rule_told_or_left_out_is_no_contradiction():
    for p999 in (None, HISTOGRAM.get_value_at_percentile(99.9) / 1000):
        older = replace(RECORD, latency_ms=replace(RECORD.latency_ms, p999=p999, p90=None, intervals={}))
        check_samples(older, SAMPLES, HISTOGRAM, "trials.jsonl")


FASTER = replace(RECORD.latency_ms, p50=1.0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rows": 280_000}, "the rows of trial 1 is 280000, and its samples make 140000"),
        ({"commits": 2800}, "the commits of trial 1 is 2800, and its samples make 1400"),
        ({"latency_ms": FASTER}, "the latency's p50 of trial 1 is 1.0, and its samples make 6"),
        ({"latency_ms": replace(RECORD.latency_ms, max=1.0)}, "the latency's max of trial 1 is 1.0"),
        ({"latency_ms": replace(RECORD.latency_ms, mean=1.0)}, "the latency's mean of trial 1 is 1.0"),
        ({"row_latency_ms": 0.001}, "the row latency of trial 1 is 0.001"),
        ({"steadiness": "flat"}, "the steadiness of trial 1 is flat, and its samples make not assessed"),
        ({"attempt": 2}, r"the number of trial 1 is \(1, 2\), and its samples make \(1, 1\)"),
    ],
)
def test_a_record_that_its_samples_contradict_is_refused_by_what_they_make(changes, told):
    with pytest.raises(DataError, match=f"^here: {told}"):
        check_samples(replace(RECORD, **changes), SAMPLES, HISTOGRAM, "here")


def test_a_histogram_of_other_commits_is_refused():
    with pytest.raises(DataError, match="the count of latencies of trial 1 is 1400, and its samples make 7"):
        check_samples(RECORD, SAMPLES, a_histogram(6_000, times=7), "here")


def test_latencies_that_the_clients_never_waited_are_refused():
    spent = ClientTime(prepare_s=0.1, connect_s=0, pool_wait_s=0, insert_s=4, release_s=0.1)
    with pytest.raises(DataError, match="the clients' time for its commits, in s of trial 1 is 4"):
        check_samples(replace(RECORD, client_time=spent), SAMPLES, HISTOGRAM, "here")


def test_counters_that_their_readings_contradict_are_refused_and_those_that_are_not_known_are_not():
    readings = [{"at_s": at, "server": {"wal_sync": 3 + at, "wal_write_time": None}} for at in (0, 1, 2)]
    with pytest.raises(DataError, match="the counter wal_sync of trial 1 is 350, and its samples make 2"):
        check_samples(RECORD, replace(SAMPLES, readings=readings), HISTOGRAM, "here")
    told = replace(RECORD, counters={"wal_sync": 2, "wal_write_time": 5.0})
    check_samples(told, replace(SAMPLES, readings=readings), HISTOGRAM, "here")


# --- what needs no samples -------------------------------------------------------------------------------------------


def found(**counts):
    return Verified(**{"attempted": 500, "acknowledged": 400, "found": 400, "in_doubt": 0} | counts)


def slightly(state):
    return Validity(state=state, reasons=(Reason(code="some-steal", detail="2 %"),))


def test_a_valid_record_may_have_slight_doubts():
    run = compared_run({"stock": [100.0]})
    check_records(run.plan, [replace(record, validity=slightly("valid")) for record in run.records])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"batch": 1, "rows": 200, "commits": 100}, "200 rows are not 100 commits of 1"),
        ({"validity": Validity(state="suspect")}, "the state is suspect, and there are 0 reasons for doubt"),
        ({"validity": Validity(state="valid", reasons=(Reason(code="steal", detail="9 %"),))}, "state is valid, and"),
        ({"validity": slightly("suspect")}, "the state is suspect, and there are 0 reasons for doubt"),
        ({"verified": found(found=399)}, "acknowledged, found and attempted are 200, 400, 399, 500"),
        ({"verified": found(acknowledged=150)}, "acknowledged, found and attempted are 200, 150, 400, 500"),
        ({"transactions": 150}, "200 commits took 150 transactions"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changes, told):
    run = compared_run({"stock": [100.0]})
    [record] = run.records
    if "commits" in changes:
        changes |= {"commits_per_s": changes["commits"] / 2}
    with pytest.raises(DataError, match=told):
        check_records(run.plan, [changed(record, **changes)])


ASYNC = as_variant("async", "synchronous_commit = off\n")
PLAN = a_plan(a_trial(1), a_trial(2, variant="async"))
PLAN = replace(PLAN, variants=(*PLAN.variants, ASYNC))
RISKY = a_host(postgresql={"variant": "stock", "settings": {"fsync": "off"}})


@pytest.mark.parametrize(
    ("host", "record", "told"),
    [
        (None, a_record(2, variant="async"), "trial 2 is recorded as 'durable' with synchronous_commit = off"),
        (None, a_record(layout="unlogged"), "with the layout unlogged: the table is unlogged"),
        (RISKY, a_record(), "trial 1 is recorded as 'durable' with fsync = off"),
        (RISKY, a_record(durability="may lose last 600 ms"), "'may lose last 600 ms' with fsync = off"),
    ],
)
def test_a_record_that_claims_to_be_safer_than_its_settings_is_refused(host, record, told):
    with pytest.raises(DataError, match=told):
        check_durability(PLAN, host, [record])


@pytest.mark.parametrize("grade", ["durable", "may lose last 600 ms", "not crash-safe", "unknown"])
def test_a_record_may_claim_less_than_its_settings_promise(grade):
    check_durability(PLAN, a_host(), [a_record(durability=grade)])


def test_settings_of_one_variant_are_not_those_of_another():
    of_async = a_host(postgresql={"variant": "async", "settings": {"fsync": "off"}})
    check_durability(PLAN, of_async, [a_record()])
