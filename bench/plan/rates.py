"""Which trials count, and by which rate arms are compared: the sustained one, or that of the window."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal

from bench.model.language import later, tr
from bench.model.outcome import AnyRecord, R

Block = tuple[str, int, int]
"""Run, block, and which time of the same trial in it."""
ByBlock = Mapping[Block, AnyRecord]
Rate = Callable[[AnyRecord], float | None]
RateName = Literal["settled", "burst"]


CUT = {
    "interrupted": later("The run was told to stop during trial {trial}."),
    "agent-ended": later("The agent was killed or lost power during trial {trial}."),
    "server-restarted": later("The server was restarted during trial {trial}."),
}
"""Codes of a trial that was cut from outside: it is to be run again."""
MOST_RESTARTED = 3
"""Attempts at a trial under which the server restarts; after so many that is its own doing, and a result."""


def interrupted(record: AnyRecord) -> str | None:
    """Return the code by which a trial is to be run again; None: its record counts, void or not."""
    if not record.validity.reasons:
        return None
    codes = record.validity.codes
    for code in CUT:
        if code in codes and not (code == "server-restarted" and record.attempt >= MOST_RESTARTED):
            return code
    return None


def ended(records: Iterable[R]) -> list[R]:
    """Return those of trials that came to their end, void or not: they were not cut from outside."""
    return [record for record in records if interrupted(record) is None]


def numbers_of(records: Iterable[AnyRecord]) -> set[int]:
    """Return the numbers of the trials that these are of."""
    return {record.trial.number for record in records}


def recorded_beside(records: Iterable[AnyRecord], asked: Collection[int]) -> int | None:
    """Return a trial that was recorded and is none of those asked for; None: there is none."""
    return next((record.trial.number for record in records if record.trial.number not in asked), None)


def counting(records: Sequence[R]) -> dict[int, R]:
    """Return by its number the record of each trial that counts.

    What was cut short is replaced by the next attempt, and a suspect trial by its repetition (``bench.plan.repeat``)
    unless that is void or was cut short itself.
    """
    found: dict[int, R] = {record.trial.number: record for record in records}
    if len(found) == len(records):  # nearly always, and records may be very many
        return found
    found.clear()
    for record in records:
        before = found.get(record.trial.number)
        # Records that are read quickly have no ``void`` (``bench.model.outcome``).
        if before is None or interrupted(before) or record.validity.state != "void":
            found[record.trial.number] = record
    return found


def settled(record: AnyRecord) -> float | None:
    """Return rows/s with the closing CHECKPOINT in the time; of a void trial none."""
    if record.void:
        return None
    return record.settled_rows_per_s


def burst(record: AnyRecord) -> float | None:
    """Return rows/s of the window; of a void trial none."""
    if record.void:
        return None
    return record.rows_per_s


def headline(records: Iterable[AnyRecord]) -> Rate:
    """Return the rate that decides: the settled one, as a larger max_wal_size would win the other by putting work off.

    Where trials have a burst rate and none a settled one (a brought server that refuses CHECKPOINT), the burst rate.
    """
    measured = False
    for record in records:
        if settled(record) is not None:
            return settled
        measured = measured or burst(record) is not None
    return burst if measured else settled


def rate_name(rate: Rate) -> RateName:
    """Return which of the two rates this is."""
    return "burst" if rate is burst else "settled"


def rates(blocks: ByBlock, rate: Rate) -> dict[Block, float]:
    """Return an arm's rate in each block that counts."""
    values = zip(blocks, map(rate, blocks.values()), strict=True)
    return {block: value for block, value in values if value is not None}


def why_not(record: AnyRecord, rate: Rate) -> str:
    """Say why a trial that has no such rate has none."""
    if record.void:
        return tr("trial {number} is void, {why}", number=record.trial.number, why=record.validity.why)
    if rate is burst:
        return tr("trial {number} has no burst rate", number=record.trial.number)
    return tr("trial {number} has no settled rate", number=record.trial.number)


def shared(one: Mapping[Block, float], other: Mapping[Block, float]) -> tuple[list[float], list[float]]:
    """Return the rates of two arms in the blocks in which both have one."""
    if list(one) == list(other):  # mostly so, and five times as quick as to look each block up
        return list(one.values()), list(other.values())
    both = [block for block in one if block in other]
    return [one[block] for block in both], [other[block] for block in both]


def refused(records: Iterable[AnyRecord]) -> str | None:
    """Return why an arm never ran, None where it did."""
    why = None
    for record in records:
        refusal = record.validity.detail("refused")
        if refusal is None:
            return None
        why = why or refusal
    return why
