"""The way between client and server."""

from bench.constraints.constraint import OF_COMMITS, Constraint, Place, Removal
from bench.constraints.evidence import share_waiting
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Trial
from bench.model.record import Record


def share(record: Record, _: Processors | None) -> float | None:
    """Return the part of the commits under way for which the server waited until the client took its answer."""
    return share_waiting(record, "client_write")


def removal(trial: Trial, place: Place) -> Removal | str | None:
    """Talk through a socket file instead of TCP."""
    if trial.transport == "socket":
        return None
    if not place.local:
        return tr("the server is on another machine")
    if trial.transport == "tls":
        return tr("through TCP it is encrypted, and through a socket file it would not be: see tls")
    if not place.managed:
        return tr("the connection string is yours: it is used as it is")
    return Removal(words=tr("through a socket file"), transport="socket")


def remains(record: Record, _: Processors | None) -> float | None:
    """Return whether TCP still was between them."""
    return float(record.trial.transport != "socket")


CONSTRAINT = Constraint(words="the way to the server", amount=OF_COMMITS, share=share, removal=removal, remains=remains)
