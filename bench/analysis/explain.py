"""What stands in the way of each rung: suspects by what its trials show, convictions by what happened without them.

Each experiment is compared with the trials of the same block that it is otherwise like. A constraint is a *limit* where
the rung is faster without it beyond the margin and nothing else gains more, it *contributes* where something else does,
and is *cleared* where it was taken away, as the trials prove, and the whole interval lies within the margin. All else
is *undecided*, or *untested*. Convictions hold together: the chance of any wrong one in a run is ``FAMILY_ALPHA``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, log1p

from bench.analysis.bound import Bound, bound_by
from bench.analysis.budget import budget_of
from bench.analysis.by_block import compared_by_block, estimate
from bench.analysis.counted import good, middle, pooled
from bench.analysis.ending import trust_of
from bench.analysis.explanation import Conclusion, Explained, Finding, RungExplained, Verdict
from bench.analysis.limits import Limit, stopped_by, typical_shares
from bench.analysis.pulled import PulledRun, finished, latest
from bench.analysis.sentences import sentence_of_ladder, sentence_of_rung
from bench.constraints.constraint import Place, Removal, constraints
from bench.engines.postgresql.render import AS_FOUND
from bench.model.fingerprint import Processors, processors
from bench.model.language import tr
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.model.suspects import Suspects
from bench.plan.client_boxes import removal_of
from bench.plan.contrast import cell_of
from bench.plan.suspects import NEXT_TO_NOTHING, left_out
from bench.stats.compare import Comparison
from bench.stats.distributions import student_t_tail
from bench.stats.missing import not_none
from bench.stats.multiplicity import holm

MARGIN = 0.05
"""A gain that does not matter: less than this is not worth a change, and takes hours to tell from none."""
FAMILY_ALPHA = 0.001
"""The chance of any wrong conviction among all experiments of a run."""
RANK: Mapping[Conclusion, int] = {"limit": 0, "contributes": 1, "untested": 2, "undecided": 2, "cleared": 3}
"""What is proved is said first, what is cleared last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A constraint of a rung, with its experiment where there was one."""

    name: str
    removal: Removal | str
    share: float | None
    predicted_gain: float | None = None
    planned: bool = False
    """There is an experiment of it."""
    tested: bool = True
    """The first block showed enough of it for that."""
    without: Sequence[Record] = ()
    """The experiment's trials that count."""
    found: Comparison | None = None
    p_value: float = 1.0
    """Of a gain no larger than the margin; adjusted over all experiments of the run."""
    instead: str | None = None
    """The constraint that the same experiment takes away or relieves, and that the trials show more of."""


def explain(run: PulledRun, plan: Plan, suspects: Suspects | None, margin: float = MARGIN) -> Explained:
    """Return what stands in the way of each rung of a run with experiments.

    Args:
        run: as it was pulled.
        plan: with its experiments.
        suspects: what was written down after its first block; None where it did not get so far.
        margin: a gain that does not matter.

    """
    cpus, place = processors(run.host), place_of(plan)
    first, *_ = run.plan.blocks
    bases = [trial for trial in run.plan.trials if trial.block == first]
    of_rungs = _adjusted([_tried(run, base, place, suspects, cpus, margin) for base in bases])
    rungs = []
    for base, tried in zip(bases, of_rungs, strict=True):
        records = _base_records(run, base)
        bound = bound_by(records, _rate(records), latest(run.experiments), cpus)
        rungs.append(_explanation(records, base, tried, bound, cpus, margin))
    top = max(rungs, key=lambda rung: rung.rows_per_s or 0.0)
    complete = run.complete and run.sealed and not _missing(run, plan, suspects)
    return Explained(
        run=run.plan.run,
        host=run.host,
        complete=complete,
        margin=margin,
        sentence=sentence_of_ladder(rungs),
        verdict=top.verdict,
        constraints=top.constraints,
        budget=top.budget,
        rungs=tuple(rungs),
        trust=trust_of([*latest(run.records), *latest(run.experiments)], run.plan, complete=complete),
    )


def _missing(run: PulledRun, plan: Plan, suspects: Suspects | None) -> bool:
    """Return whether an experiment that is worth its time has no record."""
    there = finished(run.experiments)
    return any(trial.number not in there and not left_out(trial, suspects) for trial in plan.trials if trial.experiment)


def _base_records(run: PulledRun, base: Trial) -> list[Record]:
    cell = cell_of(base)
    return [record for record in latest(run.records) if cell_of(record.trial) == cell]


# --- what was tried ---------------------------------------------------------------------------------------------------


