"""How far a standby is behind: means and the most of what was seen in the window."""

import pytest

from bench.probes.observed.replication import NEVER_LOOKED, NONE_FOLLOWS, NOT_SHOWN, NOT_TIMED, PROBE
from tests.builders import a_scene


class Answers:
    """A server that answers in this order."""

    def __init__(self, *rows):
        self._rows = list(rows)

    def rows(self, _statement):
        return [self._rows.pop(0)]


def seen(*seconds):
    """The readings of a probe that looked at these, a list for each second; the first is before the window."""
    probe, readings = PROBE(a_scene()), []
    for rows in seconds:
        server = Answers(*rows)
        for _ in rows:
            probe.sample(server)
        readings.append(probe.read())
    return probe.summary(readings, len(seconds) - 1)


def test_its_figures_are_of_the_window_alone():
    found = seen([(1, 9e6, 900.0)], [(1, 1000.0, 4.0), (1, 3000.0, 8.0)], [(1, 2000.0, None)])
    assert found == pytest.approx(
        {
            "lag_bytes": 2000,
            "lag_bytes_max": 3000,
            "lag_bytes_end": 2000,
            "lag_ms": 6,
            "lag_ms_max": 8,
            "instants": 3,
        }
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [([], NEVER_LOOKED), ([(0, None, None)], NONE_FOLLOWS), ([(1, None, None)], NOT_SHOWN)],
)
def test_what_was_not_seen_is_null_for_its_reason(rows, why):
    assert seen([], rows) == dict.fromkeys(PROBE.figures, why)


def test_a_standby_that_replayed_nothing_has_no_time():
    found = seen([], [(1, 500.0, None)])
    assert (found["lag_bytes"], found["lag_ms"], found["lag_ms_max"]) == (500, NOT_TIMED, NOT_TIMED)


def test_what_was_replayed_just_after_the_end_was_read_is_nothing_behind():
    assert seen([], [(1, -40.0, 0.1)])["lag_bytes"] == 0
