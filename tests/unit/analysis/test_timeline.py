"""A trial's way through its window, second by second."""

import pytest

from bench.analysis.timeline import checkpoints_seen, course, steps_each, waiting
from bench.model.record import Samples
from tests.builders import a_samples


def the_samples(rows, readings=()):
    samples = a_samples()
    changed = {"rows_per_second": list(rows), "readings": list(readings)}
    kept = {name: getattr(samples, name) for name in ("trial", "attempt", "commits_per_second", "latency_hdr")}
    return type(samples)(**kept, **changed)


def way(rows, window_s, readings=(), **more):
    return course(the_samples(rows, readings), window_s, **more)


def reading(at_s, timed, requested=0):
    return {"at_s": at_s, "server": {"checkpoints_timed": timed, "checkpoints_req": requested}}


def test_every_second_has_its_rate():
    found = [(step.from_s, step.to_s, step.rows_per_s) for step in way([100, 300], 2).steps]
    assert found == [(0, 1, 100), (1, 2, 300)]


def test_the_last_part_of_a_second_counts_for_what_it_is():
    last = way([100, 100, 50], 2.5).steps[-1]
    assert (last.from_s, last.to_s, last.rows_per_s) == (2, 2.5, 100)


def test_a_long_window_is_averaged_and_no_row_is_lost():
    steps = way(range(1000), 1000).steps
    assert len(steps) <= 120
    assert sum(step.rows_per_s * (step.to_s - step.from_s) for step in steps) == pytest.approx(499_500)


def test_many_trials_have_fewer_steps_each():
    assert (steps_each(1), steps_each(400), steps_each(100_000)) == (120, 50, 20)


def test_a_checkpoint_is_seen_where_the_servers_count_has_risen():
    readings = [reading(0, 3, 1), reading(1, 3, 1), reading(2, 4, 1), reading(3, 4, 2)]
    assert checkpoints_seen(readings) == [2, 3]
    assert [step.checkpoint_s for step in way([10, 20, 30, 40], 4, readings).steps] == [None, 2, 3, None]


def test_a_checkpoint_seen_by_the_reading_that_closes_the_window_belongs_to_its_last_second():
    assert [step.checkpoint_s for step in way([10, 20], 2, [reading(0, 3), reading(2.004, 4)]).steps] == [None, 2.004]


@pytest.mark.parametrize(
    "server", [{}, None, {"checkpoints_timed": 1}, {"checkpoints_timed": "1", "checkpoints_req": 1}]
)
def test_counters_that_could_not_be_read_tell_of_no_checkpoint(server):
    assert checkpoints_seen([{"at_s": 0, "server": server}, {"at_s": 1, "server": server}, {}]) == []


def test_a_trial_that_never_began_has_no_way():
    found = course(Samples(trial=1, attempt=1), 2)
    assert (found.steps, found.watched) == ((), False)


def test_counters_that_could_not_be_read_are_not_the_same_as_no_checkpoint():
    assert way([10, 20], 2, [reading(0, 3), reading(1, 3)]).watched
    assert not way([10, 20], 2, [{"at_s": 0, "server": {}}, {"at_s": 1, "server": {}}]).watched


def test_what_sessions_waited_for_is_how_many_of_them_did_between_two_looks():
    seen = [
        {"own IO:WALSync": 4, "own running": 2, "walwriter IO:WALSync": 9},
        {"own IO:WALSync": 9, "own running": 12, "own Client:ClientRead": 5, "walwriter IO:WALSync": 30},
    ]
    waits = [{"instants": instants, "seen": each} for instants, each in zip((10, 20), seen, strict=True)]
    readings = [{"at_s": at, "waits": each} for at, each in zip((0.1, 1.1), waits, strict=True)]
    [moment] = waiting(the_samples([1], readings))
    assert (moment.from_s, moment.to_s) == (0.1, 1.1)
    assert {state: number for state, number in moment.sessions.items() if number} == {
        "wal_flush": 0.5,
        "running": 1.0,
        "idle": 0.5,
    }


@pytest.mark.parametrize(
    "waits", [None, {"unreadable": "no"}, {"instants": "9", "seen": {}}, {"instants": 0, "seen": {}}]
)
def test_a_server_that_was_not_looked_at_tells_nothing_of_waits(waits):
    readings = [{"at_s": at, "waits": waits} for at in (0.1, 1.1)]
    assert list(waiting(the_samples([1], readings))) == []
