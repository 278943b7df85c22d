"""What must be known before a comparison is read, the gravest first: durability, what is missing, what was refused."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from bench.analysis.comparison import Alike, CellComparison, Overall
from bench.analysis.doubts import rank, worst
from bench.analysis.ladder import host_notes
from bench.analysis.promises import promise_notes
from bench.analysis.pulled import PulledRun, extent_notes, latest
from bench.model.plan import Plan
from bench.model.record import Reason, Record
from bench.plan.contrast import place_of
from bench.plan.rule import nothing_left, usual_margin
from bench.stats.blocks import go_back

MANY_BLOCKS = 6
ONE_BLOCK = "One block has no spread: nothing is decided by it; three or more are needed."
FEW_BLOCKS = (
    "With fewer than six blocks, some lost or all in an order drawn at random, what drifts steadily on a quiet box can"
    " pass for a difference: in simulations of equal arms up to half were called different with two blocks, a quarter"
    " with three, 13 % with four, 6 % with five."
)
POOLED = (
    "Several runs count as one here: if more was measured because it was undecided, a false alarm is likelier than 5 %;"
    " --until-decided pays for looking again."
)
SPENDING = (
    "Looked at after every block: intervals and verdicts are the spending rule's"
    " (Lan & DeMets with O'Brien and Fleming's boundary), its alpha shared alike among all comparisons."
)


def durability_notes(cells: Iterable[CellComparison]) -> list[str]:
    """Say first of all when arms that are compared do not promise the same."""
    found: dict[str, None] = {}
    for cell in cells:
        grades = {arm.name: " and ".join(arm.durability) for arm in cell.arms if arm.durability}
        if len(set(grades.values())) > 1:
            found[_by_grade(grades)] = None
    return [f"These arms do not promise the same: {grades}." for grades in found]


def _by_grade(grades: dict[str, str]) -> str:
    words = dict.fromkeys(grades.values())
    return "; ".join(f"{', '.join(name for name in grades if grades[name] == grade)} {grade}" for grade in words)


def baseline_notes(cells: Iterable[CellComparison]) -> list[str]:
    """Say that there is nothing to compare with, as the first arm never ran."""
    refused = {arm.name: arm.refused for arm in (cell.arms[0] for cell in cells) if arm.refused}
    return [f"The baseline {name} was refused: nothing is compared with it ({why})." for name, why in refused.items()]


def overall_notes(over: Overall | None, cells: Iterable[CellComparison]) -> list[str]:
    """Say which arms are not among those over all cells; of one that was refused that is told."""
    known = {rank.arm for standing in (over.standings if over else ()) for rank in standing.ranking}
    arms = dict.fromkeys(arm.name for cell in cells for arm in cell.arms if not arm.refused) if over else ()
    return [
        f"Over all cells nothing is told of {name}: in no block has it a rate in every cell."
        for name in arms
        if name not in known
    ]


def alike_notes(alike: Iterable[Alike]) -> list[str]:
    """Say which variants have no trials of their own."""
    return [
        f"{each.name} is the same in effect on this box as {each.same_as}, and was not measured twice."
        if each.same_as
        else f"{each.name} has no trial in this plan."
        for each in alike
    ]


def run_notes(runs: Sequence[PulledRun], cells: Sequence[CellComparison], by_burst: bool) -> list[str]:
    """Say what is missing or doubtful of the runs, then of the arms."""
    plan = runs[0].plan
    notes = [*baseline_notes(cells), *(note for run in runs for note in extent_notes(run, several=len(runs) > 1))]
    if len(runs) > 1:
        notes.append(POOLED)
    if plan.until_decided:
        notes.append(_spending(runs[0]))
    if by_burst:
        notes.append(no_settled())
    notes += [*block_notes([run.plan for run in runs], cells, by_burst), *arm_notes(cells), *doubt_notes(runs)]
    notes += promise_notes([record for run in runs for record in latest(run.records)])
    return list(dict.fromkeys([*notes, *(note for run in runs if run.host for note in host_notes(run.host))]))


def side_notes(sides: Mapping[str, PulledRun]) -> list[str]:
    """Say what is doubtful of runs that were set beside each other, by name; then what their boxes are."""
    doubts = {name: doubt_notes([run]) for name, run in sides.items()}
    boxes = {name: host_notes(run.host) if run.host else [] for name, run in sides.items()}
    return [*told_by(doubts, of_all="Each: "), *told_by(boxes)]


def told_by(notes: Mapping[str, Iterable[str]], of_all: str = "") -> list[str]:
    """Return each note once, with the names of those it is told of where it is not told of all."""
    by_note: dict[str, list[str]] = {}
    for name, told in notes.items():
        for note in dict.fromkeys(told):
            by_note.setdefault(note, []).append(name)
    return [
        f"{of_all if len(names) == len(notes) else ' and '.join(names) + ': '}{note}" for note, names in by_note.items()
    ]


def block_notes(plans: Iterable[Plan], cells: Sequence[CellComparison], by_burst: bool) -> list[str]:
    """Say that there is one block alone, or that they are few and drift between them does not cancel."""
    blocks = _fewest_blocks(cells, by_burst)
    if blocks >= MANY_BLOCKS:
        return []
    if blocks == 1:
        return [ONE_BLOCK]
    lost = any(pair.left_out for cell in cells for pair in cell.pairs)
    return [FEW_BLOCKS] if lost or not all(map(_goes_back, plans)) else []


def _goes_back(plan: Plan) -> bool:
    blocks = groupby(plan.trials, lambda trial: trial.block)
    return go_back([[place_of(trial) for trial in trials] for _, trials in blocks])


def _fewest_blocks(cells: Sequence[CellComparison], by_burst: bool) -> int:
    """Return the blocks that count of the pair that has the fewest; of none many, as nothing is said of them."""
    pairs = [pair for cell in cells for pair in cell.pairs]
    compared = [each for pair in pairs if (each := pair.burst if by_burst else pair.settled)]
    return min((each.blocks for each in compared), default=MANY_BLOCKS)


def no_settled(runs: Sequence[str] = ()) -> str:
    """Say that the burst rate decides, as none of the trials, or of those of some runs, has a settled one."""
    of = f" of {' and '.join(runs)}" if runs else ""
    return f"No trial{of} has a settled rate (the server refused the closing CHECKPOINT): the burst rate decides."


def _spending(run: PulledRun) -> str:
    blocks = len({trial.block for trial in run.plan.trials})
    if run.decided_after is None:
        return SPENDING
    why = nothing_left(run.plan, latest(run.records))
    how = f"as {why}" if why else f"none undecided by ±{100 * usual_margin(run.plan):g} %"
    return f"Ended after block {run.decided_after} of at most {blocks}, {how}. {SPENDING}"


def doubt_notes(runs: Sequence[PulledRun]) -> list[str]:
    """Say why trials that count are doubtful: each reason once, with how many it was told of and the gravest."""
    counting = [record for run in runs for record in latest(run.records) if record.validity.state != "void"]
    told: dict[str, list[tuple[Record, Reason]]] = {}
    for record in counting:
        for reason in record.validity.reasons:
            told.setdefault(reason.code, []).append((record, reason))
    ordered = sorted(told.items(), key=lambda each: rank(worst(each[1])[1]))
    return [_doubt(code, doubted, len(counting)) for code, doubted in ordered]


def _doubt(code: str, doubted: Sequence[tuple[Record, Reason]], of: int) -> str:
    count, details, gravest = len(doubted), {reason.detail for _, reason in doubted}, worst(doubted)[1]
    at_worst = "at worst " if len(details) > 1 else ""
    suspect = f"{'is' if count == 1 else 'are'} suspect"
    slight = f"{'has' if count == 1 else 'have'} a slight doubt"
    return f"{count} of {of} trials {slight if gravest.slight else suspect}, {code}: {at_worst}{gravest.detail}."


def refusal_notes(cells: Iterable[CellComparison]) -> list[str]:
    """Say which arms were refused; of a variant that not all of several runs refused, that it is a difference."""
    return list(dict.fromkeys(note for cell in cells for note in _refusals(cell)))


def _refusals(cell: CellComparison) -> list[str]:
    whys = {arm.name: arm.refused.rstrip(".") for arm in cell.arms if arm.refused}
    if cell.variant is None or not whys:
        return [f"{name}: {why}." for name, why in whys.items()]
    others = [arm.name for arm in cell.arms if not arm.refused]
    differs = f"and not by {' and '.join(others)}, which is a difference"
    what = differs if others else "so there is nothing of it to compare"
    return [f"{cell.variant} was refused by {' and '.join(whys)}, {what} ({'; '.join(dict.fromkeys(whys.values()))})."]


def arm_notes(cells: Sequence[CellComparison]) -> list[str]:
    """Say which arms were refused, which blocks do not count, and whose start was not the same."""
    notes = refusal_notes(cells)
    for cell in cells:
        where = cell.where
        found = dict.fromkeys(why for pair in cell.pairs for why in pair.left_out)
        notes += [f"{where}, left out {why}." for why in found]
        created = {arm.name: arm.wal_files_created for arm in cell.arms if arm.wal_files_created}
        if created:
            who = ", ".join(f"{name} up to {count}" for name, count in created.items())
            notes.append(f"{where}: trials had to create WAL files on the way, which costs writing them twice: {who}.")
    return notes
