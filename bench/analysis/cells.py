"""What boxes' figures have in common that may be set beside each other: by records, never by how a file is called.

A cell holds rungs of one technique under one configuration, promise and length of window, measured by one format of
record. What differs in any of it is other work, and is ranked apart.
"""

from dataclasses import dataclass

from bench.model.plan import Parameters
from bench.model.shared import Shared, SharedRung


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOfBoxes:
    """What the rungs of a ranking have in common."""

    phase: str
    driver: str
    parameters: Parameters
    variant: str
    layout: str
    transport: str
    major: int | None
    durability: tuple[str, ...]
    preload_rows: int
    window_s: float
    trial_format: str


def cell_of(of: Shared, rung: SharedRung) -> CellOfBoxes:
    """Return the cell of a rung."""
    return CellOfBoxes(
        phase=rung.phase,
        driver=rung.driver,
        parameters=rung.parameters,
        variant=rung.variant,
        layout=rung.layout,
        transport=rung.transport,
        major=rung.major,
        durability=rung.durability,
        preload_rows=rung.preload_rows,
        window_s=of.window_s,
        trial_format=of.trial_format,
    )
