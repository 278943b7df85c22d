"""Partitions by hash and by time: made, verified, and dropped beside ingest, on a real server."""

import asyncio
import json
from contextlib import asynccontextmanager, closing

import pytest

from bench.agent.made import check_table
from bench.engines.postgresql.layout import layout_files, table_layout
from bench.model.plan import Parameters
from bench.workload.beside import BesideJob
from bench.workload.dropping import OVER, SHORTEST, Dropping
from bench.workload.rows import SEQUENCE_BITS
from tests.examples import one_of
from tests.integration.support import BRIEF, ONCE, climbing, meddling, pgladder, stock_server

KEPT = 20_000
IN_PARTITIONS = ("hash-partitioned", "time-partitioned")
OF_PARTITIONS = (
    "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'pgladder.events'::regclass"
)


def codes(record) -> set[str]:
    return {reason.code for reason in record.validity.reasons}


def assert_whole(record) -> None:
    """Every row that was acknowledged is there or was deleted, and no other."""
    seen = record.verified
    assert record.validity.state != "void", record.validity.why
    assert "transactions-mismatch" not in codes(record), record.validity.why
    assert seen.attempted == seen.acknowledged == seen.found + seen.deleted > 0


# --- as they are made ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(new_place):
    with stock_server(new_place()) as made:
        yield made


@pytest.fixture
def session(server):
    with closing(server.session()) as session:
        session.run("CREATE SCHEMA IF NOT EXISTS pgladder")
        yield session
        session.drop_table()


@pytest.mark.parametrize("name", [name for name in layout_files() if table_layout(name).engine is None])
def test_each_layout_is_what_its_header_says_with_rows_before(session, name):
    layout = table_layout(name)
    session.reset(layout, 1000, 64)
    assert check_table(layout, session.made(), name) == []
    assert session.value("SELECT count(*) FROM pgladder.events") == 1000


@pytest.mark.parametrize("partitions", [1, 2, 4, 16])
def test_a_table_by_hash_has_as_many_partitions_as_are_asked_for(session, partitions):
    layout = table_layout("hash-partitioned", partitions)
    session.reset(layout, 1000, 64)
    assert check_table(layout, session.made(), "made") == []
    there = session.rows("SELECT tableoid, count(*) FROM pgladder.events GROUP BY 1")
    assert len(there) == partitions
    assert check_table(table_layout("hash-partitioned", partitions + 1), session.made(), "made") != []


@pytest.mark.parametrize("partitions", [2, 8])
def test_rows_of_before_are_divided_among_partitions_of_the_past_in_their_order(session, partitions):
    session.reset(table_layout("time-partitioned", partitions), 10_000, 64)
    there = session.rows(
        "SELECT tableoid::regclass::text, count(*), min(id), max(id) FROM pgladder.events GROUP BY 1 ORDER BY min(id)"
    )
    assert [name for name, *_ in there] == [f"events_past_{number}" for number in range(partitions)]
    assert [low for _, _, low, _ in there[1:]] == [high + 1 for _, _, _, high in there[:-1]]
    assert all(count == pytest.approx(10_000 / partitions, rel=0.1) for _, count, _, _ in there)


def test_today_and_tomorrow_are_there_whatever_the_time_zone_and_over_midnight(session):
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        session.run(f"SET TimeZone = '{zone}'")
        session.reset(table_layout("time-partitioned"), 0, 64)
        session.run("SET TimeZone = 'UTC'")
        for moment, name in (
            ("now()", "events_today"),
            ("date_trunc('day', now(), 'UTC') + interval '24 hours'", "events_tomorrow"),
            ("date_trunc('day', now(), 'UTC') + interval '47 hours 59 minutes'", "events_tomorrow"),
            ("now() + interval '3 days'", "events_default"),
            ("now() - interval '3 days'", "events_default"),
        ):
            insert = f"INSERT INTO pgladder.events (device_id, payload, created_at) VALUES (1, 'x', {moment})"
            [(found,)] = session.rows(f"{insert} RETURNING tableoid::regclass::text")
            assert found == name, (zone, moment)


def test_one_row_is_found_by_the_first_column_of_its_key(session):
    for name in ("plain-time-key", "time-partitioned"):
        session.reset(table_layout(name), 5000, 64)
        session.run("ANALYZE pgladder.events")
        plan = "\n".join(
            line for (line,) in session.rows("EXPLAIN (COSTS off) SELECT * FROM pgladder.events WHERE id = 4711")
        )
        assert "Index Cond: (id = 4711)" in plan
        # Of empty partitions a sequential scan costs nothing.
        assert "events_past_7" not in plan or "Index Scan using events_past_7_pkey" in plan


