"""Too few connections in the pool for the commits that want one."""

from dataclasses import replace

from bench.constraints.constraint import OF_CLIENTS, Constraint, Place, Removal
from bench.constraints.evidence import share_of_workers
from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the workers' time."""
    if record.trial.parameters.pool_max is None:
        return None
    return share_of_workers(record, "pool_wait_s")


def removal(trial: Trial, _: Place) -> Removal | None:
    """Give each commit in flight a connection."""
    wanted = trial.parameters.in_flight
    if trial.parameters.pool_max is None or trial.parameters.pool_max >= wanted:
        return None
    # Open from the start: those that a pool opens within the window would be measured with it.
    return Removal(
        words=tr("with a pool of {wanted}", wanted=wanted), parameters={"pool_min": wanted, "pool_max": wanted}
    )


def relieved(work: Work, share: float) -> Work:
    """Those that waited for a connection are under way, too."""
    return replace(work, in_flight=work.in_flight / (1 - min(share, 0.99)))


CONSTRAINT = Constraint(
    words="waiting for the pool", amount=OF_CLIENTS, share=share, removal=removal, relieved=relieved
)
