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


def check_retention(parameters: Parameters, retention: Retention | None, rows_per_s: float) -> Iterable[Reason]:
    """Yield what speaks against the table's size in a window in which so many rows came a second."""
    if retention is None or not parameters.retain:
        return
    if not retention.deleted:
        yield Reason(code="nothing-deleted", detail="no row was deleted in the window")
        return
    beyond = retention.most_rows - parameters.retain
    if beyond > BEHIND_S * rows_per_s + parameters.under_way:
        detail = (
            f"the table had up to {retention.most_rows:,} rows where {parameters.retain:,} are kept: deleting did not"
            " keep up with the writers"
        )
        yield Reason(code="retention-behind", detail=detail, share=beyond / parameters.retain)
