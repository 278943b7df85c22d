"""What a rung is stopped by, as far as its trials show it without an experiment: a suspect, never a proof.

Of one commit in flight all of its time is somebody's: who has most of it is suspected. Of several, one waits while
another works: then what has nothing left to give (a processor, a client's one core, the disk's flushes) is suspected,
or what most of the workers' time goes into. Where nothing of these is the case the limit is unexplained, not guessed.
What each constraint shows is its file's to say (``bench.constraints``); ``explain`` proves it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.constraints.constraint import constraints
from bench.constraints.evidence import is_alone
from bench.model.fingerprint import Processors
from bench.model.language import later, tr
from bench.model.record import Record
from bench.model.values import Amount, Name

UNEXPLAINED = later("unexplained")
"""The name of what no constraint accounts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What stops a rung.

    Attributes:
        constraint: its name, or ``unexplained``.
        share: 0 to 1, as its constraint counts it; of one commit in flight always of its time. Of ``unexplained`` it is
            what is left.
        proved: an experiment removed it, and the rung became faster by it.

    """

    constraint: Name
    share: Amount
    proved: bool = False


def constraint_words(name: str) -> str:
    """Return what a constraint is called: a user's own as its file says; its name where its file is not here."""
    known = constraints()
    if name == UNEXPLAINED:
        return tr(UNEXPLAINED)
    if name not in known:
        return name
    return tr(known[name].words) if name in known.own else known[name].words


def stopped_by(counted: Sequence[Record], cpus: Processors | None) -> Limit | None:
    """Return what trials that count were stopped by; None where they show nothing of it.

    ``cpus`` are the processors of the box, None where they are not known.
    """
    seen = [record for record in counted if record.seconds and record.commits]
    if not seen:
        return None
    found = typical_shares(seen, cpus)
    if is_alone(seen[0]):
        enough = found
    else:
        enough = {name: share for name, share in found.items() if share >= constraints()[name].suspected_from}
    if not enough:
        return Limit(constraint=UNEXPLAINED, share=max(1 - max(found.values(), default=0.0), 0.0))
    constraint = max(enough, key=lambda name: enough[name])
    return Limit(constraint=constraint, share=enough[constraint])


def typical_shares(counted: Sequence[Record], cpus: Processors | None) -> Mapping[str, float]:
    """Return what trials show of each constraint; those that none of them could observe are left out. Pure."""
    known: dict[str, list[float]] = {}
    for record in counted:
        for name, constraint in constraints().items():
            share = constraint.share(record, cpus)
            if share is not None:
                known.setdefault(name, []).append(share)
    # A median: one trial in which the box did something else moves it little.
    return {name: median(values) for name, values in known.items()}
