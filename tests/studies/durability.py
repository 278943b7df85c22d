"""What survives a power cut: ``make study-durability``, an hour.

Cuts the power fifty times, and fifty times with torn writes, of each variant, below docs/results/durability, and
writes docs/results/durability.md from the records alone. Interrupted, it goes on where it was; of a run that is whole
it writes the page alone. It ends with 1 where a variant broke its promise.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.analysis.durability import DurabilityReport, MsLost, OfKind, OfVariant, durability
from bench.report.numbers import DASH, count, rate, short
from bench.store.cut_directory import PLAN, CutDirectory
from tests.kept import KEPT
from tests.studies.measuring import PGLADDER

RUN = KEPT / "durability"
VARIANTS = ("stock", "commit-delay", "async-commit", "no-fsync", "no-full-page-writes")
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


def measure(into: Path, cuts: int, where: Sequence[str]) -> int:
    """Carry out what is not there yet; return the exit code."""
    if (into / PLAN).is_file():
        asked = ["--resume", str(into)]
    else:
        asked = ["--variants", *VARIANTS, "--seed", str(SEED), "--out", str(into)]
        asked += ["--cuts", str(cuts), "--torn", str(cuts), "--kills", str(KILLS)]
    return subprocess.run([PGLADDER, "durability", *asked, *where], check=False).returncode


def page_of(directory: Path) -> str:
    """Return the page that a run's records make."""
    run = CutDirectory(directory)
    return page(durability(run.plan(), run.records()))


def page(found: DurabilityReport) -> str:
    """Return the page of a run."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: DurabilityReport) -> Iterable[str]:
    yield "# What survives a power cut"
    yield ""
    for variant in found.variants:
        yield f"- **{variant.sentence}**"
    yield ""
    of = f"{found.done} of {found.planned} cuts and kills"
    yield f"Run {found.run} on {found.host}, PostgreSQL {found.version}: {of}."
    yield "How: [durability.md](../durability.md); records: [durability](durability); again: `make study-durability`."
    yield ""
    yield from _table(HEAD, [row for variant in found.variants for row in map(_row(variant), variant.kinds)])
    yield ""
    yield "## Rows/s against rows at risk"
    yield ""
    yield "Rows/s are those of eight clients on the file system that forgets, no box's rate."
    yield "At risk is the most that one cut took."
    yield ""
    yield from _table(("variant", "rows/s", "rows at risk"), map(_point, found.variants))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _row(variant: OfVariant):
    def row(kind: OfKind) -> Sequence[str]:
        figures = (kind.cuts, kind.acknowledged, kind.rows_lost)
        judged = (kind.did_not_start, kind.corrupt, kind.convicted)
        return (
            f"`{variant.variant}`",
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
    lost = [each for each in variant.per_cut if each is not None]
    risk = "the database" if variant.did_not_start or variant.corrupt else count(max(lost, default=None))
    return f"`{variant.variant}`", rate(variant.rows_per_s), risk


def main() -> None:
    """Cut what was not cut yet, then write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.durability")
    parser.add_argument("--into", type=Path, default=RUN, help="the run; its page lies beside it")
    parser.add_argument("--cuts", type=int, default=CUTS, help="of each kind")
    parser.add_argument("--data-dir", help="the private server's disk")
    asked = parser.parse_args()
    code = measure(asked.into, asked.cuts, ["--data-dir", asked.data_dir] if asked.data_dir else [])
    asked.into.with_suffix(".md").write_text(page_of(asked.into))
    sys.exit(code)


if __name__ == "__main__":
    main()
