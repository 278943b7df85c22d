"""What worked beside the writers: a sentence for each rung that had readers, or whose table kept so many rows."""

from collections.abc import Iterable

from bench.analysis.ladder import Ladder
from bench.analysis.rung import Rung
from bench.report.numbers import rate, short


def beside_writers(ladder: Ladder) -> Iterable[str]:
    """Yield a sentence for each."""
    for rung in ladder.rungs:
        if rung.reads is not None:
            yield _of_readers(rung)
        if rung.retention is not None:
            yield _of_retention(rung)


def _of_readers(rung: Rung) -> str:
    found, parameters = rung.reads, rung.parameters
    assert found is not None
    readers = "1 reader" if parameters.readers == 1 else f"{parameters.readers:,} readers"
    parts = [f"{rate(found.reads_per_s)} reads/s"]
    if found.per_100_rows is not None:
        parts[0] += f", {found.per_100_rows:.3g} for each 100 rows written"
    within = [
        f"{share} within {short(value)} ms"
        for share, value in (("half", found.p50_ms), ("99 %", found.p99_ms))
        if value is not None
    ]
    if within:
        parts.append(" and ".join(within))
    return f"{rung.phase} beside {readers} ({parameters.reads}): {'; '.join(parts)}."


def _of_retention(rung: Rung) -> str:
    found = rung.retention
    assert found is not None
    gone = "deleted"
    if found.partition_rows:
        gone = f"dropped, in partitions of up to {found.partition_rows:,}"
    return (
        f"{rung.phase} keeping {rung.parameters.retain:,} rows: {rate(found.deleted_per_s)} rows/s {gone};"
        f" the table had up to {found.most_rows:,}."
    )
