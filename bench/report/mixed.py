"""What worked beside the writers: a sentence for each rung with readers, a standby, or a table of one size."""

from collections.abc import Iterable, Mapping

from bench.analysis.ladder import Ladder
from bench.analysis.rung import Rung
from bench.model.language import later, tr, tr_many
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
    parts = [tr("{rate} reads/s", rate=rate(found.reads_per_s))]
    if found.per_100_rows is not None:
        each = tr("{reads:.3g} for each 100 rows written", reads=found.per_100_rows)
        parts[0] = f"{parts[0]}, {each}"
    if within := tr(" and ").join(_within(found.p50_ms, found.p99_ms)):
        parts.append(within)
    if found.stale_ms is not None and found.stale_max_ms is not None:
        ages = later("the newest row that they saw was {mean} ms old on average, {most} ms at most")
        parts.append(tr(ages, mean=short(found.stale_ms), most=short(found.stale_max_ms)))
    reads = str(parameters.reads)
    if parameters.readers_on == STANDBY:
        reads = tr("{reads}, on the standby", reads=reads)
    return tr_many(
        "{phase} beside {count} reader ({reads}): {found}.",
        "{phase} beside {count:,} readers ({reads}): {found}.",
        parameters.readers,
        phase=rung.phase,
        reads=reads,
        found="; ".join(parts),
    )


def _within(half: float | None, most: float | None) -> Iterable[str]:
    if half is not None:
        yield tr("half within {ms} ms", ms=short(half))
    if most is not None:
        yield tr("99 % within {ms} ms", ms=short(most))


def _of_retention(rung: Rung) -> str:
    found = rung.retention
    assert found is not None
    sentence = later("{phase} keeping {rows:,} rows: {rate} rows/s deleted; the table had up to {most:,}.")
    if found.partition_rows:
        sentence = later(
            "{phase} keeping {rows:,} rows: {rate} rows/s dropped, in partitions of up to {partition:,}; the table had"
            " up to {most:,}."
        )
    return tr(
        sentence,
        phase=rung.phase,
        rows=rung.parameters.retain,
        rate=rate(found.deleted_per_s),
        partition=found.partition_rows,
        most=found.most_rows,
    )


def _of_standby(rung: Rung) -> str:
    found, level = rung.observed.get("replication", {}), rung.parameters.replica
    lag = [_behind(found, "lag_ms", "ms", 1), _behind(found, "lag_bytes", "kB", 1000)]
    if known := tr(" and ").join(filter(None, lag)):
        return tr("{phase} with a standby ({level}): {lag} behind.", phase=rung.phase, level=level, lag=known)
    return tr("{phase} with a standby ({level}): how far it was behind is not known.", phase=rung.phase, level=level)


def _behind(found: Mapping[str, float | None], name: str, unit: str, size: float) -> str | None:
    """Return a lag in words: its mean, and the most of it."""
    mean, most = found.get(name), found.get(f"{name}_max")
    if mean is None or most is None:
        return None
    return tr("{mean} {unit} (at most {most} {unit})", mean=short(mean / size), most=short(most / size), unit=unit)
