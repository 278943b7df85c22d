"""What worked beside the writers: a sentence for each rung with readers, a standby, or a table of one size."""

from collections.abc import Iterable, Mapping

from bench.analysis.ladder import Ladder
from bench.analysis.rung import Rung
from bench.model.plan import STANDBY
from bench.report.numbers import rate, short


def beside_writers(ladder: Ladder) -> Iterable[str]:
    """Yield a sentence for each."""
    for rung in ladder.rungs:
        if rung.reads is not None:
            yield _of_readers(rung)
        if rung.retention is not None:
            yield _of_retention(rung)
        if rung.parameters.replicated:
            yield _of_standby(rung)


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
    if found.stale_ms is not None and found.stale_max_ms is not None:
        ages = f"{short(found.stale_ms)} ms old on average, {short(found.stale_max_ms)} ms at most"
        parts.append(f"the newest row that they saw was {ages}")
    where = f"{parameters.reads}, on the standby" if parameters.readers_on == STANDBY else parameters.reads
    return f"{rung.phase} beside {readers} ({where}): {'; '.join(parts)}."


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


def _of_standby(rung: Rung) -> str:
    found, level = rung.observed.get("replication", {}), rung.parameters.replica
    lag = [_behind(found, "lag_ms", "ms", 1), _behind(found, "lag_bytes", "kB", 1000)]
    known = " and ".join(filter(None, lag))
    behind = f"{known} behind" if known else "how far it was behind is not known"
    return f"{rung.phase} with a standby ({level}): {behind}."


def _behind(found: Mapping[str, float | None], name: str, unit: str, size: float) -> str | None:
    """Return a lag in words: its mean, and the most of it."""
    mean, most = found.get(name), found.get(f"{name}_max")
    if mean is None or most is None:
        return None
    return f"{short(mean / size)} {unit} (at most {short(most / size)} {unit})"
