"""What survives a power cut: ``make study-durability``, an hour and a quarter.

Cuts the power fifty times, and fifty times with torn writes, of each variant, below docs/results/durability, and of
stock with an unlogged table, in a run of its own beside it. It writes docs/results/durability.md from the records
alone. Interrupted, it goes on where it was; of runs that are whole it writes the page alone. It ends with 1 where a
variant broke its promise.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from bench.analysis.durability import DurabilityReport, MsLost, OfKind, OfVariant, durability
from bench.report.durability import at_risk
from bench.report.numbers import DASH, count, rate, short
from bench.store.cut_directory import PLAN, CutDirectory
from tests.kept import KEPT
from tests.studies.measuring import PGLADDER

RUN = KEPT / "durability"
OF_VARIANTS = "--variants stock commit-delay async-commit no-fsync no-full-page-writes"
OF_UNLOGGED = "--variants stock --layouts unlogged"
SEED, CUTS, KILLS = 17, 50, 3
HEAD = (
    "variant",
    "promises",
    "cut",
    "cuts",
    "acknowledged",
    "lost",
    "ms lost (95 %)",
    "most",
    "no start",
    "corrupt",
    "convicted",
)


def unlogged(run: Path) -> Path:
    """Return the run beside a run whose table is unlogged."""
    return run.with_name(f"{run.name}-unlogged")


def measure(into: Path, of: str, cuts: int, where: Sequence[str]) -> int:
    """Carry out what is not there yet; return the exit code."""
    if (into / PLAN).is_file():
        asked = ["--resume", str(into)]
    else:
        asked = [*of.split(), "--seed", str(SEED), "--out", str(into)]
        asked += ["--cuts", str(cuts), "--torn", str(cuts), "--kills", str(KILLS)]
    return subprocess.run([PGLADDER, "durability", *asked, *where], check=False).returncode


def page_of(directory: Path) -> str:
    """Return the page that the records of a run make, and those of the one beside it, where that is measured."""
    runs = [CutDirectory(directory)]
    if (beside := unlogged(directory)).is_dir():
        runs.append(CutDirectory(beside))
    found = {run.path.name: durability(run.plan(), run.records()) for run in runs}
    return "\n".join(_lines(found)) + "\n"


def _lines(runs: Mapping[str, DurabilityReport]) -> Iterable[str]:
    variants = list(chain.from_iterable(run.variants for run in runs.values()))
    yield "# What survives a power cut"
    yield ""
    for variant in variants:
        yield f"- **{variant.sentence}**"
    yield ""
    for run in runs.values():
        of = f"{run.done} of {run.planned} cuts and kills"
        yield f"Run {run.run} on {run.host}, PostgreSQL {run.version}: {of}."
    records = ", ".join(f"[{name}]({name})" for name in runs)
    yield f"How: [durability.md](../durability.md); records: {records}; again: `make study-durability`."
    yield ""
    yield from _table(HEAD, [row for variant in variants for row in map(_row(variant), variant.kinds)])
    yield ""
    yield "## Rows/s against rows at risk"
    yield ""
    yield "Rows/s are those of eight clients on the file system that forgets, no box's rate."
    yield "At risk is the most that one cut took."
    yield ""
    yield from _table(("variant", "rows/s", "rows at risk"), map(_point, variants))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _name(variant: OfVariant) -> str:
    of = "" if variant.layout == "plain" else f", {variant.layout}"
    return f"`{variant.variant}`{of}"


def _row(variant: OfVariant):
    def row(kind: OfKind) -> Sequence[str]:
        figures = (kind.cuts, kind.acknowledged, kind.rows_lost)
        judged = (kind.did_not_start, kind.corrupt, kind.convicted)
        return (
            _name(variant),
            variant.durability,
            kind.how,
            *map(count, figures),
            *_ms(kind.ms_lost),
            *map(str, judged),
        )

    return row


def _ms(lost: MsLost | None) -> tuple[str, str]:
    if lost is None:
        return DASH, DASH
    if not lost.most:
        return "0", "0"
    between = f" ({short(lost.interval.low)}–{short(lost.interval.high)})" if lost.interval else ""
    return f"{short(lost.mean)}{between}", short(lost.most)


def _point(variant: OfVariant) -> Sequence[str]:
    return _name(variant), rate(variant.rows_per_s), at_risk(variant, "the database")


def main() -> None:
    """Cut what was not cut yet, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.durability")
    beside = "the run; that of unlogged tables and the page lie beside it"
    parser.add_argument("--into", type=Path, default=RUN, help=beside)
    parser.add_argument("--cuts", type=int, default=CUTS, help="of each kind")
    parser.add_argument("--data-dir", help="the private server's disk")
    asked = parser.parse_args()
    where = ["--data-dir", asked.data_dir] if asked.data_dir else []
    code = measure(asked.into, OF_VARIANTS, asked.cuts, where)
    code = max(code, measure(unlogged(asked.into), OF_UNLOGGED, asked.cuts, where))
    asked.into.with_suffix(".md").write_text(page_of(asked.into))
    sys.exit(code)


if __name__ == "__main__":
    main()
