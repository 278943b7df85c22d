"""TimescaleDB: over how long a chunk lasts, and what of its chunks is no alteration."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.layout import table_layout
from bench.engines.timescaledb.chunks import DEFAULT_S, interval_s, without_chunks
from bench.workload.phase import ladder, usual

HYPERTABLE = table_layout("hypertable").reads_back - {"events: hypertable by created_at"}
INDEXED = table_layout("hypertable-indexed").reads_back - {"events: hypertable by created_at"}
CHUNK = "_hyper_3_7_chunk"
RANGE = "CHECK (((created_at >= '2026-11-29 10:00:00+00'::timestamp with time zone) AND (created_at < '2026-11-29')))"
OF_CHUNK = {
    f"{CHUNK}: permanent table",
    f"{CHUNK}: {RANGE}",
    f"{CHUNK}: PRIMARY KEY (id, created_at)",
    f"{CHUNK}: column id bigint NOT NULL",
    f"{CHUNK}: column device_id bigint NOT NULL",
    f"{CHUNK}: column payload text NOT NULL",
    f"{CHUNK}: column created_at timestamp with time zone NOT NULL DEFAULT now()",
}


@pytest.mark.parametrize(("memory_gib", "seconds"), [(0.001, 1), (4, 50), (16, 199), (64, 795)])
def test_a_chunk_lasts_as_long_as_its_indexes_fit_into_a_quarter_of_memory(memory_gib, seconds):
    assert interval_s(round(memory_gib * (1 << 30))) == seconds


def test_where_memory_can_not_be_seen_it_is_timescaledbs_own():
    assert interval_s(None) == DEFAULT_S == 604_800


def test_chunks_that_are_like_their_hypertable_and_its_own_trigger_are_no_alteration():
    lines = HYPERTABLE | OF_CHUNK | {"events: trigger ts_insert_blocker"}
    assert without_chunks(lines) == HYPERTABLE
    index = f"{CHUNK}: index {CHUNK}_events_created_at_idx"
    assert without_chunks(INDEXED | OF_CHUNK | {index}) == INDEXED


@pytest.mark.parametrize(
    ("more", "fewer", "told"),
    [
        (f"{CHUNK}: unlogged table", f"{CHUNK}: permanent table", f"{CHUNK}: unlogged table"),
        (f"{CHUNK}: trigger mine", "", f"{CHUNK}: trigger mine"),
        (f"{CHUNK}: index {CHUNK}_mine", "", f"{CHUNK}: index {CHUNK}_mine"),
        (f"{CHUNK}: CHECK (((device_id > 5)))", "", f"{CHUNK}: CHECK (((device_id > 5)))"),
        ("", f"{CHUNK}: PRIMARY KEY (id, created_at)", f"{CHUNK}: no PRIMARY KEY (id, created_at)"),
        ("events: trigger mine", "", "events: trigger mine"),
    ],
)
def test_a_chunk_that_is_altered_is_told(more, fewer, told):
    lines = (HYPERTABLE | OF_CHUNK | {more}) - {fewer, ""}
    assert without_chunks(lines) == HYPERTABLE | {told}


@pytest.mark.parametrize(("name", "of"), [("3-T", "2-D"), ("3-T2", "2-F"), ("3-T3", "2-G")])
def test_its_rungs_write_as_those_that_they_are_compared_with(name, of):
    rung = ladder()[name]
    assert (rung.engine, rung.layout) == ("timescaledb", "hypertable")
    assert replace(rung, engine=None, layout=None, usual=True) == ladder()[of]
    assert name not in usual()


def test_each_of_its_layouts_names_it_and_has_its_key():
    for name in ("hypertable", "hypertable-indexed", "hypertable-compressed"):
        assert table_layout(name).engine == "timescaledb"
        assert table_layout(name).has_key