def _tried(
    run: PulledRun, base: Trial, place: Place, suspects: Suspects | None, cpus: Processors | None, margin: float
) -> list[Tried]:
    """Return each constraint that the rung can have, with its share, prediction and comparison."""
    records = _base_records(run, base)
    shares = typical_shares(good(records), cpus)
    written = {each.constraint: each for each in suspects.suspects if each.base == base.number} if suspects else {}
    found: dict[str, Tried] = {}
    for name in constraints():
        removal = removal_of(name, base, place)
        if removal is None:
            continue
        tried = Tried(name=name, removal=removal, share=shares.get(name))
        suspect = written.get(name)
        if suspect:
            tried = replace(tried, planned=True, predicted_gain=suspect.predicted_gain, tested=suspect.tested)
        found[name] = tried
    experiments = [record for record in latest(run.experiments) if _is_of(record, base)]
    for name, tried in found.items():
        beyond = constraints()[name].beyond
        compared_with = _without(experiments, beyond) if beyond else records
        found[name] = _compared(tried, compared_with, _without(experiments, name), margin)
    return [_of_its_own(tried, found, experiments) for tried in found.values()]


def place_of(plan: Plan) -> Place:
    """Return where a plan was measured, as its experiments were planned: what these take away was asked for."""
    external = any(variant.name == AS_FOUND for variant in plan.variants)
    asked: set[str] = set()
    for trial in plan.trials:
        asked.update(trial.without.constraints if trial.without else ())
    return Place(managed=not external, local=not external, asked=frozenset(asked))


def _is_of(record: Record, base: Trial) -> bool:
    without = record.trial.without
    return without is not None and without.base == base.number and not record.trial.alone_of


def _without(experiments: Iterable[Record], name: str) -> list[Record]:
    """Return the experiments that take a constraint away."""
    found = []
    for record in experiments:
        without = record.trial.without
        if without and name in without.constraints:
            found.append(record)
    return found


def _compared(tried: Tried, base: Iterable[Record], without: Sequence[Record], margin: float) -> Tried:
    """Return it with the rates of both compared in the blocks in which both count."""
    found = compared_by_block(base, without, margin)
    if found is None:
        return tried
    p_value = 1.0
    if found.error and found.freedom:
        # One-sided, of a gain no larger than the margin.
        p_value = student_t_tail((log(found.ratio) - log1p(margin)) / found.error, found.freedom)
    return replace(tried, without=good(without), found=found, p_value=p_value)


def _adjusted(of_rungs: Sequence[Sequence[Tried]]) -> list[list[Tried]]:
    """Return all of them with p-values adjusted over the experiments of the run."""
    compared = [tried for each in of_rungs for tried in each if tried.found]
    adjusted = dict(zip(map(id, compared), holm([tried.p_value for tried in compared]), strict=True))

    def with_adjusted(tried: Tried) -> Tried:
        return replace(tried, p_value=adjusted.get(id(tried), 1.0))

    return [list(map(with_adjusted, each)) for each in of_rungs]


def _of_its_own(tried: Tried, all_of_them: Mapping[str, Tried], experiments: Iterable[Record]) -> Tried:
    """Return it with the name of what else its experiment takes away or relieves, where the trials show that."""
    unlike = constraints()[tried.name].unlike
    if unlike and unlike in all_of_them and is_suspected(all_of_them[unlike]):
        return replace(tried, instead=unlike)
    together: dict[str, None] = {}
    for record in _without(experiments, tried.name):
        assert record.trial.without
        together |= dict.fromkeys(record.trial.without.constraints)
    others = [all_of_them[name] for name in together if name in all_of_them]
    most = max(others, key=suspicion, default=tried)
    if suspicion(most) > suspicion(tried):
        return replace(tried, instead=most.name)
    return tried


def suspicion(tried: Tried) -> tuple[bool, float]:
    """Return what sorts constraints by how much is suspected: first those whose share is large for what they are."""
    return is_suspected(tried), tried.share or 0.0


def is_suspected(tried: Tried) -> bool:
    """Return whether the trials show so much of it that it may be what stops the rung."""
    return (tried.share or 0.0) >= constraints()[tried.name].suspected_from


# --- what follows -----------------------------------------------------------------------------------------------------


def _explanation(
    records: Sequence[Record], base: Trial, tried: Sequence[Tried], bound: Bound, cpus: Processors | None, margin: float
) -> RungExplained:
    counted = good(records)
    convicted = [each for each in tried if _convicts(each, margin)]
    largest = max(convicted, key=lambda each: each.found.ratio if each.found else 0.0, default=None)
    most_suspected_first = sorted(filter(worth_telling, tried), key=suspicion, reverse=True)
    findings = [_finding(each, counted, largest, cpus, margin) for each in most_suspected_first]
    findings.sort(key=lambda finding: (RANK[finding.conclusion], -_gain(finding)))
    rung = RungExplained(
        phase=base.phase,
        method=base.method,
        driver=base.driver,
        variant=base.variant,
        layout=base.layout,
        transport=base.transport,
        parameters=base.parameters,
        rows_per_s=_rate(records),
        sentence="",
        verdict=_verdict(findings, bound, margin),
        stopped_by=_stopped_by(counted, findings, cpus),
        bound_by=bound,
        constraints=tuple(findings),
        budget=budget_of(counted),
    )
    return replace(rung, sentence=sentence_of_rung(rung))


def _rate(records: Sequence[Record]) -> float | None:
    return pooled(good(records), lambda record: record.rows_per_s)


