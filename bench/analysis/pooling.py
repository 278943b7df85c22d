"""Several runs of one plan on one box as one with more blocks: what must be the same for that is checked by name."""

from collections.abc import Mapping, Sequence

from bench.analysis.pulled import RunOutcomes
from bench.model.errors import UsageError
from bench.model.fingerprint_diff import of_machine, unlike
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan
from bench.plan.contrast import VARIANT, Cell, Slots, by_cell
from bench.plan.rates import Block


def pooled(
    runs: Sequence[RunOutcomes], across: str = VARIANT, baseline: str | None = None
) -> tuple[Plan, dict[Cell, dict[str, dict[Block, AnyRecord]]]]:
    """Return the first run's plan, and the trials of all by cell, arm and block.

    Raises:
        UsageError: the runs do not belong together; names what differs.

    """
    first = runs[0]
    slots = Slots(across)
    cells = by_cell(first.plan, first.records, across, baseline, slots)
    for run in runs[1:]:
        more = by_cell(run.plan, run.records, across, baseline, slots)
        if differs := unlike_plans(first.plan, run.plan, cells.keys(), more.keys()) or _unlike_hosts(first, run):
            raise UsageError(
                f"Runs {first.plan.run} and {run.plan.run} do not belong together: {'; '.join(differs[:3])}."
                " Compare them with each other: pgladder compare A B."
            )
        for cell, arms in more.items():
            for name, blocks in arms.items():
                cells[cell][name] |= blocks
    return first.plan, cells


def unlike_plans(one: Plan, other: Plan, cells: object, more: object) -> list[str]:
    """Return what of two plans must be the same in runs that are counted as one, and is not."""
    found = differing(_asked(one), _asked(other))
    if cells != more:
        found.append("their phases, parameters, layouts or transports")
    if one.until_decided or other.until_decided:
        found.append("a run until decided is complete in itself")
    if one.run == other.run:
        found.append("it is the same run twice")
    return found


def _asked(plan: Plan) -> dict[str, str]:
    asked = windows(plan)
    asked["harness"] = plan.harness.sha256[:8]
    asked["variants"] = ", ".join(f"{variant.name} {variant.sha256[:8]}" for variant in plan.variants)
    files = ", ".join(f"{name} {sha256[:8]}" for name, sha256 in plan.pieces.items())
    asked["files of PGLADDER_PATH"] = files or "none"
    return asked


def windows(plan: Plan) -> dict[str, str]:
    """Return what of a plan must be the same wherever trials are compared, in words."""
    return {
        "warm-up": f"{plan.warm_up_s:g} s",
        "window": f"{plan.window_s:g} s",
        "rows preloaded": f"{plan.preload_rows:,}",
    }


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Say of which of the same names the words differ."""
    return [f"{name} {one[name]} and {other[name]}" for name in one if one[name] != other[name]]


def _unlike_hosts(one: RunOutcomes, other: RunOutcomes) -> list[str]:
    """Return what of the box is another; PostgreSQL's settings are the variants'."""
    if not one.host or not other.host:
        return ["one has no fingerprint"]
    if one.host.facts == other.host.facts:
        return []
    found = unlike(of_machine(one.host), of_machine(other.host))
    return [f"{name} {this} and {that}" for name, this, that in found]
