"""The processors: all that may be used are busy, and what is short is no quota, the client's one core, or others'."""

from bench.constraints.constraint import BUSY, SATURATED, Constraint, Place, Removal
from bench.constraints.evidence import busy, is_alone
from bench.constraints.known import cpu_quota
from bench.constraints.known.other_programs import SHORT, of_others
from bench.constraints.triggers import without_triggers
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, cpus: Processors | None) -> float | None:
    """Return the busy part of those that may be used, where it is the clients' and the server's.

    Of one commit it is the part of its time. Where a quota held them up, that is what is short (``cpu-quota``).
    """
    if is_alone(record):
        # One commit at a time never uses them all: what of its time the server works is what counts.
        return record.cpu.server_cores
    others = of_others(record, cpus)
    if others is None or record.cpu.host_pct is None:
        return None
    if others > SHORT:
        return 0.0
    if (cpu_quota.CONSTRAINT.share(record, cpus) or 0.0) >= cpu_quota.CONSTRAINT.suspected_from:
        return record.cpu.host_pct / 100
    return busy(record, cpus)


def removal(trial: Trial, place: Place) -> Removal | str:
    """Spare what triggers of a user's own layout compute; nothing gives a box more processors."""
    found = without_triggers(trial, place)
    if isinstance(found, str):
        return tr("nothing here gives the box more processors")
    return found


CONSTRAINT = Constraint(words="processors", amount=BUSY, share=share, suspected_from=SATURATED, removal=removal)
