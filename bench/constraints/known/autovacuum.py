"""Autovacuum at work while rows come in."""

from bench.constraints.constraint import Constraint, Place, Removal
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, cpus: Processors | None) -> float | None:
    """Return the part of the processors that may be used which its workers used."""
    used = record.observed.get("server_cpu", {}).get("autovacuum")
    if used is None or cpus is None:
        return None
    return min(used / cpus.usable, 1.0)


def removal(_: Trial, place: Place) -> Removal | str:
    """Switch it off."""
    if not place.managed:
        return tr("the server is yours: autovacuum stays as it is")
    return Removal(words=tr("without autovacuum"), settings={"autovacuum": "off"})


CONSTRAINT = Constraint(words="autovacuum", share=share, suspected_from=0.1, removal=removal, may_remain=0.01)
