"""What several views of a ladder need: a name for each rung, and the trials it was made of."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields

from bench.analysis.ladder import Ladder, Rung
from bench.analysis.pulled import latest
from bench.model.plan import Parameters, Trial
from bench.model.record import Record

PAYLOAD = "payload_bytes"
"""The one parameter that no rung is named by."""


def rung_names(ladder: Ladder) -> list[str]:
    """Return a name for each rung, in order, that no other rung of the ladder has."""
    phases = Counter(rung.phase for rung in ladder.rungs)
    names = [_name(rung, _differing(ladder, rung.phase) if phases[rung.phase] > 1 else ()) for rung in ladder.rungs]
    return [f"{name} ({i})" if names.count(name) > 1 else name for i, name in enumerate(names, 1)]


def _name(rung: Rung, ways: Iterable[str]) -> str:
    return ", ".join([f"{rung.phase} {rung.method}", *(f"{way} {getattr(rung.parameters, way)}" for way in ways)])


def _differing(ladder: Ladder, phase: str) -> list[str]:
    same = [rung.parameters for rung in ladder.rungs if rung.phase == phase]
    ways = [each.name for each in fields(Parameters) if each.name != PAYLOAD]
    return [way for way in ways if len({getattr(parameters, way) for parameters in same}) > 1]


def trials_of(ladder: Ladder, rung: Rung, records: Sequence[Record]) -> list[Record]:
    """Return the trials that a rung was made of, void ones included."""
    wanted = (ladder.variant, ladder.layout, ladder.transport, rung.phase, rung.driver, rung.parameters)
    return [record for record in latest(records) if _way(record.trial) == wanted]


def _way(trial: Trial) -> tuple[object, ...]:
    return trial.variant, trial.layout, trial.transport, trial.phase, trial.driver, trial.parameters
