"""A box's noise for people: how far equal trials differ on it, and what that means for a comparison."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bench.analysis.noise import ALARM_BLOCKS, BoxNoise, CellFloor, alarming, too_noisy
from bench.model.plan import Plan
from bench.plan.contrast import VARIANT, by_cell, examples
from bench.plan.estimate import TRIAL_OVERHEAD_S
from bench.report.numbers import drift_text, duration, number, percent
from bench.report.ratios import detected, interval_text
from bench.report.tables import add_rows, bare_table, print_whole
from bench.report.terminal import describe_host
from bench.stats.compare import ALPHA
from bench.stats.noise import NoiseFloor
from bench.stats.proportions import share_interval

BLOCKS = (5, 10, 20)
PLACE, SEEN, TESTED = ("phase", "layout", "transport"), ("blocks", "spread", "drift"), ("ratio", "interval")
SAYS = "A/A says"


def show_noise(out: Console, known: BoxNoise, doubts: Iterable[str] = (), *, detail: bool = False) -> None:
    """Print what is doubtful, the box, and its noise floors, a line a cell; in detail the test of each, too."""
    for doubt in doubts:
        out.print(Text(f"Note: {doubt}", style="yellow"))
    out.print(describe_host(known.host))
    alarmed = alarming(known)
    columns = (*PLACE, *SEEN, *(TESTED if detail else ()), SAYS)
    table = bare_table(columns, left=columns, wraps={SAYS})
    add_rows(table, (_cells(each, each in alarmed, detail=detail) for each in known.floors))
    print_whole(out, table)
    for each in known.floors:
        where = f"{each.phase} {each.layout} {each.transport}"
        out.print(Text(f"{where}: {finds(each.floor)} {alarms(each)}", style="dim"))


def _cells(each: CellFloor, alarmed: bool, *, detail: bool) -> Iterable[str]:
    floor, found = each.floor, each.floor.comparison
    verdict: str = found.verdict
    if verdict in ("faster", "slower"):
        # Only what holds among all cells is an alarm: of many cells some differ by chance.
        verdict = f"{verdict}: a false alarm" if alarmed else "undecided*"
    return (
        each.phase,
        each.layout,
        each.transport,
        str(floor.blocks),
        percent(floor.spread),
        drift_text(floor.drift),
        *((number(found.ratio), interval_text(found)) if detail else ()),
        verdict,
    )


def alarms(each: CellFloor) -> str:
    """Return how often equal arms were called different, and how often that may be (Wilson's interval)."""
    counted = f"False alarms: {each.alarms} of {each.alarms_of} comparisons of {ALARM_BLOCKS} blocks"
    if not each.alarms_of:
        return f"{counted}."
    share = share_interval(each.alarms, each.alarms_of)
    return f"{counted}, a rate of {100 * share.low:.0f}–{100 * share.high:.0f} % ({100 * (1 - ALPHA):g} % interval)."


def finds(floor: NoiseFloor) -> str:
    """Return what so many blocks find, and how many a margin takes."""
    found = ", ".join(f"{blocks} blocks detect {detected(floor.detectable(blocks))}" for blocks in BLOCKS)
    margin = floor.comparison.margin
    need = floor.blocks_for(margin)
    takes = f"{need} blocks" if need else "more than can be run"
    return f"{found}; a margin of {percent(margin)} takes {takes}."


def too_noisy_lines(plan: Plan, known: BoxNoise | None, margin: float, *, by_make: bool = False) -> Iterable[str]:
    """Say, before hours are spent, which comparisons of a plan this box is too noisy for, and what would do.

    What to ask for is worded for pgladder, or for make.
    """
    trials_a_block = len(plan.trials) / len(plan.blocks)
    plan = plan.as_asked()
    if len({variant.sha256 for variant in plan.variants}) < 2:
        return
    blocks = len(plan.blocks)
    candidates_of = examples(plan, VARIANT)
    trials = [next(iter(candidates_of[cell].values())) for cell in by_cell(plan, [])]
    for trial, need in too_noisy(known, plan, trials, margin):
        where = f"{trial.phase} {trial.layout} {trial.transport}"
        needs = f"By its noise this box needs {need or 'more'} blocks to tell {percent(margin)} in {where}"
        if need is None:
            longer = "WINDOW=" if by_make else "--window"
            yield f"{needs} than can be run; ask for a longer {longer}."
        else:
            block_s = trials_a_block * (plan.warm_up_s + plan.window_s + TRIAL_OVERHEAD_S)
            ask = _ask(plan, need, by_make)
            yield f"{needs}, and {blocks} are planned: {ask} about {duration(need * block_s)}."


def _ask(plan: Plan, blocks: int, by_make: bool) -> str:
    """Return the option that asks for so many blocks, and whether it takes all of them."""
    option, takes = "blocks", "takes"
    if plan.until_decided:
        option, takes = "max-blocks", "takes at most"
    if by_make:
        return f"{option.replace('-', '_').upper()}={blocks} {takes}"
    return f"--{option} {blocks} {takes}"
