"""Several runs of one plan on one box as one with more blocks: what must be the same for that is checked by name."""

from collections.abc import Mapping, Sequence

from bench.analysis.pulled import RunOutcomes
from bench.model.errors import UsageError
from bench.model.fingerprint_diff import differing_facts, of_machine
from bench.model.language import tr
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan
from bench.plan.contrast import VARIANT, Cell, Slots, by_cell, texts_of_variants
from bench.plan.rates import Block


def pooled(
    runs: Sequence[RunOutcomes], across: str = VARIANT, baseline: str | None = None
) -> tuple[Plan, dict[Cell, dict[str, dict[Block, AnyRecord]]]]:
    """Return the first run's plan, and the trials of all by cell, arm and block.

    Raises:
        UsageError: the runs do not belong together; names what differs.

    """
    first = runs[0]
    # Shared by all runs, which share their trials: each is looked at once.
    slots = Slots(across)
    cells = by_cell(first.plan, first.records, across, baseline, slots)
    for run in runs[1:]:
        more = by_cell(run.plan, run.records, across, baseline, slots)
        differs = _differing_requests(first.plan, run.plan, cells.keys(), more.keys()) or _differing_hosts(first, run)
        if differs:
            raise UsageError(
                tr(
                    "Runs {first} and {other} do not belong together: {differs}. Compare them with each other:"
                    " pgladder compare A B.",
                    first=first.plan.run,
                    other=run.plan.run,
                    differs="; ".join(differs[:3]),
                )
            )
        for cell, arms in more.items():
            for name, blocks in arms.items():
                cells[cell][name] |= blocks
    return first.plan, cells


def _differing_requests(one: Plan, other: Plan, cells: object, more: object) -> list[str]:
    """Return what of two plans must be the same in runs that are counted as one, and is not."""
    found = differing(_requested(one), _requested(other))
    if cells != more:
        found.append(tr("their phases, parameters, layouts or transports"))
    if one.until_decided or other.until_decided:
        # Its stopping rule has spent the error it may make: more blocks would make more of it.
        found.append(tr("a run until decided is complete in itself"))
    if one.run == other.run:
        found.append(tr("it is the same run twice"))
    return found


def _requested(plan: Plan) -> dict[str, str]:
    variants = [f"{name} {sha256}" for name, sha256 in texts_of_variants(plan).items()]
    files = [f"{name} {sha256[:8]}" for name, sha256 in plan.pieces.items()]
    return windows(plan) | {
        "harness": plan.harness.sha256[:8],
        tr("variants"): ", ".join(variants),
        tr("files of PGLADDER_PATH"): ", ".join(files) or tr("none"),
    }


def windows(plan: Plan) -> dict[str, str]:
    """Return what of a plan must be the same wherever trials are compared, in words."""
    return {
        tr("warm-up"): f"{plan.warm_up_s:g} s",
        tr("window"): f"{plan.window_s:g} s",
        tr("rows preloaded"): f"{plan.preload_rows:,}",
    }


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Say of which of the same names the words differ."""
    found = []
    for name, word in one.items():
        if other[name] != word:
            found.append(tr("{name} {one} and {other}", name=name, one=word, other=other[name]))
    return found


def differing_plans(plans: Sequence[Plan]) -> list[str]:
    """Return in what the plans of several hosts differ that makes their numbers no fair pair."""
    by_name: dict[str, dict[str, None]] = {}
    for plan in plans:
        words = windows(plan)
        for name, sha256 in texts_of_variants(plan).items():
            words[tr("text of variant {name}", name=name)] = sha256
        for name, value in words.items():
            # A dictionary keeps each value once, in the order of the hosts.
            by_name.setdefault(name, {})[value] = None
    return [f"{name} {tr(' and ').join(values)}" for name, values in by_name.items() if len(values) > 1]


def _differing_hosts(one: RunOutcomes, other: RunOutcomes) -> list[str]:
    """Return what of the box is another; PostgreSQL's settings are the variants'."""
    if not one.host or not other.host:
        return [tr("one has no fingerprint")]
    if one.host.facts == other.host.facts:
        # Most runs of one box agree in all facts: then none is looked at by its name.
        return []
    found = differing_facts(of_machine(one.host), of_machine(other.host))
    return [tr("{name} {one} and {other}", name=name, one=this, other=that) for name, this, that in found]
