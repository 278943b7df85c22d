"""Whether what worked beside the writers did what was asked for: readers read, and the table kept its size. Pure."""

from collections.abc import Iterable

from bench.model.plan import Parameters
from bench.model.record import Reads, Reason, Retention

EMPTY_SHARE = 0.01
"""Of reads that returned nothing: more, and what is told is not of reads."""
RATIO_KEPT = 0.95
"""Of the reads that were asked for: fewer, and the load was another."""
BEHIND_S = 1.0
"""Of what is written: what deleting may be behind, which has a step ten times a second."""
OUTSIDE_SHARE = 0.01
"""Of what is written: more rows that fitted no partition, and the table was not as it was to be."""


def check_reads(parameters: Parameters, reads: Reads | None, rows: int) -> Iterable[Reason]:
    """Yield what speaks against the reads of a window in which so many rows were written."""
    if reads is None or not parameters.readers:
        return
    if not reads.reads:
        yield Reason(code="no-reads", detail="the readers had no answer in the window")
        return
    if reads.empty:
        share = reads.empty / reads.reads
        code = "empty-reads" if share > EMPTY_SHARE else "some-empty-reads"
        detail = f"{reads.empty} of {reads.reads} reads returned no row, though one was to be there"
        yield Reason(code=code, detail=detail, share=share)
    asked = parameters.reads_per_100_rows
    if asked is None or not rows:
        return
    made = 100 * reads.reads / rows
    if made < RATIO_KEPT * asked:
        detail = f"{made:.3g} reads were made for each 100 rows where {asked:g} were asked for: more readers make more"
        yield Reason(code="readers-behind", detail=detail, share=1 - made / asked)


def check_retention(parameters: Parameters, retention: Retention | None, rows: int, seconds: float) -> Iterable[Reason]:
    """Yield what speaks against the table's size in a window of so many seconds in which so many rows came."""
    if retention is None or not parameters.retain:
        return
    if retention.outside and (share := retention.outside / max(rows, 1)) > OUTSIDE_SHARE:
        detail = f"{retention.outside:,} rows fitted no partition: the next one was not made in time"
        yield Reason(code="outside-partitions", detail=detail, share=share)
    if not retention.deleted and retention.partitions is None:
        yield Reason(code="nothing-deleted", detail="no row was deleted in the window")
        return
    if not retention.deleted:
        detail = "no partition was old enough in the window: measure longer, keep fewer rows, or in more --partitions"
        yield Reason(code="nothing-dropped", detail=detail)
        return
    # The oldest partition goes when the last of its rows is too old.
    beyond = retention.most_rows - parameters.retain - (retention.partition_rows or 0)
    if beyond > BEHIND_S * rows / seconds + parameters.under_way:
        detail = (
            f"the table had up to {retention.most_rows:,} rows where {parameters.retain:,} are kept: deleting did not"
            " keep up with the writers"
        )
        yield Reason(code="retention-behind", detail=detail, share=beyond / parameters.retain)
