"""A box's noise for people: how far equal trials differ on it, and what that means for a comparison."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.analysis.noise import ALARM_BLOCKS, BoxNoise, CellFloor, alarming, too_noisy
from bench.model.plan import Plan
from bench.plan.contrast import VARIANT, by_cell, examples
from bench.plan.estimate import TRIAL_OVERHEAD_S
from bench.report.ratios import detected, interval_text, number, percent
from bench.report.terminal import describe_host, duration, print_whole
from bench.stats.compare import ALPHA
from bench.stats.noise import NoiseFloor
from bench.stats.proportions import share_interval

BLOCKS = (5, 10, 20)


def show_noise(out: Console, known: BoxNoise, doubts: Iterable[str] = ()) -> None:
    """Print what is doubtful, the box, and its noise floors, a line a cell."""
    for doubt in doubts:
        out.print(Text(f"Note: {doubt}", style="yellow"))
    out.print(describe_host(known.host))
    alarmed = alarming(known)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in ("phase", "layout", "transport", "blocks", "spread", "drift", "ratio", "interval", "A/A says"):
        table.add_column(name, no_wrap=True)
    for each in known.floors:
        table.add_row(*map(Text, _cells(each, each in alarmed)))
    print_whole(out, table)
    for each in known.floors:
        out.print(Text(f"{each.phase} {each.layout} {each.transport}: {told(each.floor)} {alarms(each)}", style="dim"))


def _cells(each: CellFloor, alarmed: bool) -> Iterable[str]:
    floor, found = each.floor, each.floor.comparison
    where = (each.phase, each.layout, each.transport, str(floor.blocks))
    says: str = found.verdict
    if found.verdict in ("faster", "slower"):
        says = f"{found.verdict}: a false alarm" if alarmed else "undecided*"
    return *where, percent(floor.spread), f"{100 * floor.drift:+.1f} %", number(found.ratio), interval_text(found), says


def alarms(each: CellFloor) -> str:
    """Return how often equal arms were called different, and how often that may be (Wilson's interval)."""
    counted = f"False alarms: {each.alarms} of {each.alarms_of} comparisons of {ALARM_BLOCKS} blocks"
    if not each.alarms_of:
        return f"{counted}."
    share = share_interval(each.alarms, each.alarms_of)
    return f"{counted}, a rate of {100 * share.low:.0f}–{100 * share.high:.0f} % ({100 * (1 - ALPHA):g} % interval)."


def told(floor: NoiseFloor) -> str:
    """Return what so many blocks find, and how many a margin takes."""
    finds = ", ".join(f"{blocks} blocks detect {detected(floor.detectable(blocks))}" for blocks in BLOCKS)
    margin = floor.comparison.margin
    need = floor.blocks_for(margin)
    return f"{finds}; a margin of {percent(margin)} takes {f'{need} blocks' if need else 'more than can be run'}."


def too_noisy_lines(plan: Plan, known: BoxNoise | None, margin: float, *, by_make: bool = False) -> Iterable[str]:
    """Tell, before hours are spent, which comparisons of a plan this box is too noisy for, and what would do.

    What to ask for is worded for pgladder, or for make.
    """
    if len(plan.variants) < 2 or len({variant.sha256 for variant in plan.variants}) < 2:
        return
    blocks = len({trial.block for trial in plan.trials})
    trial_of = examples(plan, VARIANT)
    trials = [next(iter(trial_of[cell].values())) for cell in by_cell(plan, [])]
    for trial, need in too_noisy(known, plan, trials, margin):
        where = f"{trial.phase} {trial.layout} {trial.transport}"
        told = f"By its noise this box needs {need or 'more'} blocks to tell {percent(margin)} in {where}"
        if need is None:
            yield f"{told} than can be run; ask for a longer {'WINDOW=' if by_make else '--window'}."
        else:
            block_s = len(plan.trials) / blocks * (plan.warm_up_s + plan.window_s + TRIAL_OVERHEAD_S)
            yield f"{told}, and {blocks} are planned: {_ask(plan, need, by_make)} about {duration(need * block_s)}."


def _ask(plan: Plan, blocks: int, by_make: bool) -> str:
    """Return the word that asks for so many blocks."""
    word = "max-blocks" if plan.until_decided else "blocks"
    asked = f"{word.replace('-', '_').upper()}={blocks}" if by_make else f"--{word} {blocks}"
    return f"{asked} takes{' at most' if plan.until_decided else ''}"
