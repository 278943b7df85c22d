"""How a trial went from second to second: its rate, and where the server began a checkpoint."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

from bench.model import Record, Samples, State

MOST_POINTS = 120
"""Of one trial: a longer window is told by averages over several seconds."""
MOST_POINTS_IN_ALL = 20_000
FEWEST_POINTS = 20
CHECKPOINTS = ("checkpoints_timed", "checkpoints_req")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The rate of the seconds around ``at_s`` of the window."""

    at_s: float
    rows_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One trial's way through its window."""

    trial: int
    block: int
    state: State
    step_s: int
    """Seconds a point stands for."""
    points: tuple[Point, ...]
    checkpoints: tuple[Point, ...]
    """Where a checkpoint was first seen: it began within the second before."""
    watched: bool
    """The server's count of checkpoints could be read; otherwise nothing is known of them."""


def points_each(trials: int) -> int:
    """Return how many points each of so many trials may have, that all together stay few enough for one page."""
    return max(FEWEST_POINTS, min(MOST_POINTS, MOST_POINTS_IN_ALL // max(trials, 1)))


def course(record: Record, samples: Samples, window_s: float, most_points: int = MOST_POINTS) -> Course:
    """Return how a trial went; ``window_s`` is the plan's, as a void trial's own may never have been completed."""
    step = ceil(len(samples.rows_per_second) / most_points) or 1
    points = tuple(_points(samples.rows_per_second, step, window_s))
    seen = checkpoints_seen(samples.readings) if points else []
    return Course(
        trial=record.trial,
        block=record.block,
        state=record.validity.state,
        step_s=step,
        points=points,
        watched=len(_counts(samples.readings)) > 1,
        checkpoints=tuple(
            Point(at_s=at_s, rows_per_s=points[min(int(at_s / step), len(points) - 1)].rows_per_s) for at_s in seen
        ),
    )


def _points(rows: Sequence[int], step: int, window_s: float) -> Iterable[Point]:
    """Average over ``step`` seconds; the last ones may be cut by the window's end."""
    for start in range(0, len(rows), step):
        end = min(start + step, window_s)
        if end > start:
            yield Point(at_s=(start + end) / 2, rows_per_s=sum(rows[start : start + step]) / (end - start))


def checkpoints_seen(readings: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the seconds of the window at which the server's count of checkpoints was seen to have risen."""
    return [at_s for (_, before), (at_s, count) in pairwise(_counts(readings)) if count > before]


def _counts(readings: Iterable[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Return the count of checkpoints at each second at which it could be read."""
    counts = [(reading.get("at_s"), _checkpoints(reading.get("server"))) for reading in readings]
    return [(at_s, count) for at_s, count in counts if isinstance(at_s, float | int) and count is not None]


def _checkpoints(server: object) -> float | None:
    if not isinstance(server, dict) or not all(isinstance(server.get(name), float | int) for name in CHECKPOINTS):
        return None
    return float(sum(server[name] for name in CHECKPOINTS))
