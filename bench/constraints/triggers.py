"""What a user's own layout has beside its columns: triggers and foreign keys, which may compute and take locks."""

from bench.constraints.constraint import Place, Removal
from bench.engines.postgresql.layout import own_layout
from bench.model.language import tr
from bench.model.plan import Trial

OFF = {"session_replication_role": "replica"}
"""Sessions that apply what was replicated fire no ordinary trigger, and check no foreign key (manual, ALTER TABLE)."""


def without_triggers(trial: Trial, place: Place) -> Removal | str:
    """Return what switches them off; else why nothing does."""
    if own_layout(trial.layout):
        return tr("the layout {layout} has no triggers and no foreign keys", layout=trial.layout)
    if not place.managed:
        return tr("the server is yours: session_replication_role stays as it is")
    return Removal(words=tr("without its triggers and foreign keys"), settings=OFF)
