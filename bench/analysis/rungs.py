"""What several views of a ladder need: a name for each rung, and the trials it was made of."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter

from bench.analysis.ladder import Ladder, Rung
from bench.analysis.pulled import latest
from bench.model.plan import Parameters, Trial
from bench.model.record import Record

WAYS = tuple(each.name for each in fields(Parameters) if each.name != "payload_bytes")
"""Parameters that a rung may be named by."""


def rung_names(ladder: Ladder) -> list[str]:
    """Return a name for each rung, in order, that no other rung of the ladder has."""
    names = []
    for rung in ladder.rungs:
        words = [f"{rung.phase} {rung.method}"]
        same = [other.parameters for other in ladder.rungs if other.phase == rung.phase]
        differing = [way for way in WAYS if len(set(map(attrgetter(way), same))) > 1]
        words += [f"{way} {getattr(rung.parameters, way)}" for way in differing]
        names.append(", ".join(words))
    for number, name in enumerate(tuple(names)):
        if names.count(name) > 1:
            names[number] = f"{name} ({number + 1})"
    return names


def trials_of(ladder: Ladder, rung: Rung, records: Sequence[Record]) -> list[Record]:
    """Return the trials that a rung was made of, void ones included."""
    wanted = (ladder.variant, ladder.layout, ladder.transport, rung.phase, rung.driver, rung.parameters)
    return [record for record in latest(records) if _way(record.trial) == wanted]


def _way(trial: Trial) -> tuple[object, ...]:
    return trial.variant, trial.layout, trial.transport, trial.phase, trial.driver, trial.parameters
