"""What worked beside the writers: a sentence for each rung that had readers, or whose table kept so many rows."""

from collections.abc import Iterable

from bench.analysis.ladder import Ladder
from bench.analysis.rung import Rung
from bench.language import later, tr, tr_many
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
    parts = [tr("{rate} reads/s", rate=rate(found.reads_per_s))]
    if found.per_100_rows is not None:
        each = tr("{reads:.3g} for each 100 rows written", reads=found.per_100_rows)
        parts[0] = f"{parts[0]}, {each}"
    if within := tr(" and ").join(_within(found.p50_ms, found.p99_ms)):
        parts.append(within)
    return tr_many(
        "{phase} beside {count} reader ({reads}): {found}.",
        "{phase} beside {count:,} readers ({reads}): {found}.",
        parameters.readers,
        phase=rung.phase,
        reads=parameters.reads,
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
