"""A trial's way through its window, second by second."""

import pytest

from bench.analysis.course import checkpoints_seen, course, points_each
from tests.builders import a_record, a_samples, doubtful


def way(rows, window_s, readings=(), **more):
    samples = a_samples()
    changed = {"rows_per_second": list(rows), "readings": list(readings)}
    kept = {name: getattr(samples, name) for name in ("trial", "attempt", "commits_per_second", "latency_hdr")}
    return course(a_record(), type(samples)(**kept, **changed), window_s, **more)


def reading(at_s, timed, requested=0):
    return {"at_s": at_s, "server": {"checkpoints_timed": timed, "checkpoints_req": requested}}


def test_a_point_stands_in_the_middle_of_its_second():
    assert [(point.at_s, point.rows_per_s) for point in way([100, 300], 2).points] == [(0.5, 100), (1.5, 300)]


def test_the_last_part_of_a_second_counts_for_what_it_is():
    last = way([100, 100, 50], 2.5).points[-1]
    assert (last.at_s, last.rows_per_s) == (2.25, 100)


def test_a_long_window_is_averaged_and_no_row_is_lost():
    found = way(range(1000), 1000)
    assert found.step_s == 9
    assert len(found.points) <= 120
    widths = [9] * 111 + [1]
    assert sum(p.rows_per_s * width for p, width in zip(found.points, widths, strict=True)) == pytest.approx(499_500)


def test_many_trials_have_fewer_points_each():
    assert (points_each(1), points_each(400), points_each(100_000)) == (120, 50, 20)


def test_a_checkpoint_is_seen_where_the_servers_count_has_risen():
    readings = [reading(0, 3, 1), reading(1, 3, 1), reading(2, 4, 1), reading(3, 4, 2)]
    assert checkpoints_seen(readings) == [2, 3]
    assert [point.rows_per_s for point in way([10, 20, 30, 40], 4, readings).checkpoints] == [30, 40]


@pytest.mark.parametrize(
    "server", [{}, None, {"checkpoints_timed": 1}, {"checkpoints_timed": "1", "checkpoints_req": 1}]
)
def test_counters_that_could_not_be_read_tell_of_no_checkpoint(server):
    assert checkpoints_seen([{"at_s": 0, "server": server}, {"at_s": 1, "server": server}, {}]) == []


def test_a_trial_that_never_began_has_no_way():
    found = course(a_record(validity=doubtful("void", "agent-ended")), type(a_samples())(trial=1, attempt=1), 2)
    assert (found.state, found.points, found.checkpoints) == ("void", (), ())


def test_counters_that_could_not_be_read_are_not_the_same_as_no_checkpoint():
    assert way([10, 20], 2, [reading(0, 3), reading(1, 3)]).watched
    assert not way([10, 20], 2, [{"at_s": 0, "server": {}}, {"at_s": 1, "server": {}}]).watched
