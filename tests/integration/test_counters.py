"""Counters that a server lacks, hides or does not count: null with the reason; no trial is void for them."""

from contextlib import closing

import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.variants import harness_for
from tests.integration.support import BRIEF, CopiedServer, Theirs, climbing

AS_AURORA = """
    SET allow_system_table_mods = on;
    ALTER FUNCTION pg_catalog.pg_current_wal_insert_lsn() RENAME TO pg_current_wal_insert_lsn_of_15;
    CREATE FUNCTION pg_catalog.pg_current_wal_insert_lsn() RETURNS pg_lsn LANGUAGE plpgsql AS
    $$ BEGIN RAISE feature_not_supported USING MESSAGE = 'not supported here'; END $$;
    REVOKE SELECT ON pg_catalog.pg_stat_wal FROM PUBLIC"""


@pytest.fixture(scope="module")
def record(new_place):
    """What is recorded of a trial on a server that tells little."""
    place = new_place()
    server = Theirs(place)
    try:
        server.ask(AS_AURORA, "shop")
        dsn = f"host={server.home} port={server.port} user=visitor dbname=shop"
        server.ask("CREATE ROLE visitor LOGIN; GRANT CREATE ON DATABASE shop TO visitor")
        hba = server.data / "pg_hba.conf"
        hba.write_text(f"local all visitor trust\n{hba.read_text()}")
        server.ask("SELECT pg_reload_conf()")
        with climbing(place, "--phases", "1-B", *BRIEF, "--blocks", "1", "--dsn", dsn) as climb:
            ended = climb.end()
            assert ended.code in (0, 1), ended.err
            [found] = climb.records()
        yield found
    finally:
        server.control("stop")


def test_a_server_that_hides_counters_voids_nothing(record):
    assert record.validity.state != "void", record.validity.reasons
    assert record.rows > 0


def test_each_counter_that_is_hidden_is_null_with_its_reason(record):
    hidden = {"wal_position": "not supported here", "wal_records": "this user may not read pg_stat_wal"}
    for name, why in hidden.items():
        assert (record.counters[name], record.not_counted[name]) == (None, why)


def test_a_time_that_is_not_taken_is_null_and_not_0(record):
    assert record.counters["wal_sync_time"] is None
    assert record.not_counted["wal_sync_time"] == "track_wal_io_timing is off"


def test_the_others_are_counted_all_the_same(record):
    assert record.counters["checkpoints_req"] is not None
    assert "checkpoints_req" not in record.not_counted


@pytest.fixture(scope="module")
def private(new_place):
    made = CopiedServer(new_place() / "data", find_binaries())
    try:
        made.create(harness_for(40, tls=False), tls=False)
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("method", ["fdatasync", "open_datasync"])
def test_flushes_are_counted_only_where_they_are_calls_of_their_own(private, method):
    private.apply(as_variant(method, f"wal_sync_method = {method}\n"))
    with closing(private.session()) as session:
        found = session.counters()
        read = found.read(session)
    assert {"wal_sync", "wal_sync_time"} & found.missing.keys() == (
        {"wal_sync", "wal_sync_time"} if method == "open_datasync" else set()
    )
    assert read.keys() | found.missing.keys() >= {"wal_position", "wal_write", "wal_sync", "checkpoint_sync_time"}
    assert not read.keys() & found.missing.keys()
