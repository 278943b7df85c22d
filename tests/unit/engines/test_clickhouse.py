"""ClickHouse without one: what is graded, what its complaints mean, where a server's program is looked for."""

import os
from pathlib import Path

import pytest

from bench.engines.clickhouse import engine
from bench.engines.clickhouse.durability import FLUSHES, grade
from bench.engines.clickhouse.found import hash_of
from bench.model.endpoint import Endpoint
from bench.model.errors import UsageError
from bench.model.fingerprint import Unreadable
from bench.workload.clickhouse import complaint, embedded
from bench.workload.drivers.clickhouse import DRIVER

PLAIN = "events: MergeTree ORDER BY device_id SETTINGS index_granularity = 8192"
FLUSHED = f"events: MergeTree ORDER BY device_id SETTINGS {', '.join(f'{name} = 1' for name in FLUSHES)}"
UNSEEN = Unreadable(unreadable="not to be seen")


@pytest.mark.parametrize(
    ("made", "by_default", "word"),
    [
        ([PLAIN], [], "not crash-safe"),
        ([FLUSHED], [], "unknown"),
        ([PLAIN], FLUSHES, "unknown"),
        ([PLAIN], FLUSHES[:1], "not crash-safe"),
        ([PLAIN.replace("index", "fsync_after_insert = 1, index")], [], "not crash-safe"),
    ],
)
def test_both_flushes_are_needed_of_the_table_or_of_the_server(made, by_default, word):
    found = grade(made, by_default, UNSEEN, early=False)
    assert found.word == word
    assert found.because


def test_who_is_answered_early_may_lose_whatever_is_flushed():
    assert grade([FLUSHED], [], UNSEEN, early=True).word == "not crash-safe"


def test_data_in_memory_is_told_first(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.engines.clickhouse.durability.memory_under", lambda _: "tmpfs")
    assert grade([FLUSHED], [], tmp_path, early=False).word == "in memory"


def test_too_many_parts_are_refused_and_other_complaints_leave_rows_in_doubt():
    parts = complaint("Code: 252. DB::Exception: Too many parts (300). Stack trace: 0. more")
    assert "too many parts (code 252)" in str(parts)
    assert "Stack trace" not in str(parts)
    assert "more" not in str(parts).rpartition("--processes")[2]
    assert DRIVER.refused(parts)
    assert not DRIVER.refused(complaint("Code: 241. DB::Exception: Memory limit exceeded"))
    assert not DRIVER.refused(OSError("gone"))


def test_a_payload_s_hash_is_written_as_clickhouse_writes_it():
    assert hash_of("abc") == "900150983CD24FB0D6963F7D28E17F72"


def test_an_endpoint_without_a_port_is_a_directory_and_parameters_of_libpq_are_not_kept():
    endpoint = Endpoint(transport="tcp", host="/data", port=0, user="u", database="d", schema="d")
    assert embedded(endpoint)
    assert DRIVER.unkept(endpoint) == []
    served = Endpoint(
        transport="tcp", host="h", port=9000, user="u", database="d", schema="d", parameters={"sslmode": "require"}
    )
    assert not embedded(served)
    assert DRIVER.unkept(served) == ["sslmode=require"]


def a_program(place: Path, name: str) -> Path:
    file = place / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_a_server_is_its_package_s_program_or_the_one_program_with_a_word(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "PLACES", str(tmp_path))
    assert engine.program() is None
    one = a_program(tmp_path, "clickhouse")
    assert engine.program() == [str(one), "server"]
    own = a_program(tmp_path, "clickhouse-server")
    assert engine.program() == [str(own)] == engine.program(tmp_path)


def test_what_is_missing_is_told_with_the_commands_that_bring_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(engine, "PLACES", os.devnull)
    monkeypatch.setattr(engine, "find_spec", lambda _: None)
    assert "make provision ROLES=clickhouse. Here: make clickhouse" in engine.ENGINE.lacking(tmp_path)
    monkeypatch.setattr(engine, "find_spec", lambda name: name)
    assert engine.ENGINE.lacking(tmp_path) is None


def test_it_is_measured_beside_a_postgresql_of_ours_alone(tmp_path):
    with pytest.raises(UsageError, match="beside PostgreSQL: ask for --phases 3-C"):
        engine.ENGINE.private(tmp_path, None)
    with pytest.raises(UsageError, match="of pgladder's own"):
        engine.ENGINE.beside(None, tmp_path)
