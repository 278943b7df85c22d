"""What must be known before a comparison is read, the gravest first: durability, what is missing, what was refused.

Many cells and many runs say the same: who gathers these notes keeps each once.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter

from bench.analysis.comparison import Alike, CellComparison, Overall, Pair
from bench.analysis.counted import good
from bench.analysis.doubts import rank, worst
from bench.analysis.host_notes import host_notes
from bench.analysis.pairs import blocks_of
from bench.analysis.promises import promise_notes
from bench.analysis.pulled import RunOutcomes, extent_notes, latest, repetition_notes
from bench.analysis.reasons import told
from bench.model.fingerprint import Fingerprint
from bench.model.language import later, tr, tr_many
from bench.model.outcome import AnyRecord
from bench.model.plan import Plan
from bench.model.record import Reason
from bench.plan.contrast import place_of
from bench.plan.rates import Rate, burst
from bench.plan.rule import nothing_left, usual_margin
from bench.stats.blocks import go_back

ENOUGH_BLOCKS = 6
"""So many in which steady drift cannot pass for a difference."""
ONE_BLOCK = later("One block has no spread: nothing is decided by it; three or more are needed.")
FEW_BLOCKS = later(
    "With fewer than six blocks, some lost or all in an order drawn at random, what drifts steadily on a quiet box can"
    " pass for a difference: in simulations of equal candidates up to half were called different with two blocks, a"
    " quarter with three, 13 % with four, 6 % with five."
)
POOLED = later(
    "Several runs count as one here: if more was measured because it was undecided, a false alarm is likelier than 5 %;"
    " --until-decided pays for looking again."
)
SPENDING = later(
    "Looked at after every block: intervals and verdicts are the spending rule's"
    " (Lan & DeMets with O'Brien and Fleming's boundary), its alpha shared alike among all comparisons."
)


def durability_notes(cells: Iterable[CellComparison]) -> Iterable[str]:
    """Say first of all when arms that are compared do not promise the same."""
    for cell in cells:
        by_grade: dict[str, list[str]] = {}
        for arm in cell.arms:
            if arm.durability:
                by_grade.setdefault(tr(" and ").join(arm.durability), []).append(arm.name)
        if len(by_grade) > 1:
            grades = "; ".join(f"{', '.join(names)} {grade}" for grade, names in by_grade.items())
            yield tr("These candidates do not have the same durability guarantee: {grades}.", grades=grades)


def version_notes(host: Fingerprint | None) -> Iterable[str]:
    """Say of which builds the versions of a run are: suite and compiler are part of what differs between them."""
    versions = host.facts.get("postgresql", {}).get("versions") if host else None
    if not isinstance(versions, dict):
        return
    named = []
    for each in versions.values():
        server, _, compiler = str(each.get("version")).partition(", compiled by ")
        suite = each.get("suite")
        where = f"{suite}, " if isinstance(suite, str) else ""
        named.append(f"{server.partition(' on ')[0]} ({where}{compiler.removesuffix(', 64-bit')})")
    yield tr("The versions' system and compiler are part of what differs: {names}.", names="; ".join(named))


def rate_notes(plan: Plan) -> Iterable[str]:
    """Say what a comparison of open loops is not of."""
    if any(trial.parameters.rate is not None for trial in plan.trials):
        yield tr(
            "Rows came at a rate: compared is how many of them were acknowledged, not how long they waited; that is in"
            " the ladder."
        )


def overall_notes(over: Overall | None, cells: Iterable[CellComparison]) -> Iterable[str]:
    """Say which arms are not among those over all cells; of one that was refused that is told."""
    if over is None:
        return
    ranked: set[str] = set()
    for standing in over.standings:
        ranked.update(map(attrgetter("arm"), standing.ranking))
    for cell in cells:
        for arm in cell.arms:
            if not arm.refused and arm.name not in ranked:
                nothing = later("Over all cells nothing is known of {name}: in no block has it a rate in every cell.")
                yield tr(nothing, name=arm.name)


def alike_notes(alike: Iterable[Alike]) -> Iterable[str]:
    """Say which variants have no trials of their own."""
    for each in alike:
        if each.same_as:
            same = later("{name} is the same in effect on this box as {other}, and was not measured twice.")
            yield tr(same, name=each.name, other=each.same_as)
        else:
            yield tr("{name} has no trial in this plan.", name=each.name)


def run_notes(runs: Sequence[RunOutcomes], cells: Sequence[CellComparison], rate: Rate) -> Iterable[str]:
    """Say what is missing or doubtful of the runs, then of the arms."""
    for cell in cells:
        baseline = cell.arms[0]
        if baseline.refused:
            refused = later("The baseline {name} was refused: nothing is compared with it ({why}).")
            yield tr(refused, name=baseline.name, why=baseline.refused)
    several = len(runs) > 1
    last: list[AnyRecord] = []
    plans, hosts = [], []
    for run in runs:
        yield from (*extent_notes(run, several=several), *repetition_notes(run))
        last += latest(run.records)
        plans.append(run.plan)
        if run.host:
            hosts += host_notes(run.host)
    if several:
        yield tr(POOLED)
    if plans[0].until_decided:
        yield _spending(runs[0])
    if rate is burst:
        yield no_settled()
    yield from (*block_notes(plans, cells, rate), *arm_notes(cells), *doubt_notes(last), *promise_notes(last), *hosts)


def side_notes(sides: Mapping[str, RunOutcomes]) -> list[str]:
    """Say what is doubtful of runs that were set beside each other, by name; then what their boxes are."""
    doubts: dict[str, list[str]] = {}
    boxes: dict[str, list[str]] = {}
    for name, run in sides.items():
        doubts[name] = doubt_notes(latest(run.records))
        boxes[name] = []
        if run.host:
            boxes[name] = host_notes(run.host)
    return [*by_name(doubts, of_all=tr("Each: ")), *by_name(boxes)]


def by_name(notes: Mapping[str, Iterable[str]], of_all: str = "") -> list[str]:
    """Return each note once, with the names of those that have it unless all have."""
    by_note: dict[str, list[str]] = {}
    for name, of_name in notes.items():
        for note in dict.fromkeys(of_name):
            by_note.setdefault(note, []).append(name)
    attributed = []
    for note, names in by_note.items():
        whose = f"{tr(' and ').join(names)}: "
        if len(names) == len(notes):
            whose = of_all
        attributed.append(whose + note)
    return attributed


def block_notes(plans: Iterable[Plan], cells: Sequence[CellComparison], rate: Rate) -> list[str]:
    """Say that there is one block alone, or that they are few and drift between them does not cancel."""
    pairs: list[Pair] = []
    for cell in cells:
        pairs += cell.pairs
    fewest = min(blocks_of(pairs, rate), default=ENOUGH_BLOCKS)
    if fewest >= ENOUGH_BLOCKS:
        return []
    if fewest == 1:
        return [tr(ONE_BLOCK)]
    # An order that goes back over itself (ABBA) cancels steady drift, as long as no block is lost.
    if any(map(attrgetter("left_out"), pairs)) or not all(map(_goes_back, plans)):
        return [tr(FEW_BLOCKS)]
    return []


def _goes_back(plan: Plan) -> bool:
    orders = []
    for _, trials in groupby(plan.trials, attrgetter("block")):
        orders.append(list(map(place_of, trials)))
    return go_back(orders)


def no_settled(runs: Sequence[str] = ()) -> str:
    """Say that the burst rate decides, as none of the trials, or of those of some runs, has a settled one."""
    if not runs:
        return tr("No trial has a settled rate (the server refused the closing CHECKPOINT): the burst rate decides.")
    return tr(
        "No trial of {runs} has a settled rate (the server refused the closing CHECKPOINT): the burst rate decides.",
        runs=tr(" and ").join(runs),
    )


def _spending(run: RunOutcomes) -> str:
    blocks = len(run.plan.blocks)
    if run.decided_after is None:
        return tr(SPENDING)
    why = nothing_left(run.plan, latest(run.records))
    if why is None:
        ended = later("Ended after block {block} of at most {blocks}, none undecided by ±{percent:g} %.")
    else:
        ended = later("Ended after block {block} of at most {blocks}, as {why}.")
    percent = 100 * usual_margin(run.plan)
    sentence = tr(ended, block=run.decided_after, blocks=blocks, percent=percent, why=why)
    return f"{sentence} {tr(SPENDING)}"


def doubt_notes(last: Iterable[AnyRecord]) -> list[str]:
    """Say why trials that count are doubtful: each reason once, with how many have it and the gravest."""
    counting = good(last)
    by_code: dict[str, list[tuple[AnyRecord, Reason]]] = {}
    for record in counting:
        for reason in record.validity.reasons:
            by_code.setdefault(reason.code, []).append((record, reason))
    ranked = []
    for doubted in by_code.values():
        _, gravest = worst(doubted)
        detail = told(gravest)
        if len({reason.detail for _, reason in doubted}) > 1:
            detail = tr("at worst {detail}", detail=detail)
        ranked.append((rank(gravest), _doubted(gravest, len(doubted), len(counting), detail)))
    ranked.sort(key=itemgetter(0))
    return list(map(itemgetter(1), ranked))


def _doubted(gravest: Reason, count: int, of: int, detail: str) -> str:
    """Return how many trials have a doubt, in the words of the gravest."""
    if gravest.slight:
        return tr_many(
            "{count} of {of} trials has a slight doubt, {code}: {detail}.",
            "{count} of {of} trials have a slight doubt, {code}: {detail}.",
            count,
            of=of,
            code=gravest.code,
            detail=detail,
        )
    return tr_many(
        "{count} of {of} trials is suspect, {code}: {detail}.",
        "{count} of {of} trials are suspect, {code}: {detail}.",
        count,
        of=of,
        code=gravest.code,
        detail=detail,
    )


def arm_notes(cells: Sequence[CellComparison]) -> Iterable[str]:
    """Say which arms were refused, which blocks do not count, and whose start was not the same."""
    for cell in cells:
        yield from refusal_notes(cell)
    for cell in cells:
        where = cell.where(cells)
        for pair in cell.pairs:
            for why in pair.left_out:
                yield tr("{where}, left out {why}.", where=where, why=why)
        created = []
        for arm in cell.arms:
            files = arm.wal_files_created
            if files:
                created.append(tr("{name} up to {files}", name=arm.name, files=files))
        if created:
            costs = later(
                "{where}: trials had to create WAL files on the way, which costs writing them twice: {names}."
            )
            yield tr(costs, where=where, names=", ".join(created))


def refusal_notes(cell: CellComparison) -> list[str]:
    """Say which arms were refused; of a variant that not all of several runs refused, that it is a difference."""
    whys, others = {}, []
    for arm in cell.arms:
        if arm.refused:
            whys[arm.name] = arm.refused.rstrip(".")
        else:
            others.append(arm.name)
    if cell.variant is None or not whys:
        return [f"{name}: {why}." for name, why in whys.items()]
    sentence = later("{variant} was refused by {names}, so there is nothing of it to compare ({why}).")
    if others:
        sentence = later("{variant} was refused by {names}, and not by {others}, which is a difference ({why}).")
    joined, why = tr(" and "), "; ".join(dict.fromkeys(whys.values()))
    return [tr(sentence, variant=cell.variant, names=joined.join(whys), others=joined.join(others), why=why)]
