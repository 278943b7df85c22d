"""What several views of a ladder need: a name for each rung, and the trials it was made of."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bench.analysis.ladder import Ladder, Rung
from bench.analysis.pulled import latest
from bench.model.record import Record

WAYS = ("processes", "in_flight", "pool_min", "pool_max", "batch", "event_loop")
"""What may differ between two rungs of one phase."""


def rung_names(ladder: Ladder) -> list[str]:
    """Return a name for each rung, in order, that no other rung of the ladder has."""
    phases = Counter(rung.phase for rung in ladder.rungs)
    names = [_name(rung, _differing(ladder, rung.phase) if phases[rung.phase] > 1 else ()) for rung in ladder.rungs]
    return [f"{name} ({i})" if names.count(name) > 1 else name for i, name in enumerate(names, 1)]


def _name(rung: Rung, ways: Iterable[str]) -> str:
    return ", ".join([f"{rung.phase} {rung.method}", *(f"{way} {getattr(rung, way)}" for way in ways)])


def _differing(ladder: Ladder, phase: str) -> list[str]:
    same = [rung for rung in ladder.rungs if rung.phase == phase]
    return [way for way in WAYS if len({getattr(rung, way) for rung in same}) > 1]


def trials_of(ladder: Ladder, rung: Rung, records: Sequence[Record]) -> list[Record]:
    """Return the trials that a rung was made of, void ones included."""
    arm = (ladder.variant, ladder.layout, ladder.transport, rung.phase, *(getattr(rung, way) for way in WAYS))
    return [record for record in latest(records) if _arm(record) == arm]


def _arm(record: Record) -> tuple[object, ...]:
    return (record.variant, record.layout, record.transport, record.phase, *(getattr(record, way) for way in WAYS))
