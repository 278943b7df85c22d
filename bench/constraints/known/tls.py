"""Encrypting what is sent."""

from bench.constraints.constraint import Constraint, Place, Removal
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return 0 where nothing is encrypted; else nothing that a trial observes tells."""
    return None if record.trial.transport == "tls" else 0.0


def removal(trial: Trial, place: Place) -> Removal | str | None:
    """Send it as it is."""
    if trial.transport != "tls":
        return None
    if not place.managed:
        return tr("the connection string is yours: it stays encrypted")
    return Removal(words=tr("without TLS"), transport="tcp")


def remains(record: Record, _: Processors | None) -> float | None:
    """Return whether it still was encrypted."""
    return float(record.trial.transport == "tls")


CONSTRAINT = Constraint(words="TLS", share=share, removal=removal, remains=remains)
