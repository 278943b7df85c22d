"""A box's noise for people: how far equal trials differ on it, and what that means for a comparison."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bench.analysis.ending import Next, Trust
from bench.analysis.noise import ALARM_BLOCKS, BoxNoise, CellFloor, alarming, too_noisy
from bench.model.language import later, tr
from bench.model.plan import Plan
from bench.plan.contrast import VARIANT, by_cell, examples
from bench.plan.estimate import TRIAL_OVERHEAD_S
from bench.report.ending import show_ending
from bench.report.numbers import drift_text, duration, number, percent
from bench.report.ratios import detected, interval_text
from bench.report.tables import add_rows, bare_table, print_whole
from bench.report.terminal import describe_host
from bench.stats.compare import ALPHA
from bench.stats.noise import NoiseFloor
from bench.stats.proportions import share_interval

BLOCKS = (5, 10, 20)
PLACE_COLUMNS = ("phase", "layout", "transport")
SEEN_COLUMNS = ("blocks", "spread", "drift")
TESTED_COLUMNS = ("ratio", "interval")
SAYS = later("A/A says")
ALARMED = {"faster": later("faster: a false alarm"), "slower": later("slower: a false alarm")}
BY_CHANCE = later("undecided*")
VERDICTS = {"equivalent": later("equivalent"), "undecided": later("undecided")}


def show_noise(
    out: Console,
    known: BoxNoise,
    doubts: Iterable[str] = (),
    *,
    detail: bool = False,
    trust: Trust | None = None,
    step: Next | None = None,
) -> None:
    """Print what is doubtful, the box, its noise floors, a line a cell, and last the answer; in detail each test."""
    for doubt in doubts:
        out.print(Text(tr("Note: {note}", note=doubt), style="yellow"))
    out.print(describe_host(known.host))
    alarmed = alarming(known)
    columns = (*PLACE_COLUMNS, *SEEN_COLUMNS, *(TESTED_COLUMNS if detail else ()), SAYS)
    table = bare_table(columns, left=columns, wraps={SAYS})
    add_rows(table, (_cells(each, each in alarmed, detail=detail) for each in known.floors))
    print_whole(out, table)
    for each in known.floors:
        where = f"{each.phase} {each.layout} {each.transport}"
        out.print(Text(f"{where}: {finds(each.floor)} {alarms(each)}", style="dim"))
    out.print()
    show_ending(out, [answer_of(known)], trust, step)


def answer_of(known: BoxNoise) -> str:
    """Say how far two equal runs differ on this box, and which blocks a margin takes: where it is noisiest."""
    floor = max((each.floor for each in known.floors), key=lambda floor: floor.differs)
    margin, need = floor.comparison.margin, floor.blocks_for(floor.comparison.margin)
    takes = tr("{margin} can't be told by as many blocks as can be run", margin=percent(margin))
    if need is not None:
        takes = tr("to tell {margin} takes {need} blocks", margin=percent(margin), need=need)
    return tr(
        "Two equal runs of {blocks} blocks differ here by up to ±{differs}: less is noise; {takes}.",
        blocks=floor.blocks,
        differs=percent(floor.differs),
        takes=takes,
    )


def _cells(each: CellFloor, alarmed: bool, *, detail: bool) -> Iterable[str]:
    floor, found = each.floor, each.floor.comparison
    if found.verdict in ALARMED:
        # Only what holds among all cells is an alarm: of many cells some differ by chance.
        verdict = ALARMED[found.verdict] if alarmed else BY_CHANCE
    else:
        verdict = VERDICTS[found.verdict]
    return (
        each.phase,
        each.layout,
        each.transport,
        str(floor.blocks),
        percent(floor.spread),
        drift_text(floor.drift),
        *((number(found.ratio), interval_text(found)) if detail else ()),
        tr(verdict),
    )


def alarms(each: CellFloor) -> str:
    """Return how often equal arms were called different, and how often that may be (Wilson's interval)."""
    counted = tr(
        "False alarms: {alarms} of {of} comparisons of {blocks} blocks",
        alarms=each.alarms,
        of=each.alarms_of,
        blocks=ALARM_BLOCKS,
    )
    if not each.alarms_of:
        return f"{counted}."
    share = share_interval(each.alarms, each.alarms_of)
    return tr(
        "{counted}, a rate of {low:.0f}–{high:.0f} % ({level:g} % interval).",
        counted=counted,
        low=100 * share.low,
        high=100 * share.high,
        level=100 * (1 - ALPHA),
    )


def finds(floor: NoiseFloor) -> str:
    """Return what so many blocks find, and how many a margin takes."""
    parts = [
        tr("{blocks} blocks detect {effect}", blocks=blocks, effect=detected(floor.detectable(blocks)))
        for blocks in BLOCKS
    ]
    found = ", ".join(parts)
    margin = floor.comparison.margin
    need = floor.blocks_for(margin)
    if need is None:
        return tr("{found}; a margin of {margin} takes more than can be run.", found=found, margin=percent(margin))
    return tr("{found}; a margin of {margin} takes {blocks} blocks.", found=found, margin=percent(margin), blocks=need)


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
        if need is None:
            yield tr(
                "By its noise this box needs more blocks to tell {margin} in {where} than can be run; ask for a longer"
                " {option}.",
                margin=percent(margin),
                where=where,
                option="WINDOW=" if by_make else "--window",
            )
        else:
            block_s = trials_a_block * (plan.warm_up_s + plan.window_s + TRIAL_OVERHEAD_S)
            yield tr(
                "By its noise this box needs {need} blocks to tell {margin} in {where}, and {blocks} are planned:"
                " {ask}.",
                need=need,
                margin=percent(margin),
                where=where,
                blocks=blocks,
                ask=_ask(plan, need, duration(need * block_s), by_make),
            )


def _ask(plan: Plan, blocks: int, time: str, by_make: bool) -> str:
    """Return the option that asks for so many blocks, and how long all of them take."""
    option, takes = "blocks", later("{option} takes about {time}")
    if plan.until_decided:
        option, takes = "max-blocks", later("{option} takes at most about {time}")
    typed = f"--{option} {blocks}"
    if by_make:
        typed = f"{option.replace('-', '_').upper()}={blocks}"
    return tr(takes, option=typed, time=time)
