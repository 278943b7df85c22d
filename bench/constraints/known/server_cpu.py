"""The processors: all of them are busy, and neither the client's one core nor others' programs are what is short."""

from bench.constraints.constraint import BUSY, SATURATED, Constraint, Place, Removal
from bench.constraints.evidence import is_alone
from bench.constraints.known.other_programs import SHORT, of_others
from bench.constraints.triggers import without_triggers
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, cpus: int | None) -> float | None:
    """Return the busy part of all processors, where it is the clients' and the server's; of one commit, of its time."""
    if is_alone(record):
        # One commit at a time never uses them all: what of its time the server works is what counts.
        return record.cpu.server_cores
    others = of_others(record, cpus)
    if others is None or record.cpu.host_pct is None:
        return None
    if others > SHORT:
        return 0.0
    return record.cpu.host_pct / 100


def removal(trial: Trial, place: Place) -> Removal | str:
    """Spare what triggers of a user's own layout compute; nothing gives a box more processors."""
    found = without_triggers(trial, place)
    if isinstance(found, str):
        return tr("nothing here gives the box more processors")
    return found


CONSTRAINT = Constraint(words="processors", amount=BUSY, share=share, suspected_from=SATURATED, removal=removal)
