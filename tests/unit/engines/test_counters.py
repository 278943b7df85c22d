"""Counters by one name, wherever a version of PostgreSQL has them; the columns are those of its views."""

import pytest

from bench.engines.postgresql.counters import POSITION, SOURCES, choose, not_counted, statement

WAL_14 = "wal_records wal_fpi wal_bytes wal_buffers_full wal_write wal_sync wal_write_time wal_sync_time stats_reset"
WAL_18 = "wal_records wal_fpi wal_bytes wal_buffers_full stats_reset"
WRITER_14 = (
    "checkpoints_timed checkpoints_req checkpoint_write_time checkpoint_sync_time buffers_checkpoint buffers_clean"
    " maxwritten_clean buffers_backend buffers_backend_fsync buffers_alloc stats_reset"
)
WRITER_17 = "buffers_clean maxwritten_clean buffers_alloc stats_reset"
CHECKPOINTER_17 = (
    "num_timed num_requested restartpoints_timed restartpoints_req restartpoints_done write_time sync_time"
    " buffers_written stats_reset"
)
CHECKPOINTER_18 = f"{CHECKPOINTER_17} num_done slru_written"
IO_16 = (
    "backend_type object context reads read_time writes write_time writebacks writeback_time extends extend_time"
    " op_bytes hits evictions reuses fsyncs fsync_time stats_reset"
)
IO_18 = (
    "backend_type object context reads read_bytes read_time writes write_bytes write_time writebacks writeback_time"
    " extends extend_bytes extend_time hits evictions reuses fsyncs fsync_time stats_reset"
)
VERSIONS = {
    13: {"pg_stat_bgwriter": WRITER_14},
    14: {"pg_stat_wal": WAL_14, "pg_stat_bgwriter": WRITER_14},
    15: {"pg_stat_wal": WAL_14, "pg_stat_bgwriter": WRITER_14},
    16: {"pg_stat_wal": WAL_14, "pg_stat_bgwriter": WRITER_14, "pg_stat_io": IO_16},
    17: {
        "pg_stat_wal": WAL_14,
        "pg_stat_bgwriter": WRITER_17,
        "pg_stat_checkpointer": CHECKPOINTER_17,
        "pg_stat_io": IO_16,
    },
    18: {
        "pg_stat_wal": WAL_18,
        "pg_stat_bgwriter": WRITER_17,
        "pg_stat_checkpointer": CHECKPOINTER_18,
        "pg_stat_io": IO_18,
    },
}
for views in VERSIONS.values():
    views["pg_stat_database"] = "datid datname blks_read blks_hit stats_reset"
ALL = {*POSITION, *SOURCES}


def columns(version, hidden=()):
    return {(view, name): view not in hidden for view, names in VERSIONS[version].items() for name in names.split()}


@pytest.mark.parametrize("version", [14, 15, 16, 17, 18])
def test_every_counter_is_found_from_14_to_18(version):
    expressions, missing = choose(columns(version))
    assert (expressions.keys(), missing) == (ALL, {})


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_asked_that_the_version_does_not_have(version):
    has = columns(version)
    for expression in choose(has)[0].values():
        for view in {view for each in VERSIONS.values() for view in each} - {view for view, _ in has}:
            assert view not in expression


def test_of_18_writes_and_flushes_of_wal_are_those_of_pg_stat_io():
    expressions, _ = choose(columns(18))
    assert expressions["wal_sync"] == (
        "(SELECT sum(io.fsyncs) FROM pg_catalog.pg_stat_io AS io WHERE io.object = 'wal' AND io.context = 'normal')"
    )
    assert "pg_stat_wal" in choose(columns(17))[0]["wal_sync"]


def test_what_a_server_does_not_have_or_does_not_show_is_missing_with_its_reason():
    expressions, missing = choose(columns(13))
    assert "checkpoints_timed" in expressions
    assert missing["wal_sync"] == "this server does not count it"
    _, missing = choose(columns(15, hidden=["pg_stat_wal"]))
    assert missing["wal_sync"] == "this user may not read pg_stat_wal"
    assert "checkpoints_timed" not in missing


def test_a_counter_that_stays_0_as_the_server_is_configured_is_missing():
    usual = {"wal_sync_method": "fdatasync", "track_wal_io_timing": "on"}
    assert not_counted(usual) == {}
    assert not_counted(usual | {"track_wal_io_timing": "off"}).keys() == {"wal_write_time", "wal_sync_time"}
    for method in ("open_sync", "open_datasync"):
        missing = not_counted(usual | {"wal_sync_method": method})
        assert missing.keys() == {"wal_sync", "wal_sync_time"}
        assert method in missing["wal_sync"]


def test_one_statement_gives_them_all_by_name():
    assert statement({"a": "1", "b": "2"}) == "SELECT 1 AS a, 2 AS b"
