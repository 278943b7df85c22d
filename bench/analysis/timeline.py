"""How a trial went from second to second: its rate, where a checkpoint began, what its sessions waited for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, TypeGuard

from bench.model.record import Samples
from bench.model.values import MOST
from bench.model.waiting import STATES, own_by_state

MOST_STEPS = 120
"""Of one trial: a longer window is told by averages over several seconds."""
MOST_STEPS_IN_ALL = 20_000
FEWEST_STEPS = 20
CHECKPOINTS = ("checkpoints_timed", "checkpoints_req")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The rate over some seconds of the window."""

    from_s: float
    to_s: float
    rows_per_s: float
    checkpoint_s: float | None
    """The second of the window at which a checkpoint was first seen: it began within the second before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One trial's way through its window."""

    steps: tuple[Step, ...]
    watched: bool
    """The server's count of checkpoints could be read; otherwise nothing is known of them."""


def steps_each(trials: int) -> int:
    """Return how many steps each of so many trials may have, that all together stay few enough for one page."""
    return max(FEWEST_STEPS, min(MOST_STEPS, MOST_STEPS_IN_ALL // max(trials, 1)))


def course(samples: Samples, window_s: float, most_steps: int = MOST_STEPS) -> Course:
    """Return how a trial went; ``window_s`` is the plan's, as a void trial's own may never have been completed."""
    rows = samples.rows_per_second
    seen = checkpoints_seen(samples.readings)
    seconds = ceil(len(rows) / most_steps) or 1
    steps = []
    for start in range(0, len(rows), seconds):
        # The window's end may cut the last step short: its rows are of less time.
        end = min(start + seconds, window_s)
        if end <= start:
            break
        # A reading late by a moment, after the window's end, is of its last second.
        began = [at_s for at_s in seen if start < min(at_s, window_s) <= end]
        steps.append(
            Step(
                from_s=start,
                to_s=end,
                rows_per_s=sum(rows[start : start + seconds]) / (end - start),
                checkpoint_s=next(iter(began), None),
            )
        )
    # One reading alone can't show a rise.
    return Course(steps=tuple(steps), watched=len(_counts(samples.readings)) > 1)


def checkpoints_seen(readings: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the seconds of the window at which the server's count of checkpoints was seen to have risen."""
    seen = []
    for (_, before), (at_s, count) in pairwise(_counts(readings)):
        if count > before:
            seen.append(at_s)
    return seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the run's own sessions were in over about a second: how many of them, on average, by state."""

    from_s: float
    to_s: float
    sessions: Mapping[str, float]


def waiting(samples: Samples) -> Iterator[Waiting]:
    """Yield what the sessions waited for from reading to reading; nothing where the server was not looked at."""
    for before, after in pairwise(samples.readings):
        one, other = before.get("waits"), after.get("waits")
        if not _is_seen(one) or not _is_seen(other):
            continue
        instants = other["instants"] - one["instants"]
        if instants <= 0:
            continue
        first, last = own_by_state(one["seen"]), own_by_state(other["seen"])
        sessions = {state: (last[state] - first[state]) / instants for state in STATES}
        yield Waiting(from_s=before["at_s"], to_s=after["at_s"], sessions=sessions)


def _is_seen(waits: Any) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a reading of somebody's file counts instants and what was seen."""
    if not isinstance(waits, dict) or not isinstance(waits.get("seen"), dict):
        return False
    return all(map(_is_number, (waits.get("instants"), *waits["seen"].values())))


def _counts(readings: Iterable[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Return the count of checkpoints at each second at which it could be read."""
    counts = []
    for reading in readings:
        at_s, server = reading.get("at_s"), reading.get("server")
        if not isinstance(server, dict):
            continue
        timed, requested = map(server.get, CHECKPOINTS)
        if _is_number(at_s) and _is_number(timed) and _is_number(requested):
            counts.append((at_s, float(timed + requested)))
    return counts


def _is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value of somebody's file can be reckoned with."""
    return isinstance(value, float | int) and abs(value) <= MOST