def _stopped_by(counted: Sequence[Record], findings: Iterable[Finding], cpus: Processors | None) -> Limit | None:
    """Return the limit that is proved; else the one that is suspected."""
    for finding in findings:
        if finding.conclusion == "limit":
            return Limit(constraint=finding.name, share=finding.share or 0.0, proved=True)
    return stopped_by(counted, cpus)


def _gain(finding: Finding) -> float:
    """Return by what proved ones are ordered; the others keep their order."""
    if finding.conclusion in ("limit", "contributes") and finding.measured_gain:
        return finding.measured_gain.estimate
    return 0.0


def worth_telling(tried: Tried) -> bool:
    """Return whether there was an experiment, or there is something of it in the trials."""
    return tried.found is not None or not tried.tested or (tried.share or 0.0) >= NEXT_TO_NOTHING


def _convicts(tried: Tried, margin: float) -> bool:
    """Return whether the rung is faster without it beyond the margin, as one of all experiments of the run."""
    found = tried.found
    if found is None or found.interval is None or tried.instead:
        return False
    return tried.p_value <= FAMILY_ALPHA and found.interval.low > 1 + margin


def _finding(
    tried: Tried, counted: Iterable[Record], largest: Tried | None, cpus: Processors | None, margin: float
) -> Finding:
    found = tried.found
    conclusion, why = _concluded(tried, largest, cpus, margin)
    return Finding(
        name=tried.name,
        share=tried.share,
        predicted_gain=tried.predicted_gain,
        measured_gain=estimate(found) if found else None,
        conclusion=conclusion,
        how=_how(tried, counted),
        why=why,
        blocks=found.blocks if found else 0,
    )


def _how(tried: Tried, counted: Iterable[Record]) -> str | None:
    """Return what was changed; where the trials without it were graded otherwise, how much less durable they were."""
    if not isinstance(tried.removal, Removal):
        return None
    before, after = _grades(counted), _grades(tried.without)
    if not after or after == before:
        return tried.removal.words
    return f"{tried.removal.words} ({before} → {after})"


def _grades(records: Iterable[Record]) -> str:
    return ", ".join(sorted({record.durability for record in records}))


def _concluded(tried: Tried, largest: Tried | None, cpus: Processors | None, margin: float) -> tuple[Conclusion, str]:
    """Return the conclusion, and why."""
    if why := _untested(tried):
        return "untested", why
    assert tried.found
    if _convicts(tried, margin):
        if tried is largest:
            return "limit", tr("faster without it beyond {margin:.0%}, and nothing else gains more", margin=margin)
        most = largest and largest.name
        return "contributes", tr(
            "faster without it beyond {margin:.0%}, and {most} gains more", margin=margin, most=most
        )
    if tried.found.verdict != "equivalent":
        return "undecided", _undecided(tried.found, margin)
    if why := _still_there(tried, cpus):
        return "undecided", tr("no gain beyond {margin:.0%}, and {why}", margin=margin, why=why)
    return "cleared", tr("taken away, and no gain beyond {margin:.0%}", margin=margin)


def _untested(tried: Tried) -> str:
    """Return why no experiment shows anything of it; empty where one does."""
    if isinstance(tried.removal, str):
        return tried.removal
    if not tried.planned:
        return tr("no experiment of it was asked for")
    if not tried.tested:
        return tr("its share in the first block was below {least:.0%}: not worth an experiment", least=NEXT_TO_NOTHING)
    if tried.instead:
        return tr("its experiment relieves {other} as well, of which there is more", other=tried.instead)
    if tried.found is None:
        return tr("no block has a trial with it and one without it that count")
    return ""


def _still_there(tried: Tried, cpus: Processors | None) -> str:
    """Say what of it the trials without it still show; empty where it was taken away."""
    constraint = constraints()[tried.name]
    left = middle(constraint.left_over(record, cpus) for record in tried.without)
    if left is None:
        return tr("whether it was taken away could not be observed")
    if left > constraint.may_remain:
        return tr("{left:.0%} of it was still there", left=left)
    return ""


def _undecided(found: Comparison, margin: float) -> str:
    """Say why neither follows."""
    if found.interval is None:
        return tr("one block tells nothing of chance")
    if found.interval.low > 1 + margin:
        return tr("faster without it, but not beyond the doubt that so many experiments at once call for: more blocks")
    if found.interval.high < 1 - margin:
        return tr("slower without it: what was changed costs more than it gains")
    return tr("neither a gain beyond {margin:.0%} nor the want of one is shown: more blocks", margin=margin)


def _verdict(findings: Sequence[Finding], bound: Bound, margin: float) -> Verdict:
    """Return what follows for a rung: a ceiling only where the client has more to give and no experiment gained."""
    if any(finding.conclusion == "limit" for finding in findings):
        return "limited"
    gains = not_none(each.measured_gain for each in findings if each.conclusion != "untested")
    small = all(gain.high is not None and gain.high <= 1 + margin for gain in gains)
    if bound.verdict == "server" and gains and small:
        return "ceiling"
    return "undecided"