# --- measured --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", one_of(*IN_PARTITIONS, "plain-time-key"))
def test_on_each_layout_every_row_is_found_and_read(place, layout):
    asked = ("--phases", "1-B,2-C,2-G", "--layouts", layout, "--readers", 1, "--pool-min", 2, "--preload-rows", 2000)
    with climbing(place, *asked, "--blocks", 1, "--warm-up", 0.3, "--window", 1, *ONCE) as climb:
        assert climb.end().code in {0, 1}
        records = climb.records()
    assert len(records) == 3
    for record in records:
        assert_whole(record)
        assert "table-altered" not in codes(record)
        assert record.reads.reads > 0


def test_numbers_of_partitions_are_swept_and_compared_the_fewest_first(place):
    asked = ("--of", "partitions=1,4", "--phases", "2-C", "--layouts", "hash-partitioned", "--blocks", 1, *BRIEF)
    with climbing(place, *asked, *ONCE, "--pool-min", 2, question="sweep") as climb:
        assert climb.end().code in {0, 1}
        assert {record.trial.parameters.partitions for record in climb.records()} == {1, 4}
    told = pgladder("compare", climb.directory.path, "--across", "partitions", "--json", cwd=climb.place)
    arms = json.loads(told.out)["cells"][0]["arms"]
    assert [arm["name"] for arm in arms] == ["partitions=1", "partitions=4"]


# --- dropped beside ingest -------------------------------------------------------------------------------------------


def test_old_partitions_are_dropped_beside_ingest_and_no_row_is_lost(place):
    asked = ("--phases", "2-C", "--layouts", "plain-time-key,time-partitioned", "--retain", KEPT, "--readers", 2)
    asked += ("--partitions", 4, "--pool-min", 2, "--blocks", 1, "--warm-up", 1, "--window", 5)
    with climbing(place, *asked, *ONCE) as climb:
        ended = climb.end()
        assert ended.code in {0, 1}
        records = {record.trial.layout: record for record in climb.records()}
    for record in records.values():
        assert_whole(record)
        assert record.verified.deleted > 0
        assert (record.reads.reads > 0, record.reads.empty) == (True, 0)
    deleted, dropped = (records[layout].retention for layout in ("plain-time-key", "time-partitioned"))
    assert (deleted.partitions, deleted.partition_rows, deleted.outside) == (None, None, None)
    # Over several bounds of partitions, and all that went is of whole ones.
    assert dropped.partitions >= 2
    assert dropped.partition_rows <= dropped.deleted <= dropped.partitions * dropped.partition_rows
    assert "rows/s dropped, in partitions of up to" in " ".join(ended.out.split())
    of_it = records["time-partitioned"]
    if "retention-behind" not in codes(of_it):
        under_way = of_it.trial.parameters.under_way
        assert KEPT <= dropped.most_rows <= KEPT + dropped.partition_rows + of_it.rows_per_s + under_way


