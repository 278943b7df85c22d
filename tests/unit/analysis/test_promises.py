"""Why a run's rows are not durable, and how steady its disk flushes, is said before its rates are read."""

from bench.analysis.promises import promise_notes
from tests.builders import a_record


def test_rows_that_were_in_memory_are_said_to_be_once():
    kept = {"durability": "in memory", "durability_because": "pg_wal lies on tmpfs"}
    assert promise_notes([a_record(**kept), a_record(trial=2, **kept)]) == [
        "The rows were in memory: pg_wal lies on tmpfs."
    ]


def test_a_durability_that_could_not_be_seen_is_unknown_with_the_reason():
    record = a_record(durability="unknown", durability_because="the server's data directory can't be seen from here")
    assert promise_notes([record]) == ["Durability unknown: the server's data directory can't be seen from here."]
    assert promise_notes([a_record(durability="unknown")]) == []


def test_flushes_are_said_to_be_unsteady_from_a_factor_of_two_on():
    assert promise_notes([a_record(fsync_per_s=(400.0, 800.0))]) == []
    assert promise_notes([a_record(fsync_per_s=(85.0, 344.0)), a_record(fsync_per_s=(5228.0, 11757.0))]) == [
        "The disk's flushes were not steady: 85 to 11,757 fdatasync/s beside the trials, median 2,786 of 4; rates that"
        " wait for flushes are no steadier."
    ]


def test_a_run_recorded_without_them_has_no_such_note():
    assert promise_notes([a_record()]) == []
