"""Arms and the blocks they share: which trials are set against which, and when a run until decided may end.

Pure, and used on both sides: the agent asks whether to go on, ``bench.analysis`` tells what came of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Literal

from bench.model.plan import Parameters, Plan, Trial
from bench.model.record import Record
from bench.model.values import Layout, Transport
from bench.stats.compare import MARGIN
from bench.stats.sequential import verdict_so_far

Block = tuple[str, int, int]
"""Run, block, and which time of the same trial in it."""
ByBlock = dict[Block, Record]
Rate = Callable[[Record], float | None]
RateName = Literal["settled", "burst"]


CUT = {
    "interrupted": "The run was told to stop during trial {trial}.",
    "agent-ended": "The agent was killed or lost power during trial {trial}.",
    "server-restarted": "The server was restarted during trial {trial}.",
}
"""Codes of a trial that was cut from outside: it is to be run again."""
MOST_RESTARTED = 3
"""Attempts at a trial under which the server restarts; after so many that is its own doing, and a result."""


def cut(record: Record) -> str | None:
    """Return the code by which a trial is to be run again; None: its record counts, void or not."""
    codes = {reason.code for reason in record.validity.reasons}
    if record.attempt >= MOST_RESTARTED:
        codes.discard("server-restarted")
    return next((code for code in CUT if code in codes), None)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where arms are compared: all of a trial but its variant and its place in the order."""

    phase: str
    method: str
    layout: Layout
    transport: Transport
    parameters: Parameters


of_place = attrgetter(*(each.name for each in fields(Cell)))


def usual_margin(plan: Plan) -> float:
    """Return the margin of a plan's comparisons where none is asked for."""
    return plan.until_decided.margin if plan.until_decided else MARGIN


def cell_of(trial: Trial) -> Cell:
    """Return what a trial is to be compared in."""
    return Cell(*of_place(trial))


def by_cell(plan: Plan, records: Sequence[Record]) -> dict[Cell, dict[str, ByBlock]]:
    """Return by cell (in order of phase, layout, transport) and variant the last attempts of each block's trials."""
    last = {record.trial.number: record for record in records}
    found: dict[tuple[Any, ...], dict[str, ByBlock]] = {}  # a Cell for each trial takes long
    times: dict[tuple[int, int], int] = {}
    planned = {trial.variant for trial in plan.trials}
    tried = [variant.name for variant in plan.variants if variant.name in planned]
    for trial in plan.trials:
        place = of_place(trial)
        if (arms := found.get(place)) is None:
            arms = found[place] = {name: {} for name in tried}
        blocks = arms[trial.variant]
        time = times[id(blocks), trial.block] = times.get((id(blocks), trial.block), 0) + 1
        if record := last.get(trial.number):
            blocks[plan.run, trial.block, time] = record
    cells = {Cell(*place): arms for place, arms in found.items()}
    return dict(sorted(cells.items(), key=lambda each: (each[0].phase, each[0].layout, each[0].transport)))


def settled(record: Record) -> float | None:
    """Return rows/s with the closing CHECKPOINT in the time; of a void trial none."""
    return None if record.validity.state == "void" else record.settled_rows_per_s


def burst(record: Record) -> float | None:
    """Return rows/s of the window; of a void trial none."""
    return None if record.validity.state == "void" else record.rows_per_s


def headline(records: Sequence[Record]) -> Rate:
    """Return the rate that decides: the settled one, as a larger max_wal_size would win the other by putting work off.

    Where trials have a burst rate and none a settled one (a brought server that refuses CHECKPOINT), the burst rate.
    """
    measured = any(burst(record) is not None for record in records)
    return burst if measured and all(settled(record) is None for record in records) else settled


def rate_name(rate: Rate) -> RateName:
    """Return which of the two rates this is."""
    return "burst" if rate is burst else "settled"


def rates(blocks: Mapping[Block, Record], rate: Rate) -> dict[Block, float]:
    """Return an arm's rate in each block that counts."""
    return {block: value for block, record in blocks.items() if (value := rate(record)) is not None}


def why_not(record: Record, rate: Rate) -> str:
    """Say why a trial that has no such rate has none."""
    if record.validity.state == "void":
        return f"trial {record.trial.number} is void, {why_void(record)}"
    return f"trial {record.trial.number} has no {rate_name(rate)} rate"


def why_void(record: Record) -> str:
    """Return every reason of a void trial: the one that voids it need not be the first."""
    return "; ".join(reason.detail for reason in record.validity.reasons)


def shared(one: Mapping[Block, float], other: Mapping[Block, float]) -> tuple[list[float], list[float]]:
    """Return the rates of two arms in the blocks in which both have one."""
    both = [(rate, other[block]) for block, rate in one.items() if block in other]
    return [rate for rate, _ in both], [rate for _, rate in both]


def refused(records: Iterable[Record]) -> str | None:
    """Return why an arm never ran, None where it did."""
    why = None
    for record in records:
        reasons = [reason.detail for reason in record.validity.reasons if reason.code == "refused"]
        if not reasons:
            return None
        why = why or reasons[0]
    return why


def decided_after(plan: Plan, records: Sequence[Record]) -> int | None:
    """Return the block after which a run until decided ends, None where it has to go on or has no such rule."""
    if plan.until_decided is None:
        return None
    done = {record.trial.number for record in records}
    blocks = sorted({trial.block for trial in plan.trials})
    for block in blocks:
        if any(trial.number not in done for trial in plan.trials if trial.block == block):
            return None
        if _decided(plan, [record for record in records if record.trial.block <= block], len(blocks)):
            return block
    return None


def alpha_each(plan: Plan) -> float:
    """Return the share of alpha that each comparison of a run until decided may spend: all have the same (Bonferroni).

    Each other variant is compared with the first in each cell.
    """
    assert plan.until_decided
    arms, cells = {trial.variant for trial in plan.trials}, {cell_of(trial) for trial in plan.trials}
    return plan.until_decided.alpha / max(1, (len(arms) - 1) * len(cells))


def _decided(plan: Plan, records: Sequence[Record], most: int) -> bool:
    """Tell whether no comparison with the first variant is undecided, or none is left."""
    rate, margin, alpha = headline(records), usual_margin(plan), alpha_each(plan)
    found = [shared(rates(first, rate), rates(each, rate)) for first, each in _left(plan, records)]
    return all(
        one and verdict_so_far(one, other, most, margin=margin, alpha=alpha) != "undecided" for one, other in found
    )


def nothing_left(plan: Plan, records: Sequence[Record]) -> str | None:
    """Say why no comparison with the first variant is left, None where one is."""
    if _left(plan, records):
        return None
    baseline = next(iter(next(iter(by_cell(plan, records).values()))))
    if refused(record for record in records if record.trial.variant == baseline):
        return f"the baseline {baseline} was refused: nothing is compared with it"
    return f"all others were refused: nothing is compared with {baseline}"


def _left(plan: Plan, records: Sequence[Record]) -> list[tuple[ByBlock, ByBlock]]:
    """Return the trials of the first variant with those of each other one; what was refused can't be compared."""
    found = []
    for arms in by_cell(plan, records).values():
        baseline, *candidates = arms.values()
        if not refused(baseline.values()):
            found += [(baseline, each) for each in candidates if not refused(each.values())]
    return found