@pytest.mark.slow
def test_what_somebody_deletes_of_a_partition_shows_though_it_is_dropped(place):
    asked = ("--phases", "2-C", "--layouts", "time-partitioned", "--retain", 5000, "--pool-min", 2, "--blocks", 1)
    with climbing(place, *asked, "--warm-up", 0.5, "--window", 5) as climb:
        climb.wait_trial(1)
        with meddling(climb) as meddler:
            meddler.wait_window()
            # Of the rows that were there before none is left.
            meddler.ask_until("SELECT 1 FROM pgladder.events HAVING min(device_id) >= 0")
            meddler.ask("DELETE FROM pgladder.events WHERE id = (SELECT max(id) - 2000 FROM pgladder.events)")
        climb.wait_record(1)
        assert climb.end().code == 1
        [record] = climb.records()
    assert record.validity.state == "void"
    assert "rows-lost" in codes(record), record.validity.why
    assert record.retention.partitions > 0


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--partitions", 4), "and plain has none"),
        (("--partitions", 101, "--layouts", "hash-partitioned"), "100 partitions at most"),
        (("--partitions", 1, "--layouts", "time-partitioned", "--retain", 5000), "ask for --partitions 2 or more"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_measured(place, asked, why):
    refused = pgladder("run", "--phases", "2-C", *asked, *BRIEF, cwd=place)
    assert (refused.code, why in " ".join(refused.err.split())) == (2, True), refused
    assert not (place / "results").exists()


# --- step by step ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def dropping(server, retain, partitions):
    """What drops partitions, as it is when writers begin."""
    job = BesideJob(
        parameters=Parameters(retain=retain, partitions=partitions),
        endpoint=server.endpoint("tcp"),
        seed=1,
        partitions_by_time=partitions,
    )
    worker = Dropping(job)
    await worker.open()
    try:
        await worker.begin()
        yield worker
    finally:
        await worker.connection.close()


def insert(session, rows, first):
    session.run(
        "INSERT INTO pgladder.events (device_id, payload) SELECT (1::bigint << %(bits)s) + %(first)s + n, 'x'"
        " FROM generate_series(0, %(rows)s - 1) AS n",
        {"rows": rows, "first": first, "bits": SEQUENCE_BITS},
    )


async def until(condition, step, seconds=60):
    for _ in range(int(seconds / 0.1)):
        if condition():
            return
        await step()
        await asyncio.sleep(0.1)
    raise AssertionError("waited in vain")


def test_partitions_come_seconds_ahead_and_go_when_each_of_their_rows_is_too_old(server, session):
    session.reset(table_layout("time-partitioned", 4), 1000, 64)
    of_past = "SELECT count(*) FROM pgladder.events GROUP BY tableoid ORDER BY min(id)"
    first, second, *_ = [count for (count,) in session.rows(of_past)]

    async def drop():
        async with dropping(server, 1000, 4) as worker:
            names = {name for (name,) in session.rows(OF_PARTITIONS)}
            # Today's and tomorrow's were empty: ours take their place.
            assert names >= {"events_past_0", "events_past_3", "events_default", "events_1"}
            assert not names & {"events_today", "events_tomorrow"}
            insert(session, first, 0)
            assert await worker.step() == first
            assert worker.there == 1000 + first
            insert(session, second - 1, first)
            assert await worker.step() == 0  # the newest of its rows is one of the newest 1,000
            insert(session, 1, first + second - 1)
            assert await worker.step() == second
            insert(session, 1000, first + second)
            await worker.step()
            assert sum(each.rows for writer, each in worker.deleted.items() if writer < 0) == 1000  # the past is gone
            ends = worker.partitions[0].ends
            while session.value("SELECT clock_timestamp()") < ends:
                await worker.step()
                await asyncio.sleep(0.1)
            insert(session, 1000, first + second + 1000)
            # The partition of the first of the writers' rows goes once it is over: until then rows may come to it.
            await until(lambda: 1 in worker.deleted, worker.step)
            left = session.value("SELECT count(*) FROM pgladder.events")
            assert left + worker.deleted[1].rows == first + second + 2000
            assert left >= 1000
            assert worker.deleted[1].lowest == 1 << SEQUENCE_BITS

    asyncio.run(drop())


def test_while_a_transaction_of_before_its_end_runs_no_partition_goes(server, session):
    session.reset(table_layout("time-partitioned", 2), 100, 64)

    async def drop():
        with closing(server.session()) as other:
            async with dropping(server, 100, 2) as worker:
                other.run("BEGIN; SELECT now()")
                insert(session, 1000, 0)
                *_, last = worker.partitions
                while session.value("SELECT clock_timestamp()") < last.ends + OVER:
                    await worker.step()
                    await asyncio.sleep(0.1)
                # Its row is of the partition of its begin, which is still there.
                insert(other, 1, 1000)
                other.run("COMMIT")
                assert session.value("SELECT count(*) FROM pgladder.events_default") == 0
                insert(session, 1000, 1001)
                await until(lambda: 1 in worker.deleted and worker.deleted[1].rows >= 1001, worker.step)
                assert worker.deleted[1].rows + session.value("SELECT count(*) FROM pgladder.events") == 2001

    asyncio.run(drop())


def test_rows_that_fit_no_partition_are_kept_and_deleted_once_they_are_too_old(server, session):
    session.reset(table_layout("time-partitioned", 2), 100, 64)

    async def drop():
        async with dropping(server, 100, 2) as worker:
            *_, last = worker.partitions
            # As if it had been held up for longer than there are partitions ahead.
            while session.value("SELECT clock_timestamp()") <= last.ends:
                await asyncio.sleep(0.1)
            insert(session, 50, 0)
            assert session.value("SELECT count(*) FROM pgladder.events_default") == 50
            await worker.step()
            *_, last = worker.partitions
            while session.value("SELECT clock_timestamp()") <= last.ends - SHORTEST:
                await asyncio.sleep(0.1)
            insert(session, 150, 50)
            await worker.step()
            assert session.value("SELECT count(*) FROM pgladder.events_default") == 0
            assert worker.outside == 50
            assert worker.deleted[1].rows + session.value("SELECT count(*) FROM pgladder.events") == 200

    asyncio.run(drop())
