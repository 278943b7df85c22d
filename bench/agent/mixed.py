"""What worked beside the writers of a trial (``bench.workload.beside``), as its record has it."""

from bench.model.plan import Parameters
from bench.model.record import Reads, Retention
from bench.stats.histogram import decode, percentiles
from bench.workload.beside import ReadersResult, RetentionResult

MS_NS = 1e6


def reads_of(result: ReadersResult | None, seconds: float) -> Reads | None:
    """Return what readers read in a window of so many seconds; None: nobody read."""
    if result is None:
        return None
    return Reads(
        reads=result.reads,
        reads_per_s=result.reads / seconds,
        rows=result.rows,
        empty=result.empty,
        latency_ms=percentiles(decode(result.latency_hdr)),
        stale_ms=percentiles(decode(result.stale_hdr)) if result.stale_hdr else None,
    )


def retention_of(result: RetentionResult | None) -> Retention | None:
    """Return what was deleted in the window; None: all rows were to be kept."""
    if result is None:
        return None
    return Retention(
        deleted=result.rows_in_window,
        steps=result.steps_in_window,
        step_max_ms=None if result.step_max_ns is None else result.step_max_ns / MS_NS,
        most_rows=result.most_rows,
        partitions=None if result.dropped is None else len(result.dropped),
        partition_rows=max(result.dropped, default=None) if result.dropped else None,
        outside=None if result.dropped is None else result.outside,
    )


def commits_cut(parameters: Parameters, result: RetentionResult) -> int:
    """Return how many commits a step that deletes may cut in two: those under way as a row was numbered.

    Of partitions none: the rows of a commit are of one moment, and so of one partition.
    """
    if result.dropped is not None:
        return 0
    return parameters.workers if parameters.batch > 1 else 0
