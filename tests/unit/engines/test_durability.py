"""The word for what a crash would take, and when it is doubted."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bench.engines.postgresql.durability import Promise, data_place, grade, memory_of
from bench.engines.postgresql.layout import table_layout
from bench.model.fingerprint import Fingerprint, Unreadable
from bench.validity.flushes import NO_FLUSH_US, check_flush_rate, check_no_flush, flushes_at_start, flushes_needed
from bench.workload.phase import ladder

SAFE = Promise(fsync="on", full_page_writes="on", synchronous_commit="on", wal_writer_delay_ms=200)
UNSEEN = Unreadable(unreadable="the server's data directory can't be seen from here")


def graded(layout="plain", memory=(), of_clients=("on", "on"), **changes):
    found = grade(replace(SAFE, **changes), table_layout(layout).risk, memory, of_clients)
    return found.word, found.because


def test_only_what_is_seen_to_lie_on_a_disk_and_waits_for_its_flush_is_durable():
    assert graded() == ("durable", None)
    assert graded(memory=[UNSEEN]) == ("unknown", UNSEEN.unreadable)


def test_memory_is_the_worst_of_all_whatever_else_is_set():
    assert graded("unlogged", [UNSEEN, "pg_wal lies on tmpfs"], fsync="off") == ("in memory", "pg_wal lies on tmpfs")


@pytest.mark.parametrize(
    ("layout", "changes", "because"),
    [
        ("unlogged", {}, "the table is unlogged"),
        ("plain", {"fsync": "off"}, "fsync off"),
        ("plain", {"fsync": "off", "full_page_writes": "off"}, "fsync and full_page_writes off"),
    ],
)
def test_what_a_crash_destroys_is_not_crash_safe_wherever_it_lies(layout, changes, because):
    assert graded(layout, [UNSEEN], **changes) == ("not crash-safe", because)


def test_one_session_that_does_not_wait_decides():
    assert graded(synchronous_commit="off") == ("may lose last 600 ms", "synchronous_commit is off")
    assert graded(of_clients=("on", "off"), wal_writer_delay_ms=10) == (
        "may lose last 30 ms",
        "synchronous_commit is off in the clients' sessions",
    )


def test_a_place_that_cannot_be_looked_at_is_said_not_taken_for_a_disk(tmp_path):
    (tmp_path / "pg_wal").symlink_to(tmp_path / "nowhere")
    *_, unseen = memory_of(tmp_path, [])  # the directory itself may lie in memory, as /tmp does in places
    assert unseen.unreadable == f"{tmp_path}/pg_wal can't be looked at by this user"
    assert list(memory_of(UNSEEN, ["/space"])) == [UNSEEN]


@dataclass
class Here:
    """A server whose postmaster is this very process."""

    directory: Path | None
    pid: int | None

    def data_directory(self):
        return self.directory

    def postmaster(self):
        return self.pid


def test_the_data_lies_where_the_postmaster_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert data_place(Here(tmp_path, os.getpid())) == data_place(Here(None, os.getpid())) == tmp_path
    assert data_place(Here(tmp_path, None)) == tmp_path


def test_a_directory_that_is_another_in_a_container_is_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    assert "as in a container" in data_place(Here(tmp_path, os.getpid())).unreadable
    assert "can't be seen from here" in data_place(Here(None, None)).unreadable


# --- doubts ----------------------------------------------------------------------------------------------------------


def codes(reasons):
    return [reason.code for reason in reasons]


def test_a_commit_that_gains_nothing_by_not_waiting_is_doubted_where_flushes_are_promised():
    assert codes(check_no_flush("durable", 9.0)) == ["no-flush"]
    assert codes(check_no_flush("unknown", -1.0)) == ["no-flush"]
    for word, cost in [("durable", NO_FLUSH_US), ("in memory", 9.0), ("durable", UNSEEN), ("durable", None)]:
        assert check_no_flush(word, cost) == []


def needed(phase, commits_per_s, counted=None):
    return flushes_needed(ladder()[phase].parameters, counted, commits_per_s)


def test_more_durable_commits_than_the_disk_has_flushes_are_a_contradiction():
    [reason] = check_flush_rate("durable", needed("1-B", 1788.0), [85.0, 344.0], [9000.0])
    assert reason.code == "flush-rate"
    assert reason.detail == (
        "1,788 commits/s that wait for their flush, 1 at a time, take 1,788 flushes/s, and the disk gave 344"
        " fdatasync/s just before or after: one of the two is no fact"
    )


@pytest.mark.parametrize(
    ("word", "rates"),
    [("durable", [900.0]), ("durable", []), ("may lose last 600 ms", [85.0]), ("in memory", [85.0])],
)
def test_there_is_no_contradiction_where_the_disk_could_or_no_flush_is_waited_for(word, rates):
    assert check_flush_rate(word, needed("1-B", 1788.0), rates, rates) == []


def test_one_flush_serves_all_that_are_under_way_unless_the_server_counted_more():
    assert check_flush_rate("durable", needed("2-B", 1788.0), [85.0], []) == []
    [reason] = check_flush_rate("durable", needed("2-B", 1788.0, 900.0), [85.0], [])
    assert reason.detail.startswith("the server counted 900 flushes/s, and the disk gave 85")


def test_where_a_disk_can_not_be_seen_its_flushes_are_counted_all_the_same():
    [reason] = check_flush_rate("unknown", needed("1-B", 1788.0), [344.0], [])
    assert reason.share == 1 - 344 / 1788


def host(**disk):
    return Fingerprint(host="bench-1", run="r", taken="2026-01-01T00:00:00+00:00", facts={"disk": disk})


def test_where_no_flush_was_counted_beside_a_trial_those_count_that_were_when_the_run_began():
    rates = flushes_at_start(host(fsync_per_s=300.0, fsync_per_s_least=85, fsync_per_s_most=344.0))
    [reason] = check_flush_rate("durable", needed("1-B", 1788.0), [], rates)
    assert reason.code == "flush-rate"
    assert reason.detail.endswith(", and the disk gave 344 fdatasync/s when the run began: one of the two is no fact")
    assert reason.share == 1 - 344 / 1788
    assert check_flush_rate("durable", needed("1-B", 688.0), [], rates) == []  # a disk gives twice as much at times
    assert check_flush_rate("durable", needed("1-B", 1788.0), [900.0], rates) == []


def test_a_fingerprint_in_which_no_flushes_were_counted_contradicts_nothing():
    for fingerprint in (None, host(), host(fsync_per_s=UNSEEN)):
        assert flushes_at_start(fingerprint) == []
    assert check_flush_rate("durable", needed("1-B", 1788.0), [], []) == []
