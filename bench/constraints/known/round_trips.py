"""One commit at a time: while it travels, flushes or is worked on, nothing else is."""

from dataclasses import replace

from bench.constraints.constraint import OF_COMMITS, Constraint, Place, Removal
from bench.constraints.evidence import is_alone, under_way
from bench.constraints.known import connecting, wal_flush
from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record

MORE = 8
"""Times as many in flight: beyond it two to four processors gained nothing more here."""
ANOTHERS_FLUSH = 1.5
"""Of several, one that commits while another's flush is under way waits for the rest of that one first."""


def share(record: Record, cpus: Processors | None) -> float | None:
    """Return the part of its time in which a commit is neither worked on by a processor nor waits for its flush."""
    used = record.cpu
    if not is_alone(record):
        return 0.0
    parts = [used.client_cores, used.server_cores, wal_flush.share(record, cpus), connecting.share(record, cpus)]
    known = [each for each in parts if each is not None]
    if len(known) < len(parts):
        return None
    return max(1 - sum(known), 0.0)


def removal(trial: Trial, _: Place) -> Removal | None:
    """Have several under way, each by a client process of its own."""
    if trial.parameters.workers > 1:
        return None
    return Removal(words=tr("with {count} client processes", count=MORE), parameters={"processes": MORE})


def relieved(work: Work, _: float) -> Work:
    """Several are under way."""
    waits = dict(work.waits_s)
    if "wal-flush" in waits:
        waits["wal-flush"] *= ANOTHERS_FLUSH
    return replace(work, in_flight=work.in_flight * MORE, processes=work.processes * MORE, waits_s=waits)


def remains(record: Record, _: Processors | None) -> float | None:
    """Return how far the commits under way are from those that were asked for."""
    in_flight, parameters = under_way(record), record.trial.parameters
    if in_flight is None:
        return None
    return max(1 - in_flight / parameters.workers, 0.0)


CONSTRAINT = Constraint(
    words="round trips", amount=OF_COMMITS, share=share, removal=removal, relieved=relieved, remains=remains
)
