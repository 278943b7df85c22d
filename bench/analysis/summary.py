"""One arm in one cell: what it reached, under which durability, at what cost.

Rates are geometric means over the blocks that are compared: their ratio is the one that a comparison tells.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from math import exp, log
from operator import attrgetter

from bench.analysis.comparison import ArmSummary
from bench.analysis.counted import good
from bench.model.outcome import AnyRecord
from bench.plan.rates import Block, ByBlock, refused
from bench.stats.intervals import mean


def summary(name: str, blocks: ByBlock, compared: Collection[Block]) -> ArmSummary:
    """Return what an arm's trials say; void ones count for nothing but are counted.

    Args:
        name: the arm's.
        blocks: all of them.
        compared: those whose rates are compared (``compared_blocks``).

    """
    records = list(blocks.values())
    states = [record.validity.state for record in records]
    counted = good(records) if "void" in states else records
    rated = counted if len(compared) == len(blocks) else good(blocks[block] for block in compared)
    created = [record.wal_files_created for record in counted if record.wal_files_created is not None]
    return ArmSummary(
        name=name,
        durability=tuple(sorted(set(map(attrgetter("durability"), counted)))),
        trials=len(records),
        void=states.count("void"),
        suspect=states.count("suspect"),
        refused=refused(records),
        rows_per_s=typical(rated, attrgetter("rows_per_s")),
        settled_rows_per_s=typical(rated, attrgetter("settled_rows_per_s")),
        wal_files_created=max(created, default=None),
        joules_per_1000_rows=typical([record for record in rated if record.energy_j is not None], joules_per_1000_rows),
    )


def compared_blocks(arms: Mapping[str, Mapping[Block, float]]) -> dict[str, Collection[Block]]:
    """Return the blocks of each arm that are paired with another's by the rates that decide; the first is the baseline.

    Of the baseline those that some other has too, of each other those that the baseline has; of an arm that shares
    none, all of its own.
    """
    baseline, *others = arms.values()
    if all(list(each) == list(baseline) for each in others):
        return {name: each.keys() for name, each in arms.items()}
    paired: dict[str, Collection[Block]] = {}
    of_baseline: set[Block] = set()
    for name, each in arms.items():
        if each is not baseline:
            common = each.keys() & baseline.keys()
            of_baseline |= common
            paired[name] = common or each.keys()
    return {next(iter(arms)): of_baseline or baseline.keys(), **paired}


def joules_per_1000_rows(record: AnyRecord) -> float | None:
    """Return the energy of the window over its rows; None where the counters could not be read."""
    return 1000 * record.energy_j / record.rows if record.energy_j is not None and record.rows else None


def typical(records: Iterable[AnyRecord], read: Callable[[AnyRecord], float | None]) -> float | None:
    """Return the geometric mean of what these trials know, None where none does; of anything that is 0 it is 0."""
    values = [value for value in map(read, records) if value is not None]
    if not values:
        return None
    return exp(mean(list(map(log, values)))) if all(values) else 0.0
