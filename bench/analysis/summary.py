"""One arm in one cell: what it reached, under which durability, at what cost.

Rates are geometric means over the blocks that are compared: their ratio is the one that a comparison tells.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter
from statistics import geometric_mean

from bench.analysis.comparison import ArmSummary
from bench.analysis.counted import good
from bench.model.record import Record
from bench.plan.rates import Block, ByBlock, refused


def summary(name: str, blocks: ByBlock, compared: Collection[Block]) -> ArmSummary:
    """Return what an arm's trials say; void ones count for nothing but are counted.

    Args:
        name: the arm's.
        blocks: all of them.
        compared: those whose rates are compared (``compared_blocks``).

    """
    records = list(blocks.values())
    counted = good(records)
    rated = good(blocks[block] for block in compared)
    return ArmSummary(
        name=name,
        durability=tuple(sorted({record.durability for record in counted})),
        trials=len(records),
        void=len(records) - len(counted),
        suspect=sum(record.validity.state == "suspect" for record in counted),
        refused=refused(records),
        rows_per_s=typical(rated, attrgetter("rows_per_s")),
        settled_rows_per_s=typical(rated, attrgetter("settled_rows_per_s")),
        wal_files_created=max(
            (record.wal_files_created for record in counted if record.wal_files_created is not None), default=None
        ),
        joules_per_1000_rows=typical(rated, joules_per_1000_rows),
    )


def compared_blocks(arms: Mapping[str, Mapping[Block, float]]) -> dict[str, Collection[Block]]:
    """Return the blocks of each arm that are paired with another's by the rates that decide; the first is the baseline.

    Of the baseline those that some other has too, of each other those that the baseline has; of an arm that shares
    none, all of its own.
    """
    baseline, *others = arms
    common = {name: arms[name].keys() & arms[baseline].keys() for name in others}
    paired = {baseline: set().union(*common.values()), **common}
    return {name: paired[name] or arms[name].keys() for name in arms}


def joules_per_1000_rows(record: Record) -> float | None:
    """Return the energy of the window over its rows; None where the counters could not be read."""
    return 1000 * record.energy_j / record.rows if record.energy_j is not None and record.rows else None


def typical(records: Iterable[Record], read: Callable[[Record], float | None]) -> float | None:
    """Return the geometric mean of what these trials know, None where none does; of anything that is 0 it is 0."""
    values = [value for value in map(read, records) if value is not None]
    if not values:
        return None
    return geometric_mean(values) if all(values) else 0.0
