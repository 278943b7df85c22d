"""What can be told on this box at all?

Measure one variant against itself, which shows how far equal trials differ there: what is smaller can't be shown. The
floor of each phase is kept beside the results, for later comparisons.
"""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench.analysis.ending import Next, Trust, trust_of
from bench.analysis.listing import first_few
from bench.analysis.noise import BoxNoise, alarming, box_noise, is_aa, merged
from bench.analysis.pulled import RunOutcomes, extent_notes, latest
from bench.model.codec import to_json
from bench.model.errors import UsageError
from bench.model.language import tr, tr_many
from bench.model.plan import Plan
from bench.plan.contrast import by_cell
from bench.plan.options import DETAIL, MARGIN_OPTION
from bench.plan.rates import headline, rates, shared, why_not
from bench.questions.question import BOXES, HERE, Answer, Given, Question
from bench.report.noise import show_noise
from bench.results.noise_floors import noise_file, noise_in, results_of
from bench.results.read import only_run, outcomes_of
from bench.stats.compare import MARGIN
from bench.store.files import write_whole
from bench.targets.target import Results

UNREADABLE = ".unreadable"
"""Ends the name of a noise file that could not be read, and is kept aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNoise:
    """What an A/A run tells of its box, what is doubtful of it, where it is kept, whether to trust it, what is next."""

    noise: BoxNoise
    doubts: list[str]
    where: str
    trust: Trust
    next: Next | None

    @property
    def sound(self) -> bool:
        """The run came to its end, all its blocks count, and no arm was called different from itself."""
        return not self.doubts and not alarming(self.noise)


def answer(results: Results, given: Given) -> Answer:
    """Return the noise of each box, which is kept."""
    margin = given.get("margin") or MARGIN
    kept: list[KeptNoise] = []
    doubtful: list[str] = []
    notes: list[str] = []
    sound = True
    for place in results.hosts.values() or results.directories:
        found = keep_noise(place, margin, given)
        kept.append(found)
        doubtful += found.doubts
        notes.append(found.where)
        sound = sound and found.sound

    def show(out: Console) -> None:
        for each in kept:
            detail = "detail" in given
            show_noise(out, each.noise, each.doubts, detail=detail, trust=each.trust, step=each.next)

    # One box's JSON is not in a list: it was published when there could be one only.
    floors = [each.noise for each in kept]
    return Answer(
        data=floors if floors[1:] else floors[0],
        show=show,
        sound=sound,
        doubts=doubtful,
        notes=notes,
    )


def check(plan: Plan, _: Given) -> None:
    """Refuse a plan that tells nothing of noise.

    Raises:
        UsageError: says what would do.

    """
    if not is_aa(plan):
        raise UsageError(
            tr(
                "Plan {run} does not set one variant against itself, and would tell nothing of noise: name no plan and"
                " no run, and such a one is made.",
                run=plan.run,
            )
        )


def keep_noise(directory: Path, margin: float = MARGIN, given: Given | None = None) -> KeptNoise:
    """Add what an A/A run tells to what is known of its box, beside the runs. What can't be read there is set aside.

    Raises:
        UsageError: it is no A/A run, or tells nothing.
        HostError: its box has a name that is no file's.

    """
    # Late: what is measured is known without it.
    from bench.targets.next_step import longer_if_rough

    found = only_run(directory)
    run = outcomes_of(found)
    new = box_noise(run, margin=margin)
    results = results_of(run, found.path)
    path = noise_file(results, new.host.host)
    path.parent.mkdir(parents=True, exist_ok=True)
    known, unreadable = noise_in(results, new.host.host)
    where = tr("Kept: {path}", path=path)
    if unreadable:
        aside = path.replace(path.with_name(path.name + UNREADABLE))
        where = tr("Kept: {path}; what was there could not be read, and is {aside} now", path=path, aside=aside.name)
    write_whole(path, to_json(merged(known, new)) + b"\n")
    trust = _trust(run, new)
    step = longer_if_rough("noise", trust, run, found, given or {})
    return KeptNoise(noise=new, doubts=doubts(run), where=where, trust=trust, next=step)


def _trust(run: RunOutcomes, noise: BoxNoise) -> Trust:
    """Return whether to trust the floors of a run: not where it called equal arms different."""
    alarmed = len(alarming(noise))
    alarms = [tr_many("a false alarm in {count} cell", "false alarms in {count} cells", alarmed)] if alarmed else []
    complete = run.complete and run.sealed
    return trust_of(latest(run.records), run.plan, *alarms, complete=complete)


def doubts(run: RunOutcomes) -> list[str]:
    """Say what of an A/A run is missing, or does not count: its floors rest on less than was planned."""
    planned = len(run.plan.blocks)
    rate = headline(run.records)
    notes = extent_notes(run)
    for cell, arms in by_cell(run.plan, run.records).items():
        counted = []
        lost: list[str] = []
        for blocks in arms.values():
            counted.append(rates(blocks, rate))
            lost += [why_not(each, rate) for each in blocks.values() if rate(each) is None]
        both, _ = shared(*counted)
        if len(both) == planned:
            continue
        where = f"{cell.phase} {cell.layout} {cell.transport}"
        floor = tr(
            "{where}: the floor rests on {both} of {planned} blocks", where=where, both=len(both), planned=planned
        )
        notes.append(f"{floor}: {first_few(lost)}." if lost else f"{floor}.")
    return notes


QUESTION = Question(
    answer=answer,
    options=(MARGIN_OPTION, DETAIL),
    directories="[DIR]",
    directories_help="such a run that was pulled; without it, one is made here",
    measured=(HERE, BOXES),
    against_itself=True,
    usual={"phases": ["2-C"], "blocks": 12},
    unasked=("until_decided", "max_blocks", "ceiling"),
    check=check,
)
