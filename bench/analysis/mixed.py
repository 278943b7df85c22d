"""What worked beside the writers of a rung, over the trials that count: readers, and what deleted the oldest rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.counted import middle, pooled
from bench.model.record import Record
from bench.model.values import Amount, Count
from bench.stats.missing import not_none


@dataclass(frozen=True, slots=True, kw_only=True)
class RungReads:
    """What readers read."""

    reads_per_s: Amount
    per_100_rows: Amount | None
    """Reads for each 100 rows written; None: none were written."""
    p50_ms: Amount | None
    p99_ms: Amount | None
    """Of a read: the median of the trials that know it."""
    stale_ms: Amount | None = None
    stale_max_ms: Amount | None = None
    """Of the age of the newest row that readers saw: the median of the trials' means, and the most of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RungRetention:
    """What was deleted so that the table keeps so many rows."""

    deleted_per_s: Amount
    most_rows: Count
    """The most there were at a time, in any of the windows."""
    partition_rows: Count | None = None
    """The most rows of a partition that was dropped, in any of them; None: none was."""


def rung_reads(records: Iterable[Record]) -> RungReads | None:
    """Return what was read beside these trials; None: nobody read."""
    with_readers = [record for record in records if record.reads]
    per_s = pooled(with_readers, _reads_per_s)
    if per_s is None:
        return None
    rows = sum(record.rows for record in with_readers)
    reads = not_none(record.reads for record in with_readers)
    stale = not_none(each.stale_ms for each in reads)
    return RungReads(
        reads_per_s=per_s,
        per_100_rows=100 * sum(each.reads for each in reads) / rows if rows else None,
        p50_ms=middle(each.latency_ms.p50 for each in reads),
        p99_ms=middle(each.latency_ms.p99 for each in reads),
        stale_ms=middle(each.mean for each in stale),
        stale_max_ms=max((each.max or 0.0 for each in stale), default=None),
    )


def _reads_per_s(record: Record) -> float | None:
    return record.reads.reads_per_s if record.reads else None


def rung_retention(records: Iterable[Record]) -> RungRetention | None:
    """Return what was deleted beside these trials; None: all rows were kept."""
    counted = list(records)
    per_s = pooled(counted, _deleted_per_s)
    if per_s is None:
        return None
    kept = not_none(record.retention for record in counted)
    return RungRetention(
        deleted_per_s=per_s,
        most_rows=max(each.most_rows for each in kept),
        partition_rows=max(each.partition_rows or 0 for each in kept) or None,
    )


def _deleted_per_s(record: Record) -> float | None:
    return record.retention.deleted / record.seconds if record.retention and record.seconds else None
