"""PostgreSQL 15, 17 and 18 in one run on this machine: ``make study-versions``, twenty minutes.

Measures into docs/results/versions and writes docs/results/versions.md from its records alone; a test holds the page to
them. Interrupted, it goes on where it was; of a run that is whole it writes the page alone. Each major comes from the
tree of a Debian suite (``tests.integration.trees``), which only root may make.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from bench.analysis.comparison import ArmSummary, CellComparison, CpuRatio
from bench.model.fingerprint import Fingerprint
from bench.questions.compare import compared
from bench.report.numbers import DASH, rate
from bench.report.ratios import interval_text, ratio_text
from bench.report.terminal import describe_host
from bench.store.run_directory import RunDirectory
from tests.integration import trees
from tests.kept import KEPT
from tests.readme import CHECKOUT
from tests.studies import measuring

RUN, PAGE = KEPT / "versions", KEPT / "versions.md"
VERSIONS = tuple(sorted(trees.SUITES))
ASKED = {"phases": "1-B 2-B 2-C 2-G", "blocks": "12", "warm-up": "1", "window": "4"}

TEXT = """# PostgreSQL {versions} side by side

**{answer}**

One run, made by one command: `make study-versions`. Each of {blocks} blocks has every version once in each phase, in
random order; each version is a private server as it comes (`stock`), data checksums on, one running at a time.

{host}

| version | server | system | compiler |
|---|---|---|---|
{builds}

All are Debian's builds; each is of another suite, so **suite and compiler are part of what differs**. The numbers
describe this virtual machine, not a mini-PC. {doubts}

Ratios are to PostgreSQL {first}. Brackets hold the 95 % interval, of that ratio alone; the verdict allows for all
pairs.

## Rows a second, closing CHECKPOINT included

| phase | version | rows/s | ratio | verdict |
|---|---|---|---|---|
{rates}

## CPU time of the server a row

Below 1 is less. It needs no quiet disk: where all wait for the same flushes, this is what a version changes.

| phase | version | µs a row | ratio |
|---|---|---|---|
{cpu}

Run {run}. The records are in [versions](versions); `pgladder compare docs/results/versions` has the same figures.
"""


def page(directory: Path) -> str:
    """Return the page that a run's records make."""
    run = RunDirectory(directory)
    plan, host, records = run.plan(), run.host(), run.records()
    assert host is not None
    [report] = compared(directory, across="version")
    suspect = sum(record.validity.state == "suspect" for record in records)
    void = sum(record.validity.state == "void" for record in records)
    return TEXT.format(
        answer=report.sentence,
        versions=f"{', '.join(plan.versions[:-1])} and {plan.versions[-1]}",
        first=plan.versions[0],
        blocks=len(plan.blocks),
        host=describe_host(host).plain,
        builds="\n".join(_builds(host)),
        doubts=f"Of {len(records)} trials {suspect} are suspect (other programs were busy, above all) and {void} void.",
        rates="\n".join(_rates(report.cells)),
        cpu="\n".join(_cpu(report.cells)),
        run=plan.run,
    )


def _builds(host: Fingerprint) -> Iterable[str]:
    for version, each in host.facts["postgresql"]["versions"].items():
        server, _, compiler = each["version"].partition(", compiled by ")
        yield f"| {version} | {server.partition(' on ')[0]} | {each['suite']} | {compiler.removesuffix(', 64-bit')} |"


def _rates(cells: Iterable[CellComparison]) -> Iterable[str]:
    for cell in cells:
        pairs = {pair.candidate: pair for pair in cell.pairs}
        for arm in cell.arms:
            ratio, verdict = "1", "baseline"
            if arm.name in pairs:
                found = pairs[arm.name].settled
                ratio, verdict = f"{ratio_text(found)} ({interval_text(found)})", pairs[arm.name].verdict or DASH
            yield f"| {_phase(cell)} | {arm.name} | {rate(arm.settled_rows_per_s)} | {ratio} | {verdict} |"


def _cpu(cells: Iterable[CellComparison]) -> Iterable[str]:
    for cell in cells:
        ratios = {pair.candidate: pair.server_cpu for pair in cell.pairs}
        for arm in cell.arms:
            yield f"| {_phase(cell)} | {arm.name} | {_spent(arm)} | {_ratio(ratios.get(arm.name))} |"


def _phase(cell: CellComparison) -> str:
    return f"{cell.phase} {cell.method}"


def _spent(arm: ArmSummary) -> str:
    return DASH if arm.server_us_per_row is None else rate(arm.server_us_per_row)


def _ratio(found: CpuRatio | None) -> str:
    return "1" if found is None else f"{ratio_text(found)} ({interval_text(found)})"


def measure() -> None:
    """Measure the run, or go on with it; one that is whole is left as it is."""
    words = ["compare", "--versions", *VERSIONS, "--bin-dir", *map(trees.bin_dir, VERSIONS)]
    for option, value in ASKED.items():
        words += [f"--{option}", *value.split()]
    measuring.measure(RUN, words)


if __name__ == "__main__":
    measure()
    PAGE.write_text(page(RUN))
    print(json.dumps({"page": str(PAGE.relative_to(CHECKOUT))}))  # noqa: T201
